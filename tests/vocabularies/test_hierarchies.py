"""Hierarchies: every class leads up to the widest ones, and codes agree with what stands above them."""

from importlib.resources import files

import pytest
import yaml

from rsvlm.vocabularies import Vocabulary, VocabularyClass, load_legend, vocabulary, vocabulary_names

HIERARCHIES = ("bigearthnet-43", "corine", "forestnet", "sen4agrinet")


def above(found: Vocabulary, item: VocabularyClass) -> list[VocabularyClass]:
    """The line of wider classes over a class, the nearest first."""
    by_name = {parent.name: parent for parent in found.parents}
    line: list[VocabularyClass] = []
    while item.parent is not None:
        item = by_name[item.parent]
        assert item not in line, f"{item.name} lies above itself"
        line.append(item)
    return line


@pytest.mark.parametrize("name", vocabulary_names())
def test_every_class_leads_up_to_a_widest_one(name: str) -> None:
    found = vocabulary(name)
    used = {parent.name for item in found.classes for parent in above(found, item)}
    assert used == {parent.name for parent in found.parents}
    depths = [len(above(found, parent)) for parent in found.parents]
    assert depths == sorted(depths)  # the widest first
    assert (name in HIERARCHIES) <= bool(found.parents)


@pytest.mark.parametrize("name", ["corine", "bigearthnet-43"])
def test_corine_has_three_levels_and_its_digits_say_which(name: str) -> None:
    found = vocabulary(name)
    for item in found.classes:
        second, first = above(found, item)
        assert isinstance(item.code, int)
        assert (second.code, first.code) == (item.code // 10 * 10, item.code // 100 * 100)
    assert len(found.parents) == 5 + 15


def test_corine_is_its_44_classes_in_the_order_of_their_codes() -> None:
    found = vocabulary("corine")
    raster = [c for c in load_legend("corine").classes if c.grid_code is not None and not c.background]
    assert [c.name for c in found.classes] == [c.name for c in raster]
    assert [c.code for c in found.classes] == sorted(c.code or 0 for c in raster)
    assert len(found.classes) == 44


def test_levels_of_corine_are_vocabularies_of_5_and_15() -> None:
    assert len(vocabulary("corine-level-1").classes) == 5
    assert len(vocabulary("corine-level-2").classes) == 15


# ----------------------------------------------------------------------------- the FAO's crops of Sen4AgriNet

FAO_LIKE = vocabulary("sen4agrinet")
CODES = {c.code: c for c in (*FAO_LIKE.classes, *FAO_LIKE.parents)}


def test_the_fao_codes_are_168_with_two_that_are_no_class() -> None:
    file = files("rsvlm.vocabularies").joinpath("classes", "sen4agrinet.yaml")
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    entries = [*data["classes"], *data["parents"]]
    assert len({entry["code"] for entry in entries}) == len({entry["name"] for entry in entries}) == 168
    assert {entry["code"] for entry in entries if entry.get("background")} == {977, 998}
    assert len(FAO_LIKE.classes) + len(FAO_LIKE.parents) == 166


def test_the_digits_of_a_fao_code_say_what_lies_above_it() -> None:
    for code, item in CODES.items():
        assert isinstance(code, int)
        wider = [c for c in (code // 10 * 10, code // 100 * 100) if c != code and c in CODES]
        assert [parent.code for parent in above(FAO_LIKE, item)] == wider
    tops = [c.code for c in FAO_LIKE.parents if c.parent is None]
    assert tops == [100, 200, 300, 400, 500, 600, 700, 800, 900]


def test_a_fao_class_is_what_holds_no_other() -> None:
    for item in FAO_LIKE.classes:
        assert not any(other.parent == item.name for other in CODES.values())
    listed = [c.code for c in FAO_LIKE.classes]
    assert listed == sorted(listed, key=lambda code: int(code or 0))


@pytest.mark.parametrize(
    ("code", "name", "line"),
    [
        (110, "Wheat", ["Cereals"]),
        (120, "Maize", ["Cereals"]),
        (191, "Mixed cereals", ["Other cereals n.e.c.", "Cereals"]),
        (330, "Grapes", ["Fruit and nuts"]),
        (435, "Rapeseed", ["Other temporary oilseed crops", "Oilseed crops"]),
        (438, "Sunflower", ["Other temporary oilseed crops", "Oilseed crops"]),
        (442, "Olives", ["Permanent oilseed crops", "Oilseed crops"]),
        (510, "Potatoes", ["Root tuber crops with high starch or inulin content"]),
        (630, "Other permanent spice crops n.e.c.", ["Beverage and spice crops"]),
        (810, "Sugar beet", ["Sugar crops"]),
        (921, "Cotton", ["Fiber crops", "Other crops and Classes"]),
        (971, "Artificial Surfaces", ["Other Classes", "Other crops and Classes"]),
        (976, "Baren land", ["Other Classes", "Other crops and Classes"]),
    ],
)
def test_some_crops_and_what_they_are_kinds_of(code: int, name: str, line: list[str]) -> None:
    item = CODES[code]
    assert item.name == name
    assert [parent.name for parent in above(FAO_LIKE, item)] == line


def test_forestnet_has_the_four_groups_of_its_authors() -> None:
    merged = {"Plantation": 3, "Grassland shrubland": 1, "Smallholder agriculture": 3, "Other": 5}
    found = vocabulary("forestnet")
    assert [parent.name for parent in found.parents] == list(merged)
    for group, count in merged.items():
        assert sum(item.parent == group for item in found.classes) == count
