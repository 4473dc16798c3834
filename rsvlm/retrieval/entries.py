"""What an index is made of, one image after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from rsvlm.imagery import ChipReader
from rsvlm.models import Image

from .chiprows import Row

Load = Callable[[ChipReader], Image]


@dataclass(frozen=True)
class Entry:
    """One image: what the index keeps of it, what it is called in messages, and what reads it."""

    row: Row
    name: str
    load: Load


class Source(Protocol):
    """Some of what is indexed."""

    def __len__(self) -> int: ...

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """Those of these numbers, the last left out."""
        ...

    def notes(self) -> list[str]:
        """What its tables say that cannot be used."""
        ...

    def identity(self) -> dict[str, Any]:
        """All that decides what its images are, for resuming."""
        ...
