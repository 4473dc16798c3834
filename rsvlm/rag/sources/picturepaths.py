"""Paths of pictures that sources name, of those only that a source may name."""

import os
import re
from pathlib import Path

from rsvlm.retrieval.chiprows import absolute

from .source import Note

LONGEST_PATH = 4096
"""Letters; what is longer is a picture itself."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: "C:" is a drive


class Pictures:
    """Where the pictures are that a source names, if they lie in a folder.

    A table that somebody else made can name any file of whoever makes a base of it, and the pictures of a base are
    shown to all who ask it. So a picture elsewhere is none, and neither is a link that leads there.

    Args:
        start: What paths start from.
        within: The folder that pictures must lie in: that of the source, or the source itself where it is a folder.
        note: Told of the first picture that lies elsewhere.
    """

    def __init__(self, start: Path, within: Path, note: Note) -> None:
        self._start, self._within, self._note = start, Path(os.path.realpath(within)), note
        self._is_told = False

    def path(self, value: str, where: str) -> str | None:
        """The path of a picture as an index has it; an address stays as it is. None: it is no path, or leads elsewhere.

        Args:
            value: A path, also of a part of a file: what it is behind the last "#".
            where: What names it.
        """
        if len(value) > LONGEST_PATH:
            return None
        if _ADDRESS.match(value):
            return value
        path = absolute(self._start / value)
        if all(map(self._holds, {path, path.rpartition("#")[0] or path})):
            return path
        if not self._is_told:
            self._is_told = True
            self._note(
                where,
                f"its picture {value[:60]!r} lies outside of the folder of the source; it and others that do are left "
                "out: put the table beside its pictures, or name as the source a folder that holds both",
            )
        return None

    def _holds(self, path: str) -> bool:
        try:
            return Path(os.path.realpath(path)).is_relative_to(self._within)
        except ValueError:  # no file can be called that
            return False
