"""Documents as chunks: what stands under each heading, in pieces that can be understood alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..chunk import Chunk
from .splitting import LONGEST, split, words

_LONGEST_HEADING = 20
"""Words; a longer one is a paragraph that somebody set in large letters."""

_LONGEST_PATH = 40


@dataclass(frozen=True)
class Section:
    """What stands under a heading, up to the next.

    Attributes:
        level: 1..6 as of HTML's headings; 0: before any.
        heading: "" where there is none.
        body: The text below it, paragraphs parted by blank lines.
    """

    level: int
    heading: str
    body: str


def chunks_of(sections: Iterable[Section], about: Chunk, title: str = "") -> Iterator[Chunk]:
    """The pieces of sections, with the headings that they stand under before the text.

    Args:
        sections: In order.
        about: Licence, place and time of all of them.
        title: Of the whole, where it has one beside its headings.
    """
    numbers: Counter[str] = Counter()
    path: list[tuple[int, str]] = [(0, shortened(title))] if title else []
    listed = list(sections)
    for section, following in zip(listed, [*listed[1:], None], strict=False):
        heading, body = _heading(section)
        path = [one for one in path if one[0] < section.level or one[0] == 0]
        if heading and heading not in (name for _, name in path):
            path.append((section.level, heading))
        if not body and (following is None or following.level <= section.level):
            yield from _pieces(numbers, [name for _, name in path[:-1]], heading, about)
        yield from _pieces(numbers, [name for _, name in path], body, about)


def _heading(section: Section) -> tuple[str, str]:
    """A section's heading and body; a heading that is too long for one belongs to the body."""
    heading = " ".join(section.heading.split())
    short = shortened(heading)
    return short, section.body.strip() if short == heading else f"{heading}\n\n{section.body}".strip()


def shortened(name: str) -> str:
    """A heading, title or name, cut if it is longer than one is."""
    return name if words(name) <= _LONGEST_HEADING else " ".join(name.split()[:8])[:80] + " ..."


def _pieces(numbers: Counter[str], path: list[str], body: str, about: Chunk) -> Iterator[Chunk]:
    where = " > ".join(path)
    while len(path) > 1 and words(" > ".join(path)) > _LONGEST_PATH:
        path = path[:-2] + path[-1:]
    before = " > ".join(path)
    for piece in split(body, LONGEST - words(before)):
        numbers[where] += 1
        yield replace(
            about,
            where=f"{where or 'part'}{',' if where else ''} {numbers[where]}",
            text=f"{before}: {piece}" if before else piece,
        )
