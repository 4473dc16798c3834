"""The parts of question making: masks, intervals, decoys, balance, marks."""

import io
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rsvlm.eval.agromind.boxes import Box, iou
from rsvlm.eval.questions.choosing import Pool, allocate
from rsvlm.eval.questions.colours import colour_words
from rsvlm.eval.questions.drafts import Draft, Mark, Panel
from rsvlm.eval.questions.drawing import draw_picture, scale_of
from rsvlm.eval.questions.kinds import KINDS
from rsvlm.eval.questions.mapchips import leads
from rsvlm.eval.questions.masks import eroded, extent, grown, opened, patches
from rsvlm.eval.questions.options import counts_around, decoy_boxes, interval, near_intervals, numbers_around


def mask(text: str) -> npt.NDArray[np.bool_]:
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def test_patches_with_and_without_corners() -> None:
    made = mask("##... ##... ..##. ..##. #....")
    assert patches(made, diagonal=False).max() == 3
    assert patches(made, diagonal=True).max() == 2
    assert patches(np.ones((3, 4), bool), diagonal=True).tolist() == np.ones((3, 4)).tolist()
    assert patches(np.zeros((3, 4), bool), diagonal=True).max() == 0


def test_a_snake_is_one_patch() -> None:
    assert patches(mask("##### ....# ##### #.... #####"), diagonal=False).max() == 1


def test_lines_and_specks_are_opened_away() -> None:
    made = np.zeros((12, 12), bool)
    made[6] = True
    made[2, 2] = True
    assert not opened(made).any()
    made[4:9, 4:9] = True
    assert opened(made).sum() == 25
    assert opened(np.ones((4, 4), bool)).all()  # what goes on past the edge is as wide as it seems


@given(st.integers(0, 2**16 - 1))
def test_eroding_and_growing_are_each_others_shadow(bits: int) -> None:
    made = np.array([bits >> i & 1 for i in range(16)], bool).reshape(4, 4)
    assert (eroded(made) <= made).all()
    assert (made <= grown(made)).all()
    box = extent(made)
    assert (box is None) == (not made.any())


def test_the_first_leads_by_a_margin_or_not_at_all() -> None:
    assert leads([100.0, 80.0], [100.0, 80.0]) == 0
    assert leads([100.0, 90.0], [100.0, 90.0]) is None
    assert leads([100.0, 50.0], [130.0, 90.0]) is None  # the second may be 90
    assert leads([0.0, 0.0], [0.0, 0.0]) is None


def test_intervals_hold_both_ends() -> None:
    assert interval(0.42, 0.48, 10, 0.01) == 4
    assert interval(0.42, 0.51, 10, 0.01) is None
    assert interval(0.405, 0.41, 10, 0.01) is None
    assert interval(0.95, 1.0, 10, 0.01) == 9


@given(st.integers(0, 9), st.integers(0, 1000))
def test_near_intervals_hold_the_right_one(place: int, seed: int) -> None:
    near = near_intervals(place, 10, 4, np.random.default_rng(seed))
    assert place in near
    assert near == list(range(near[0], near[0] + 4))
    assert near[0] >= 0
    assert near[-1] <= 9


@given(st.floats(0.5, 1e5), st.integers(0, 1000))
def test_numbers_to_choose_from_are_far_apart(value: float, seed: int) -> None:
    shown, place = numbers_around(value, np.random.default_rng(seed))
    numbers = [float(text.replace(",", "")) for text in shown]
    assert abs(numbers[place] / value - 1) < 0.01
    assert all(1.4 < after / before < 1.5 for before, after in pairwise(numbers))


@given(st.integers(0, 20), st.integers(0, 1000))
def test_counts_to_choose_from(count: int, seed: int) -> None:
    shown, place = counts_around(count, np.random.default_rng(seed))
    assert shown[place] == str(count)
    assert len(set(shown)) == 4
    assert min(map(int, shown)) >= 0


def test_decoys_are_none_of_them_right() -> None:
    gold = Box(0.1, 0.1, 0.4, 0.5)
    decoys = decoy_boxes(gold, [Box(0.11, 0.1, 0.4, 0.5)], np.random.default_rng(0))
    assert decoys is not None
    assert len(decoys) == 3
    every = [gold, *decoys]
    assert all(iou(a, b) < 0.5 for i, a in enumerate(every) for b in every[:i])


@pytest.mark.parametrize("kind", list(KINDS))
def test_words_are_read_back_from_questions(kind: str) -> None:
    names = KINDS[kind].read(KINDS[kind].wording.replace("{", "").replace("}", ""))
    assert names is not None
    words = {name: f"some {place} words" for place, name in enumerate(names)}
    assert KINDS[kind].read("A preface. " + KINDS[kind].say(**words)) == words


def draft(kind: str, number: int, gold: str = "x") -> Draft:
    return Draft(kind, {"n": str(number)}, ((Panel(0, "a", (0, 0, 1, 1)),),), gold, {})


def test_what_one_task_cannot_give_goes_to_the_others() -> None:
    pools = [
        Pool("SL_1_1_1", 0, 1.0, [draft("SL_1_1_1", i) for i in range(100)]),
        Pool("SL_1_1_2", 0, 1.0, [draft("SL_1_1_2", i) for i in range(100)]),
        Pool("CO_3_2_1", 0, 1.0, [draft("CO_3_2_1", i) for i in range(4)]),
    ]
    assert allocate(pools, 40) == {0: 18, 1: 18, 2: 4}
    assert sum(allocate(pools, 1000).values()) == 204


def test_drawn_maps_give_less_than_images() -> None:
    pools = [
        Pool("SL_1_1_1", place, weight, [draft("SL_1_1_1", i) for i in range(100)])
        for place, weight in ((0, 1.0), (1, 0.4))
    ]
    assert allocate(pools, 14) == {0: 10, 1: 4}


def test_marks_lie_outside_of_what_they_mark_and_are_seen_on_red() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:] = (250, 0, 0)
    panel = Panel(0, "a", (0, 0, 64, 64), (Mark("site", (20, 20, 30, 30), "B"),))
    with Image.open(io.BytesIO(draw_picture((panel, panel), lambda _: pixels, True))) as picture:
        drawn = np.asarray(picture)
    scale = scale_of(64)
    assert drawn.shape == (64 * scale, 128 * scale + 8, 3)
    inside = drawn[20 * scale : 30 * scale, 20 * scale : 30 * scale]
    assert (inside == (250, 0, 0)).all()
    around = drawn[20 * scale - 6 : 20 * scale, 25 * scale]
    assert {tuple(colour) for colour in around.tolist()} == {(0, 0, 0), (255, 255, 255), (255, 0, 0)}


def test_colours_are_called_as_people_call_them() -> None:
    assert colour_words((0, 100, 0)) == "dark green (#006400)"
    assert colour_words((240, 150, 255)) == "pink (#f096ff)"


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.9])
def test_patches_are_numbered_as_by_walking_through_them(share: float, diagonal: bool) -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 9), (9, 1), (14, 17), (31, 20)):
        mask = rng.random(shape) < share
        walked, number = np.zeros(shape, int), 0
        for start in zip(*np.nonzero(mask), strict=True):
            ways = [start] if not walked[start] else []
            number += len(ways)
            while ways:
                row, column = ways.pop()
                if not (0 <= row < shape[0] and 0 <= column < shape[1] and mask[row, column]):
                    continue
                if walked[row, column]:
                    continue
                walked[row, column] = number
                ways += [
                    (row + down, column + along)
                    for down in (-1, 0, 1)
                    for along in (-1, 0, 1)
                    if diagonal or not (down and along)
                ]
        assert (patches(mask, diagonal) == walked).all()
