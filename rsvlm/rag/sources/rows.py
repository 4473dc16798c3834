"""Rows of tables as chunks: which column is what, whatever its author called it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rsvlm.datasets.columns import IMAGE, LABEL

from ..chunk import Chunk
from ..errors import RagError
from .documents import BLANK
from .picturepaths import LONGEST_PATH, Pictures
from .places import BOX, EDGES, LATITUDE, LONGITUDE, SHAPE, TIME, is_empty, moment, place_of, time_of
from .source import Note
from .splitting import LONGEST, split, words
from .text import cleaned

TEXT = (
    "text", "description", "caption", "captions", "note", "notes", "body", "content", "summary", "abstract", "sentence",
)  # fmt: skip
TITLE = ("title", "name", "heading")
IDS = ("id", "key", "uuid", "fid", "objectid", "osm_id", "wikidata")
LICENCE = ("licence", "license")
ORIGIN = ("source", "url", "attribution", "credit")
TYPE = ("chunk_type",)
IMAGES = (*IMAGE, "image_id", "image_path")

_CAPTIONS = ("caption", "captions")
_NO_WORDS = {*LONGITUDE, *LATITUDE, *BOX, *SHAPE, *EDGES, *LICENCE, *ORIGIN, *IDS, *TYPE, *IMAGES}
"""Columns that are not told when a row is put in words."""

_OF_A_TEXT = {*TITLE, *TIME, "month", "day"}
"""Columns that say what a text is of."""

_LONGEST_TITLE = 20
_LONGEST_ROW = 2**20
"""Letters of a row."""

Row = Mapping[str, Any]


def chunks_of_rows(
    rows: Iterable[Row], note: Note, pictures: Pictures, text_column: str | None
) -> Iterator[Chunk]:
    """The chunks of rows, each by itself.

    Args:
        rows: Values by names, in order.
        note: Takes what is wrong with a row, which then gives no chunk, or one without its place.
        pictures: Where the pictures are that rows name.
        text_column: The column of the text, where its name does not say so.

    Raises:
        RagError: No row has that column.
    """
    found = False
    for number, given in enumerate(rows, 1):
        row = {str(name).strip().lower(): value for name, value in given.items() if name is not None}
        found = found or text_column is None or text_column.lower() in row
        try:
            yield from _chunks(row, number, note, pictures, text_column and text_column.lower())
        except RagError as error:
            note(f"row {number}", str(error))
        except RecursionError:
            note(f"row {number}", "is nested too deep")
    if not found:
        raise RagError(f"has no column {text_column}")


def _chunks(
    row: Row, number: int, note: Note, pictures: Pictures, text_column: str | None
) -> Iterator[Chunk]:
    title, named = first(row, TITLE) or "", first(row, IDS)
    columns = [text_column] if text_column else [name for name in TEXT if name in row]
    texts = list(dict.fromkeys(one for name in columns for one in _texts(row.get(name))))
    told = {name: value for name, value in row.items() if name not in _NO_WORDS and not is_empty(value)}
    # beside an empty text a name and a date alone say nothing
    if not text_column and not texts and (not columns or not told.keys() <= _OF_A_TEXT):
        texts = [in_words(told)]
        # a title is among the words, and so found; what an id names is not
        title = named if named and not named.isdigit() and not first(row, TITLE) else ""
    if sum(map(len, texts)) > _LONGEST_ROW:
        raise RagError(f"has more than {_LONGEST_ROW >> 20} MiB of text")
    about = _about(row, f"row {number}", note, pictures)
    where = f"id {named}" if named else first(row, TITLE) or f"row {number}"
    captions = _image(row) is not None and any(name in _CAPTIONS for name in columns)
    before = title if 0 < words(title) <= _LONGEST_TITLE else ""
    for text in texts if captions else ["\n\n".join(texts)]:
        for piece, said in enumerate(split(text, LONGEST - words(before)), 1):
            yield replace(
                about,
                where=where if piece == 1 else f"{where}, {piece}",
                text=f"{before}: {said}" if before and not said.startswith(before) else said,
                type=first(row, TYPE) or ("caption" if captions else "note"),
            )


def first(row: Row, names: Iterable[str]) -> str | None:
    """The first of these columns that says something, as text."""
    found = (row[name] for name in names if name in row and not is_empty(row[name]))
    value = next((one for one in found if isinstance(one, str | int | float)), None)
    return None if value is None else _text(value) or None


def in_words(row: Row) -> str:
    """A row as RSWK tells one: "name: value; name: value"."""
    told = {name: _text(value) for name, value in row.items() if not is_empty(value)}
    return "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in told.items() if value)


def _image(row: Row) -> str | None:
    """The picture that a row names, wherever that is."""
    image = first(row, IMAGES)
    return image if image is not None and len(image) <= LONGEST_PATH else None


def _about(row: Row, where: str, note: Note, pictures: Pictures) -> Chunk:
    """All that a row says beside its text."""
    box = when = None
    try:
        box = place_of(row)
    except RagError as error:
        note(where, f"{error}; it is taken without a place")
    told = time_of(row)
    if told is not None:
        when = moment(told)
        if when is None:
            note(
                where,
                f"time {str(told)[:40]!r} is none that is known; it is taken without (write 2019-05-31)",
            )
    image, origin = _image(row), first(row, ORIGIN)
    credit = [one for one in (first(row, LICENCE), origin and f"source: {origin}") if one]
    labels = next((row[name] for name in LABEL if not is_empty(row.get(name))), None)
    return replace(
        BLANK,
        image=pictures.path(image, where) if image else None,
        bbox=box,
        datetime=when,
        labels=tuple(_texts(labels)),
        licence="; ".join(credit) or None,
    )


def _texts(value: Any) -> list[str]:
    """A cell as texts: of a list, each."""
    if isinstance(value, list | tuple):
        return [said for one in value for said in _texts(one)]
    if isinstance(value, Mapping):
        return [in_words({str(name): one for name, one in value.items()})]
    return [] if is_empty(value) else [said] if (said := _text(value)) else []


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, list | tuple | Mapping):
        return ", ".join(_texts(value))
    return cleaned(str(value))
