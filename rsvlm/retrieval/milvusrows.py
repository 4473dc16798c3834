"""Rows of an index as Milvus keeps them: what filters ask for in fields of its own, all of it as JSON."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .errors import RetrievalError
from .rows import EDGES, checked, table_of
from .stored import Vectors

LONGEST = 65_535
"""Bytes of a text in Milvus."""
ID_LENGTH = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Record = dict[str, Any]


def id_of(key: str) -> str:
    """The primary key of a row, or the id of an image: the beginning of the SHA-256 of its key, or path.

    Keys are paths of any length with any signs in them, and pymilvus puts primary keys into expressions as they are.
    """
    return hashlib.sha256(key.encode("utf-8")).hexdigest()[:ID_LENGTH]


def microseconds(moment: datetime) -> int:
    """A moment as Milvus keeps it: microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def records_of(table: pa.Table, vectors: Vectors) -> list[Record]:
    """Rows with their vectors, as they are written to Milvus.

    Args:
        table: Of `rsvlm.retrieval.rows.SCHEMA`.
        vectors: (n, d), one for each.

    Raises:
        RetrievalError: A row is longer than Milvus takes.
    """
    return [_record(row, vector) for row, vector in zip(table.to_pylist(), vectors, strict=True)]


def _record(row: Record, vector: Vectors) -> Record:
    known = {name: value for name, value in row.items() if value is not None}
    text = json.dumps(known, ensure_ascii=False, default=datetime.isoformat)
    if (size := len(text.encode("utf-8"))) > LONGEST:
        raise RetrievalError(
            f"row {row['key']!r}: takes {size:,} bytes, and Milvus no more than {LONGEST:,}: shorten its captions"
        )
    numbers = {name: _finite(row[name]) for name in (*EDGES, "gsd")}
    west, east = numbers["west"], numbers["east"]
    if west is not None and east is not None and east < west:
        # what only begins or ends at the antimeridian does not cross it
        numbers["west"] = west = -180.0 if west == 180 else west
        numbers["east"] = east = 180.0 if east == -180 else east
    return {
        "id": id_of(row["key"]),
        "image": None if row["image"] is None else id_of(row["image"]),
        "vector": vector,
        **numbers,
        "crosses": west is not None and east is not None and west > east,
        "time": row["datetime"] and microseconds(row["datetime"]),
        "labels": lower(row["labels"] or []),
        "licence": lower([row["licence"]])[0] if row["licence"] is not None else None,
        "row": text,
    }


def rows_of(texts: Iterable[str]) -> pa.Table:
    """Rows as the index knows them, of what Milvus has of them.

    Raises:
        RetrievalError: It is not what was written.
    """
    try:
        rows = [json.loads(text) for text in texts]
        for row in rows:
            if "datetime" in row:
                row["datetime"] = datetime.fromisoformat(row["datetime"])
        return checked(table_of(rows))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise RetrievalError(f"a row in Milvus is not as rsvlm wrote it ({error})") from None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def lower(texts: Sequence[str | None]) -> list[str]:
    """Texts in the small letters by which labels and licences are compared."""
    found: list[str] = pc.utf8_lower(pa.array(texts, pa.string()).drop_null()).to_pylist()
    return found
