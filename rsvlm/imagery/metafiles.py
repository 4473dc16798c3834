"""Small metadata files from strangers, read within limits: a hostile one costs nothing but an error."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rsvlm.imagery.errors import ImageryError

TEXT_LIMIT = 4 * 2**20
"""Bytes of the largest metadata file that is read; Sentinel-2's product XML, a large one, has 60 kB."""


def read_bytes(path: Path, limit: int = TEXT_LIMIT) -> bytes:
    """The content of a metadata file.

    Raises:
        ImageryError: It cannot be read, or is larger than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ImageryError(f"{path} cannot be read: {reason(error)}") from error
    if len(data) > limit:
        raise ImageryError(f"{path} is larger than {limit:,} bytes, too large for a metadata file: remove it")
    return data


def parse_json(data: bytes, source: object) -> Any:
    """Parse JSON that nobody vouches for.

    Raises:
        ImageryError: It is not JSON in UTF-8, or is nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ImageryError(f"{source} is nested too deeply to be read: remove or correct it") from error
    except ValueError as error:
        raise ImageryError(f"{source} is not valid JSON ({error}): remove or correct it") from error


def parse_xml(data: bytes, source: object) -> ElementTree.Element:
    """Parse XML that nobody vouches for.

    Entities, which can be made to expand without end or to name other files, need a document type
    declaration, and one is refused before the parser sees the text. The text must be UTF-8, or another
    encoding would be a way round the refusal.

    Raises:
        ImageryError: It is not well-formed XML in UTF-8, or declares a document type or entities.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImageryError(f"{source} is not encoded as UTF-8: it cannot be read safely") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ImageryError(f"{source} declares a document type or entities, which no product does: refused")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - no DTD gets here, so no entity either
    except (ElementTree.ParseError, ValueError) as error:
        raise ImageryError(f"{source} is not well-formed XML ({error}): get the product again") from error


def utc(text: object) -> str | None:
    """A time in ISO 8601 as "2022-10-05T11:54:11Z", a date as it is; None for what is neither.

    A time without a zone is taken as UTC, which is what the metadata of satellites means; fractions of a
    second are dropped.
    """
    if not isinstance(text, str):
        return None
    text = text.strip()
    try:
        if len(text) <= len("2022-10-05"):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= 1000 else None


def reason(error: OSError) -> str:
    """The system's own words for what went wrong, without number and path."""
    return error.strerror or str(error) or type(error).__name__
