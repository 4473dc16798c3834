"""Chunks: what a knowledge base is made of. A text with what is known of it, short enough to be quoted."""

from __future__ import annotations  # a field is called datetime, as its type is

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rsvlm.imagery.grid import BBox

TYPE = "type:"
"""What a chunk's type, the first label of its row, begins with; labels behind it may begin so, too."""
_NAME, _SORT = "name:", "sort:"
"""What the two labels behind the type of a place begin with."""
PLACE, CAPTION = "place", "caption"
"""Types of the chunks that name places, and that describe a picture."""


@dataclass(frozen=True)
class Chunk:
    """A text that can be cited.

    Attributes:
        source: What it was read from: the path of a file or folder, "/" between its parts.
        where: Where in it, as a person would look it up, and no other chunk of the source has it: "page 3, 2",
            "row 17", "Piazza Navona, expert_knowledge".
        text: The words.
        type: What sort of text: "caption", "note", "place", "class", or one of RSWK's types (RS-RAG, its builder).
        image: Path of the picture that it is about, as an index has it; None: it is about none.
        bbox: West, south, east, north in degrees (WGS84) of what it is about.
        datetime: When that was so.
        labels: Classes that a picture has.
        licence: Under which the text may be used.
        name: Of a place that a map has; None: the text alone tells it.
        sort: What sort of place it is: "town"; None likewise.
    """

    source: str
    where: str
    text: str
    type: str = "note"
    image: str | None = None
    bbox: BBox | None = None
    datetime: datetime | None = None
    labels: tuple[str, ...] = ()
    licence: str | None = None
    name: str | None = None
    sort: str | None = None

    @property
    def key(self) -> str:
        """What it is called in a base; no other chunk has it."""
        return f"{self.source}#{self.where}"

    def row(self) -> dict[str, Any]:
        """As a row of a `TextIndex`."""
        west, south, east, north = self.bbox or (None,) * 4
        named = [] if self.name is None else [_NAME + self.name, _SORT + (self.sort or "")]
        return {
            "key": self.key, "text": self.text, "image": self.image,
            "labels": [TYPE + self.type, *named, *self.labels],
            "west": west, "south": south, "east": east, "north": north, "datetime": self.datetime,
            "licence": self.licence,
        }  # fmt: skip


def chunk_of(row: dict[str, Any]) -> Chunk:
    """Return the chunk that a row of a `TextIndex` was made of."""
    source, _, where = row["key"].rpartition("#")
    box = tuple(row[edge] for edge in ("west", "south", "east", "north"))
    kind, *labels = row["labels"]
    name: str | None = None
    sort: str | None = None
    if kind == TYPE + PLACE and [one[: len(_NAME)] for one in labels[:2]] == [_NAME, _SORT]:
        name, sort = (one[len(_NAME) :] for one in labels[:2])
        labels = labels[2:]
    return Chunk(
        source=source,
        where=where,
        text=row["captions"][0],
        type=kind.removeprefix(TYPE),
        image=row["image"],
        bbox=None if None in box else box,
        datetime=row["datetime"],
        labels=tuple(labels),
        licence=row["licence"],
        name=name,
        sort=sort or None,
    )
