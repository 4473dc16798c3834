"""Questions that compare windows of class maps: four images, two dates, two places (SC, AR, CTR)."""

from collections.abc import Iterator

import numpy as np

from rsvlm.datasets.times import MONTHS

from .drafts import Draft, Window
from .makers import areal, by_class, maker, shuffled
from .map_places import dot
from .mapchips import MapChip
from .mapdata import MapData, Place
from .masks import Mask, eroded

Drafts = Iterator[Draft | None]
_LEAST_MONTHS = 3
_SIDE = 128
_TRIALS = 400
_DEPTH = 3
"""How far inside a patch a dot lies, in pixels: what it marks must be seen around it."""


def apart(one: MapChip, other: MapChip) -> bool:
    """Whether two windows are of one size and show different ground of the same raster, or are of different ones."""
    (x, y, width, height), (a, b, *_) = one.panel.window, other.panel.window
    if one.codes.shape != other.codes.shape:
        return False
    return one.panel.image != other.panel.image or abs(x - a) >= width or abs(y - b) >= height


def _with_others(
    chip: MapChip, others: list[MapChip], number: int, rng: np.random.Generator
) -> list[MapChip] | None:
    """A window and some others, of the first that come, all apart from each other."""
    chosen = [chip]
    for other in shuffled(others, rng)[:_TRIALS]:
        if all(apart(one, other) for one in chosen):
            chosen.append(other)
        if len(chosen) == number:
            return chosen
    return None


@maker("SC_3_1_1", MapData)
def most_of_four(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which of four windows has the largest share of a class."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] >= 0.15, rng
    ):
        least = chip.share(place)[0]
        most = least - max(0.08, 0.15 * least)
        fits = [one for one in data.chips if 0.02 <= one.share(place)[1] <= most]
        chosen = _with_others(chip, fits, 4, rng)
        if chosen is None:
            yield None
            continue
        yield Draft(
            "SC_3_1_1", {"what": chip.phrases[place]}, tuple((one.panel,) for one in chosen), chip.names[place],
            {"shares": [[round(v, 3) for v in one.share(place)] for one in chosen]}, right=(0,),
        )  # fmt: skip


@maker("AR_4_2_2", MapData)
def none_of_it(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which of four windows lacks a class."""
    known = areal(data)
    for chip, place in by_class(data, lambda chip, place: place in known and chip.absent(place), rng):
        fits = [one for one in data.chips if one.seen(place) and one.share(place)[0] >= 0.1]
        chosen = _with_others(chip, fits, 4, rng)
        if chosen is None:
            yield None
            continue
        yield Draft(
            "AR_4_2_2", {"what": chip.phrases[place]}, tuple((one.panel,) for one in chosen), chip.names[place],
            {"shares": [[round(v, 3) for v in one.share(place)] for one in chosen]}, right=(0,),
        )  # fmt: skip


@maker("AR_4_2_1", MapData)
def changed(data: MapData, rng: np.random.Generator) -> Drafts:
    """Whether the class at a dot is another one at a later date."""
    if not data.drawn:
        return
    for one, other, shift, shared in data.overlaps:
        first, second = sorted((one, other), key=lambda place: place.date or "")
        for _ in range(_TRIALS):
            window = _random_window(shared, rng)
            pair = [data.chip(place, _moved(window, shift, place is other)) for place in (first, second)]
            wish = bool(rng.integers(2))
            spot = _changed_spot(pair, wish, rng)
            if spot is None:
                yield None
                continue
            gold = "Yes" if wish else "No"
            x, y = spot
            names = [chip.names[chip.codes[y, x]] for chip in pair]
            yield Draft(
                "AR_4_2_1", {"earlier": first.date or "", "later": second.date or ""},
                (tuple(chip.panel.marked(dot(x, y)) for chip in pair),), gold, {"pixel": [x, y], "classes": names},
                answer=gold,
            )  # fmt: skip


def _changed_spot(pair: list[MapChip], wish: bool, rng: np.random.Generator) -> tuple[int, int] | None:
    """A pixel well inside a patch at both dates, of two classes or of one."""
    one, two = (chip.codes for chip in pair)
    deep: Mask = np.zeros(one.shape, bool)
    for place in range(len(pair[0].names)):
        deep |= eroded(one == place, _DEPTH)
    for place in range(len(pair[0].names)):
        deep &= ~(two == place) | eroded(two == place, _DEPTH)
    deep &= (one >= 0) & (two >= 0)
    deep[:6] = deep[-6:] = deep[:, :6] = deep[:, -6:] = False
    if not (deep & (one != two)).any():
        return None  # where nothing changed, neither answer needs a look
    spots = np.argwhere(deep & ((one != two) == wish))
    if not len(spots):
        return None
    row, column = spots[rng.integers(len(spots))].tolist()
    return int(column), int(row)


@maker("SC_3_1_3", MapData)
def same_place(data: MapData, rng: np.random.Generator) -> Drafts:
    """Whether two windows of different dates are of the same place."""
    if data.drawn:
        return
    for (one, other, shift, shared), wish in _pairs(data, rng):
        window = _random_window(shared, rng)
        elsewhere = window if wish else _elsewhere(window, shared, rng)
        if elsewhere is None:
            yield None
            continue
        pair = [data.chip(one, window), data.chip(other, _moved(elsewhere, shift, True))]
        if any(chip.unlabelled > 0.6 * chip.size for chip in pair):
            yield None  # open water looks the same everywhere
            continue
        gold = "Yes" if wish else "No"
        panels = [pair[place].panel for place in rng.permutation(2).tolist()]
        yield Draft(
            "SC_3_1_3", {}, (tuple(panels),), gold, {"windows": [list(window), list(elsewhere)]}, answer=gold
        )


@maker("CTR_4_3_1", MapData)
def season_of_half(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which half of a picture is of which month."""
    if data.drawn:
        return
    for (one, other, shift, shared), wish in _pairs(data, rng):
        months = [_month(place) for place in (one, other)]
        window = _random_window(shared, rng)
        pair = [data.chip(one, window), data.chip(other, _moved(window, shift, True))]
        if not _far(months[0], months[1]) or any(chip.unlabelled > 0.4 * chip.size for chip in pair):
            yield None
            continue
        asked = int(rng.integers(2))  # which of the two dates the question asks for
        left = asked if wish else 1 - asked
        gold = "Yes" if wish else "No"
        yield Draft(
            "CTR_4_3_1", {"first": MONTHS[months[1 - asked] - 1], "second": MONTHS[months[asked] - 1]},
            ((pair[left].panel, pair[1 - left].panel),), gold, {"left": (one, other)[left].date}, answer=gold,
        )  # fmt: skip


@maker("CTR_4_3_2", MapData)
def season_of_four(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which of four images is of another month."""
    if data.drawn:
        return
    months = {place.name: _month(place) for place in data.places}
    for chip in shuffled(data.chips, rng):
        month = months[chip.panel.image]
        others = [one for one in data.chips if _far(month, months[one.panel.image])]
        if not others or chip.unlabelled > 0.3 * chip.size:
            yield None
            continue
        wanted = months[others[int(rng.integers(len(others)))].panel.image]
        fits = [
            one for one in others if months[one.panel.image] == wanted and one.unlabelled <= 0.3 * one.size
        ]
        chosen = _with_others(chip, fits, 4, rng)
        if chosen is None:
            yield None
            continue
        dates = [data.place(one.panel.image).date for one in chosen]
        yield Draft(
            "CTR_4_3_2", {"first": MONTHS[wanted - 1], "second": MONTHS[month - 1]},
            tuple((one.panel,) for one in chosen), MONTHS[month - 1], {"dates": dates}, right=(0,),
        )  # fmt: skip


Overlap = tuple[Place, Place, tuple[int, int], Window]


def _pairs(data: MapData, rng: np.random.Generator) -> Iterator[tuple[Overlap, bool]]:
    """Overlaps over and over, with the answer to aim at."""
    overlaps = data.overlaps
    for trial in range(_TRIALS if overlaps else 0):
        yield overlaps[trial % len(overlaps)], bool(rng.integers(2))


def _random_window(shared: Window, rng: np.random.Generator) -> Window:
    side = min(_SIDE, shared[2], shared[3])
    x, y = (
        start + int(rng.integers(0, room - side + 1))
        for start, room in zip(shared[:2], shared[2:], strict=True)
    )
    return x, y, side, side


def _elsewhere(window: Window, shared: Window, rng: np.random.Generator) -> Window | None:
    """Another window of the shared ground that has nothing in common with one."""
    for _ in range(20):
        other = _random_window(shared, rng)
        if abs(other[0] - window[0]) >= window[2] or abs(other[1] - window[1]) >= window[3]:
            return other
    return None


def _moved(window: Window, shift: tuple[int, int], second: bool) -> Window:
    """A window of the first raster in pixels of the second."""
    x, y, width, height = window
    return (x - shift[0], y - shift[1], width, height) if second else window


def _month(place: Place) -> int:
    """1 to 12; 0 where the date says none."""
    return int(place.date[5:7]) if place.date and len(place.date) >= 7 else 0


def _far(one: int, other: int) -> bool:
    """Whether two months are known and a season apart."""
    between = abs(one - other)
    return bool(one and other) and min(between, 12 - between) >= _LEAST_MONTHS
