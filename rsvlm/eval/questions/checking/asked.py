"""A question as it was written, with the labels of what it shows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from ..kinds import KINDS
from ..sources import ClassMap, Objects, Scenes, Source
from .mapview import MapView
from .objectview import ObjectView, forget_outlines
from .sceneview import forget_scenes, scene_labels


class UnfoundedError(ValueError):
    """Why an answer does not follow from the labels."""


@dataclass
class Asked:
    """What a question says and shows.

    Attributes:
        kind: Code of its kind.
        item: Its fields.
        pictures: For each picture its panels: source, image, window, marks.
        sources: The sources of the labels.
    """

    kind: str
    item: dict[str, Any]
    pictures: list[list[dict[str, Any]]]
    sources: list[Source]

    @cached_property
    def words(self) -> dict[str, str]:
        """The words in which it differs from others of its kind, read from its text."""
        words = KINDS[self.kind].read(self.item["question"])
        need(words is not None, "the question is not worded as its kind")
        return words or {}

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
        number: int = self.pictures[picture][panel]["source"]
        return self.sources[number]

    def map(self, picture: int = 0, panel: int = 0) -> MapView:
        """The classes in a panel."""
        source = self.source(picture, panel)
        shown = self.pictures[picture][panel]
        need(isinstance(source, ClassMap), "the source is no class map")
        assert isinstance(source, ClassMap)
        return _map(source, shown["image"], tuple(shown["window"]))

    def things(self, picture: int = 0) -> ObjectView:
        """The outlines in a picture."""
        source = self.source(picture)
        shown = self.pictures[picture][0]
        need(isinstance(source, Objects), "the source has no outlines")
        assert isinstance(source, Objects)
        return _things(source.model_dump_json(), source.image.name, tuple(shown["window"]), shown["turn"])

    def labels(self, picture: int = 0) -> set[str]:
        """The classes of an image."""
        source = self.source(picture)
        need(isinstance(source, Scenes), "the source has no scene labels")
        assert isinstance(source, Scenes)
        return scene_labels(source, self.pictures[picture][0]["image"])

    def marks(self, picture: int = 0, panel: int = 0) -> list[tuple[float, float, float, float]]:
        """The boxes of the marks on a panel."""
        return [tuple(mark["box"]) for mark in self.pictures[picture][panel]["marks"]]


@lru_cache(maxsize=512)
def _map(source: ClassMap, image: str, window: tuple[int, ...]) -> MapView:
    return MapView(source, {"image": image, "window": window})


@lru_cache(maxsize=512)
def _things(source: str, image: str, window: tuple[int, ...], turn: int) -> ObjectView:
    return ObjectView(Objects.model_validate_json(source), {"image": image, "window": window, "turn": turn})


def forget() -> None:
    """Forget all labels that were read: files may be others by now."""
    _map.cache_clear()
    _things.cache_clear()
    forget_outlines()
    forget_scenes()


def need(holds: object, otherwise: str) -> None:
    """Refuse an answer where something does not hold.

    Raises:
        UnfoundedError: It does not.
    """
    if not holds:
        raise UnfoundedError(otherwise)


Rule = Callable[[Asked], None]
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
