"""Questions about things that are outlined over an image: how many, which, how large, where."""

from collections.abc import Iterator

import numpy as np
import shapely

from rsvlm.eval.agromind.boxes import Box

from .drafts import Draft, Mark, Panel
from .drawing import scale_of
from .kinds import MARGIN
from .makers import maker, shuffled
from .mapchips import leads
from .objectdata import ObjectChip, ObjectData
from .options import DIRECTIONS, QUARTERS, box_text, counts_around, decoy_boxes, direction, numbers_around

Drafts = Iterator[Draft | None]
_MOST = 12
"""Things that can be counted at a glance or two."""
_TRIALS = 4
_LARGER = 1.5
"""Most that one of several windows to be compared is larger than another."""


@maker("SL_1_1_4", ObjectData)
def quarter_of_most(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """Which quarter has most things."""
    for chip in shuffled(data.chips, rng):
        middle = chip.width / 2, chip.height / 2
        cut = any(one.bounds[i] < middle[i] < one.bounds[i + 2] for one in chip.shapes for i in range(2))
        places = [int(y > middle[1]) * 2 + int(x > middle[0]) for x, y in chip.centres]
        counts = [float(places.count(place)) for place in range(4)]
        first = None if cut else leads(counts, counts)
        if first is None:
            yield None
            continue
        yield Draft(
            "SL_1_1_4", {"things": data.nouns}, ((chip.panel,),), QUARTERS[first], {"counts": counts},
            options=QUARTERS, right=(first,),
        )  # fmt: skip


@maker("SR_1_2_3", ObjectData)
def nearest_thing(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """In which direction from a marked thing the nearest other one is."""
    for chip in shuffled(data.chips, rng):
        if len(chip.shapes) < 2:
            continue
        for place in rng.permutation(len(chip.shapes))[:2].tolist():
            way = np.delete(chip.centres, place, axis=0) - chip.centres[place]
            far = np.sort(np.hypot(*way.T))
            dx, dy = way[np.hypot(*way.T).argmin()].tolist()
            gold = direction(dx, dy)
            if gold is None or (len(far) > 1 and far[1] < 1.25 * far[0]):
                yield None
                continue
            yield Draft(
                "SR_1_2_3", {"thing": data.noun}, ((_boxed(chip, place),),), gold, {"way": [dx, dy]},
                options=DIRECTIONS, right=(DIRECTIONS.index(gold),),
            )  # fmt: skip


@maker("BD_1_3_3", ObjectData)
def find_only(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """The box around the only thing."""
    for chip in shuffled(data.chips, rng):
        box = _box(chip, 0) if len(chip.shapes) == 1 else None
        if box is None or not 0.02 <= box.area <= 0.45:
            yield None
            continue
        corner = QUARTERS[(box.top + box.bottom > 1) * 2 + (box.left + box.right > 1)]
        yield Draft(
            "BD_1_3_3", {"thing": data.noun}, ((chip.panel,),), corner, {"box": list(box)},
            answer=tuple(round(side, 4) for side in box),
        )  # fmt: skip


@maker("BD_1_3_4", ObjectData)
def box_of_largest(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """Which box is around the largest thing."""
    for chip in shuffled(data.chips, rng):
        areas = [one.area for one in chip.shapes]
        order = np.argsort(areas)[::-1].tolist()
        if len(areas) < 2 or areas[order[0]] < 1.3 * areas[order[1]]:
            yield None
            continue
        box = _box(chip, order[0])
        decoys = decoy_boxes(box, [_box(chip, place) for place in order[1:4]], rng)
        if decoys is None:
            yield None
            continue
        corner = QUARTERS[(box.top + box.bottom > 1) * 2 + (box.left + box.right > 1)]
        yield Draft(
            "BD_1_3_4", {"thing": data.noun}, ((chip.panel,),), corner, {"areas": [round(areas[i], 1) for i in order]},
            options=tuple(box_text(one) for one in (box, *decoys)), right=(0,),
        )  # fmt: skip


@maker("CO_3_2_1", ObjectData)
def count_things(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """How many things there are."""
    for chip in shuffled(data.chips, rng):
        number = len(chip.shapes)
        if number > _MOST:
            yield None
            continue
        yield Draft(
            "CO_3_2_1",
            {"things": data.nouns},
            ((chip.panel,),),
            str(number),
            {"count": number},
            answer=str(number),
        )


@maker("CO_3_2_3", ObjectData)
def choose_count(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """How many things there are, of four numbers."""
    for chip in shuffled(data.chips, rng):
        number = len(chip.shapes)
        if not 1 <= number <= _MOST:
            yield None
            continue
        shown, right = counts_around(number, rng)
        yield Draft(
            "CO_3_2_3", {"things": data.nouns}, ((chip.panel,),), str(number), {"count": number},
            options=tuple(shown), right=(right,),
        )  # fmt: skip


@maker("VPR_4_1_2", ObjectData)
def count_in_box(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """How many things a box holds."""
    for chip in shuffled(data.chips, rng):
        if len(chip.shapes) < 2:
            continue
        for _ in range(_TRIALS):
            box = _box_of_some(chip, rng)
            frame = shapely.box(*box)
            inside = [frame.buffer(-1.5).contains(one) for one in chip.shapes]
            if any(
                frame.buffer(1.5).intersects(one) and not whole
                for one, whole in zip(chip.shapes, inside, strict=True)
            ):
                yield None
                continue
            number = sum(inside)
            panel = chip.panel.marked(Mark("box", box))
            yield Draft(
                "VPR_4_1_2",
                {"things": data.nouns},
                ((panel,),),
                str(number),
                {"count": number},
                answer=str(number),
            )


@maker("VPR_4_1_1", ObjectData)
def area_of_marked(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """The area of a marked thing."""
    for chip in shuffled(data.chips, rng):
        for place in rng.permutation(len(chip.shapes))[:2].tolist():
            area = chip.shapes[place].area * chip.pixel
            shown, right = numbers_around(area, rng)
            size = chip.pixel**0.5 / scale_of(max(chip.width, chip.height))
            yield Draft(
                "VPR_4_1_1", {"thing": data.noun, "size": f"{size:.3g}"}, ((_boxed(chip, place),),), f"place {right}",
                {"square_metres": round(area, 1)}, options=tuple(f"{one} m²" for one in shown), right=(right,),
            )  # fmt: skip


@maker("AS_3_3_6", ObjectData)
def area_of_only(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """The area of the only thing."""
    for chip in shuffled(data.chips, rng):
        if len(chip.shapes) != 1:
            continue
        area = chip.shapes[0].area * chip.pixel
        shown, right = numbers_around(area, rng)
        total = chip.width * chip.height * chip.pixel
        yield Draft(
            "AS_3_3_6", {"thing": data.noun, "total": f"{total:,.0f}"}, ((chip.panel,),), f"place {right}",
            {"square_metres": round(area, 1)}, options=tuple(f"{one} m²" for one in shown), right=(right,),
        )  # fmt: skip


@maker("SC_3_1_2", ObjectData)
def most_things(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """Which of four windows has most things."""
    for chip in shuffled(data.chips, rng):
        number = len(chip.shapes)
        chosen = [chip]
        for other in shuffled(data.chips, rng)[:200]:
            fewer = number - len(other.shapes) >= MARGIN * number
            if fewer and all(_apart(one, other) for one in chosen):
                chosen.append(other)
            if len(chosen) == 4:
                break
        if len(chosen) < 4 or number < 2:
            yield None
            continue
        yield Draft(
            "SC_3_1_2", {"things": data.nouns}, tuple((one.panel,) for one in chosen), str(number),
            {"counts": [len(one.shapes) for one in chosen]}, right=(0,),
        )  # fmt: skip


@maker("SC_3_1_5", ObjectData)
def difference(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """How many more things one of two windows has."""
    for chip in shuffled(data.chips, rng):
        for other in shuffled(data.chips, rng)[:20]:
            if _apart(chip, other):
                gold = str(abs(len(chip.shapes) - len(other.shapes)))
                yield Draft(
                    "SC_3_1_5", {"things": data.nouns}, ((chip.panel,), (other.panel,)), gold,
                    {"counts": [len(chip.shapes), len(other.shapes)]}, answer=gold,
                )  # fmt: skip
                break


@maker("PL_4_4_3", ObjectData)
def farthest(data: ObjectData, rng: np.random.Generator) -> Drafts:
    """Which of four places is farthest from things."""
    for chip in shuffled(data.chips, rng):
        if not chip.shapes:
            continue
        size = np.array([chip.width, chip.height])
        side = int(size.min())
        every = shapely.union_all(list(chip.shapes))
        spots = rng.integers(size // 8, size - size // 8, (16, 2)).tolist()
        rows = sorted(((every.distance(shapely.Point(x, y)), x, y) for x, y in spots), reverse=True)
        chosen = rows[:1]
        for far, x, y in rows[1:]:
            apart = all(max(abs(x - a), abs(y - b)) > side / 8 for _, a, b in chosen)
            if apart and far > 3 and far * 1.35 + 2 <= rows[0][0]:
                chosen.append((far, x, y))
            if len(chosen) == 4:
                break
        if len(chosen) < 4:
            yield None
            continue
        half = side / 48
        sites = tuple((x - half, y - half, x + half, y + half) for _, x, y in chosen)
        corner = QUARTERS[(chosen[0][2] > chip.height / 2) * 2 + (chosen[0][1] > chip.width / 2)]
        yield Draft(
            "PL_4_4_3", {"things": data.nouns}, ((chip.panel,),), corner,
            {"pixels_away": [round(far, 1) for far, _, _ in chosen]}, sites=sites, right=(0,),
        )  # fmt: skip


def _box(chip: ObjectChip, place: int) -> Box:
    left, top, right, bottom = chip.shapes[place].bounds
    return Box(left / chip.width, top / chip.height, right / chip.width, bottom / chip.height)


def _boxed(chip: ObjectChip, place: int) -> Panel:
    """The window with a box around one of its things."""
    left, top, right, bottom = chip.shapes[place].bounds
    return chip.panel.marked(Mark("box", (left - 2, top - 2, right + 2, bottom + 2)))


def _box_of_some(chip: ObjectChip, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A box around a thing and some that are near it, with room, or one anywhere; it may cut others."""
    size = np.array([chip.width, chip.height])
    number = int(rng.integers(len(chip.shapes) + 1))
    if not number:
        wide = rng.integers(size // 4, size // 2)
        low = rng.integers(3, size - wide - 2)
        high = low + wide
    else:
        start = chip.centres[rng.integers(len(chip.shapes))]
        near = np.argsort(np.hypot(*(chip.centres - start).T), kind="stable")[:number]
        bounds = np.array([chip.shapes[place].bounds for place in near])
        low = np.maximum(3, bounds[:, :2].min(axis=0) - rng.integers(3, size // 6 + 4)).astype(int)
        high = np.minimum(size - 3, bounds[:, 2:].max(axis=0) + rng.integers(3, size // 6 + 4)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _apart(one: ObjectChip, other: ObjectChip) -> bool:
    """Whether two windows are much alike in size and show different ground, but for a quarter of the smaller one."""
    small, large = sorted((one.ground.area, other.ground.area))
    shared: float = one.ground.intersection(other.ground).area
    return bool(large <= _LARGER * small and shared <= small / 4)
