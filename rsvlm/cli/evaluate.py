"""`rsvlm eval`: an encoder measured on data sets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import AsJson, Debug, Offline, console
from .encoders import BatchSize, Device, EncoderName, Precision, Weights, load
from .evaluation_output import Out, finish

app = typer.Typer(
    no_args_is_help=True,
    help="""Measure encoders, captions and answers, so that the numbers can be compared.

    What fails or stays unanswered counts as wrong, and is counted. Each result says what decided it.""",
)

Data = Annotated[
    str, typer.Argument(help="Class folders, a folder with test.parquet, a .parquet, .csv or Karpathy .json.")
]
Split = Annotated[str | None, typer.Option(help="train, validation or test, where there are several.")]
Classes = Annotated[
    str | None,
    typer.Option(
        help="Vocabulary of the classes. (default: the one called like the set, else its own names)"
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder for image vectors: no image is encoded twice, whatever is measured."),
]
Seed = Annotated[int, typer.Option(help="Seeds the intervals.")]


@app.command("zero-shot", no_args_is_help=True)
def zero_shot(
    data: Data,
    encoder: EncoderName = "built-in",
    weights: Weights = None,
    classes: Classes = None,
    protocol: Annotated[
        str, typer.Option(help="rsvlm, skyscript, georsclip, clip-benchmark or rs-transclip.")
    ] = "rsvlm",
    templates: Annotated[str | None, typer.Option(help="A template set, instead of the protocol's.")] = None,
    split: Split = None,
    cache: Cache = None,
    out: Out = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Classify a labelled data set by the words for its classes.

    rsvlm eval zero-shot ucm/ --split test --encoder remoteclip-vit-b-32 --protocol skyscript --out ucm.json
    """
    _evaluate(
        "zero-shot", data, (encoder, weights, device, precision, batch_size, offline), out, as_json,
        split=split, vocabulary=classes, protocol=protocol, templates=templates, cache=cache, seed=seed,
    )  # fmt: skip


@app.command("retrieval", no_args_is_help=True)
def retrieval(
    data: Data,
    encoder: EncoderName = "built-in",
    weights: Weights = None,
    protocol: Annotated[
        str, typer.Option(help="remoteclip (mean of six numbers) or skyscript (prefix, distinct texts).")
    ] = "remoteclip",
    split: Split = None,
    cache: Cache = None,
    out: Out = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Find images by their captions and captions by their images.

    rsvlm eval retrieval dataset_rsicd.json --encoder remoteclip-vit-b-32 --protocol remoteclip
    """
    _evaluate(
        "retrieval", data, (encoder, weights, device, precision, batch_size, offline), out, as_json,
        split=split, protocol=protocol, cache=cache, seed=seed,
    )  # fmt: skip


def _evaluate(
    task: str,
    data: str,
    encoder: tuple[str, str | None, str, str, int | None, bool],
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    from rsvlm.eval import evaluate

    loaded = load(*encoder)
    with console.status(f"Measuring {task}"):
        result = evaluate(task, encoder=loaded, data=data, **options)
    finish(result, out, as_json)
