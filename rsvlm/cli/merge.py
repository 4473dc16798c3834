"""`rsvlm merge`: an adapter and its base as one model that needs neither rsvlm nor peft."""

from pathlib import Path
from typing import Annotated

import typer

from .common import AsJson, Debug, Offline, console, print_json, tell

OwnWeights = Annotated[
    str | None,
    typer.Option("--weights", help="Weights file of ADAPTER, where it is an encoder without its own."),
]


def merge(
    adapter: Annotated[str, typer.Argument(help="Folder of the adapter, or any encoder.", metavar="ADAPTER")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    weights: OwnWeights = None,
    base: Annotated[
        str | None, typer.Option(help="The adapter's base, where it lies elsewhere than it says.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Write an adapter merged into its base, as stock open_clip or transformers opens it.

    rsvlm merge adapter/ --out merged/
    python -c "import open_clip; open_clip.create_model_and_transforms('local-dir:merged/')"
    """
    from rsvlm.models.writing import write_model

    with console.status("Merging"):
        library = write_model(adapter, out, weights=weights, base=base, offline=offline)
    if as_json:
        print_json({"out": str(out), "library": library})
        return
    opened = {
        "open_clip": f'open_clip.create_model_and_transforms("local-dir:{out}")',
        "transformers": f'transformers.AutoModel.from_pretrained("{out}")',
    }
    tell(f"{out}: opens with {opened[library]}")
