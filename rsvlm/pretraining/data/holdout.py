"""What is kept from training to measure it: whole geographic blocks, whole scenes, never a part of one.

Images that are the same to the byte stay together, whatever they are called.
"""

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.datasets.pictures import ImageRef
from rsvlm.eval.probes.splits import BLOCK, spatial_blocks
from rsvlm.files import sha256_of
from rsvlm.pretraining.errors import PretrainingError

from .examples import Example, mixed
from .sources import PairsSource

MOST_COMPARED = 200_000
"""Examples of a source whose images are compared with those that judge."""

_ENOUGH = 20
"""Blocks at least, where smaller ones can be had: with fewer, a tenth is no more than one or two places."""
_HALVINGS = 14
"""From 1 degree to some 7 m."""


@dataclass(frozen=True)
class Rule:
    """Says which examples are kept from training. All that lies in a block, or is of a scene, goes one way.

    Attributes:
        share: Of the examples.
        seed: Of the choice.
        block: Degrees along a block.
        groups: The blocks and scenes that are held out; None where streams, whose examples nobody knows beforehand,
            make chance decide on each block and scene.
    """

    share: float
    seed: int
    block: float = BLOCK
    groups: frozenset[str] | None = None

    def holds(self, example: Example, source: str) -> bool:
        """Whether an example of the source of this name is held out."""
        if example.place is None:
            group = _without_place(example, source)
        else:
            group = f"block {spatial_blocks([example.place], self.block)[0]}"
        if self.groups is None:
            return mixed(self.seed, "held out", group) < self.share * 2**64
        return group in self.groups


class Holdout(NamedTuple):
    """Sources in two parts, in the order they were given in.

    Attributes:
        train: What is to be learned from.
        held: What is held out.
        keys: Of what is held out of each source, each once; None for streams.
        rule: How it was decided.
    """

    train: list[PairsSource]
    held: list[PairsSource]
    keys: list[tuple[str, ...] | None]
    rule: Rule


def hold_out(sources: Sequence[PairsSource], share: float = 0.1, seed: int = 0) -> Holdout:
    """Keep a part of all sources from training.

    Where an example has a place, its block decides; else the image that it was cut from; else the content of its file,
    which is read for that. What lies in one block is on one side in all sources. Blocks are of 1 degree, or, where that
    makes fewer than 20, of the half, the quarter... Neighbours look alike, so the largest are the most honest.

    Args:
        sources: What is trained on, replay included.
        share: Of all examples. With a stream among the sources it is the chance of each block, and what comes out is
            near it.
        seed: Of the choice.

    Raises:
        PretrainingError: The share is not between 0 and 1, or all examples lie in one block or scene.
    """
    if not 0 < share < 1:
        raise PretrainingError(f"{share:g} of the examples cannot be held out: take a share between 0 and 1")
    if any(source.streaming for source in sources):
        return _of_streams(sources, Rule(share, seed))
    facts = [_read_facts(source) for source in sources]
    block = _block(np.concatenate([known.places for known in facts]))
    groups = [_groups(known, block) for known in facts]
    sizes = Counter(group for found in groups for group in found)
    if len(sizes) < 2:
        raise PretrainingError(_undivided(sources[0], next(iter(sizes), ""), sizes.total()))
    chosen = _chosen(sizes, share, seed)
    held = [np.array([group in chosen for group in found], bool) for found in groups]
    parts = [source.take(np.flatnonzero(rows)) for source, rows in zip(sources, held, strict=True)]
    return Holdout(
        [source.take(np.flatnonzero(~rows)) for source, rows in zip(sources, held, strict=True)],
        parts,
        [_keys(part) for part in parts],
        Rule(share, seed, block, chosen),
    )


def learned_from(judges: Sequence[Example], sources: Sequence[PairsSource]) -> int:
    """Return how many of these images are in sources, too, by the content of their files.

    Streams, and sources of more than `MOST_COMPARED` examples, are not looked at: their bytes would all be read.
    """
    contents = [_content(example.image) for example in judges]
    # only files of the same size are read
    sizes = {_size(example.image) for example in judges} - {None}
    found = set()
    for source in sources:
        looked_at = not source.streaming and len(source) <= MOST_COMPARED
        images = (example.image for example in source) if looked_at else ()
        found |= {_content(image) for image in images if _size(image) in sizes}
    return sum(content is not None and content in found for content in contents)


class _Facts(NamedTuple):
    """What divides the examples of a source, in little memory: there may be millions.

    Attributes:
        places: (m, 2) longitude and latitude of those that have a place.
        others: The group of each example that has none; None for one with a place.
    """

    places: NDArray[np.float64]
    others: list[str | None]


def _read_facts(source: PairsSource) -> _Facts:
    degrees = array("d")
    others: list[str | None] = []
    for row, fact in enumerate(source.facts()):
        degrees.extend(fact.place or ())
        whole = fact if fact.place or fact.scene else source[row]  # with its image
        others.append(None if fact.place else _without_place(whole, source.name))
    return _Facts(np.asarray(degrees, np.float64).reshape(-1, 2), others)


def _groups(known: _Facts, block: float) -> list[str]:
    blocks = iter(spatial_blocks(known.places, block))
    return [sys.intern(f"block {next(blocks)}") if other is None else other for other in known.others]


def _without_place(example: Example, source: str) -> str:
    if example.scene is not None:
        return f"scene {example.scene}"
    content = _content(example.image)
    return f"key {source} {example.key}" if content is None else f"content {content}"


def _content(image: ImageRef | None) -> str | None:
    """A name for what an image's file holds; None where it cannot be read, or is not on this machine."""
    try:
        if isinstance(image, str):
            if not Path(image).is_file():  # a device or a pipe has no end
                return None
            return sha256_of(image)
    except OSError:
        return None
    return hashlib.sha256(image).hexdigest() if isinstance(image, bytes) else None


def _size(image: ImageRef | None) -> int | None:
    """Bytes of an image's file; None where it is not on this machine."""
    if isinstance(image, str):
        return Path(image).stat().st_size if Path(image).is_file() else None
    return len(image) if isinstance(image, bytes) else None


def _of_streams(sources: Sequence[PairsSource], rule: Rule) -> Holdout:
    def side(source: PairsSource, wanted: bool) -> PairsSource:
        keep: Callable[[Example], bool] = partial(_is_on_side, rule, source.name, wanted)
        if source.streaming:
            return source.where(keep)
        # without a place or a scene what an image holds decides, for the stream's examples, too
        whole = (fact if fact.place or fact.scene else source[row] for row, fact in enumerate(source.facts()))
        return source.take([row for row, example in enumerate(whole) if keep(example)])

    held = [side(source, True) for source in sources]
    keys = [None if source.streaming else _keys(source) for source in held]
    return Holdout([side(source, False) for source in sources], held, keys, rule)


def _is_on_side(rule: Rule, name: str, wanted: bool, example: Example) -> bool:
    return rule.holds(example, name) is wanted


def _keys(source: PairsSource) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact.key for fact in source.facts()))


def _block(places: NDArray[np.float64]) -> float:
    block = BLOCK
    for _ in range(_HALVINGS if len(places) else 0):
        if len(set(spatial_blocks(places, block))) >= _ENOUGH:
            return block
        block /= 2
    return BLOCK  # nowhere, or all in a few spots: smaller blocks would not divide them


def _undivided(source: PairsSource, group: str, count: int) -> str:
    """Why examples that are all of one group cannot be divided, and what to do."""
    if count < 2:  # too few to learn from, too
        return f"{source.name}: one pair is too few to learn from and to hold any out: give more"
    remedy = "hold none out (held_out=0, --held-out 0), or name pairs to choose by (validation, --validation)"
    columns, kind = source.columns, group.partition(" ")[0]
    why = "show one image"
    if kind == "block":
        two = f"columns {columns.longitude} and {columns.latitude}"
        why = f"lie in one place by the {two if columns.bbox is None else f'column {columns.bbox}'}"
    elif kind == "scene":
        why = f"are of one scene by the column {columns.scene or columns.sources}, {group.removeprefix('scene ')}"
    return f"{source.name}: all {count} examples {why}, so none can be held out fairly: {remedy}"


def _chosen(sizes: Counter[str], share: float, seed: int) -> frozenset[str]:
    """Groups drawn at random whose examples come as near to the share as whole groups can."""
    groups = sorted(sizes)
    wanted, found, chosen = share * sizes.total(), 0, set()
    for number in np.random.default_rng(mixed(seed, "held out")).permutation(len(groups)).tolist():
        size = sizes[groups[number]]
        if abs(found + size - wanted) < abs(found - wanted):
            found += size
            chosen.add(groups[number])
    return frozenset(chosen or {min(groups, key=lambda group: (sizes[group], group))})
