"""Questions about boxes and sites marked on a picture (VPR, PL)."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .drafts import Draft
from .makers import by_class, maker, other_phrases
from .map_places import box_mark
from .mapchips import leads
from .mapdata import MapData
from .masks import Mask, eroded, opened
from .options import QUARTS, interval

Drafts = Iterator[Draft | None]
Box = tuple[int, int, int, int]
_EDGE = 3
"""Pixels of the window that marks keep away from its edge."""
_TRIALS = 40


def random_box(side: int, rng: np.random.Generator) -> Box:
    """Return x, y, width and height of a box of a fifth to a half of the window's side."""
    width, height = (int(rng.integers(side // 5, side // 2)) for _ in range(2))
    return (
        int(rng.integers(_EDGE, side - width - _EDGE)),
        int(rng.integers(_EDGE, side - height - _EDGE)),
        width,
        height,
    )


def _inside(box: Box) -> tuple[slice, slice]:
    return np.s_[box[1] : box[1] + box[3], box[0] : box[0] + box[2]]


@maker("VPR_4_1_3", MapData)
def most_of_box(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which class takes up most of a box."""
    for chip, place in by_class(data, lambda chip, place: chip.seen(place), rng):
        box = random_box(chip.side, rng)
        counts, open_pixels = chip.count(_inside(box)), chip.open_in(_inside(box))
        first = leads(list(map(float, counts)), [count + open_pixels for count in counts])
        others = other_phrases(chip, place, rng)
        if first != place or counts[place] < 0.55 * box[2] * box[3] or len(others) < 2:
            yield None
            continue
        values = {
            "pixels": {chip.names[c]: counts[c] for c in range(len(counts)) if counts[c]},
            "unlabelled": open_pixels,
        }
        yield Draft(
            "VPR_4_1_3", {}, ((box_mark(chip.panel, *box),),), chip.names[place], values,
            options=(chip.phrases[place], *others), right=(0,),
        )  # fmt: skip


@maker("VPR_4_1_4", MapData)
def share_of_box(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which share of a box is of a class."""
    for chip, place in by_class(data, lambda chip, place: chip.seen(place), rng):
        box = random_box(chip.side, rng)
        count, room = chip.count(_inside(box))[place], box[2] * box[3]
        low, high = count / room, (count + chip.open_in(_inside(box))) / room
        found = interval(low, high, 4, 0.05)
        if found is None:
            yield None
            continue
        yield Draft(
            "VPR_4_1_4", {"what": chip.phrases[place]}, ((box_mark(chip.panel, *box),),), QUARTS[found],
            {"share": round(low, 4), "share_with_unlabelled": round(high, 4)},
            options=QUARTS, right=(found,),
        )  # fmt: skip


@maker("PL_4_4_1", MapData)
def site_on(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which of four sites lies entirely on a class."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] <= 0.75, rng
    ):
        size = max(8, chip.side // 10)
        inside = _sums(opened(chip.mask(place)), size)
        some = _sums(chip.mask(place) | (chip.codes < 0), size)
        known = _sums(chip.codes >= 0, size)
        room = size * size
        good = _corners(inside == room)
        bad = _corners((some <= 0.4 * room) & (known >= 0.5 * room))
        sites = _spread(good, bad, size, rng) if len(good) and len(bad) > 2 else None
        if sites is None:
            yield None
            continue
        boxes = tuple((float(x), float(y), float(x + size), float(y + size)) for x, y in sites)
        shares = [round(float(chip.mask(place)[y : y + size, x : x + size].mean()), 3) for x, y in sites]
        yield Draft(
            "PL_4_4_1", {"what": chip.phrases[place]}, ((chip.panel,),), chip.names[place], {"shares": shares},
            sites=boxes, right=(0,),
        )  # fmt: skip


@maker("PL_4_4_2", MapData)
def nearest_to(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which of four places is nearest to a class."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] <= 0.6, rng
    ):
        mask = chip.mask(place)
        kinds = (mask, opened(mask), mask | opened(chip.codes < 0))
        found = _places(kinds, rng)
        if found is None:
            yield None
            continue
        spots, far = found
        boxes = tuple((x - 2.0, y - 2.0, x + 3.0, y + 3.0) for x, y in spots)
        yield Draft(
            "PL_4_4_2", {"what": chip.phrases[place]}, ((chip.panel,),), chip.names[place],
            {"pixels_away": [round(one, 1) for one in far]}, sites=boxes, right=(0,),
        )  # fmt: skip


def _places(
    masks: tuple[Mask, Mask, Mask], rng: np.random.Generator
) -> tuple[list[tuple[int, int]], list[float]] | None:
    """Four places outside of a class, the first much nearer to it than what the others may at least be.

    Args:
        masks: Where the class is, where it is solid, and where it may be.
        rng: Decides the places.
    """
    side = min(masks[0].shape)
    edges = [np.argwhere(mask & ~eroded(mask))[:, ::-1] for mask in masks]
    rows = []
    for x, y in rng.integers(12, side - 12, (_TRIALS, 2)).tolist():
        if masks[2][y, x]:
            continue
        far = [float(np.hypot(*(points - (x, y)).T).min()) for points in edges]
        if far[2] >= 4 and far[1] <= far[0] * 1.2 + 2:
            rows.append((far[0], far[2], (x, y)))
    rows.sort()
    if not rows or rows[0][0] > 0.3 * side:
        return None
    near, ways = [rows[0][2]], [rows[0][0]]
    for away, least, spot in rows[1:]:
        apart = all(max(abs(spot[0] - x), abs(spot[1] - y)) > 14 for x, y in near)
        if apart and least >= 1.4 * rows[0][0] + 3:
            near.append(spot)
            ways.append(away)
        if len(near) == 4:
            return near, ways
    return None


def _sums(mask: Mask, size: int) -> npt.NDArray[np.int64]:
    """Pixels of a mask in each square of a size, by its upper left corner."""
    total = np.pad(mask.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    found: npt.NDArray[np.int64] = (
        total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]
    )
    return found


def _corners(fits: Mask) -> npt.NDArray[np.intp]:
    """Corners (n, 2), x and y, of squares that fit and keep away from the window's edge."""
    inner = np.zeros_like(fits)
    inner[_EDGE:-_EDGE, _EDGE:-_EDGE] = fits[_EDGE:-_EDGE, _EDGE:-_EDGE]
    return np.argwhere(inner)[:, ::-1]


def _spread(
    good: npt.NDArray[np.intp], bad: npt.NDArray[np.intp], size: int, rng: np.random.Generator
) -> list[tuple[int, int]] | None:
    """One good square and three bad ones, apart from each other."""
    x, y = good[rng.integers(len(good))].tolist()
    chosen = [(x, y)]
    for x, y in bad[rng.integers(0, len(bad), 2 * _TRIALS)].tolist():
        if all(max(abs(x - a), abs(y - b)) > size + 6 for a, b in chosen):
            chosen.append((x, y))
        if len(chosen) == 4:
            return chosen
    return None
