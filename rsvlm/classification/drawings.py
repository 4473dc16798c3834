"""What people look at: class maps of tiled images, and a contact sheet of classified chips."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from rsvlm.imagery import ImageryError, Scene
from rsvlm.imagery.chipreader import ChipReader
from rsvlm.imagery.planning import Planned
from rsvlm.vocabularies import Vocabulary

from .classmap import ClassMap, write_class_map
from .errors import ClassificationError
from .mappicture import write_map_picture
from .palette import class_colors
from .qml import write_vector_style
from .sheet import write_contact_sheet

_SHEETS = (".png", ".jpg", ".jpeg")
"""Endings of contact sheets."""
_PREVIEW = 2048
"""Pixels along the longer side up to which a scene is shown beside its map."""


@dataclass(frozen=True)
class Pictures:
    """What is to be drawn: a folder for class maps, a file for a contact sheet; None for neither."""

    map_folder: Path | None = None
    sheet: Path | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anything to draw."""
        return self.map_folder is not None or self.sheet is not None

    def check(self, *, multi_label: bool) -> None:
        """See to it, before any work, that all of it can be drawn.

        Args:
            multi_label: Whether a chip may have several classes.

        Raises:
            ClassificationError: A sheet of another ending, a place that is taken, or a map of several classes a pixel.
        """
        if self.sheet is not None and self.sheet.suffix.lower() not in _SHEETS:
            raise ClassificationError(
                f"{self.sheet}: contact sheets are written as .png or .jpg: end the name in one of these"
            )
        if self.sheet is not None and self.sheet.is_dir():
            raise ClassificationError(f"{self.sheet} is a folder: name a file in it for the contact sheet")
        if self.map_folder is None:
            return
        if multi_label:
            raise ClassificationError(
                f"{self.map_folder}: a class map has one class a pixel, and here a chip may have several: leave the "
                "maps out, or classify with one label a chip (--single-label, multi_label=False)"
            )
        if self.map_folder.exists() and not self.map_folder.is_dir():
            raise ClassificationError(f"{self.map_folder} is a file: name a folder for the class maps")


@dataclass
class Drawn:
    """What was drawn.

    Attributes:
        written: The files.
        unmapped: Which images got no class map, a line for each reason.
    """

    written: list[str] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)


def draw(
    rows: pa.Table,
    planned: Sequence[Planned],
    vocabulary: Vocabulary,
    pictures: Pictures,
    title: str,
    seed: int,
) -> Drawn:
    """Draw what was asked for."""
    drawn = Drawn()
    if pictures.map_folder is not None:
        _maps(rows, planned, vocabulary, pictures.map_folder, drawn)
    if pictures.sheet is not None:
        _sheet(rows, planned, vocabulary, pictures.sheet, title, seed)
        drawn.written.append(str(pictures.sheet))
    return drawn


def style_of(out: Path, vocabulary: Vocabulary, *, multi_label: bool) -> None:
    """Write the colours of the classes beside a GeoJSON, so that QGIS opens it with its legend."""
    if out.suffix.lower() == ".geojson" and not multi_label:
        write_vector_style(out, vocabulary.names, _colors(vocabulary))


def _maps(
    rows: pa.Table, planned: Sequence[Planned], vocabulary: Vocabulary, folder: Path, drawn: Drawn
) -> None:
    """A map of each image that is tiled and of which a tile was classified."""
    scenes = [(one, one.scene) for one in planned if one.scene is not None]
    gone = sorted(set(pc.unique(rows["image"]).to_pylist()) - {scene.path for _, scene in scenes})
    errors = {one.path: one.error for one in planned}
    reasons = {errors.get(path) or "cannot be opened" for path in gone}
    whole = [scene.path for one, scene in scenes if len(one.windows) == 1]
    answered = set(pc.unique(rows.filter(pc.is_valid(rows["label"]))["image"]).to_pylist())
    tiled = [(one, scene) for one, scene in scenes if len(one.windows) > 1]
    silent = [scene.path for _, scene in tiled if scene.path not in answered]
    drawn.unmapped += [
        *_told(
            gone, reasons.pop() if len(reasons) == 1 else "cannot be opened or cut, as the row of each says"
        ),
        *_told(whole, "one chip is all of it; a smaller size makes several"),
        *_told(silent, "no chip of it was classified"),
    ]
    for one, scene in tiled:
        if scene.path in answered:
            drawn.written += _map(rows, one, scene, vocabulary, folder)


def _told(images: Sequence[str], why: str) -> list[str]:
    """A line on images without a map, where there are any."""
    more = f" and {len(images) - 1:,} more" if len(images) > 1 else ""
    return [f"no class map of {images[0]}{more}: {why}"] if images else []


def _map(rows: pa.Table, one: Planned, scene: Scene, vocabulary: Vocabulary, folder: Path) -> list[str]:
    """The class map of one image, its GeoTIFF and its picture."""
    mine = rows.filter(pc.equal(rows["image"], scene.path))
    numbers = {name: number for number, name in enumerate(vocabulary.names)}
    classes = [numbers.get(label, -1) for label in mine["label"].to_pylist()]
    windows = np.column_stack([mine[name].to_numpy() for name in ("x", "y", "width", "height")])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{one.name}.classes.tif"
    drawn = write_class_map(path, scene.grid, windows, classes, vocabulary.names, _colors(vocabulary))
    picture = folder / f"{one.name}.classes.png"
    _map_picture(drawn, picture, scene)
    return [str(path), str(picture)]


def _map_picture(drawn: ClassMap, path: Path, scene: Scene) -> None:
    image = None
    if max(scene.grid.width, scene.grid.height) <= _PREVIEW:
        with ChipReader() as reader:
            image = Image.fromarray(reader.rgb(scene, (0, 0, scene.grid.width, scene.grid.height)))
    write_map_picture(drawn, path, title=scene.name, image=image)


def _colors(vocabulary: Vocabulary) -> tuple[tuple[int, int, int], ...]:
    return class_colors([entry.color for entry in vocabulary.classes])


def _sheet(
    rows: pa.Table, planned: Sequence[Planned], vocabulary: Vocabulary, path: Path, title: str, seed: int
) -> None:
    scenes = {one.scene.path: one.scene for one in planned if one.scene is not None}
    colors = dict(zip(vocabulary.names, _colors(vocabulary), strict=True))

    with ChipReader() as reader:

        def picture(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
            row = rows.slice(number, 1).to_pylist()[0]
            scene = scenes.get(row["image"])
            if scene is None:
                raise ImageryError("cannot be opened")
            window = [row[name] for name in ("x", "y", "width", "height")]
            # a row of an index whose image was whole does not say how large it is
            return reader.rgb(scene, window if window[2] else [0, 0, scene.grid.width, scene.grid.height])

        write_contact_sheet(rows, picture, path, colors, title=title, seed=seed)
