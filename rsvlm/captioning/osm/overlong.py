"""OpenStreetMap XML with values longer than OpenStreetMap allows, which libosmium refuses to read."""

import bz2
import gzip
import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from rsvlm.captioning.osm.tags import LONGEST_VALUE

_OVERLONG = re.compile(
    rf"""(\s[\w:]+\s*=\s*)("[^"<]{{{LONGEST_VALUE + 1},}}"|'[^'<]{{{LONGEST_VALUE + 1},}}')"""
)
_CHUNK = 1 << 20
_LONGEST_ELEMENT = 1 << 23
OPENERS: dict[str, Callable[..., Any]] = {".osm": open, ".osm.gz": gzip.open, ".osm.bz2": bz2.open}
"""How files of OpenStreetMap XML are opened, by the ends of their names."""


def is_overlong(path: Path, error: Exception) -> bool:
    """Say whether libosmium refused a file for a value that `cut_overlong` can cut."""
    return "too long" in str(error) and xml_ending(path) is not None


def cut_overlong(path: Path, to: Path) -> None:
    """Write the content of an XML file to a plain `.osm` file, attributes of tags cut at `LONGEST_VALUE`.

    Raises:
        ValueError: An element is longer than any of OpenStreetMap.
    """
    rest = ""
    opener = OPENERS[xml_ending(path) or ".osm"]
    with (
        opener(path, "rt", encoding="utf-8", errors="replace", newline="") as text,
        to.open("w", encoding="utf-8", newline="") as out,
    ):
        while chunk := text.read(_CHUNK):
            rest += chunk
            end = max(rest.rfind("<"), 0)  # whole elements: an attribute holds no "<"
            out.write(_OVERLONG.sub(_cut, rest[:end]))
            rest = rest[end:]
            if len(rest) > _LONGEST_ELEMENT:  # else each chunk would be searched with all before it
                raise ValueError(f"an element of more than {_LONGEST_ELEMENT >> 20} MiB")
        out.write(_OVERLONG.sub(_cut, rest))


def _cut(match: re.Match[str]) -> str:
    return match[1] + quoteattr(html.unescape(match[2][1:-1])[:LONGEST_VALUE])


def xml_ending(path: Path) -> str | None:
    """Return which of `OPENERS` a file's name ends in; None where it is no XML by its name."""
    return next((end for end in OPENERS if path.name.lower().endswith(end)), None)
