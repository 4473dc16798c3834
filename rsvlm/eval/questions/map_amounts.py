"""How much of a class there is, and whether there is any (AS, CO, OC, SC within one image)."""

from collections.abc import Iterator

import numpy as np

from .drafts import Draft
from .drawing import scale_of
from .makers import areal, by_class, maker, other_phrases
from .map_places import dot, inner_pixel
from .mapchips import MapChip, leads
from .mapdata import MapData
from .masks import grown, opened, patches
from .options import RATIO, TENTHS, interval, near_intervals, numbers_around

Drafts = Iterator[Draft | None]
_MOST_PATCHES = 8
SPECK = 5
"""Side of a square, in pixels of the map, that parts specks from patches; nothing of about its area is counted."""


@maker("AS_3_3_1", MapData)
def share_of_four(data: MapData, rng: np.random.Generator) -> Drafts:
    """The share of a class, among four intervals."""
    for draft, place in _shares(data, rng, "AS_3_3_1"):
        if draft is None:
            yield None
            continue
        near = near_intervals(place, 10, 4, rng)
        yield Draft(
            draft.kind, draft.words, draft.pictures, draft.gold, draft.values,
            options=tuple(TENTHS[i] for i in near), right=(near.index(place),),
        )  # fmt: skip


@maker("AS_3_3_2", MapData)
def share_of_ten(data: MapData, rng: np.random.Generator) -> Drafts:
    """The share of a class, among all ten intervals."""
    for draft, place in _shares(data, rng, "AS_3_3_2"):
        if draft is None:
            yield None
            continue
        yield Draft(
            draft.kind, draft.words, draft.pictures, draft.gold, draft.values,
            options=TENTHS, right=(place,),
        )  # fmt: skip


def _shares(data: MapData, rng: np.random.Generator, kind: str) -> Iterator[tuple[Draft | None, int]]:
    for chip, place in by_class(data, lambda chip, place: chip.seen(place), rng):
        low, high = chip.share(place)
        found = interval(low, high, 10, 0.01)
        if found is None:
            yield None, -1
            continue
        values = {"share": round(low, 4), "share_with_unlabelled": round(high, 4)}
        yield Draft(kind, {"what": chip.phrases[place]}, ((chip.panel,),), TENTHS[found], values), found


@maker("AS_3_3_3", MapData)
def hectares(data: MapData, rng: np.random.Generator) -> Drafts:
    """The area of a class in hectares."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and 0.02 <= chip.share(place)[0] <= 0.85, rng
    ):
        if chip.pixel is None or chip.unlabelled > 0.15 * chip.counts[place]:
            yield None
            continue
        area = chip.counts[place] * chip.pixel / 1e4
        shown, right = numbers_around(area, rng)
        total = chip.size * chip.pixel / 1e4
        if area * RATIO ** (len(shown) - 1 - right) > total:
            yield None  # an option larger than the image gives itself away
            continue
        told = f"{total:,.0f}" if total >= 1000 else f"{total:.4g}"
        yield Draft(
            "AS_3_3_3", {"what": chip.phrases[place], "total": told}, ((chip.panel,),), f"place {right}",
            {"hectares": round(area, 2)}, options=tuple(f"{one} ha" for one in shown), right=(right,),
        )  # fmt: skip


@maker("AS_3_3_4", MapData)
def largest(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which class covers most."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] >= 0.3, rng
    ):
        counts = chip.counts
        first = leads(list(map(float, counts)), [count + chip.unlabelled for count in counts])
        others = other_phrases(chip, place, rng)
        if first != place or len(others) < 2:
            yield None
            continue
        yield Draft(
            "AS_3_3_4", {}, ((chip.panel,),), chip.names[place],
            {"pixels": dict(zip(chip.names, counts, strict=True)), "unlabelled": chip.unlabelled},
            options=(chip.phrases[place], *others), right=(0,),
        )  # fmt: skip


@maker("AS_3_3_5", MapData)
def more_than(data: MapData, rng: np.random.Generator) -> Drafts:
    """Whether one class covers more than another."""
    known = areal(data)
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] >= 0.05, rng
    ):
        others = [other for other in known if other != place and chip.seen(other)]
        if not others:
            yield None
            continue
        other = int(rng.choice(others))
        lows = [float(chip.counts[c]) for c in (place, other)]
        first = leads(lows, [low + chip.unlabelled for low in lows])
        if first is None:
            yield None
            continue
        gold = "No" if first else "Yes"
        yield Draft(
            "AS_3_3_5", {"first": chip.phrases[place], "second": chip.phrases[other]}, ((chip.panel,),), gold,
            {"pixels": {chip.names[c]: chip.counts[c] for c in (place, other)}, "unlabelled": chip.unlabelled},
            answer=gold,
        )  # fmt: skip


@maker("SC_3_1_6", MapData)
def left_or_right(data: MapData, rng: np.random.Generator) -> Drafts:
    """Whether the left half has more of a class than the right one."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] <= 0.8, rng
    ):
        half = chip.codes.shape[1] // 2
        sides = [np.s_[:, :half], np.s_[:, half:]]
        lows = [float(chip.count(side)[place]) for side in sides]
        first = leads(lows, [low + chip.open_in(side) for low, side in zip(lows, sides, strict=True)])
        if first is None or abs(lows[0] - lows[1]) < 0.06 * chip.size:
            yield None
            continue
        gold = "No" if first else "Yes"
        yield Draft(
            "SC_3_1_6", {"what": chip.phrases[place]}, ((chip.panel,),), gold,
            {"left": lows[0], "right": lows[1], "unlabelled": chip.unlabelled}, answer=gold,
        )  # fmt: skip


@maker("CO_3_2_2", MapData)
def count_patches(data: MapData, rng: np.random.Generator) -> Drafts:
    """How many patches a class has."""
    for chip, place in by_class(data, lambda chip, place: chip.seen(place), rng):
        number = _patches(chip, place)
        if number is None:
            yield None
            continue
        words = {"what": chip.phrases[place], "side": str(SPECK * scale_of(chip.side))}
        yield Draft("CO_3_2_2", words, ((chip.panel,),), str(number), {"patches": number}, answer=str(number))


def _patches(chip: MapChip, place: int) -> int | None:
    """The number of patches that are no specks.

    None where one is neither clearly a patch nor clearly a speck, where two nearly touch, or where unlabelled ground
    could join them or be another.
    """
    labels = patches(chip.mask(place), diagonal=True)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if ((sizes > SPECK**2 / 2) & (sizes < 2 * SPECK**2)).any():
        return None
    large = (sizes >= 2 * SPECK**2)[labels]
    number = int((sizes >= 2 * SPECK**2).sum())
    if not 1 <= number <= _MOST_PATCHES:
        return None
    void = opened(chip.codes < 0)
    apart = int(patches(grown(large), diagonal=True).max())
    return (
        number
        if apart == number and (not void.any() or int(patches(large | void, diagonal=True).max()) == number)
        else None
    )


@maker("OC_2_1_1", MapData)
def at_dot(data: MapData, rng: np.random.Generator) -> Drafts:
    """The class at a dot."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.counts[place] < 0.8 * chip.size, rng
    ):
        spot = inner_pixel(chip, place, rng)
        others = other_phrases(chip, place, rng)
        if spot is None or len(others) < 2:
            yield None
            continue
        yield Draft(
            "OC_2_1_1", {}, ((chip.panel.marked(dot(*spot)),),), chip.names[place], {"pixel": list(spot)},
            options=(chip.phrases[place], *others), right=(0,),
        )  # fmt: skip


@maker("OC_2_1_2", MapData)
def any_of(data: MapData, rng: np.random.Generator) -> Drafts:
    """Whether a class is there at all."""
    known = areal(data)

    def fits(chip: MapChip, place: int) -> bool:
        return place in known and (chip.absent(place) or (chip.seen(place) and chip.share(place)[0] >= 0.03))

    for chip, place in by_class(data, fits, rng):
        gold = "No" if chip.absent(place) else "Yes"
        yield Draft(
            "OC_2_1_2", {"what": chip.phrases[place]}, ((chip.panel,),), gold,
            {"pixels": chip.counts[place], "unlabelled": chip.unlabelled}, answer=gold,
        )  # fmt: skip
