"""From the labels of one chip to its captions, each checked before it counts."""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from . import chatearthnet, natural, scenewords, skyscript
from .labels import Labels
from .settings import Style
from .verify import verify

Maker = Callable[[Labels, random.Random], list[str]]

VARIANTS: dict[Style, tuple[Maker, tuple[str, ...]]] = {
    "natural": (natural.captions, ("natural", "natural-long")),
    "skyscript": (skyscript.captions, ("skyscript", "skyscript-multi")),
    "chatearthnet": (chatearthnet.captions, ("chatearthnet",)),
    "scene": (scenewords.captions, ("scene",)),
}
"""What makes each style, and the names of the variants that it makes."""


class Variant(NamedTuple):
    """One caption of a chip and the name of its style."""

    style: str
    text: str


class Rejected(NamedTuple):
    """A caption that its labels do not bear out, and what is wrong with it."""

    style: str
    text: str
    problems: list[str]


def compose(
    labels: Labels, styles: Sequence[Style], seed: int, key: str
) -> tuple[list[Variant], list[Rejected]]:
    """Captions of a chip in the order of `styles`, seeded by run and chip, so that no chip depends on another.

    Returns:
        The captions that passed the check, and those that did not.
    """
    good: list[Variant] = []
    bad: list[Rejected] = []
    for style in styles:
        make, names = VARIANTS[style]
        texts = make(labels, random.Random(f"{seed}:{key}:{style}"))  # noqa: S311 - word choice, not secrets
        for name, text in zip(names, texts, strict=False):
            problems = verify(text, labels, name)
            if problems:
                bad.append(Rejected(name, text, problems))
            elif all(text != other.text for other in good):
                good.append(Variant(name, text))
    return good, bad
