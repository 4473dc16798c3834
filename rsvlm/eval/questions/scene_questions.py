"""Questions about whole images with classes, and about pairs before and after an event."""

import re
from collections.abc import Iterator

import numpy as np

from .drafts import Draft
from .makers import maker, shuffled
from .scenedata import PairData, SceneData

Drafts = Iterator[Draft | None]
_OPTIONS = 5
_LEAST_DEGREES = 0.01
_ROUNDS = 12


def _foreign(data: SceneData, row: int, rng: np.random.Generator) -> list[str]:
    """Classes that an image has not, and of which it has no relative either."""
    families = {data.family(name) for name in data.labels(row)}
    return shuffled([name for name in data.candidates if data.family(name) not in families], rng)


def _rounds(data: SceneData, rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """Images by class, one class after the other, each class in a random order; several rounds of small sets."""
    lines = {name: shuffled(rows, rng) for name, rows in sorted(data.rows_of.items())}
    longest = max((len(rows) for rows in lines.values()), default=0)
    for turn in range(max(longest, _ROUNDS)):
        for name in shuffled(list(lines), rng):
            if turn < max(len(lines[name]), _ROUNDS):
                yield lines[name][turn % len(lines[name])], name


@maker("OC_2_1_3", SceneData)
def which_scene(data: SceneData, rng: np.random.Generator) -> Drafts:
    """The class of a scene, of four."""
    if data.several:
        return
    for row, name in _rounds(data, rng):
        others = [
            other for other in shuffled(list(data.candidates), rng) if data.word(other) != data.word(name)
        ][:3]
        if len(others) < 3:
            yield None
            continue
        yield Draft(
            "OC_2_1_3", {}, ((data.panel(row),),), name, {"class": name},
            options=tuple(data.word(one) for one in (name, *others)), right=(0,),
        )  # fmt: skip


@maker("OC_2_1_4", SceneData)
def is_it(data: SceneData, rng: np.random.Generator) -> Drafts:
    """Whether an image shows a class."""
    for row, name in _rounds(data, rng):
        foreign = _foreign(data, row, rng)
        wish = bool(rng.integers(2))
        asked = name if wish else next(iter(foreign), None)
        if asked is None:
            yield None
            continue
        gold = "Yes" if wish else "No"
        yield Draft(
            "OC_2_1_4",
            {"what": data.word(asked)},
            ((data.panel(row),),),
            gold,
            {"classes": list(data.labels(row))},
            answer=gold,
        )


@maker("OC_2_1_5", SceneData)
def which_are_there(data: SceneData, rng: np.random.Generator) -> Drafts:
    """Which of five classes an image shows."""
    if not data.several:
        return
    for row, _ in _rounds(data, rng):
        labels = shuffled(list(data.labels(row)), rng)
        true = labels[: int(rng.integers(1, min(len(labels), 3) + 1))]
        foreign = _foreign(data, row, rng)[: _OPTIONS - len(true)]
        names = [*true, *foreign]
        if len({data.word(name) for name in names}) < _OPTIONS:
            yield None
            continue
        yield Draft(
            "OC_2_1_5", {}, ((data.panel(row),),), str(len(true)), {"classes": list(data.labels(row))},
            options=tuple(data.word(name) for name in names), right=tuple(range(len(true))),
        )  # fmt: skip


@maker("SC_3_1_4", SceneData)
def which_images(data: SceneData, rng: np.random.Generator) -> Drafts:
    """Which of four images show a class."""
    for row, name in _rounds(data, rng):
        number = int(rng.integers(1, 4))
        same = [other for other in data.rows_of[name] if other != row]
        family = data.family(name)
        rest = [
            other
            for other in range(len(data.set))
            if family not in {data.family(label) for label in data.labels(other)}
        ]
        if len(same) < number - 1 or len(rest) < 4 - number:
            yield None
            continue
        rows = [row, *_some(same, number - 1, rng), *_some(rest, 4 - number, rng)]
        yield Draft(
            "SC_3_1_4", {"what": data.word(name)}, tuple((data.panel(one),) for one in rows), str(number),
            {"classes": [list(data.labels(one)) for one in rows]}, right=tuple(range(number)),
        )  # fmt: skip


@maker("AR_4_2_5", SceneData)
def odd_one(data: SceneData, rng: np.random.Generator) -> Drafts:
    """Which of four images is of another class."""
    if data.several:
        return
    for row, name in _rounds(data, rng):
        kinds = [
            one
            for one, rows in sorted(data.rows_of.items())
            if data.family(one) != data.family(name) and len(rows) >= 3
        ]
        if not kinds:
            yield None
            continue
        kind = kinds[int(rng.integers(len(kinds)))]
        rows = [row, *_some(data.rows_of[kind], 3, rng)]
        yield Draft(
            "AR_4_2_5", {}, tuple((data.panel(one),) for one in rows), name,
            {"classes": [list(data.labels(one)) for one in rows]}, right=(0,),
        )  # fmt: skip


def _some(rows: list[int], number: int, rng: np.random.Generator) -> list[int]:
    return [rows[place] for place in rng.choice(len(rows), number, replace=False).tolist()] if number else []


@maker("AR_4_2_3", PairData)
def after_of_four(data: PairData, rng: np.random.Generator) -> Drafts:
    """Which of four images was taken after the event."""
    for name in shuffled(data.names, rng):
        others = [other for other in data.names if _far(name, other)]
        if len(others) < 3:
            yield None
            continue
        chosen = [others[place] for place in rng.choice(len(others), 3, replace=False).tolist()]
        panels = [data.panel(name, "after"), *(data.panel(other, "before") for other in chosen)]
        yield Draft(
            "AR_4_2_3", {"event": data.event}, tuple((one,) for one in panels), "after", {}, right=(0,)
        )


@maker("AR_4_2_4", PairData)
def after_of_two(data: PairData, rng: np.random.Generator) -> Drafts:
    """Whether the right half was taken after the event."""
    for name in shuffled(data.names, rng):
        gold = ("No", "Yes")[int(rng.integers(2))]
        when = ("before", "after") if gold == "Yes" else ("after", "before")
        panels = tuple(data.panel(name, one) for one in when)
        yield Draft("AR_4_2_4", {"event": data.event}, (panels,), gold, {"halves": list(when)}, answer=gold)


@maker("SC_3_1_3", PairData)
def same_building(data: PairData, rng: np.random.Generator) -> Drafts:
    """Whether two images are of one place."""
    for name in shuffled(data.names, rng):
        others = [other for other in data.names if _far(name, other)]
        wish = bool(rng.integers(2))
        if not others:
            yield None
            continue
        second = name if wish else others[int(rng.integers(len(others)))]
        panels = [data.panel(name, "before"), data.panel(second, "after")]
        halves = tuple(panels[place] for place in rng.permutation(2).tolist())
        gold = "Yes" if wish else "No"
        yield Draft("SC_3_1_3", {}, (halves,), gold, {"places": [name, second]}, answer=gold)


def _far(one: str, other: str) -> bool:
    """Whether two names are of places far enough apart to share no ground, as far as they say where they are."""
    first, second = (re.findall(r"-?\d+\.\d+", name) for name in (one, other))
    if len(first) != 2 or len(second) != 2:
        return one != other
    return max(abs(float(a) - float(b)) for a, b in zip(first, second, strict=True)) >= _LEAST_DEGREES
