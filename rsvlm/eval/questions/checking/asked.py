"""A question as it was written, with the labels of what it shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..kinds import KINDS
from ..sources import ClassMap, Objects, Scenes, Source
from .labels import Labels
from .mapview import MapView
from .objectview import ObjectView


class UnfoundedError(ValueError):
    """Why an answer does not follow from the labels."""


@dataclass
class WrittenQuestion:
    """What a question says and shows.

    Attributes:
        kind: Code of its kind.
        item: Its fields.
        pictures: For each picture its panels: source, image, window, marks.
        known: The labels, of all sources.
        words: The words in which it differs from others of its kind, read from its text.

    Raises:
        UnfoundedError: It is not worded as its kind.
    """

    kind: str
    item: dict[str, Any]
    pictures: list[list[dict[str, Any]]]
    known: Labels
    words: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        words = KINDS[self.kind].read(self.item["question"])
        need(words is not None, "the question is not worded as its kind")
        self.words = words or {}

    @property
    def answer(self) -> Any:
        """What is said to be right."""
        return self.item["answer"]

    @property
    def options(self) -> dict[str, str]:
        """Texts to choose from, by letter."""
        options: dict[str, str] = self.item.get("options", {})
        return options

    @property
    def right(self) -> str:
        """The text of the option that is said to be right."""
        need(self.answer in self.options, f"the answer {self.answer!r} is no option")
        return self.options[self.answer]

    @property
    def place(self) -> int:
        """The place of the letter that is said to be right."""
        need(self.answer in self.options, f"the answer {self.answer!r} is no option")
        return list(self.options).index(self.answer)

    def source(self, picture: int = 0, panel: int = 0) -> Source:
        """The source of a panel."""
        return self.known.sources[self._number(picture, panel)]

    def map(self, picture: int = 0, panel: int = 0) -> MapView:
        """The classes in a panel."""
        shown = self.pictures[picture][panel]
        need(isinstance(self.source(picture, panel), ClassMap), "the source is no class map")
        return self.known.map(self._number(picture, panel), shown["image"], tuple(shown["window"]))

    def things(self, picture: int = 0) -> ObjectView:
        """The outlines in a picture."""
        shown = self.pictures[picture][0]
        need(isinstance(self.source(picture), Objects), "the source has no outlines")
        return self.known.things(self._number(picture), tuple(shown["window"]), shown["turn"])

    def labels(self, picture: int = 0) -> set[str]:
        """The classes of an image."""
        need(isinstance(self.source(picture), Scenes), "the source has no scene labels")
        return self.known.scene(self._number(picture), self.pictures[picture][0]["image"])

    def marks(self, picture: int = 0, panel: int = 0) -> list[tuple[float, float, float, float]]:
        """The boxes of the marks on a panel."""
        return [tuple(mark["box"]) for mark in self.pictures[picture][panel]["marks"]]

    def _number(self, picture: int, panel: int = 0) -> int:
        number: int = self.pictures[picture][panel]["source"]
        return number


def need(holds: object, otherwise: str) -> None:
    """Refuse an answer where something does not hold.

    Raises:
        UnfoundedError: It does not.
    """
    if not holds:
        raise UnfoundedError(otherwise)


Rule = Callable[[WrittenQuestion], None]
RULES: dict[str, Rule] = {}
"""Kind -> what finds out whether an answer follows from the labels."""


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """Register a rule for kinds of question."""

    def register(found: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, found))
        return found

    return register


def only_largest(lows: list[float], highs: list[float], place: int, what: str) -> None:
    """Refuse unless one is larger than all others can be.

    Raises:
        UnfoundedError: It is not.
    """
    others = [high for i, high in enumerate(highs) if i != place]
    need(
        lows[place] > max(others, default=0.0) * 1.05,
        f"{what} is not clearly the largest: {lows[place]:.4g} of {others}",
    )
