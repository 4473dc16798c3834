"""Windows over outlines: none is cut, none that is doubtful is in, and pictures of turned ones show what labels say."""

import io
import json
import math
import shutil
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from PIL import Image
from questions_town import countryside  # type: ignore[import-not-found] # this folder is on pytest's path
from rasterio.transform import Affine

from rsvlm.eval.questions import Objects, QuestionReport, check_questions, make_questions
from rsvlm.eval.questions.checking.places import at, turned
from rsvlm.eval.questions.drafts import Window
from rsvlm.eval.questions.drawing import draw_picture
from rsvlm.eval.questions.masks import patches
from rsvlm.eval.questions.objectdata import ObjectData
from rsvlm.eval.questions.windows import Uncut, WindowSearch


def houses(*corners: tuple[float, float], side: float = 30) -> list[shapely.Polygon]:
    return [shapely.box(x, y, x + side, y + side) for x, y in corners]


def seen(outline: shapely.Polygon, found: Uncut) -> list[complex]:
    """Corners of an outline in a window, by complex numbers."""
    x, y, width, height = found.window
    middle, half = complex(x + width / 2, y + height / 2), complex(width / 2, height / 2)
    back = complex(math.cos(math.radians(found.turn)), -math.sin(math.radians(found.turn)))
    return [(complex(*corner) - middle) * back + half for corner in outline.exterior.coords]


def test_no_window_of_a_dense_town_cuts_anything() -> None:
    rng = np.random.default_rng(5)
    grid = [
        (60 + 50 * x + rng.uniform(0, 12), 60 + 50 * y + rng.uniform(0, 12))
        for x in range(9)
        for y in range(9)
    ]
    town = houses(*grid)
    doubtful = [town.pop(int(place)) for place in (70, 44, 12)]
    found = list(islice(WindowSearch(town, doubtful, (560, 560)).find(np.random.default_rng(0)), 250))
    numbers = Counter(len(one.inside) for one in found)
    assert min(numbers[number] for number in (4, 6, 9)) >= 3
    assert any(one.turn for one in found)
    assert any(not one.turn for one in found)
    for one in found:
        _, _, width, height = one.window
        for place, outline in enumerate([*town, *doubtful]):
            corners = seen(outline, one)
            within = [3 <= corner.real <= width - 3 and 3 <= corner.imag <= height - 3 for corner in corners]
            assert all(within) == (place in one.inside)
            if not all(within):
                beside = shapely.Polygon([(corner.real, corner.imag) for corner in corners])
                assert not beside.intersects(shapely.box(-2, -2, width + 2, height + 2))


@pytest.mark.parametrize(
    ("window", "turn", "inside"),
    [
        ((90, 90, 60, 60), 0, (0,)),
        ((90, 90, 60, 60), 340, (0,)),
        ((10, 10, 60, 60), 0, ()),
        ((90, 90, 90, 60), 0, None),  # a doubtful one is in
        ((90, 90, 69, 60), 0, None),  # it is one pixel beside
        ((110, 90, 45, 60), 0, None),  # the edge cuts a house
        ((98, 90, 50, 60), 0, None),  # a house is two pixels from the edge
        ((80, 105, 70, 20), 0, None),
        ((-5, 90, 60, 60), 0, None),  # it leaves the image
        ((0, 90, 60, 60), 45, None),
    ],
)
def test_what_a_window_may_hold(window: Window, turn: int, inside: tuple[int, ...] | None) -> None:
    search = WindowSearch(houses((100, 100)), houses((160, 100), side=10), (300, 300))
    found = search.uncut(window, turn)
    assert (found.inside if found else None) == inside


def test_a_turned_window_passes_by_what_an_upright_one_would_hold() -> None:
    """Two houses on a slant and a doubtful one in the corner of every upright box around both."""
    pair, doubtful = houses((100, 100), (160, 160)), houses((176, 92), side=26)
    search = WindowSearch(pair, doubtful, (300, 300)).find(np.random.default_rng(1))
    both = list(islice((one for one in search if len(one.inside) == 2), 4))
    assert len(both) == 4
    assert all(one.turn for one in both)


def test_what_stands_behind_a_doubtful_one_is_never_shown_together() -> None:
    row = houses((100, 100), (180, 100))
    found = list(islice(WindowSearch(row, houses((140, 100)), (320, 320)).find(np.random.default_rng(1)), 50))
    assert {len(one.inside) for one in found} == {0, 1}


def test_the_same_seed_finds_the_same_windows_and_few_of_them_are_alike() -> None:
    town = houses((100, 100), (160, 130), (220, 100))
    search = WindowSearch(town, [], (400, 400))
    first, second = (list(islice(search.find(np.random.default_rng(2)), 80)) for _ in range(2))
    assert first == second
    assert max(Counter(one.inside for one in first if one.inside).values()) <= 6


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """Bright roofs on dark ground."""
    found = countryside(tmp_path_factory.mktemp("town"))[2]
    assert isinstance(found, Objects)
    return found


@pytest.fixture(scope="module")
def asked(town: Objects, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, QuestionReport]:
    """Forty questions each of where things are, which are near, and how many they are."""
    folder = tmp_path_factory.mktemp("asked") / "out"
    return folder, make_questions(
        [town], folder, count=120, tasks=["BD_1_3_3", "BD_1_3_4", "SR_1_2_3", "CO_3_2_1"]
    )


def test_pictures_of_turned_windows_show_what_labels_say(town: Objects) -> None:
    data = ObjectData(town, 0, np.random.default_rng(0))
    turned_ones = list(islice((chip for chip in data.find() if chip.panel.turn and chip.shapes), 40))
    assert len(turned_ones) == 40
    for chip in turned_ones:
        with Image.open(io.BytesIO(draw_picture((chip.panel,), data.pixels, False))) as picture:
            roofs = np.asarray(picture.convert("L").resize((chip.width, chip.height))) > 120
        assert patches(roofs, diagonal=False).max() == len(chip.shapes)
        for outline in chip.shapes:
            assert roofs[int(outline.centroid.y), int(outline.centroid.x)]
    data.close()


def test_the_check_turns_windows_in_its_own_way(asked: tuple[Path, QuestionReport], tmp_path: Path) -> None:
    """A window that is said to be turned otherwise holds other things in other places."""
    assert not asked[1].refused
    shutil.copytree(asked[0], tmp_path / "out")
    path = tmp_path / "out" / "provenance.parquet"
    rows = pq.read_table(path).to_pylist()
    changed = set()
    for row in rows:
        pictures = json.loads(row["pictures"])
        for picture in pictures:
            for panel in picture["panels"]:
                # as many may be there as before, but not in the same places
                changed |= {row["key"]} if panel["turn"] and not row["key"].startswith("CO_") else set()
                panel["turn"] = -panel["turn"] if panel["turn"] % 90 else panel["turn"] + 45
        row["pictures"] = json.dumps(pictures)
    pq.write_table(pa.Table.from_pylist(rows), path)
    refused = set(check_questions(tmp_path / "out").refused)
    assert len(changed) > 10
    assert len(refused & changed) > 0.9 * len(changed)


def test_a_turned_grid_keeps_its_middle_and_its_pixels() -> None:
    place = Affine(0.5, 0, 1000, 0, -0.5, 2000)
    grid = turned(place, 40, 20, 90)
    assert at(grid, 20, 10) == pytest.approx(at(place, 20, 10))
    assert at(grid, 40, 10) == pytest.approx(at(place, 20, 30))  # to the right in it is downwards
    assert abs(grid.a * grid.e - grid.b * grid.d) == pytest.approx(0.25)


def test_counts_above_one_are_asked_as_often_as_none_and_one(asked: tuple[Path, QuestionReport]) -> None:
    counts = asked[1].golds["CO_3_2_1"]
    assert sum(counts.values()) == 40
    assert len(counts) >= 5
    assert max(counts.values()) <= 0.4 * 40
    assert sum(number for count, number in counts.items() if int(count) > 1) > 20
