"""Writing a loaded model: the whole of it for its own library, and what an adapter says of its base."""

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from rsvlm.models.errors import ModelError
from rsvlm.models.loading import CALLER, load_tower
from rsvlm.models.shipped import SHIPPED, copy_licence, shipped_name

if TYPE_CHECKING:
    from rsvlm.models.adapters import Base
    from rsvlm.models.tower import Tower

CARD = "README.md"
_SHOWN = re.compile(r"!\[[^\]]*\]\((\w+\.png)\)")
"""Pictures of a card that lie beside it."""


def write_model(
    name: str | os.PathLike[str],
    out: Path,
    *,
    weights: str | os.PathLike[str] | None = None,
    base: str | os.PathLike[str] | None = None,
    offline: bool = False,
) -> str:
    """Write a model, with whatever is merged into it, as its own library opens it, and its licence and its card.

    Args:
        name: What `load_encoder` takes, the folder of an adapter for instance.
        out: A folder that is not there yet, or empty.
        weights: Weights of it, where its name does not say them.
        base: Of an adapter, where it lies elsewhere than the adapter says; another model is refused.
        offline: Fetch nothing.

    Returns:
        "open_clip" or "transformers".

    Raises:
        ModelError: It cannot be loaded, or `out` holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out}: holds something already: name a new folder")
    model, adapter = (name, None) if base is None else (base, name)
    tower = load_tower(model, weights=weights, adapter=adapter, offline=offline)
    tower.write(out)
    copy_licence(tower, out)
    shipped = SHIPPED.get(shipped_name(str(name)) or "")
    card = (Path(name) if shipped is None else shipped.folder) / CARD
    if card.is_file() and not (out / CARD).exists():
        text = card.read_text(encoding="utf-8", errors="replace")
        (out / CARD).write_text(_merged_card(text, out.resolve().name, tower), encoding="utf-8")
        for picture in _SHOWN.findall(card.read_text(encoding="utf-8", errors="replace")):
            if (card.parent / picture).is_file():
                shutil.copyfile(card.parent / picture, out / picture)
    return str(tower.info["library"])


def _merged_card(card: str, name: str, tower: "Tower") -> str:
    """The card of what was merged, below what the folder is; the lines for the hub stay above."""
    opened = (
        f'`open_clip.create_model_and_transforms("local-dir:{name}")`'
        if tower.info["library"] == "open_clip" else f'`transformers.AutoModel.from_pretrained("{name}")`'
    )  # fmt: skip
    head = (
        f"# {name}\n\nThe whole model: an adapter merged into its base. It opens by {opened} and by "
        f'`rsvlm.load_encoder("{name}/")`. What follows is the card of what was merged.\n\n'
    )
    front = re.match(r"---\n.*?\n---\n+", card, re.DOTALL)
    end = front.end() if front else 0
    return card[:end] + head + card[end:]


def base_of(name: str | os.PathLike[str], weights: str | os.PathLike[str] | None, tower: "Tower") -> "Base":
    """Return what an adapter says of its base: what loads the same model again, wherever one stands then.

    Args:
        name: What `load_tower` was given, and
        weights: likewise.
        tower: What it returned.
    """
    from rsvlm.models.adapters import Base, weights_of

    told = tower.info.get("quick_gelu_reason") == CALLER
    return Base(
        name=_anywhere(name),
        weights=None if weights is None else _anywhere(weights),
        quick_gelu=bool(tower.info["quick_gelu"]) if told else None,
        revision=tower.revision,
        sha256=weights_of(tower),
    )


def _anywhere(name: str | os.PathLike[str]) -> str:
    text = os.fspath(name)  # what ships comes before a folder of that name
    return str(Path(text).resolve()) if shipped_name(text) is None and Path(text).exists() else text
