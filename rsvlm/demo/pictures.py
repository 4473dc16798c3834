"""The image that a user works on: an upload, an example that ships, or a hit of a search."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from rsvlm.datasets.parquet_files import ImageColumn, StoredImage
from rsvlm.datasets.pictures import open_picture
from rsvlm.imagery import ChipReader, ImageryError, open_scene
from rsvlm.imagery.chip import Chip
from rsvlm.imagery.grid import BBox
from rsvlm.imagery.guard import open_raster
from rsvlm.imagery.scene import Scene
from rsvlm.rag.seen import Seen, see
from rsvlm.retrieval.exact import Floats

from .errors import DemoError
from .limits import discard, short_name

EXAMPLES = {
    "river": "River between fields", "stadium": "Sports ground", "quarry": "Quarry in a forest",
    "solar": "Fields and a solar park",
}  # fmt: skip
"""Parts of the sample town that ship, each with its name for people."""
_BANDS = 12
"""Names of bands that are told."""


@dataclass(frozen=True, eq=False)  # each is itself alone: by that Gradio tells that another one was chosen
class Picked:
    """An image, by where it is: its pixels are read again when they are needed, so that many users' fit in memory.

    Attributes:
        name: What people call it.
        file: Where it lies; None of a hit.
        row: What an index knows of it; None of a file.
        own: Whether the file is a user's upload, to be deleted.
        opening: Sensor and names of bands, as who runs the demo told them; empty where they do not fit the file.
        bands: What its bands are called.
        vector: (d,) of it, by the encoder; None before it was encoded.
        point: Longitude and latitude of its middle; None without a place.
        bbox: West, south, east, north in degrees; None likewise.
        over: Set once another one has its place.
    """

    name: str
    file: Path | None = None
    row: Mapping[str, Any] | None = None
    own: bool = False
    opening: Mapping[str, Any] = field(default_factory=dict)
    bands: tuple[str, ...] = ()
    vector: Floats | None = None
    point: tuple[float, float] | None = None
    bbox: BBox | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def image(self) -> Path | Chip | PillowImage.Image:
        """What questions are asked about.

        Raises:
            DemoError: It is not there any more, or cannot be read.
        """
        if self.row is not None:
            return _of_row(self.row, self.name)
        if self.file is None or not self.file.exists():
            raise DemoError(f"{self.name} is not here any more: choose it again")
        return self.file

    def chip(self) -> Path | Chip | PillowImage.Image:
        """The same with the names that its bands have by themselves, whatever others are told of."""
        image = self.image()
        if not isinstance(image, Path):
            return image
        try:
            return _whole(open_scene(image))
        except ImageryError as error:
            raise DemoError(self.told(str(error))) from None

    def seen(self) -> Seen:
        """How it is looked at.

        Raises:
            DemoError: It cannot be read.
        """
        try:
            return see(self.image(), **self.opening)
        except ValueError as error:
            raise DemoError(self.told(str(error))) from None

    def told(self, message: str) -> str:
        """A message for people who see the page, without paths of this machine or options of its commands."""
        if self.file is None:
            return message
        if "--sensor" in message or "--bands" in message:
            with open_raster(self.file) as raster:
                count = raster.count
            return (
                f"{self.name} has {count} bands, and does not say what they are: whoever runs this page can name them "
                "with --sensor"
            )
        return message.replace(str(self.file), self.name)

    def forget(self) -> None:
        """Give it up; an upload is deleted."""
        self.over.set()
        if self.own and self.file is not None:
            discard(self.file)


def forget(picked: Picked | None) -> None:
    """Give up what a user chose, where there is anything."""
    if picked is not None:
        picked.forget()


def example(name: str) -> Picked:
    """An image that ships.

    Raises:
        DemoError: There is no such.
    """
    if name not in EXAMPLES:
        raise DemoError(f"there is no example {short_name(name)!r}")
    with as_file(files("rsvlm.demo") / "examples" / f"{name}.tif") as file:
        return Picked(EXAMPLES[name], file, bands=_bands(file))


def upload(file: Path, name: str, opening: Mapping[str, Any]) -> Picked:
    """A file that a user sent, checked before.

    Args:
        file: Where it lies.
        name: What the user called it.
        opening: Sensor and names of bands, for a file that they fit.
    """
    told = {key: value for key, value in opening.items() if value is not None}
    told = told if told and _bands(file, **told) else {}
    return Picked(short_name(name), file, own=True, opening=told, bands=_bands(file, **told))


def hit(row: Mapping[str, Any]) -> Picked:
    """A hit of a search."""
    opening = json.loads(row["opening"] or "{}")
    return Picked(short_name(str(row["key"])), row=row, bands=_bands(Path(str(row["image"])), **opening))


def _bands(file: Path, **opening: Any) -> tuple[str, ...]:
    try:
        names = [band.name for band in open_scene(file, **opening).bands]
    except ImageryError:  # reading it says why
        return ()
    return tuple(names[:_BANDS]) + (("...",) if len(names) > _BANDS else ())


def _of_row(row: Mapping[str, Any], name: str) -> Chip | PillowImage.Image:
    """The pixels of a hit, with their place where that is known."""
    try:
        path, hash_, number = str(row["image"]).rpartition("#")
        with ChipReader() as reader:
            if hash_ and number.isdigit() and path.casefold().endswith(".parquet"):
                stored: Any = open_picture(StoredImage(ImageColumn(Path(path)), int(number)), reader)
                return stored if isinstance(stored, PillowImage.Image) else PillowImage.fromarray(stored)
            scene = open_scene(str(row["image"]), **json.loads(row["opening"] or "{}"))
            return reader.read(scene, tuple(row["window"])) if row["window"] else _whole(scene)
    except (ValueError, OSError, KeyError):  # its message names paths of this machine
        raise DemoError(f"{name} cannot be opened: is the image still where it was indexed?") from None


def _whole(scene: Scene) -> Chip:
    with ChipReader() as reader:
        return reader.read(scene, (0, 0, scene.grid.width, scene.grid.height))
