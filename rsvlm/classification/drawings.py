"""What people look at: class maps of tiled images, and a contact sheet of classified chips."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from .mappicture import write_map_picture
from .palette import class_colors
from .qml import write_vector_style
from .sheet import write_contact_sheet

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


def draw(
    rows: pa.Table,
    planned: Sequence[Planned],
    vocabulary: Vocabulary,
    pictures: Pictures,
    title: str,
    seed: int,
) -> list[str]:
    """Draw what was asked for, and return the paths of the files."""
    written: list[str] = []
    if pictures.map_folder is not None:
        tiled = [one for one in planned if one.scene is not None and len(one.windows) > 1]
        for one in tiled:
            written += _map(rows, one, vocabulary, pictures.map_folder)
    if pictures.sheet is not None:
        _sheet(rows, planned, vocabulary, pictures.sheet, title, seed)
        written.append(str(pictures.sheet))
    return written


def style_of(out: Path, vocabulary: Vocabulary) -> None:
    """Write the colours of the classes beside a GeoJSON, so that QGIS opens it with its legend."""
    if out.suffix.lower() == ".geojson" and not vocabulary.multi_label:
        write_vector_style(out, vocabulary.names, _colors(vocabulary))


def _map(rows: pa.Table, one: Planned, vocabulary: Vocabulary, folder: Path) -> list[str]:
    """The class map of one image, its GeoTIFF and its picture."""
    scene = one.scene
    if scene is None:
        return []
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
