"""The pictures of hits, read again where their images lie."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rsvlm.datasets.parquet_files import ImageColumn, StoredImage
from rsvlm.datasets.pictures import open_picture
from rsvlm.imagery import ChipReader, open_scene
from rsvlm.imagery.items import ChipRef, Item
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader

SIDE = 256


class Thumbnails:
    """Reads the images of hits again; to be used in a `with`.

    Args:
        side: Pixels along the longer side.
    """

    def __init__(self, side: int = SIDE) -> None:
        self._side, self._reader = side, ChipReader()
        self._columns: dict[Path, ImageColumn] = {}

    def __enter__(self) -> "Thumbnails":
        self._reader.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._reader.__exit__(*error)

    def picture(self, row: Mapping[str, Any]) -> Image.Image | None:
        """A small picture of a hit; None where its image is no more there, or cannot be opened."""
        try:
            return self._small(self._image(row))
        except Exception:  # whatever a file does, the others are shown
            return None

    def jpeg(self, row: Mapping[str, Any]) -> bytes | None:
        """The same as the bytes of a JPEG file."""
        picture = self.picture(row)
        if picture is None:
            return None
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        return file.getvalue()

    def _image(self, row: Mapping[str, Any]) -> Any:
        path, hash_, number = str(row["image"]).rpartition("#")
        if hash_ and number.isdigit() and Path(path).is_file() and path.casefold().endswith(".parquet"):
            column = self._columns.setdefault(Path(path), ImageColumn(Path(path)))
            return open_picture(StoredImage(column, int(number)), self._reader)
        scene = open_scene(str(row["image"]), **json.loads(row["opening"] or "{}"))
        window = tuple(row["window"] or (0, 0, scene.grid.width, scene.grid.height))
        item = Item(ChipRef(scene.path, scene.path, window), scene)
        return loader(self._reader, 0.0, square=True)(Look(item, TRUE_COLOUR))

    def _small(self, image: Any) -> Image.Image:
        picture = (image if isinstance(image, Image.Image) else Image.fromarray(np.asarray(image))).convert(
            "RGB"
        )
        way, scale = Image.Resampling.LANCZOS, self._side / max(picture.size)
        if scale >= 2:  # chips of few pixels are shown with their pixels
            way, scale = Image.Resampling.NEAREST, int(scale)
        return picture.resize(
            (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), way
        )
