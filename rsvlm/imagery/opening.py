"""The way in for whatever the user names as one image."""

from collections.abc import Sequence
from pathlib import Path

from rsvlm.imagery.bandfiles import is_bandfiles, open_bandfiles
from rsvlm.imagery.bands import band_names
from rsvlm.imagery.guard import check_regular
from rsvlm.imagery.rasterfile import raster_scene
from rsvlm.imagery.safe import is_safe, open_safe
from rsvlm.imagery.scene import Scene
from rsvlm.imagery.stac import item_image, read_item


def open_scene(
    path: str | Path, *, sensor: str | None = None, bands: Sequence[str] | None = None, stretch: str = "auto"
) -> Scene:
    """Describe an image without reading more than a sample of its pixels.

    Args:
        path: A GeoTIFF, JPEG 2000, PNG or JPEG file; a Sentinel-2 .SAFE folder or a zip of one; a folder that
            holds one product with a file for each band; a STAC item (.json) whose image is here.
        sensor: Name of a sensor preset ("sentinel-2-l2a", "naip", ...), which tells the bands of a file by
            their order. A product says itself what it is.
        bands: For a file, a name for every band, in order ("alpha" names a mask); for a product, the names of
            the bands to use, of which one or three are shown in that order. A list, or one text: "red,green,blue".
        stretch: "auto", "none", "percentile", "2-98" or "0..3000"; see `rsvlm.imagery.stretch.fit_stretch`.

    Raises:
        ImageryError: It is a pipe or device, the image is refused or cannot be read, or an option does not fit it.
    """
    place = Path(path)
    if bands is not None:
        bands = band_names(bands)
    check_regular(place)
    if is_safe(place):
        return open_safe(place, bands=bands, stretch=stretch)
    if is_bandfiles(place):
        return open_bandfiles(place, sensor=sensor, bands=bands, stretch=stretch)
    if place.suffix.casefold() == ".json" and (item := read_item(place)):
        return raster_scene(item_image(item), sensor=sensor, bands=bands, stretch=stretch, item=item)
    return raster_scene(path, sensor=sensor, bands=bands, stretch=stretch)
