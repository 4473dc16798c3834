"""What a captioning run was asked to do: one checked, plain record."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import CaptioningError

Style = Literal["natural", "skyscript", "chatearthnet", "scene"]
STYLES: tuple[Style, ...] = ("natural", "skyscript", "chatearthnet", "scene")
_LEGEND = "worldcover"
ChipMode = Literal["whole", "grid", "objects"]


class CaptionSettings(BaseModel):
    """Everything that changes what a run writes. Paths are as the user gave them; see `rsvlm caption --help`.

    Attributes:
        images: Files, folders, globs or products; empty for captions from land cover alone.
        osm: OpenStreetMap extract or vector file with tags.
        landcover: Class raster or folder of them.
        legend: Name of a shipped legend, or a YAML file, that says what the raster's codes mean.
        landcover_date: Chooses among overlapping rasters of different dates.
        styles: Caption styles; the first is the pair's caption, all are variants. Empty: chosen from the labels given.
        chips: How images are cut. None: whole images up to 1,024 px, a grid above.
        size: Chip side as pixels ("256") or metres ("640m").
        min_valid: Least share of a chip's pixels that are neither nodata, masked nor cloud, 0..1.
        limit: Take a seeded choice of so many chips.
        seed: Seeds word choices, shifts and `limit`.
        sensor: Preset that names the bands. bands: their names, outright.
        stretch: How pixels become 8 bits.
        imagery_licence: Licence of the imagery, where its files do not say. imagery_attribution: likewise.
        tag_encoder: What judges tags that the vocabulary does not know: "auto", "none", or a folder of the model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: tuple[str, ...] = ()
    osm: str | None = None
    landcover: str | None = None
    legend: str = _LEGEND
    landcover_date: str | None = None
    styles: tuple[Style, ...] = ()
    chips: ChipMode | None = None
    size: str | None = None
    min_valid: float = Field(default=0.8, ge=0, le=1)
    limit: int | None = Field(default=None, gt=0)
    seed: int = 0
    sensor: str | None = None
    bands: tuple[str, ...] | None = None
    stretch: str = "auto"
    imagery_licence: str | None = None
    imagery_attribution: str | None = None
    tag_encoder: str = "auto"

    @model_validator(mode="after")
    def _sources_fit(self) -> "CaptionSettings":
        if self.osm and not self.images:
            raise ValueError("--osm needs images to know what is seen: name images beside it")
        if not self.images and not self.landcover:
            raise ValueError(
                "nothing to caption: name images with --osm or --landcover, or --landcover alone"
            )
        if self.chips == "objects" and not self.osm:
            raise ValueError("--chips objects centres chips on map objects: it needs --osm")
        if self.chips == "whole" and self.size:
            raise ValueError(
                f"--chips whole takes images as they are, and --size {self.size} cuts them: name one"
            )
        if not self.landcover and (self.legend != _LEGEND or self.landcover_date):
            raise ValueError("--legend and --landcover-date say what --landcover holds: name it, too")
        return self

    def chosen_styles(self) -> tuple[Style, ...]:
        """The styles asked for, each once.

        Without any: `natural` where OSM is given, else `chatearthnet` where land cover is, else `scene` (the names that
        products such as BigEarthNet bring along).
        """
        if self.styles:
            return tuple(dict.fromkeys(self.styles))
        if self.osm:
            return ("natural",)
        return ("chatearthnet",) if self.landcover else ("scene",)


def make_settings(**values: Any) -> CaptionSettings:
    """Check settings given as keywords; raises `CaptioningError` with one line that names the value and the remedy."""
    try:
        return CaptionSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if first["loc"]:
            option = str(first["loc"][0]).replace("_", "-").replace("styles", "style")
            message = f"--{option} {first['input']!r}: {message}"
        raise CaptioningError(message) from None
