"""Mask files (.msk) beside an image, in which GDAL and QGIS say which pixels count."""

from pathlib import Path

from rsvlm.imagery.bands import ALPHA
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import open_raster
from rsvlm.imagery.scan import trimmed
from rsvlm.imagery.scene import Band
from rsvlm.imagery.sidecars import mask_beside


def mask_of(path: Path, width: int, height: int) -> tuple[Band | None, str | None]:
    """The mask beside an image, and why it is not used where there is one and it is not.

    It is opened as images are: one that is a description of other files is refused.

    Args:
        path: The image.
        width: Its columns.
        height: Its rows.
    """
    file = mask_beside(path)
    if file is None:
        return None, None
    try:
        with open_raster(file.absolute()) as mask:
            if (mask.width, mask.height, mask.count) != (width, height, 1):
                size = f"{mask.width} x {mask.height} pixels and {mask.count} bands"
                return None, f"its .msk file was not read: it has {size}, not {width} x {height} and 1"
    except ImageryError as error:
        return None, f"its .msk file was not read: {trimmed(error, file)}"
    return Band(ALPHA, str(file.absolute()), 1, nodata=0.0), None
