"""What became of the sources of a base."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .errors import RagError
from .sources import Problem


@dataclass
class Report:
    """What became of sources.

    Attributes:
        chunks: In the base now.
        encoded: Chunks that were new or changed.
        removed: Chunks that are no more in their source, or whose source is none of the base.
        unchanged: Sources that were not read again.
        unread: Sources that could not be read at all; what the base has of them stays.
        pictures: Pictures that were encoded, or taken from an index.
        problems: Sources, files and rows that could not be read: what, and why.
    """

    chunks: int = 0
    encoded: int = 0
    removed: int = 0
    unchanged: int = 0
    unread: int = 0
    pictures: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add_unread(self, source: str, error: RagError, problems: Sequence[Problem] = ()) -> None:
        """Note that a source could not be read.

        Args:
            source: Its path.
            error: Why.
            problems: All that was found in it, where that is more.
        """
        self.unread += 1
        self.problems += problems or [Problem(source, str(error).removeprefix(f"{source}: "))]

    def error(self) -> RagError:
        """What is said where no source at all can be read."""
        file, reason = self.problems[0]
        of = f"none of {self.unread} sources can be read; the first, " if self.unread > 1 else ""
        return RagError(f"{of}{file}: {reason}")
