"""The one label that a pair counts as when labels are balanced."""

from typing import Any

import pytest
from made_pairs import labels  # type: ignore[import-not-found]

from rsvlm.captioning.dataset.choosing.mainlabel import main_label


def known(*kinds: str) -> Any:
    found = labels(1, cover="cover" in kinds)
    if "objects" not in kinds:
        found["objects"].clear()
    found["scene"] = ["Beach", "Coast"] if "scene" in kinds else []
    return found


@pytest.mark.parametrize(
    ("kinds", "style", "label"),
    [
        (("objects", "cover", "scene"), "natural", "amenity=school"),
        (("objects", "cover", "scene"), "skyscript", "amenity=school"),
        (("objects", "cover", "scene"), "chatearthnet", "Tree cover"),
        (("objects", "cover", "scene"), "chatearthnet-rewritten", "Tree cover"),
        (("objects", "cover", "scene"), "scene", "Beach"),
        (("cover", "scene"), "natural", "Tree cover"),
        (("objects",), "chatearthnet", "amenity=school"),
        (("scene",), "natural", "Beach"),
        ((), "natural", "no label"),
    ],
)
def test_what_the_caption_speaks_of_first(kinds: tuple[str, ...], style: str, label: str) -> None:
    assert main_label(known(*kinds), style) == label


def test_the_focus_wherever_it_stands() -> None:
    found = labels(3)
    found["objects"].reverse()
    assert main_label(found, "natural") == "amenity=school"


def test_land_cover_without_a_labelled_pixel() -> None:
    found = known("cover", "scene")
    found["landcover"]["regions"]["overall"] = []
    assert main_label(found, "natural") == "Beach"
