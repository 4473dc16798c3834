"""Whether answers about outlines, scenes and pairs follow from their labels."""

import re

import numpy as np

from rsvlm.eval.agromind.boxes import Box

from ..drawing import scale_of
from ..sources import ClassMap, Pairs, Scenes
from .asked import WrittenQuestion, need, only_largest, rule
from .map_rules import heading, month_of, nearest_number, one_box, same_ground
from .objectview import ObjectView, Thing
from .sceneview import scene_family, scene_words


@rule("SL_1_1_4")
def _quarters(asked: WrittenQuestion) -> None:
    view = asked.things()
    middle = view.width / 2, view.height / 2
    counts = []
    for name in asked.options.values():
        right, below = "Right" in name, "Bottom" in name
        counts.append(
            float(sum((one.x > middle[0]) == right and (one.y > middle[1]) == below for one in view.things))
        )
    only_largest(counts, counts, asked.place, asked.right)


@rule("CO_3_2_1", "CO_3_2_3")
def _count(asked: WrittenQuestion) -> None:
    number = str(len(asked.things().things))
    said = asked.right if asked.options else asked.answer
    need(said == number, f"there are {number}, not {said}")
    need(len(set(asked.options.values())) == len(asked.options), "two options are the same")


@rule("VPR_4_1_2")
def _count_in_box(asked: WrittenQuestion) -> None:
    left, top, right, bottom = asked.marks()[0]
    inside = 0
    for one in asked.things().things:
        a, b, c, d = one.box
        whole = a >= left and b >= top and c <= right and d <= bottom
        cells = one.cells
        some = (
            (cells[:, 0] > left) & (cells[:, 0] < right) & (cells[:, 1] > top) & (cells[:, 1] < bottom)
        ).any()
        need(whole or not some, "the box cuts an outline")
        inside += whole
    need(str(inside) == asked.answer, f"there are {inside} in the box, not {asked.answer}")


def _marked(asked: WrittenQuestion) -> tuple[Thing, list[Thing]]:
    """The thing in the marked box, and the others."""
    left, top, right, bottom = asked.marks()[0]
    things = asked.things().things
    wanted = (left + 2, top + 2, right - 2, bottom - 2)
    found = [one for one in things if max(abs(a - b) for a, b in zip(one.box, wanted, strict=True)) < 1.5]
    need(len(found) == 1, f"the red box is around {len(found)} outlines")
    return found[0], [one for one in things if one is not found[0]]


@rule("SR_1_2_3")
def _nearest(asked: WrittenQuestion) -> None:
    thing, others = _marked(asked)
    near = sorted(others, key=lambda one: float(np.hypot(one.x - thing.x, one.y - thing.y)))
    far = [float(np.hypot(one.x - thing.x, one.y - thing.y)) for one in near]
    need(near and (len(near) < 2 or far[1] > 1.15 * far[0]), f"the others are {far[:2]} away")
    way = heading(near[0].x - thing.x, near[0].y - thing.y)
    need(asked.right == way, f"the nearest lies {way}")


def _shares(thing: Thing, view: ObjectView) -> Box:
    return Box(
        thing.left / view.width, thing.top / view.height, thing.right / view.width, thing.bottom / view.height
    )


@rule("BD_1_3_3")
def _only_box(asked: WrittenQuestion) -> None:
    view = asked.things()
    need(len(view.things) == 1, f"there are {len(view.things)} outlines")
    box = _shares(view.things[0], view)
    off = max(abs(one - other) for one, other in zip(box, asked.answer, strict=True))
    need(off < 0.02, f"the box is {asked.answer}, that of the outline {box}")


@rule("BD_1_3_4")
def _largest_box(asked: WrittenQuestion) -> None:
    view = asked.things()
    things = sorted(view.things, key=lambda one: -one.area)
    need(len(things) > 1 and things[0].area > 1.2 * things[1].area, "no outline is clearly the largest")
    one_box(asked, _shares(things[0], view))


@rule("VPR_4_1_1")
def _area(asked: WrittenQuestion) -> None:
    thing, _ = _marked(asked)
    view = asked.things()
    size = view.pixel**0.5 / scale_of(max(view.width, view.height))
    need(abs(float(asked.words["size"]) / size - 1) < 0.01, f"a pixel of the picture is {size:.3g} m wide")
    nearest_number(asked, thing.area * view.pixel)


@rule("AS_3_3_6")
def _only_area(asked: WrittenQuestion) -> None:
    view = asked.things()
    need(len(view.things) == 1, f"there are {len(view.things)} outlines")
    total = view.width * view.height * view.pixel
    need(
        abs(float(asked.words["total"].replace(",", "")) / total - 1) < 0.01,
        f"the image covers {total:.0f} square metres",
    )
    nearest_number(asked, view.things[0].area * view.pixel)


@rule("SC_3_1_2")
def _most(asked: WrittenQuestion) -> None:
    counts = [float(len(asked.things(place).things)) for place in range(4)]
    only_largest(counts, counts, asked.place, "the image")


@rule("SC_3_1_5")
def _difference(asked: WrittenQuestion) -> None:
    one, two = (len(asked.things(place).things) for place in range(2))
    need(str(abs(one - two)) == asked.answer, f"there are {one} and {two}")


@rule("PL_4_4_3")
def _farthest(asked: WrittenQuestion) -> None:
    view = asked.things()
    far = [min(one.distance((a + c) / 2, (b + d) / 2) for one in view.things) for a, b, c, d in asked.marks()]
    only_largest(far, far, asked.place, "that way")


@rule("OC_2_1_3")
def _scene(asked: WrittenQuestion) -> None:
    source = asked.source()
    assert isinstance(source, Scenes)
    words = {scene_words(source, name) for name in asked.labels()}
    need(
        {text for text in asked.options.values() if text in words} == {asked.right},
        f"the image is of {', '.join(words)}",
    )


@rule("OC_2_1_4")
def _is(asked: WrittenQuestion) -> None:
    source = asked.source()
    assert isinstance(source, Scenes)
    labels = asked.labels()
    words = {scene_words(source, name) for name in labels}
    need((asked.words["what"] in words) == (asked.answer == "Yes"), f"the image has {', '.join(words)}")


@rule("OC_2_1_5")
def _are(asked: WrittenQuestion) -> None:
    source = asked.source()
    assert isinstance(source, Scenes)
    words = {scene_words(source, name) for name in asked.labels()}
    right = [letter for letter, text in asked.options.items() if text in words]
    need(sorted(right) == sorted(asked.answer), f"the image has {', '.join(words)}")


@rule("SC_3_1_4")
def _images(asked: WrittenQuestion) -> None:
    source = asked.source()
    assert isinstance(source, Scenes)
    right = []
    for place, letter in enumerate(asked.options):
        if asked.words["what"] in {scene_words(source, name) for name in asked.labels(place)}:
            right.append(letter)
    need(right == sorted(asked.answer), f"it is in {', '.join(right)}")


@rule("AR_4_2_5")
def _odd(asked: WrittenQuestion) -> None:
    source = asked.source()
    assert isinstance(source, Scenes)
    labels = [asked.labels(place) for place in range(4)]
    rest = [one for place, one in enumerate(labels) if place != asked.place]
    need(rest[0] == rest[1] == rest[2] and not rest[0] & labels[asked.place], f"the images are of {labels}")
    families = [{scene_family(source, name) for name in one} for one in (rest[0], labels[asked.place])]
    need(not families[0] & families[1], "the odd one is of the same family")


def _when(asked: WrittenQuestion, picture: int, panel: int = 0) -> tuple[str, str]:
    """Whether an image lies in the folder of before or after, and its name."""
    source = asked.source(picture, panel)
    assert isinstance(source, Pairs)
    when, _, name = asked.pictures[picture][panel]["image"].partition("/")
    folder = {"before": source.before, "after": source.after}[when]
    need((folder / name).is_file(), f"{folder / name} is not there")
    return when, name


@rule("AR_4_2_3")
def _after_of_four(asked: WrittenQuestion) -> None:
    whens = [_when(asked, place)[0] for place in range(4)]
    need(
        whens == ["after" if place == asked.place else "before" for place in range(4)],
        f"the images are {whens}",
    )


@rule("AR_4_2_4")
def _after_of_two(asked: WrittenQuestion) -> None:
    (left, one), (right, two) = (_when(asked, 0, panel) for panel in range(2))
    need(one == two and {left, right} == {"before", "after"}, "the halves are no pair")
    need((right == "after") == (asked.answer == "Yes"), f"the right half is of {right}")


@rule("SC_3_1_3")
def _same(asked: WrittenQuestion) -> None:
    if isinstance(asked.source(), ClassMap):
        same = same_ground(asked)
        months = [month_of(panel["image"]) for panel in asked.pictures[0]]
        need(same is not None, "the halves share ground in part")
        need(months[0] != months[1] or not months[0], "the halves are of one date")
    else:
        (left, one), (right, two) = (_when(asked, 0, panel) for panel in range(2))
        need({left, right} == {"before", "after"}, "the halves are of one date")
        same = one == two
        first, second = (re.findall(r"-?\d+\.\d+", name) for name in (one, two))
        if not same and len(first) == len(second) == 2:
            need(
                max(abs(float(a) - float(b)) for a, b in zip(first, second, strict=True)) > 0.005,
                "the places are neighbours",
            )
    need(same == (asked.answer == "Yes"), f"the halves show {'the same' if same else 'different'} ground")
