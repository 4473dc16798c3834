"""From what the user names to scenes: sorted, each image once, with a reason for what cannot be used."""

import logging
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from rsvlm.imagery.contents import same_contents
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.scan import Failure, Scan, printable, trimmed
from rsvlm.imagery.scene import Scene
from rsvlm.imagery.sensors import load_sensor

__all__ = ["Failure", "find_scenes"]

LOG = logging.getLogger(__name__)

_LISTED = 5


def find_scenes(
    inputs: Sequence[str | Path],
    *,
    sensor: str | None = None,
    bands: Sequence[str] | None = None,
    stretch: str = "auto",
    copies: bool = False,
) -> tuple[list[Scene], list[Failure]]:
    """Find and open all images that the inputs lead to.

    Args:
        inputs: Image files; Sentinel-2 .SAFE folders and zips; folders with one file for each band; STAC
            items (.json) whose image is here; folders, searched with all below them, links followed;
            patterns such as `tiles/**/*.tif`, which need not be expanded by the shell. In a folder or
            pattern, files that are no images are passed over; a file that is named itself and is none
            becomes a failure.
        sensor: Name of a sensor preset, for all images.
        bands: Names of the bands, for all images; see `open_scene`.
        stretch: How values become 8 bits, for all images; see `rsvlm.imagery.stretch.fit_stretch`.
        copies: Whether each file with the content, place and time of another one is an image, too.

    Returns:
        Scenes by path, numbers in it counted ("tile_2" before "tile_10"), the same order on every system; and
        failures, sorted in the same way. A file is taken once however many ways lead to it, and links give way to
        what they lead to; of files with the same content, place and time, all but the first are failures, unless
        copies are wanted.

    Raises:
        ImageryError: The inputs lead to no image at all, or the sensor is unknown.
    """
    if sensor is not None:
        load_sensor(sensor)
    scan = Scan()
    for one in inputs:
        scan.add(str(one))
    if not scan.found and not scan.failures:
        raise ImageryError(_nothing(scan.empty))
    if scan.links:
        LOG.warning(
            "left out as links to images or folders that are listed themselves: %d (the first: %s)",
            len(scan.links),
            printable(scan.links[0]),
        )
    scenes: list[Scene] = []
    failures = [*scan.failures, *scan.empty]
    for path in sorted(scan.found.values(), key=natural_order):
        try:
            scenes.append(open_scene(path, sensor=sensor, bands=bands, stretch=stretch))
        except Exception as error:  # noqa: BLE001, RUF100 - one odd file of 100,000 must not end the search
            failures.append(Failure(printable(path), _reason(error, path)))
    repeated = {} if copies else same_contents(scenes)
    failures += [
        Failure(scenes[i].path, f"same content as {scenes[first].path}") for i, first in repeated.items()
    ]
    kept = [scene for i, scene in enumerate(scenes) if i not in repeated]
    return kept, sorted(failures, key=lambda failure: natural_order(failure.path))


def natural_order(path: str | Path) -> tuple[list[str | int], str]:
    """A sort key for paths: numbers by value, letters without regard to case and Unicode composition.

    >>> sorted(["b2.tif", "B10.tif", "a.tif"], key=natural_order)
    ['a.tif', 'b2.tif', 'B10.tif']
    """
    text = unicodedata.normalize("NFC", Path(path).as_posix()).casefold()
    parts = re.split(r"([0-9]+)", text)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], str(path)


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, ImageryError):
        return trimmed(error, path)
    return f"cannot be opened: {type(error).__name__}: {printable(str(error))}"


def _nothing(empty: Sequence[Failure]) -> str:
    if not empty:
        return "no image: the list of inputs is empty"
    listed = "; ".join(f"{failure.path} {failure.reason}" for failure in empty[:_LISTED])
    return f"no image: {listed}" + (
        f"; and {len(empty) - _LISTED} more inputs" if len(empty) > _LISTED else ""
    )
