"""A row of a source, as an example."""

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rsvlm.datasets.columns import listed
from rsvlm.datasets.pairs import middles
from rsvlm.datasets.pictures import ImageRef
from rsvlm.pretraining.errors import PretrainingError

from .columns import Columns, flat
from .examples import Example

_ON_HUB = "hf://"
_TEXT = ("text", "raw")


class RowReader:
    """Turns rows into examples. Threads may share it.

    Args:
        place: The source, for messages.
        columns: Which column holds what.
        base: The folder that paths of images start from; None for a source on the hub.
        of_label: Makes captions from a label.
        opening: Options of `open_scene`, for files that need them.
    """

    def __init__(
        self,
        place: str,
        columns: Columns,
        base: Path | None,
        of_label: Callable[[Any], tuple[str, ...]],
        opening: Mapping[str, Any],
    ) -> None:
        self._place, self.columns, self._base, self._of_label = place, columns, base, of_label
        self._opening = opening

    def __call__(self, stored: Mapping[str, Any]) -> Example:
        """Return the example of a row; what cannot be understood of it is missing."""
        row, columns = flat(stored), self.columns
        image, path = self._image(row.get(columns.image))
        given = row.get(columns.sources or "")
        sources = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
        licences = [row.get(columns.licence or ""), *(source.get("licence") for source in sources)]
        scene = row.get(columns.scene or "") or (sources[0].get("name") if sources else None)
        return Example(
            key=str(row.get(columns.key or "") or path or _digest(image)),
            image=image,
            captions=self.captions(row),
            place=self._place_of(row),
            scene=None if scene is None else str(scene),
            licence="; ".join(dict.fromkeys(str(text) for text in licences if text)) or None,
            opening=self._opening,
        )

    def check_place(self, stored: Mapping[str, Any]) -> None:
        """Refuse a row whose place is none on Earth (`PretrainingError`)."""
        longitude, latitude = self._degrees(flat(stored))
        known = not (math.isnan(longitude) or math.isnan(latitude))
        if known and not _is_place(longitude, latitude):
            raise PretrainingError(
                f"{self._place}: longitude {longitude:g} and latitude {latitude:g} are no place; are they swapped?"
            )

    def captions(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the captions of a row, whatever else it has."""
        if self.columns.caption is None:
            return self._of_label(row.get(self.columns.label or ""))
        found = [text for name in self.columns.captions for text in texts(row.get(name))]
        return tuple(text for text in found if text)

    def _image(self, value: Any) -> tuple[ImageRef | None, str | None]:
        """What `open_picture` takes, and the path that the row has."""
        path = None
        if isinstance(value, Mapping):
            path = value.get("path") or None
            value = value.get("bytes") or path
        if not isinstance(value, str):
            return value or None, path
        if self._base is None:
            return (_from_hub(value) if value.startswith(_ON_HUB) else value), value
        return str(self._base / value), value

    def _place_of(self, row: Mapping[str, Any]) -> tuple[float, float] | None:
        longitude, latitude = self._degrees(row)
        return (longitude, latitude) if _is_place(longitude, latitude) else None

    def _degrees(self, row: Mapping[str, Any]) -> tuple[float, float]:
        box = row.get(self.columns.bbox or "")
        found = middles([box]) if _is_footprint(box) else None
        if found is not None:
            return float(found[0, 0]), float(found[0, 1])
        return (
            _number(row.get(self.columns.longitude or "")),
            _number(row.get(self.columns.latitude or "")),
        )


def _is_place(longitude: float, latitude: float) -> bool:
    return abs(longitude) <= 360 and abs(latitude) <= 90  # False for NaN


def _is_footprint(box: Any) -> bool:
    """Whether it is west, south, east, north in degrees."""
    if not isinstance(box, list | tuple) or len(box) != 4:
        return False
    west, south, east, north = (_number(side) for side in box)
    return max(abs(west), abs(east)) <= 180 and -90 <= south <= north <= 90  # False for NaN


def texts(value: Any) -> list[str]:
    """Return the texts of a value: a text, several, {text}, several of these, or a cell that holds a list."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in _TEXT if name in value), None)
    if isinstance(value, str):
        value = listed(value)
    if isinstance(value, list | tuple):
        return [text for part in value for text in texts(part)]
    return [] if value is None else [" ".join(str(value).split())]


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _digest(image: Any) -> str:
    """A name for an image that has none: the same wherever and whenever it is read."""
    return hashlib.blake2b(image, digest_size=8).hexdigest() if isinstance(image, bytes) else "(no image)"


def _from_hub(path: str) -> Callable[[], bytes]:
    def read() -> bytes:
        from huggingface_hub import HfFileSystem

        return bytes(HfFileSystem().cat_file(path))

    return read
