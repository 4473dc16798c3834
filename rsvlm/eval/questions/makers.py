"""The register of what makes questions of a kind from a source, and ways through windows that all of them use."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, TypeVar

import numpy as np

from .drafts import Draft
from .mapchips import MapChip
from .mapdata import MapData

T = TypeVar("T")
Maker = Callable[[Any, np.random.Generator], Iterator[Draft | None]]
"""Gives drafts, and None for each trial that failed, so that trials can be counted."""

MAKERS: list[tuple[str, type, Maker]] = []
"""Kind, the sort of data that it is made from, and its maker; several sorts can serve one kind."""


def maker(kind: str, data: type) -> Callable[[Maker], Maker]:
    """Register a maker for a kind of question and a sort of data."""

    def register(made: Maker) -> Maker:
        MAKERS.append((kind, data, made))
        return made

    return register


def shuffled(items: Sequence[T], rng: np.random.Generator) -> list[T]:
    """Return the items in a random order."""
    return [items[place] for place in rng.permutation(len(items)).tolist()]


def by_class(
    data: MapData, fits: Callable[[MapChip, int], bool], rng: np.random.Generator
) -> Iterator[tuple[MapChip, int]]:
    """Go through the windows in a random order, one class after the other: rare ones come as soon as others.

    Args:
        data: The source.
        fits: Whether a window serves for a class.
        rng: Decides the order.
    """
    lines = [
        [(chip, place) for chip in shuffled(data.chips, rng) if fits(chip, place)] for place in areal(data)
    ]
    for row in zip_longest(*shuffled(lines, rng)):
        yield from (pair for pair in row if pair is not None)


def areal(data: MapData) -> list[int]:
    """Classes that form areas in most of their pixels; roads and single houses of a coarse map do not."""
    seen = [sum(chip.visible[place] for chip in data.chips) for place in range(len(data.names))]
    there = [sum(chip.counts[place] for chip in data.chips) for place in range(len(data.names))]
    return [place for place in range(len(data.names)) if there[place] and seen[place] >= 0.4 * there[place]]


def other_phrases(chip: MapChip, place: int, rng: np.random.Generator, number: int = 3) -> list[str]:
    """Return other classes than one to choose from: those of the window first, then others of the legend."""
    rest = [
        other
        for other in range(len(chip.names))
        if other != place and chip.phrases[other] != chip.phrases[place]
    ]
    there = [other for other in rest if chip.counts[other]]
    elsewhere = [other for other in rest if not chip.counts[other]]
    return [chip.phrases[other] for other in shuffled(there, rng) + shuffled(elsewhere, rng)][:number]
