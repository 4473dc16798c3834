"""A question before it is written: which pictures it shows, what can be chosen, and what is right."""

from dataclasses import dataclass, replace
from typing import Any, Literal

Window = tuple[int, int, int, int]
"""x, y, width and height, in pixels of the image (of the class raster where the map itself is drawn)."""


@dataclass(frozen=True)
class Mark:
    """A mark on a picture, in pixels of the window before it is enlarged: its left, top, right and bottom edges.

    A dot lies in the middle of its box. A site is a box with a letter beside it.
    """

    shape: Literal["dot", "box", "site"]
    box: tuple[float, float, float, float]
    name: str = ""


@dataclass(frozen=True)
class Panel:
    """A window of one image.

    Attributes:
        source: Place among the sources.
        image: What is shown, as its source names it.
        window: Which part of it.
        marks: What is drawn on it.
        turn: Degrees clockwise by which the window is turned about its middle.
    """

    source: int
    image: str
    window: Window
    marks: tuple[Mark, ...] = ()
    turn: int = 0

    def marked(self, *marks: Mark) -> "Panel":
        """Return the panel with other marks."""
        return replace(self, marks=marks)


Picture = tuple[Panel, ...]
"""One picture: a panel, or two side by side."""


@dataclass(frozen=True)
class Draft:
    """A question before its options have letters.

    Attributes:
        kind: Code of its kind.
        words: What its wording is filled with.
        pictures: What it shows: one picture, two to be compared, or one for each option.
        answer: The answer where nothing is chosen: "Yes", "3", [0.1, 0.2, 0.8, 0.9].
        options: Texts to choose from, or nothing.
        sites: Boxes to choose from, drawn on the first picture with letters.
        right: Places of the right ones among options, sites or pictures.
        gold: What is balanced: the meaning of the answer, not its letter.
        values: The numbers that give the answer.
    """

    kind: str
    words: dict[str, str]
    pictures: tuple[Picture, ...]
    gold: str
    values: dict[str, Any]
    answer: str | tuple[float, ...] | None = None
    options: tuple[str, ...] = ()
    sites: tuple[tuple[float, float, float, float], ...] = ()
    right: tuple[int, ...] = ()

    @property
    def content(self) -> tuple[object, ...]:
        """What makes it a question of its own; equal for two that ask the same of the same pictures."""
        return (self.kind, tuple(sorted(self.words.items())), tuple(sorted(map(repr, self.pictures))))
