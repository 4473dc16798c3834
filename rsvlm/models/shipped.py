"""The models that come with rsvlm: what was trained on top of `built_in`, and what they may be used for.

Their recipe, and what it was chosen from, is in pretraining/built_in/; what they are good for in docs/built-in.md.
"""

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rsvlm.models import hub
from rsvlm.models.errors import ModelError

if TYPE_CHECKING:
    from rsvlm.models.tower import Tower

LOG = logging.getLogger(__name__)

DEFAULT, BASE = "built-in", "built-in-base"

LICENCE = "WEIGHTS_LICENSE"
"""What the weights of a model that ships may be used for, beside them."""

_FOLDER = Path(__file__).parent / "weights"


class Shipped(NamedTuple):
    """A model that comes with rsvlm.

    Attributes:
        name: What `load_encoder` takes.
        licence: What its weights may be used for, in a line.
        trained_on: Data sets whose training split it knows, by the names that `rsvlm eval` has for them.
    """

    name: str
    licence: str
    trained_on: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where its adapter, its card and its licence lie."""
        return _FOLDER / self.name

    @property
    def is_here(self) -> bool:
        """Whether this installation has its adapter."""
        return (self.folder / hub.ADAPTER_RECORD).is_file()


SHIPPED = {
    one.name: one
    for one in (
        Shipped(
            DEFAULT,
            "research use: trained on RSICD, which is for research; for other uses take built-in-permissive",
            ("eurosat", "ucm", "rsicd"),
        ),
        Shipped(
            "built-in-permissive",
            "Apache-2.0: trained on EuroSAT (MIT) and imagery of the USGS (public domain)",
            ("eurosat", "ucm"),
        ),
    )
}


def shipped_name(name: str) -> str | None:
    """Return the name of a model that ships, or of its base, as `load_encoder` knows it; None for all others."""
    plain = name.strip().lower()
    return plain if plain in SHIPPED or plain == BASE else None


def load_shipped(name: str) -> "Tower":
    """Load a model that ships; `name` is one of `shipped_name`.

    Raises:
        ModelError: A package that brings weights is missing or another one, or this installation lacks the adapter.
    """
    from rsvlm.models.adapters import apply_adapter
    from rsvlm.models.built_in import base_blueprint, base_checkpoint
    from rsvlm.models.openclip import OpenClipTower

    one = SHIPPED.get(name)
    if one is not None and not one.is_here:
        raise ModelError(f"{name}: its weights are not in {one.folder}: install rsvlm again")
    tower: OpenClipTower = OpenClipTower(BASE, base_blueprint(), base_checkpoint())
    if one is None:
        return tower
    apply_adapter(tower, one.folder)
    tower.name = tower.info["name"] = name
    tower.info |= {"licence": one.licence, "trained_on": list(one.trained_on)}
    _tell_licence(name)
    return tower


def copy_licence(tower: "Tower", folder: Path) -> None:
    """Put the licence of the model that ships, where a tower is one or was adapted from one, beside its weights."""
    told = str(tower.info.get("licence") or "")
    one = next((one for one in SHIPPED.values() if told.startswith(one.licence)), None)
    if one is None:
        return
    licence = (one.folder / LICENCE).read_text(encoding="utf-8")
    if told != one.licence:  # it learned more than the licence speaks of
        title = "Weights that were adapted"
        licence = (
            f'{title}\n{"=" * len(title)}\n\nThey began as rsvlm\'s model "{one.name}", whose licence follows below. '
            f"In all: {told}.\nThey may be used as all of these may: the text below speaks of the beginning only.\n\n"
            f"{licence}"
        )
    (folder / LICENCE).write_text(licence, encoding="utf-8")


@cache
def _tell_licence(name: str) -> None:
    """Say once what a model may be used for."""
    LOG.warning("%s: %s", name, SHIPPED[name].licence)
