"""OpenStreetMap XML that OpenStreetMap has not got yet: what editors save and converters write.

New objects have negative ids there, and deleted ones are kept, with JOSM's `action='delete'` or with `visible='false'`.
libosmium finds the places of nodes by positive ids alone, wants ids in an order of its own, and passes over neither
mark: so the file is written anew, without what is deleted and with other ids.
"""

import zlib
from pathlib import Path
from typing import TextIO
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.osm.overlong import OPENERS, xml_ending
from rsvlm.captioning.osm.table import TYPES

_MARKS = (
    b" id='-",
    b' id="-',
    b"action='delete'",
    b'action="delete"',
    b"visible='false'",
    b'visible="false"',
)
"""As all programs write them; to search for these is five times as fast as for a pattern that allows blanks."""
_MISSING = 1 << 40  # the id of what is not in the file, or is deleted
_CHUNK = 1 << 20


def is_unsent(path: Path) -> bool:
    """Say whether a file is XML with negative ids or deleted objects; a file that cannot be read is not."""
    ending = xml_ending(path)
    if ending is None:
        return False
    rest = b""
    try:
        with OPENERS[ending](path, "rb") as file:
            while chunk := file.read(_CHUNK):
                chunk = rest + chunk
                if any(mark in chunk for mark in _MARKS):
                    return True
                rest = chunk[-max(map(len, _MARKS)) :]
    except (OSError, EOFError, zlib.error):
        pass
    return False


def rewrite_unsent(path: Path, to: Path) -> list[npt.NDArray[np.int64]]:
    """Write an XML file as a plain `.osm` file without deleted objects, and number the others from 1 by type.

    Returns:
        For each of node, way and relation the ids that the objects had, each at the place of its number.

    Raises:
        ValueError: It is no sound XML, declares entities, or an id is no number.
    """
    opener = OPENERS[xml_ending(path) or ".osm"]
    with opener(path, "rb") as file, to.open("w", encoding="utf-8", newline="") as out:
        rewriter = _Rewriter(out)
        try:
            rewriter.parser.ParseFile(file)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
    return [np.array([0, *numbers], np.int64) for numbers in rewriter.numbers.values()]


class _Rewriter:
    """Writes the elements that its parser meets; `numbers` are those of the objects by their types and ids."""

    def __init__(self, out: TextIO) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._refuse  # they could make gigabytes of a few lines
        self.numbers: dict[str, dict[int, int]] = {kind: {} for kind in TYPES[:3]}
        self._out = out
        self._depth = 0
        self._deleted = 0  # depth of the deleted object that is passed over

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if not self._deleted and (
            attributes.get("action") == "delete" or attributes.get("visible") == "false"
        ):
            self._deleted = self._depth
        if self._deleted:
            return
        if name in self.numbers:
            numbers = self.numbers[name]
            attributes["id"] = str(numbers.setdefault(int(attributes["id"]), len(numbers) + 1))
        elif "ref" in attributes:
            numbers = self.numbers.get(attributes.get("type", "node"), {})
            attributes["ref"] = str(numbers.get(int(attributes["ref"]), _MISSING))
        self._out.write(f"<{name}{''.join(f' {key}={quoteattr(text)}' for key, text in attributes.items())}>")

    def _end(self, name: str) -> None:
        if not self._deleted:
            self._out.write(f"</{name}>")
        elif self._depth == self._deleted:
            self._deleted = 0
        self._depth -= 1

    def _refuse(self, *_: object) -> None:
        raise ValueError("XML entities are not supported")
