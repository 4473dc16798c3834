"""The image that is asked about: its picture, its spectral views, and what is known of where and when it was taken.

Neither its name nor its folder is kept: names of files tell what is to be found out, as RSWK's do.
"""

from __future__ import annotations  # a field is called datetime, as its type is

import os
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from rsvlm.datasets.times import moment
from rsvlm.imagery import ChipReader, ImageryError
from rsvlm.imagery.coordinates import in_words
from rsvlm.imagery.grid import BBox
from rsvlm.imagery.items import ChipOptions, Item, PathLike, Picture, list_items
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader, looks_at
from rsvlm.imagery.scan import printable
from rsvlm.imagery.views import VIEWS
from rsvlm.models import ModelError
from rsvlm.models.pictures import rgb_picture

from .errors import RagError

SIX = VIEWS[:6]
"""The views of a multispectral image that a vision-language model is shown (arXiv 2509.19087)."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Seen:
    """An image, as it is looked at.

    Attributes:
        picture: (height, width, 3) as people see it.
        views: Its six spectral views by name, where its bands allow them; empty otherwise.
        bbox: West, south, east, north in degrees; None without a place.
        gsd: Metres a pixel; None where that is not known.
        datetime: When it was taken; None where that is not known.
    """

    picture: Pixels
    views: dict[str, Pixels] = field(default_factory=dict)
    bbox: BBox | None = None
    gsd: float | None = None
    datetime: datetime | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude of its middle."""
        if self.bbox is None:
            return None
        west, south, east, north = self.bbox
        width = (east - west) % 360 if west > east else east - west
        return (west + width / 2 + 180) % 360 - 180, (south + north) / 2

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours: one band, or several that are alike."""
        red, green, blue = (self.picture[..., band] for band in range(3))
        return bool((red == green).all() and (green == blue).all())

    def describe_point(self) -> str:
        """Its middle, in words; "" without a place."""
        if self.point is None:
            return ""
        return in_words(*self.point, sign="", between=" ")

    def describe(self) -> str:
        """How it was read, in a line."""
        height, width = self.picture.shape[:2]
        parts = [f"{width} x {height} px"]
        if self.gsd:
            parts.append(f"{self.gsd:.3g} m a pixel")
        if self.views:
            parts.append(f"{len(self.views)} spectral views")
        if self.point is not None:
            parts.append(self.describe_point())
        if self.datetime is not None:
            parts.append(self.datetime.strftime("%Y-%m-%d"))
        return ", ".join(parts)


def see(
    image: Picture | PathLike,
    *,
    sensor: str | None = None,
    bands: tuple[str, ...] | None = None,
    spectral_views: bool = True,
) -> Seen:
    """Read an image whole.

    Args:
        image: A file, PIL image, (H, W, 3) uint8 array or chip.
        sensor: Preset that names the bands of a file that does not.
        bands: Their names, in order.
        spectral_views: Whether to make them, where the bands allow it.

    Raises:
        RagError: It cannot be read, or it is several.
    """
    try:
        options = ChipOptions(chips="whole", min_valid=0.0, sensor=sensor, bands=bands)
        items = list_items([image], options)
        if len(items) != 1:
            raise RagError(f"{items[0].ref.image}: is {len(items)} images; ask about one")
        with ChipReader() as reader:
            return _seen(items[0], reader, SIX if spectral_views else ())
    except (ImageryError, ModelError) as error:
        name = printable(os.fspath(image)) if isinstance(image, str | os.PathLike) else ""
        raise RagError(str(error) if name in str(error) else f"{name}: {error}") from None


def _seen(item: Item, reader: ChipReader, wanted: tuple[str, ...]) -> Seen:
    load = loader(reader, 0.0)
    picture = _pixels(load(Look(item, TRUE_COLOUR)))
    looks = looks_at(item, wanted) if wanted and item.error is None else []
    views = {look.view: _pixels(load(look)) for look in looks} if len(looks) == len(SIX) else {}
    return Seen(picture, views, item.ref.bbox, item.ref.gsd, moment(item.ref.datetime))


def _pixels(picture: PillowImage.Image | Pixels) -> Pixels:
    found = np.asarray(rgb_picture(picture) if isinstance(picture, PillowImage.Image) else picture)
    return found if found.ndim == 3 else np.repeat(found[..., None], 3, axis=2)
