"""What an index keeps of a chip."""

import json
import os
from pathlib import Path
from typing import Any

from rsvlm.datasets.times import moment
from rsvlm.imagery.items import ChipOptions, Item, PathLike

Row = dict[str, Any]


def row_of(item: Item, options: ChipOptions, licence: str | None = None) -> Row:
    """What an index keeps of a chip. Its key is the image's path, with the window where it is not the whole image."""
    ref = item.ref
    path = absolute(ref.image)
    west, south, east, north = ref.bbox or (None, None, None, None)
    grid = None if item.scene is None else item.scene.grid
    whole = grid is not None and ref.window == (0, 0, grid.width, grid.height)
    return {
        "key": path if whole else f"{path}#{','.join(map(str, ref.window))}",
        "image": path,
        "window": None if whole else list(ref.window),
        "opening": _opening(options),
        "west": west, "south": south, "east": east, "north": north,
        "datetime": moment(ref.datetime),
        "gsd": ref.gsd,
        "licence": licence,
    }  # fmt: skip


def _opening(options: ChipOptions) -> str | None:
    given = {"sensor": options.sensor, "bands": options.bands, "stretch": options.stretch}
    told = {name: value for name, value in given.items() if value not in (None, "auto")}
    return json.dumps(told) if told else None


def absolute(path: PathLike) -> str:
    """A path that says the same wherever one stands, with `/`."""
    return Path(os.path.abspath(path)).as_posix()  # noqa: PTH100 - resolve() would follow links
