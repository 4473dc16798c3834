"""Presets: published remote-sensing CLIP weights by short name, with all that their files do not say."""

import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath

import yaml
from pydantic import BaseModel, ConfigDict

from rsvlm.folders import data_folder
from rsvlm.models import hub
from rsvlm.models.errors import ModelError


class Preset(BaseModel):
    """One published set of weights.

    Attributes:
        name: The short name, "remoteclip-vit-b-32".
        title: What its authors call it.
        architecture: open_clip's name of the architecture.
        hub, hub_file: The repository on the Hugging Face hub and the file in it, or None.
        url: Where people find the weights.
        files: Names under which the weights are looked for in the weights folder, the first being the one to use.
        quick_gelu: Whether the activation is QuickGELU.
        quick_gelu_reason: Who says so.
        protocol: The prompts and averaging to compare with its authors' numbers: a protocol of `vocabularies`.
        licence: Licence of the weights, as far as one is stated.
        citation: The paper.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    architecture: str
    hub: str | None = None
    hub_file: str | None = None
    url: str
    files: tuple[str, ...]
    quick_gelu: bool
    quick_gelu_reason: str
    protocol: str
    licence: str
    citation: str

    def weights(self) -> Path:
        """Return the weights file on this machine: in the weights folder, else in the cache of the hub's client.

        Raises:
            ModelError: It is in neither; says where to get it and where to put it.
        """
        placed = next((path for name in self.files if (path := weights_folder() / name).is_file()), None)
        if placed is None and self.hub and self.hub_file:
            placed = hub.cached(self.hub, [self.hub_file])
        if placed is not None:
            return placed
        source = f"{self.hub_file} of {self.url}" if self.hub else f"{self.url} (unpacked)"
        fetch = (
            f', or have it fetched by "hf:{self.hub}/{self.hub_file}" in place of FILE' if self.hub else ""
        )
        raise ModelError(
            f"the weights of {self.name} are not on this machine: get {source} and put it at "
            f"{weights_folder() / self.files[0]} or give its place by weights=FILE (--weights FILE){fetch}"
        )


def weights_folder() -> Path:
    """Where the user puts weights files that presets look for."""
    return data_folder() / "weights"


@cache
def encoder_presets() -> tuple[Preset, ...]:
    """Return all presets, for listing."""
    text = files(__package__).joinpath("presets.yaml").read_text(encoding="utf-8")
    return tuple(Preset(name=name, **fields) for name, fields in yaml.safe_load(text).items())


def find_preset(name: str) -> Preset | None:
    """Return the preset of a name; case, spaces, "_" and "/" for "-" do not matter. None where there is none."""
    return next((preset for preset in encoder_presets() if _plain(preset.name) == _plain(name)), None)


def near_presets(name: str) -> list[str]:
    """Return the names of presets that resemble a name, best first."""
    return get_close_matches(_plain(name), [preset.name for preset in encoder_presets()], n=3, cutoff=0.7)


def preset_of_file(path: Path) -> Preset | None:
    """Return the preset whose weights are published under a file's name (SkyCLIP: under its folder's, too)."""
    for preset in encoder_presets():
        if any(PurePath(*path.parts[-len(name.parts) :]) == name for name in map(PurePath, preset.files)):
            return preset
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\s_/-]+", "-", name.strip().lower())
