"""What is scored without looking: the reference's random client, and each file's most frequent answer.

AgroMind is skewed: in five of its files one answer is right in more than three of four questions, and a model that
always gives it has learned nothing.
"""

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rsvlm.eval.agromind.boxes import Box
from rsvlm.eval.agromind.judging import LEAST_IOU
from rsvlm.eval.agromind.read import Item
from rsvlm.eval.agromind.tasks import MANY_LETTERS, ONE_LETTER, QuestionType

_HOW_MANY = re.compile(r"which\s+(\d+)", re.IGNORECASE)
_LARGEST_COUNT = 100
_LARGEST_DIFFERENCE = 10
_LAST_START = 0.8
_LEAST_SIDE = 0.01
_BOXES = 20_000
"""Boxes that are tried to find how often one is right."""


def random_answers(items: Iterable[Item], seed: int) -> dict[str, str | None]:
    """Answer as AgroMind's random client does (its `models/random_model.py`), by the key of the item.

    A letter; 0 to 100 to a count and 0 to 10 to a difference; Yes or No; a box. Several letters come as a list in
    brackets, which its checker cannot read: it draws a letter anew. Words and free text stay unanswered.
    """
    draw = random.Random(seed)  # noqa: S311 - nothing is secret
    return {item.key: _random_answer(item, draw) for item in items}


def majority_answers(items: Collection[Item]) -> dict[str, str | None]:
    """Answer each question with the most frequent right answer of its file, of equals the first there."""
    best = {file: counts.most_common(1)[0][0] for file, counts in _golds(items).items()}
    return {item.key: best[item.file] for item in items}


def expected_random(item: Item) -> float:
    """Return the chance that the random client is right on an item under compat.

    Exact but for boxes, where it is good to 0.0001 over the file.
    """
    golds = item.gold.split(",")
    if item.kind in ONE_LETTER:
        return len(set(golds)) / len(item.options)
    if item.kind in MANY_LETTERS:
        return 1 / len(item.options) if len(golds) == 1 else 0.0
    if item.kind is QuestionType.YES_NO:
        return 0.5
    if item.kind is QuestionType.BOX:
        return _expected_box(Box(*(float(number) for number in golds)))
    if item.kind in (QuestionType.PHRASE, QuestionType.FREE_TEXT):
        return 0.0
    most = _LARGEST_COUNT if item.kind is QuestionType.COUNT else _LARGEST_DIFFERENCE
    return 1 / (most + 1) if 0 <= round(float(item.gold)) <= most else 0.0


def _random_answer(item: Item, draw: random.Random) -> str | None:
    if item.kind in ONE_LETTER:
        return draw.choice(list(item.options))
    if item.kind in MANY_LETTERS:
        asked = _HOW_MANY.search(item.question)
        number = min(int(asked[1]), len(item.options)) if asked else 1
        return str(draw.sample(list(item.options), number))
    if item.kind is QuestionType.YES_NO:
        return draw.choice(("Yes", "No"))
    if item.kind is QuestionType.BOX:
        return str([round(side, 4) for side in _random_box(draw)])
    if item.kind in (QuestionType.PHRASE, QuestionType.FREE_TEXT):
        return None
    return str(draw.randint(0, _LARGEST_COUNT if item.kind is QuestionType.COUNT else _LARGEST_DIFFERENCE))


def _random_box(draw: random.Random) -> Iterator[float]:
    starts = draw.uniform(0, _LAST_START), draw.uniform(0, _LAST_START)
    yield from starts
    yield from (draw.uniform(start + _LEAST_SIDE, 1) for start in starts)


@lru_cache
def _drawn_boxes() -> NDArray[np.float64]:
    """(4, n): left, top, right, bottom of boxes as the client draws them, spread evenly instead of at random.

    The additive recurrence with powers of the root of x^5 = x + 1, which covers four dimensions evenly: 20,000 boxes
    come as near to the expectation as millions drawn at random.
    """
    root = 1.1673039782614187
    places = (0.5 + np.arange(1, _BOXES + 1) / root ** np.arange(1, 5)[:, None]) % 1
    starts = places[:2] * _LAST_START
    return np.concatenate([starts, starts + _LEAST_SIDE + places[2:] * (1 - starts - _LEAST_SIDE)])


@lru_cache(maxsize=4096)
def _expected_box(gold: Box) -> float:
    boxes = _drawn_boxes()
    sides = np.minimum(boxes[2:], np.array(gold[2:])[:, None]) - np.maximum(
        boxes[:2], np.array(gold[:2])[:, None]
    )
    shared = np.maximum(sides, 0).prod(axis=0)
    covered = (boxes[2:] - boxes[:2]).prod(axis=0) + gold.area - shared
    return float((shared > LEAST_IOU * covered).mean())


def _golds(items: Iterable[Item]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for item in items:
        counts.setdefault(item.file, Counter())[item.gold] += 1
    return counts
