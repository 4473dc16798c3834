"""What is kept from training to measure it: whole geographic blocks, whole scenes, never a part of one.

Images that are the same to the byte stay together, whatever they are called.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from rsvlm.eval.probes.splits import BLOCK, spatial_blocks
from rsvlm.pretraining.errors import PretrainingError

from .examples import Example, mixed
from .grouping import block_name, draw, find_copies, parts_of, read_facts, without_place
from .sources import PairsSource


@dataclass(frozen=True)
class Rule:
    """Says which examples are kept from training. All that lies in a block, or is of a scene, goes one way.

    Attributes:
        share: Of the examples.
        seed: Of the choice.
        blocks: Degrees along the blocks of each source.
        groups: The blocks and scenes that are held out; None where streams, whose examples nobody knows beforehand,
            make chance decide on each block and scene.
    """

    share: float
    seed: int
    blocks: tuple[float, ...] = (BLOCK,)
    groups: frozenset[str] | None = None

    def holds(self, example: Example, source: str) -> bool:
        """Whether an example of the source of this name is held out."""
        if example.place is None:
            groups = {without_place(example, source)}
        else:
            sizes = set(self.blocks)
            groups = {block_name(size, spatial_blocks([example.place], size)[0]) for size in sizes}
        if self.groups is None:
            return mixed(self.seed, "held out", *groups) < self.share * 2**64
        return not groups.isdisjoint(self.groups)


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
    which is read for that. What lies in a block that was chosen is held out of all sources, and so are copies of it
    that have neither place nor scene. Blocks are of 1 degree, or, where a source has fewer than 20 of them, of the
    half, the quarter... Neighbours look alike, so the largest are the most honest.

    Args:
        sources: What is trained on, replay included.
        share: Of the examples of each source, as near as whole groups can come. With a stream among the sources it is
            the chance of each block, and what comes out is near it.
        seed: Of the choice.

    Raises:
        PretrainingError: The share is not between 0 and 1, or all examples lie in one block or scene.
    """
    if not 0 < share < 1:
        raise PretrainingError(f"{share:g} of the examples cannot be held out: take a share between 0 and 1")
    if any(source.streaming for source in sources):
        return _of_streams(sources, Rule(share, seed, (BLOCK,) * len(sources)))
    facts = [read_facts(source) for source in sources]
    parts, copies = parts_of(facts), find_copies(sources, facts)
    groups = {part.block: [known.groups(part.block) for known in facts] for part in parts}
    held = [np.zeros(len(source), bool) for source in sources]
    chosen: set[str] = set()
    for number, part in enumerate(parts):
        roots = copies.roots(groups[part.block])
        whole = [[roots.get(name, name) for name in found] for found in groups[part.block]]
        drawn = draw(whole, held, parts, number, share, seed)
        held = [
            taken | np.array([name in drawn for name in found], bool)
            for taken, found in zip(held, whole, strict=True)
        ]
        chosen |= drawn | {name for name, root in roots.items() if root in drawn}
    if not chosen:
        whole_of = groups[parts[0].block]
        raise PretrainingError(_undivided(sources[0], whole_of[0][0], sum(map(len, whole_of))))
    blocks = {number: part.block for part in parts for number in part.sources}
    kept = [source.take(np.flatnonzero(rows)) for source, rows in zip(sources, held, strict=True)]
    return Holdout(
        [source.take(np.flatnonzero(~rows)) for source, rows in zip(sources, held, strict=True)],
        kept,
        [_keys(part) for part in kept],
        Rule(share, seed, tuple(blocks[number] for number in range(len(sources))), frozenset(chosen)),
    )


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
