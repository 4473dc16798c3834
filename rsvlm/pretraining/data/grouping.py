"""Which examples belong together: those of a block, of a scene, of one image; and which groups are held out."""

import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.eval.probes.splits import BLOCK, spatial_blocks

from .contents import content_of, is_compared, size_of
from .examples import Example, mixed
from .sources import PairsSource

_ENOUGH = 20
"""Blocks at least, where smaller ones can be had: with fewer, a tenth is no more than one or two places."""
_SIZES = 14
"""Sizes of blocks that are tried: from 1 degree to some 14 m."""


class Facts(NamedTuple):
    """What divides the examples of a source, in little memory: there may be millions.

    Attributes:
        places: (m, 2) longitude and latitude of those that have a place.
        others: The group of each example that has none; None for one with a place.
        sizes: Bytes of the images that nothing but their content divides.
    """

    places: NDArray[np.float64]
    others: list[str | None]
    sizes: frozenset[int]

    def groups(self, block: float) -> list[str]:
        """The group of each example, in blocks of so many degrees."""
        blocks = iter(spatial_blocks(self.places, block))
        return [
            sys.intern(block_name(block, next(blocks))) if other is None else other for other in self.others
        ]


class Part(NamedTuple):
    """Sources of which a share is held out together, and the degrees of their blocks."""

    sources: tuple[int, ...]
    block: float


class Copies(NamedTuple):
    """Images with a place or a scene of which there are copies with neither: number of the source, row, content."""

    found: list[tuple[int, int, str]]

    def roots(self, groups: Sequence[list[str]]) -> dict[str, str]:
        """The group that each of those with copies in another group belongs to."""
        parents: dict[str, str] = {}

        def root(name: str) -> str:
            while name in parents:
                name = parents[name]
            return name

        for number, row, content in self.found:
            one, other = root(groups[number][row]), root(content)
            if one != other:
                parents[other] = one
        return {name: root(name) for name in parents}


def read_facts(source: PairsSource) -> Facts:
    """Return what divides the examples of a source on the disk."""
    degrees, sizes = array("d"), set()
    others: list[str | None] = []
    for row, fact in enumerate(source.facts()):
        degrees.extend(fact.place or ())
        if fact.place or fact.scene:
            others.append(None if fact.place else without_place(fact, source.name))
        else:
            whole = source[row]  # with its image
            others.append(without_place(whole, source.name))
            sizes.add(size_of(whole.image) or 0)
    return Facts(np.asarray(degrees, np.float64).reshape(-1, 2), others, frozenset(sizes))


def block_name(degrees: float, block: str) -> str:
    """What a block is called."""
    return f"block {degrees:g} {block}"


def without_place(example: Example, source: str) -> str:
    """The group of an example that has no place: its scene, or else its image."""
    if example.scene is not None:
        return f"scene {example.scene}"
    content = content_of(example.image)
    return f"key {source} {example.key}" if content is None else _content_name(content)


def find_copies(sources: Sequence[PairsSource], facts: Sequence[Facts]) -> Copies:
    """Find images with a place or a scene that are in the sources without either, too.

    Nothing is read where each image has a place or a scene, or none has.
    """
    sizes = {size for known in facts for size in known.sizes} - {0}
    bare = {name for known in facts for name in known.others if name and name.startswith(_content_name(""))}
    found: list[tuple[int, int, str]] = []
    for number, (source, known) in enumerate(zip(sources, facts, strict=True)):
        if not sizes or not is_compared(source):
            continue
        for row, other in enumerate(known.others):
            if other is None or other.startswith("scene "):
                image = source[row].image
                content = content_of(image) if size_of(image) in sizes else None
                if content is not None and _content_name(content) in bare:
                    found.append((number, row, _content_name(content)))
    return Copies(found)


def parts_of(facts: Sequence[Facts]) -> list[Part]:
    """Sources that can be divided, each by itself, and those of one group each together; those of small blocks first.

    Each has blocks of its own: by those of the world a city would be held out as a whole, or not at all.
    """
    blocks = [_block(known.places) for known in facts]
    alone = {n for n, known in enumerate(facts) if len(set(known.groups(blocks[n]))) > 1}
    rest = tuple(n for n in range(len(facts)) if n not in alone)
    parts = sorted((Part((n,), blocks[n]) for n in sorted(alone)), key=lambda part: part.block)
    if rest:
        parts.append(Part(rest, _block(np.concatenate([facts[n].places for n in rest]))))
    return parts


def draw(
    groups: Sequence[list[str]],
    held: Sequence[NDArray[np.bool_]],
    parts: Sequence[Part],
    number: int,
    share: float,
    seed: int,
) -> set[str]:
    """Return groups of a part, drawn at random, whose examples come as near to its share as whole groups can.

    None is taken that would bring another part further from its own share.

    Args:
        groups: The group of each example of each source.
        held: Which of them are held out already.
        parts: All parts.
        number: Of the part.
        share: Of the examples of each part.
        seed: Of the choice.
    """
    left = [
        Counter(name for n in part.sources for name, gone in zip(groups[n], held[n].tolist(), strict=True) if not gone)
        for part in parts
    ]  # fmt: skip
    found = [sum(int(held[n].sum()) for n in part.sources) for part in parts]
    wanted = [share * sum(len(groups[n]) for n in part.sources) for part in parts]
    names, chosen = sorted(left[number]), set()

    def further(name: str) -> list[float]:
        """How much further from its share each part would be with a group."""
        return [
            abs(had + more[name] - aim) - abs(had - aim)
            for had, more, aim in zip(found, left, wanted, strict=True)
        ]

    for place in np.random.default_rng(mixed(seed, "held out")).permutation(len(names)).tolist():
        changes = further(names[place])
        if changes[number] < 0 and max(changes) < 1e-9:
            chosen.add(names[place])
            found = [had + more[names[place]] for had, more in zip(found, left, strict=True)]
    if not found[number] and len(names) > 1:
        own = left[number]
        chosen.add(
            min(names, key=lambda name: (sum(more[name] for more in left) - own[name], own[name], name))
        )
    return chosen


def _content_name(content: str) -> str:
    return f"content {content}"


def _block(places: NDArray[np.float64]) -> float:
    block = BLOCK
    for _ in range(_SIZES if len(places) else 0):
        if len(set(spatial_blocks(places, block))) >= _ENOUGH:
            return block
        block /= 2
    return BLOCK  # nowhere, or all in a few spots: smaller blocks would not divide them
