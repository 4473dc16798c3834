"""What can be chosen beside the right answer: near enough to be believed, never right as well."""

from collections.abc import Sequence

import numpy as np

from rsvlm.eval.agromind.boxes import Box, iou

DIRECTIONS = ("Right", "Lower Right", "Below", "Lower Left", "Left", "Upper Left", "Above", "Upper Right")
"""Eight bearings clockwise from the right, as y runs down."""
QUARTERS = ("Top-Left", "Top-Right", "Bottom-Left", "Bottom-Right")
NINE = tuple(
    f"{row} {column} region".replace("Middle center", "Central")
    for row in ("Upper", "Middle", "Lower")
    for column in ("left", "center", "right")
)
TENTHS = tuple(f"{low}% - {low + 10}%" for low in range(0, 100, 10))
QUARTS = ("0% - 25%", "25% - 50%", "50% - 75%", "75% - 100%")

_OFF = 12.0
"""Degrees by which a bearing may miss the middle of its eighth."""
RATIO = 1.45
"""Of a number that can be chosen to the one before it."""
_MOST_IOU = 0.45


def direction(dx: float, dy: float) -> str | None:
    """Return the name of a bearing; None where it lies near the border of two."""
    eighths = float(np.degrees(np.arctan2(dy, dx))) % 360 / 45
    nearest = round(eighths)
    return DIRECTIONS[nearest % 8] if abs(eighths - nearest) * 45 <= _OFF else None


def interval(low: float, high: float, steps: int, margin: float) -> int | None:
    """Return which of `steps` equal intervals of 0..1 holds all from low to high, by a margin; None where none does."""
    place = min(int(low * steps), steps - 1)
    first = low >= place / steps + margin or (place == 0 and low >= margin / 2)
    last = high <= (place + 1) / steps - margin or (place == steps - 1 and high <= 1)
    return place if first and last else None


def near_intervals(place: int, steps: int, number: int, rng: np.random.Generator) -> list[int]:
    """Return some intervals in their order, one of them given; where among them it comes is left to chance."""
    start = int(rng.integers(max(0, place - number + 1), min(place, steps - number) + 1))
    return list(range(start, start + number))


def numbers_around(value: float, rng: np.random.Generator, number: int = 4) -> tuple[list[str], int]:
    """Return numbers in equal ratios of which one is a value, to three digits, and its place; any place is as likely.

    Each is 1.45 times the one before it.
    """
    place = int(rng.integers(number))
    shown = [float(f"{value * RATIO ** (i - place):.3g}") for i in range(number)]
    return [f"{one:,.0f}" if one >= 100 else f"{one:g}" for one in shown], place


def counts_around(count: int, rng: np.random.Generator, number: int = 4) -> tuple[list[str], int]:
    """Return whole numbers in a row of which one is a count, and its place; any place that is possible is as likely."""
    place = int(rng.integers(0, min(number - 1, count) + 1))
    return [str(count - place + i) for i in range(number)], place


def decoy_boxes(
    gold: Box, others: Sequence[Box], rng: np.random.Generator, number: int = 3
) -> list[Box] | None:
    """Return boxes that are none of them the right one: given others first, then it moved or resized."""
    found: list[Box] = []
    moved = (_moved(gold, rng) for _ in range(60))
    for box in [*others, *moved]:
        whole = 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1
        if whole and box.area > 0.01 and all(iou(box, other) < _MOST_IOU for other in [gold, *found]):
            found.append(box)
        if len(found) == number:
            return found
    return None


def box_text(box: Box) -> str:
    """Write a box as options have it."""
    return f"[{', '.join(f'{side:.3f}' for side in box)}]"


def _moved(box: Box, rng: np.random.Generator) -> Box:
    width = min((box.right - box.left) * rng.uniform(0.6, 1.5), 0.95)
    height = min((box.bottom - box.top) * rng.uniform(0.6, 1.5), 0.95)
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return Box(left, top, left + width, top + height)
