"""Which drafts become questions: as many as wanted, spread over tasks and sources, with balanced answers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar
from zlib import crc32

import numpy as np

from .drafts import Draft
from .kinds import KINDS
from .makers import MAKERS

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Takes what is going on, how much of it is done, and of how much."""

DRAWN_WEIGHT = 0.4
"""How much a source counts whose pictures are drawn maps, against one with images."""
_MOST_TRIALS = 6000
_TILT = 0.15
"""How much more than its even share one answer may have; never more than twice that share."""


@dataclass
class Vein:
    """What one source gives for one kind of question.

    Attributes:
        kind: Code of the kind.
        source: Place of the source.
        weight: How much of the kind it should give, against others.
        drafts: What it gave, in the order in which it is taken.
        trials: How many trials that took.
    """

    kind: str
    source: int
    weight: float
    drafts: list[Draft] = field(default_factory=list)
    trials: int = 0

    @property
    def task(self) -> str:
        """Letters of the task."""
        return KINDS[self.kind].task


def dig(data: Sequence[object], kinds: Sequence[str], most: int, seed: int, progress: Progress) -> list[Vein]:
    """Let every maker work on every source that it can use.

    Args:
        data: The sources' data.
        kinds: Codes of the kinds that are wanted.
        most: How many drafts of a vein are of use.
        seed: Decides all that is random, for each vein apart.
        progress: Told of every vein.
    """
    work = [
        (number, one, kind, make)
        for number, one in enumerate(data)
        for kind, needed, make in MAKERS
        if kind in kinds and isinstance(one, needed)
    ]
    veins: list[Vein] = []
    for number, one, kind, make in work:
        progress("Looking for questions", len(veins), len(work))
        rng = np.random.default_rng([seed, number, crc32(kind.encode())])
        vein = Vein(kind, number, DRAWN_WEIGHT if getattr(one, "drawn", False) else 1.0)
        vein.drafts = _balanced(list(_distinct(make(one, rng), vein, 2 * most)), most, rng)
        veins.append(vein)
    return veins


def allot(veins: Sequence[Vein], count: int) -> dict[int, int]:
    """Share a number among tasks, then among kinds, then among sources; what one cannot give goes to the others.

    Returns:
        For each vein, by its place, how many of its drafts are taken.
    """
    tasks = _grouped(range(len(veins)), lambda place: veins[place].task)
    shares: dict[int, int] = {}
    for task, total in _fill(
        {task: _size(veins, places) for task, places in tasks.items()}, {}, count
    ).items():
        kinds = _grouped(tasks[task], lambda place: veins[place].kind)
        for kind, part in _fill(
            {kind: _size(veins, places) for kind, places in kinds.items()}, {}, total
        ).items():
            sizes = {str(place): len(veins[place].drafts) for place in kinds[kind]}
            weights = {str(place): veins[place].weight for place in kinds[kind]}
            shares |= {int(place): number for place, number in _fill(sizes, weights, part).items()}
    return shares


def _distinct(drafts: Iterator[Draft | None], vein: Vein, most: int) -> Iterator[Draft]:
    """Drafts that ask each something of its own, until there are enough or too many trials have failed."""
    seen = set()
    for draft in islice(drafts, _MOST_TRIALS):
        vein.trials += 1
        if draft is not None and draft.content not in seen:
            seen.add(draft.content)
            yield draft
            if len(seen) >= most:
                return


def _balanced(drafts: Sequence[Draft], most: int, rng: np.random.Generator) -> list[Draft]:
    """Order drafts so that every start of the list has even answers; those that would tilt it are left out."""
    lines = _grouped(drafts, lambda draft: draft.gold)
    if len(lines) == 1 and drafts[0].answer is not None:  # a question with always the same answer
        return []
    yes_no = set(lines) <= {"Yes", "No"}
    if yes_no:  # as many of the one as of the other
        fewest = min(len(lines.get("Yes", ())), len(lines.get("No", ())))
        lines = {gold: found[:fewest] for gold, found in lines.items()}
    ordered: list[Draft] = []
    golds = sorted(lines)
    for turn in range(max((len(found) for found in lines.values()), default=0)):
        left = [gold for gold in golds if len(lines[gold]) > turn]
        most_of_one = min(2 / len(golds), 1 / len(golds) + _TILT)
        if len(golds) > 1 and turn + 1 > most_of_one * (len(ordered) + len(left)) + 1:
            break
        ordered += [lines[left[place]][turn] for place in rng.permutation(len(left)).tolist()]
        if len(ordered) >= most:
            break
    return ordered[: most - most % 2 if yes_no else most]


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def _size(veins: Sequence[Vein], places: Sequence[int]) -> int:
    return sum(len(veins[place].drafts) for place in places)


def _fill(sizes: dict[str, int], weights: dict[str, float], total: int) -> dict[str, int]:
    """Share a number by weights, none getting more than its size; rests go one by one to the emptiest."""
    shares = dict.fromkeys(sizes, 0)
    for _ in range(min(total, sum(sizes.values()))):
        open_ones = [name for name in shares if shares[name] < sizes[name]]
        shares[min(open_ones, key=lambda name: ((shares[name] + 1) / weights.get(name, 1.0), name))] += 1
    return shares
