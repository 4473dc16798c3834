"""Where a class lies in a window: regions, coordinates, directions, boxes (SL, SR, BD)."""

from collections.abc import Iterator

import numpy as np

from rsvlm.eval.agromind.boxes import Box, iou

from .drafts import Draft, Mark, Panel
from .drawing import scale_of
from .makers import areal, by_class, maker, other_phrases, shuffled
from .mapchips import MapChip, leads
from .mapdata import MapData
from .masks import Mask, eroded, extent, opened
from .options import DIRECTIONS, NINE, QUARTERS, box_text, decoy_boxes, direction

Drafts = Iterator[Draft | None]
DOT = 1.5
"""Half the side of the box in whose middle a dot is drawn, in pixels of the window."""


def dot(x: float, y: float) -> Mark:
    """A dot around the centre of a pixel."""
    return Mark("dot", (x + 0.5 - DOT, y + 0.5 - DOT, x + 0.5 + DOT, y + 0.5 + DOT))


def parts(side: int, number: int) -> list[tuple[slice, slice]]:
    """Cut a square into number x number parts, row by row."""
    edges = [round(side * i / number) for i in range(number + 1)]
    spans = [slice(edges[i], edges[i + 1]) for i in range(number)]
    return [(row, column) for row in spans for column in spans]


def _region(
    data: MapData, rng: np.random.Generator, kind: str, number: int, names: tuple[str, ...]
) -> Drafts:
    def fits(chip: MapChip, place: int) -> bool:
        return chip.seen(place) and 0.04 <= chip.share(place)[0] <= 0.7

    for chip, place in by_class(data, fits, rng):
        windows = parts(chip.side, number)
        lows = [chip.count(part)[place] for part in windows]
        first = leads(
            list(map(float, lows)),
            [low + chip.open_in(part) for low, part in zip(lows, windows, strict=True)],
        )
        room = chip.size / number**2
        if first is None or lows[first] - sorted(lows)[-2] < 0.1 * room or lows[first] < 0.25 * room:
            yield None
            continue
        yield Draft(
            kind, {"what": chip.phrases[place]}, ((chip.panel,),), names[first],
            {"pixels": dict(zip(names, lows, strict=True)), "unlabelled": chip.unlabelled},
            options=names, right=(first,),
        )  # fmt: skip


@maker("SL_1_1_1", MapData)
def nine_grid(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which ninth has most of a class."""
    return _region(data, rng, "SL_1_1_1", 3, NINE)


@maker("SL_1_1_2", MapData)
def quarter(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which quarter has most of a class."""
    return _region(data, rng, "SL_1_1_2", 2, QUARTERS)


def inner_pixel(
    chip: MapChip, place: int, rng: np.random.Generator, depth: int = 3
) -> tuple[int, int] | None:
    """Return x and y of a pixel at least `depth` pixels inside a patch and off the window's edge; None without one."""
    deep = eroded(chip.mask(place), depth)
    border = max(4, chip.side // 16)
    deep[:border] = deep[-border:] = deep[:, :border] = deep[:, -border:] = False
    spots = np.argwhere(deep)
    if not len(spots):
        return None
    row, column = spots[rng.integers(len(spots))].tolist()
    return int(column), int(row)


@maker("SL_1_1_3", MapData)
def at_coordinates(data: MapData, rng: np.random.Generator) -> Drafts:
    """The class at coordinates of the picture."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.counts[place] < 0.8 * chip.size, rng
    ):
        spot = inner_pixel(chip, place, rng, 5)
        others = other_phrases(chip, place, rng)
        if spot is None or not others:
            yield None
            continue
        scale = scale_of(chip.side)
        words = {name: str(value * scale + scale // 2) for name, value in zip("xy", spot, strict=True)}
        size = {"width": str(chip.side * scale), "height": str(chip.side * scale)}
        yield Draft(
            "SL_1_1_3", words | size, ((chip.panel,),), chip.names[place], {"pixel": list(spot)},
            options=(chip.phrases[place], *others), right=(0,),
        )  # fmt: skip


@maker("SR_1_2_1", MapData)
def between_classes(data: MapData, rng: np.random.Generator) -> Drafts:
    """In which direction one class lies from another, by their centres."""
    known = areal(data)

    def fits(chip: MapChip, place: int) -> bool:
        return chip.seen(place) and chip.share(place)[0] >= 0.06 and chip.unlabelled <= 0.3 * chip.size

    for chip, place in by_class(data, fits, rng):
        others = [other for other in known if other != place and fits(chip, other)]
        if not others:
            yield None
            continue
        other = int(rng.choice(others))
        void = opened(chip.codes < 0)
        found = set()
        for one in (chip.mask(place), chip.mask(place) | void):
            for two in (chip.mask(other), chip.mask(other) | void):
                dx, dy = _centre(two)[0] - _centre(one)[0], _centre(two)[1] - _centre(one)[1]
                found.add(direction(dx, dy) if np.hypot(dx, dy) >= 0.2 * chip.side else None)
        gold = found.pop()
        if gold is None or found:
            yield None
            continue
        centres = {chip.names[c]: [round(v, 1) for v in _centre(chip.mask(c))] for c in (place, other)}
        yield Draft(
            "SR_1_2_1", {"first": chip.phrases[place], "second": chip.phrases[other]}, ((chip.panel,),), gold,
            {"centres": centres}, options=DIRECTIONS, right=(DIRECTIONS.index(gold),),
        )  # fmt: skip


@maker("SR_1_2_2", MapData)
def nearest_class(data: MapData, rng: np.random.Generator) -> Drafts:
    """In which direction from a dot a class is nearest."""
    for chip, place in by_class(
        data, lambda chip, place: chip.seen(place) and chip.share(place)[0] <= 0.6, rng
    ):
        spot = (
            int(rng.integers(chip.side // 6, chip.side - chip.side // 6)),
            int(rng.integers(chip.side // 6, chip.side - chip.side // 6)),
        )
        gold = _nearest(chip, place, spot)
        if gold is None:
            yield None
            continue
        yield Draft(
            "SR_1_2_2", {"what": chip.phrases[place]}, ((chip.panel.marked(dot(*spot)),),), gold[0],
            {"from": list(spot), "nearest": gold[1]},
            options=DIRECTIONS, right=(DIRECTIONS.index(gold[0]),),
        )  # fmt: skip


def _nearest(chip: MapChip, place: int, spot: tuple[int, int]) -> tuple[str, list[int]] | None:
    """The direction of the nearest pixel, where what may be of the class in other directions is a third farther."""
    where = np.argwhere(chip.mask(place))[:, ::-1] - spot
    far = np.hypot(*where.T)
    first = int(far.argmin())
    if not 0.09 * chip.side <= far[first] <= 0.4 * chip.side:
        return None
    name = direction(*where[first].tolist())
    maybe = np.argwhere(chip.mask(place) | opened(chip.codes < 0))[:, ::-1] - spot
    angles = np.arctan2(*maybe.T[::-1]) - np.arctan2(where[first][1], where[first][0])
    aside = np.abs((angles + np.pi) % (2 * np.pi) - np.pi) > np.pi / 5
    reach = np.hypot(*maybe.T)
    if name is None or reach.min() < 0.95 * far[first] or (reach[aside] < 1.33 * far[first]).any():
        return None
    solid = np.argwhere(opened(chip.mask(place)))[:, ::-1] - spot
    if np.hypot(*solid.T).min() > 1.2 * far[first]:  # the nearest is a speck
        return None
    return name, (where[first] + spot).tolist()


def _enclosed(chip: MapChip, place: int) -> Box | None:
    """The box around all of a class, where neither specks nor what is unlabelled would make it another."""
    mask = chip.mask(place)
    sides = [extent(part) for part in (mask, opened(mask), mask | opened(chip.codes < 0))]
    boxes = [_share(found, chip) for found in sides if found is not None]
    if len(boxes) < 3 or not 0.04 <= boxes[0].area <= 0.45:
        return None
    return boxes[0] if iou(boxes[0], boxes[1]) >= 0.85 and iou(boxes[0], boxes[2]) >= 0.8 else None


def _share(sides: tuple[int, int, int, int], chip: MapChip) -> Box:
    return Box(*(side / chip.side for side in sides))


@maker("BD_1_3_1", MapData)
def find_box(data: MapData, rng: np.random.Generator) -> Drafts:
    """The box around all of a class."""
    for chip, place in by_class(data, lambda chip, place: chip.seen(place), rng):
        box = _enclosed(chip, place)
        if box is None:
            yield None
            continue
        yield Draft(
            "BD_1_3_1", {"what": chip.phrases[place]}, ((chip.panel,),), _corner(box), {"box": list(box)},
            answer=tuple(round(side, 4) for side in box),
        )  # fmt: skip


@maker("BD_1_3_2", MapData)
def choose_box(data: MapData, rng: np.random.Generator) -> Drafts:
    """Which box is around all of a class."""
    known = areal(data)
    for chip, place in by_class(data, lambda chip, place: chip.seen(place), rng):
        box = _enclosed(chip, place)
        if box is None:
            yield None
            continue
        others = [
            _share(found, chip)
            for other in known
            if other != place
            and chip.counts[other]
            and (found := extent(opened(chip.mask(other)))) is not None
        ]
        decoys = decoy_boxes(box, shuffled(others, rng)[:1], rng)
        if decoys is None:
            yield None
            continue
        yield Draft(
            "BD_1_3_2", {"what": chip.phrases[place]}, ((chip.panel,),), _corner(box), {"box": list(box)},
            options=tuple(box_text(one) for one in (box, *decoys)), right=(0,),
        )  # fmt: skip


def _corner(box: Box) -> str:
    """Which quarter holds a box's middle: what is balanced of boxes."""
    return QUARTERS[(box.top + box.bottom > 1) * 2 + (box.left + box.right > 1)]


def _centre(mask: Mask) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def box_mark(panel: Panel, x: int, y: int, width: int, height: int) -> Panel:
    """A panel with a box marked on it."""
    return panel.marked(Mark("box", (x, y, x + width, y + height)))
