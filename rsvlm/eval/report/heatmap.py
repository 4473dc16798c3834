"""The confusion of classes as a heat map that can be read with sixty classes and more."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .picture import Box, Line, Picture, Words, cut, text_width

MOST = 80
"""Classes drawn; of more, those with the most mistakes."""
WIDTH = 1040
"""About how wide the picture may be."""
LEAST, LARGEST = 12, 38
"""Sides of a cell."""
WITH_NUMBERS = 22
"""From this side on a cell has room for its count."""
TITLES = 600
"""Cells that say what they are when pointed at; the largest ones."""
PAIRS = 12


class Confusion(NamedTuple):
    """Counts (rows: true class, columns: answer) and the names of both."""

    rows: list[str]
    columns: list[str]
    counts: NDArray[np.float64]


class Pair(NamedTuple):
    """A class taken for another: how often, and in which share of the class."""

    true: str
    answer: str
    items: int
    share: float


def read_confusion(stored: Mapping[str, Any] | None) -> Confusion | None:
    """The `confusion` of a result; None where it has none, or one whose names and counts do not fit."""
    if not stored:
        return None
    rows = [str(name) for name in stored.get("names", ())]
    columns = [str(name) for name in stored.get("columns", rows)]
    try:
        counts = np.asarray(stored.get("counts", ()), np.float64)
    except (TypeError, ValueError):
        return None
    if not rows or counts.shape != (len(rows), len(columns)) or not np.isfinite(counts).all():
        return None
    return Confusion(rows, columns, counts)


def mistakes_of(confusion: Confusion) -> NDArray[np.float64]:
    """The counts without those of right answers."""
    wrong = confusion.counts.copy()
    for row, name in enumerate(confusion.rows):
        if name in confusion.columns:
            wrong[row, confusion.columns.index(name)] = 0
    return wrong


def common_mistakes(confusion: Confusion, count: int = PAIRS) -> list[Pair]:
    """The classes that are most often taken for others, the most frequent first."""
    wrong = mistakes_of(confusion)
    totals = confusion.counts.sum(axis=1)
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    pairs = []
    for row, column in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[row, column] > 0:
            share = float(wrong[row, column] / totals[row])
            pairs.append(Pair(confusion.rows[row], confusion.columns[column], int(wrong[row, column]), share))
    return pairs


def confusion_picture(confusion: Confusion) -> Picture:
    """Draw shares of each true class: right answers blue, mistakes orange, the more of them the darker."""
    shown = _largest(_occurring(confusion))
    rows, columns = ([cut(name, 26) for name in names] for names in (shown.rows, shown.columns))
    room = WIDTH - 30 - max(text_width(name, LEAST) for name in rows)
    cell = float(np.clip(room / len(columns), LEAST, LARGEST))
    size = min(13.0, cell - 1)
    slanted = cell >= WITH_NUMBERS
    longest = max(text_width(name, size) for name in columns)
    left = 30 + max(text_width(name, size) for name in rows)
    top = 30 + (longest * 0.71 if slanted else longest)
    width, height = left + cell * len(columns), top + cell * len(rows)
    right = max(longest * 0.71 - cell, 0) + 8 if slanted else 8
    shapes: list[Box | Line | Words] = [
        Words(left + cell * len(columns) / 2, 14, "answer", 12, "middle", colour="quiet"),
        Words(14, top + cell * len(rows) / 2, "true class", 12, "middle", 90, "quiet"),
    ]
    for number, name in enumerate(rows):
        shapes.append(Words(left - 6, top + cell * (number + 0.5) + size * 0.35, name, size, "end"))
    for number, name in enumerate(columns):
        x = left + cell * (number + 0.5) + (0 if slanted else size * 0.35)
        shapes.append(Words(x, top - 7, name, size, angle=45 if slanted else 90))
    shapes += _cells(shown, left, top, cell)
    for step in range(len(rows) + 1):
        shapes.append(Line(((left, top + step * cell), (width, top + step * cell)), "line", 0.5))
    for step in range(len(columns) + 1):
        shapes.append(Line(((left + step * cell, top), (left + step * cell, height)), "line", 0.5))
    return Picture(width + right, height + 8, _alt(confusion, shown), shapes)


def _occurring(confusion: Confusion) -> Confusion:
    """It without the classes that neither are true nor answered anywhere."""
    true = dict(zip(confusion.rows, confusion.counts.sum(axis=1), strict=True))
    answered = dict(zip(confusion.columns, confusion.counts.sum(axis=0), strict=True))
    return _part(
        confusion,
        {name for name in {*true, *answered} if true.get(name, 0) + answered.get(name, 0) > 0},
    )


def _largest(confusion: Confusion) -> Confusion:
    """The part of it that is drawn: the classes with the most mistakes, in their own order."""
    if len(confusion.rows) <= MOST and len(confusion.columns) <= MOST + 1:
        return confusion
    wrong = mistakes_of(confusion)
    weight = dict(zip(confusion.rows, wrong.sum(axis=1), strict=True))
    for name, count in zip(confusion.columns, wrong.sum(axis=0), strict=True):
        weight[name] = weight.get(name, 0) + count
    kept = set(sorted(weight, key=lambda name: -weight[name])[:MOST])
    return _part(confusion, kept)


def _part(confusion: Confusion, kept: set[str]) -> Confusion:
    rows = [number for number, name in enumerate(confusion.rows) if name in kept]
    columns = [number for number, name in enumerate(confusion.columns) if name in kept]
    return Confusion(
        [confusion.rows[number] for number in rows],
        [confusion.columns[number] for number in columns],
        confusion.counts[np.ix_(rows, columns)],
    )


def _cells(confusion: Confusion, left: float, top: float, cell: float) -> list[Box | Line | Words]:
    counts = confusion.counts
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = counts / totals
    titled = np.sort(counts, axis=None)[-TITLES] if counts.size > TITLES else 0
    shapes: list[Box | Line | Words] = []
    for row, column in np.argwhere(counts > 0).tolist():
        true, said, count = confusion.rows[row], confusion.columns[column], int(counts[row, column])
        right = true == said
        # mistakes are mostly small shares: their square root can be seen
        depth = 0.08 + 0.92 * float(shares[row, column] ** (1 if right else 0.5))
        title = (
            f"{cut(true, 60)} → {cut(said, 60)}: {count:,} ({shares[row, column]:.1%})"
            if count >= titled
            else ""
        )
        x, y = left + column * cell, top + row * cell
        shapes.append(Box(x, y, cell, cell, "right" if right else "wrong", depth, title))
        if cell >= WITH_NUMBERS:
            text = f"{count:,}"
            size = min(12.0, (cell - 4) / (0.6 * len(text)))
            middle = (x + cell / 2, y + cell / 2 + size * 0.35)
            shapes.append(
                Words(
                    *middle,
                    text,
                    size,
                    "middle",
                    colour="paper" if depth > (0.72 if right else 0.85) else "ink",
                )
            )
    return shapes


def _alt(confusion: Confusion, shown: Confusion) -> str:
    n, wrong = confusion.counts.sum(), mistakes_of(confusion).sum()
    part = (
        ""
        if len(shown.rows) == len(_occurring(confusion).rows)
        else f" The {len(shown.rows)} with the most mistakes of {len(confusion.rows)} classes are drawn."
    )
    pairs = "; ".join(
        f"{cut(p.true, 40)} taken for {cut(p.answer, 40)}, {p.items:,}" for p in common_mistakes(confusion, 3)
    )
    most = f" Most frequent: {pairs}." if pairs else ""
    return f"Confusion matrix: {n - wrong:,.0f} of {n:,.0f} answers are right.{part}{most}"
