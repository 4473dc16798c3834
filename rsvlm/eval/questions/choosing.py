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
class Pool:
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


def collect_drafts(
    data: Sequence[object], kinds: Sequence[str], most: int, seed: int, progress: Progress
) -> list[Pool]:
    """Let every maker work on every source that it can use.

    Args:
        data: The sources' data.
        kinds: Codes of the kinds that are wanted.
        most: How many drafts of a pool are of use.
        seed: Decides all that is random, for each pool apart.
        progress: Told of every pool.
    """
    work = [
        (number, one, kind, make)
        for number, one in enumerate(data)
        for kind, needed, make in MAKERS
        if kind in kinds and isinstance(one, needed)
    ]
    pools: list[Pool] = []
    for number, one, kind, make in work:
        progress("Looking for questions", len(pools), len(work))
        rng = np.random.default_rng([seed, number, crc32(kind.encode())])
        pool = Pool(kind, number, DRAWN_WEIGHT if getattr(one, "drawn", False) else 1.0)
        pool.drafts = _balanced(list(_distinct(make(one, rng), pool, 2 * most)), most, rng)
        pools.append(pool)
    return pools


def allocate(pools: Sequence[Pool], count: int) -> dict[int, int]:
    """Share a number among tasks, then among kinds, then among sources; what one cannot give goes to the others.

    Returns:
        For each pool, by its place, how many of its drafts are taken.
    """
    tasks = _grouped(range(len(pools)), lambda place: pools[place].task)
    shares: dict[int, int] = {}
    for task, total in _fill(
        {task: _size(pools, places) for task, places in tasks.items()}, {}, count
    ).items():
        kinds = _grouped(tasks[task], lambda place: pools[place].kind)
        for kind, part in _fill(
            {kind: _size(pools, places) for kind, places in kinds.items()}, {}, total
        ).items():
            sizes = {str(place): len(pools[place].drafts) for place in kinds[kind]}
            weights = {str(place): pools[place].weight for place in kinds[kind]}
            shares |= {int(place): number for place, number in _fill(sizes, weights, part).items()}
    return shares


def _distinct(drafts: Iterator[Draft | None], pool: Pool, most: int) -> Iterator[Draft]:
    """Drafts that ask each something of its own, until there are enough or too many trials have failed."""
    seen = set()
    for draft in islice(drafts, _MOST_TRIALS):
        pool.trials += 1
        if draft is not None and draft.content not in seen:
            seen.add(draft.content)
            yield draft
            if len(seen) >= most:
                return


def _balanced(drafts: Sequence[Draft], most: int, rng: np.random.Generator) -> list[Draft]:
    """Order drafts so that every start of the list has even answers; those that would tilt it are left out."""
    by_gold = _grouped(drafts, lambda draft: draft.gold)
    if len(by_gold) == 1 and drafts[0].answer is not None:  # a question with always the same answer
        return []
    yes_no = set(by_gold) <= {"Yes", "No"}
    if yes_no:  # as many of the one as of the other
        fewest = min(len(by_gold.get("Yes", ())), len(by_gold.get("No", ())))
        by_gold = {gold: found[:fewest] for gold, found in by_gold.items()}
    ordered: list[Draft] = []
    golds = sorted(by_gold)
    for turn in range(max((len(found) for found in by_gold.values()), default=0)):
        left = [gold for gold in golds if len(by_gold[gold]) > turn]
        most_of_one = min(2 / len(golds), 1 / len(golds) + _TILT)
        if len(golds) > 1 and turn + 1 > most_of_one * (len(ordered) + len(left)) + 1:
            break
        ordered += [by_gold[left[place]][turn] for place in rng.permutation(len(left)).tolist()]
        if len(ordered) >= most:
            break
    return ordered[: most - most % 2 if yes_no else most]


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def _size(pools: Sequence[Pool], places: Sequence[int]) -> int:
    return sum(len(pools[place].drafts) for place in places)


def _fill(sizes: dict[str, int], weights: dict[str, float], total: int) -> dict[str, int]:
    """Share a number by weights, none getting more than its size; rests go one by one to the emptiest."""
    shares = dict.fromkeys(sizes, 0)
    for _ in range(min(total, sum(sizes.values()))):
        open_ones = [name for name in shares if shares[name] < sizes[name]]
        shares[min(open_ones, key=lambda name: ((shares[name] + 1) / weights.get(name, 1.0), name))] += 1
    return shares
