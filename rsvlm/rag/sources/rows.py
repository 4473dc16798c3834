"""Rows of tables as chunks: which column is what, whatever its author called it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rsvlm.datasets.columns import IMAGE, LABEL
from rsvlm.datasets.times import moment

from ..chunk import Chunk
from ..errors import RagError
from .documents import BLANK
from .nothing import is_empty
from .picturepaths import LONGEST_PATH, Pictures
from .places import BOX, EDGES, LATITUDE, LONGITUDE, SHAPE, place_of
from .rowtimes import TIME, time_of
from .rowwords import LONGEST_ROW, Row, in_words, text_of, texts_of
from .source import Note
from .splitting import LONGEST, split, words

TEXT = (
    "text", "description", "caption", "captions", "note", "notes", "body", "content", "summary", "abstract", "sentence",
)  # fmt: skip
TITLE = ("title", "name", "heading")
IDS = ("id", "key", "uuid", "fid", "objectid", "osm_id", "wikidata", "__index_level_0__")
LICENCE = ("licence", "license")
ORIGIN = ("source", "url", "attribution", "credit")
TYPE = ("chunk_type",)
IMAGES = (*IMAGE, "image_id", "image_path")

_CAPTIONS = ("caption", "captions")
_NO_WORDS = {*LONGITUDE, *LATITUDE, *BOX, *SHAPE, *EDGES, *LICENCE, *ORIGIN, *IDS, *TYPE, *IMAGES}
"""Columns that are not told when a row is put in words."""

_KEEPS_BOOKS = re.compile(r"(?:.*[_ ])?(?:ids?|uuid|hash|md5|sha\d*)|split|index|lang|language")
"""Columns that are not told beside a text: of which row, or part of a dataset, it is."""

_ENDING = re.compile(r"\.\w{2,5}$")

_OF_A_TEXT = {*TITLE, *TIME, "month", "day"}
"""Columns that say what a text is of."""

_LONGEST_TITLE = 20

_VARIABLE = ("variable", "parameter", "indicator", "metric", "measure", "quantity", "analyte")
"""Columns of long tables that say what the value of a row is of."""
_VALUE, _UNIT = "value", ("unit", "units")
_LONGEST_VARIABLE = 8
"""Words."""


def chunks_of_rows(rows: Iterable[Row], note: Note, pictures: Pictures) -> Iterator[Chunk]:
    """The chunks of rows, each by itself.

    Args:
        rows: Values by names, in order.
        note: Takes what is wrong with a row, which then gives no chunk, or one without its place.
        pictures: Where the pictures are that rows name.
    """
    for number, given in enumerate(rows, 1):
        row = {str(name).strip().lower(): value for name, value in given.items() if name is not None}
        try:
            yield from _chunks(row, number, note, pictures)
        except RagError as error:
            note(f"row {number}", str(error))
        except RecursionError:
            note(f"row {number}", "is nested too deep")


def _chunks(row: Row, number: int, note: Note, pictures: Pictures) -> Iterator[Chunk]:
    title, named = first(row, TITLE) or "", first(row, IDS)
    columns = [name for name in TEXT if name in row]
    texts = list(dict.fromkeys(one for name in columns for one in texts_of(row.get(name))))
    captions = _image(row) is not None and any(name in _CAPTIONS for name in columns)
    values = {} if texts and captions else _values(row, columns if texts else [])
    # a title is among the values, and so found; what an id names is not
    called = named if values and named and not named.isdigit() else ""
    before = (title if texts else "") if title else called
    before = before if words(before) <= _LONGEST_TITLE else ""
    if values:
        told = in_words(values, LONGEST - words(before))
        texts = ["\n".join(["\n\n".join(texts), told]).strip()]
    if sum(map(len, texts)) > LONGEST_ROW:
        raise RagError(f"has more than {LONGEST_ROW >> 20} MiB of text")
    about = _about(row, f"row {number}", note, pictures)
    where = f"id {named}" if named else first(row, TITLE) or f"row {number}"
    for text in texts if captions else ["\n\n".join(texts)]:
        for piece, said in enumerate(split(text, LONGEST - words(before)), 1):
            yield replace(
                about,
                where=where if piece == 1 else f"{where}, {piece}",
                text=f"{before}: {said}" if before and not said.startswith(before) else said,
                type=first(row, TYPE) or ("caption" if captions else "note"),
            )


def _values(row: Row, texts: list[str]) -> Row:
    """What a row says beside its texts, or without any; nothing where that is but what a text would be of."""
    told = {name: value for name, value in row.items() if name not in _NO_WORDS and not is_empty(value)}
    if texts:
        told = {name: told[name] for name in told if name not in texts and not _keeps_books(name, told[name])}
    of_a_text = bool(texts) or any(name in row for name in TEXT)
    return {} if of_a_text and told.keys() <= _OF_A_TEXT else _measured(told)


def _measured(told: Row) -> Row:
    """A row of a long table with its value under the name of what was measured: "turbidity: 12 NTU"."""
    variable = next((name for name in _VARIABLE if name in told), None)
    named = "" if variable is None else text_of(told[variable])
    if (
        _VALUE not in told
        or not named[:1].isalpha()
        or words(named) > _LONGEST_VARIABLE
        or named.lower() in told
    ):
        return told
    unit = next((name for name in _UNIT if name in told), "")
    value = f"{text_of(told[_VALUE])} {text_of(told[unit])}" if unit else told[_VALUE]
    return {
        (named if name == _VALUE else name): (value if name == _VALUE else one)
        for name, one in told.items()
        if name not in (variable, unit)
    }


def _keeps_books(name: str, value: object) -> bool:
    return _KEEPS_BOOKS.fullmatch(name) is not None or (isinstance(value, str) and _leads_elsewhere(value))


def _leads_elsewhere(value: str) -> bool:
    """Whether a cell is an address, or the path of a file."""
    if len(value.split(maxsplit=1)) > 1:
        return False
    return "://" in value or (("/" in value or "\\" in value) and _ENDING.search(value[-6:]) is not None)


def first(row: Row, names: Iterable[str]) -> str | None:
    """The first of these columns that says something, as text."""
    found = (row[name] for name in names if name in row and not is_empty(row[name]))
    value = next((one for one in found if isinstance(one, str | int | float)), None)
    return None if value is None else text_of(value) or None


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
        labels=tuple(texts_of(labels)),
        licence="; ".join(credit) or None,
    )
