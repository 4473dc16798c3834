"""Legends: the facts of each product that ships, and what a user's own file may and may not say."""

import json
import pickle
from pathlib import Path
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.vocabularies import Legend, VocabularyError, legend_names, load_legend
from rsvlm.vocabularies.legend_files import LARGEST_FILE
from rsvlm.vocabularies.legends import phrase_of, read_legend

SHIPPED = ["chatearthnet", "corine", "dynamic-world", "korea", "landcover-ai", "loveda", "nlcd", "worldcover"]


def read(text: str) -> Legend:
    return read_legend(text.encode(), "mine.yaml")


def codes(legend: Legend) -> list[int | None]:
    return [c.code for c in legend.classes if not c.background]


def test_the_legends_ship_in_full() -> None:
    assert set(SHIPPED) <= set(legend_names())
    for name in legend_names():
        legend = load_legend(name)
        assert legend.name == name
        assert legend.title
        assert legend.licence
        assert legend.attribution
        assert legend.citation
        assert (legend.url or "").startswith("https://")
        assert (legend.gsd or 0) > 0
        assert load_legend(name) is legend
        assert pickle.loads(pickle.dumps(legend)) == legend


@pytest.mark.parametrize("name", legend_names())
def test_every_class_can_be_found_and_said(name: str) -> None:
    legend = load_legend(name)
    for item in legend.classes:
        assert item.phrase == " ".join(item.phrase.lower().split())
        assert set(item.phrase) <= set(ascii_lowercase + " -,")
        assert not item.phrase.startswith(("a ", "an ", "the "))
        found = legend.by_name(item.name)
        assert found is not None
        assert found.name == item.name
        if item.code is not None:
            assert legend.by_code(item.code) is item
        if item.grid_code is not None:
            assert legend.by_code(item.grid_code) is item
        if item.color is not None:
            assert legend.by_color(item.color) is item
            assert all(0 <= channel <= 255 for channel in item.color)
    assert legend.by_code(254) is None
    assert legend.by_color((1, 2, 3)) is None
    assert legend.by_name("nothing of the kind") is None


def test_worldcover_has_its_own_codes_and_colours_and_the_names_of_chatearthnet() -> None:
    legend = load_legend("worldcover")
    theirs = {10: 3, 20: 4, 30: 5, 40: 6, 50: 2, 60: 7, 70: 8, 80: 1, 90: 9, 95: 10, 100: 11}
    assert codes(legend) == list(theirs)
    masks = load_legend("chatearthnet")
    for code, index in theirs.items():
        item, mask = legend.by_code(code), masks.by_code(index)
        assert item is not None
        assert mask is not None
        assert item.chatearthnet == mask.name == mask.chatearthnet
    assert legend.by_color((0, 100, 0)) is legend.by_code(10)
    assert legend.by_color((250, 230, 160)) is legend.by_code(100)
    nothing = legend.by_code(0)
    assert nothing is not None
    assert nothing.background
    assert legend.licence == "CC BY 4.0"
    assert "Contains modified Copernicus Sentinel data (2021)" in (legend.attribution or "")


def test_chatearthnet_has_the_twelve_colours_of_its_masks() -> None:
    legend = load_legend("chatearthnet")
    assert [(c.code, c.name, c.color) for c in legend.classes[1:]] == [
        (1, "water", (0, 0, 255)),
        (2, "developed area", (255, 0, 0)),
        (3, "tree", (0, 192, 0)),
        (4, "shrub", (200, 170, 120)),
        (5, "grass", (0, 255, 0)),
        (6, "crop", (255, 255, 0)),
        (7, "bare land", (128, 128, 128)),
        (8, "snow", (255, 255, 255)),
        (9, "wetland", (0, 255, 255)),
        (10, "mangroves", (255, 0, 255)),
        (11, "moss", (128, 0, 128)),
    ]
    assert legend.classes[0].background
    assert legend.classes[0].color == (0, 0, 0)


def test_the_other_products_have_their_codes() -> None:
    assert [(c.code, c.name) for c in load_legend("dynamic-world").classes] == [
        (0, "water"),
        (1, "trees"),
        (2, "grass"),
        (3, "flooded_vegetation"),
        (4, "crops"),
        (5, "shrub_and_scrub"),
        (6, "built"),
        (7, "bare"),
        (8, "snow_and_ice"),
    ]
    assert [(c.code, c.name, c.background) for c in load_legend("korea").classes] == [
        (10, "building", False),
        (30, "road", False),
        (50, "field", False),
        (70, "forest", False),
        (100, "background", True),
    ]
    assert codes(load_legend("loveda")) == [2, 3, 4, 5, 6, 7]
    assert [c.color for c in load_legend("landcover-ai").classes[1:]] == [
        (97, 74, 74),
        (38, 115, 0),
        (0, 197, 255),
        (207, 207, 207),
    ]
    conterminous = [11, 12, 21, 22, 23, 24, 31, 41, 42, 43, 52, 71, 81, 82, 90, 95]
    assert codes(load_legend("nlcd")) == sorted([*conterminous, 51, 72, 73, 74])


def test_corine_has_44_classes_in_three_levels_and_both_of_its_codes() -> None:
    legend = load_legend("corine")
    level_3 = [c for c in legend.classes if c.code and c.code % 10 and not c.background]
    assert len(level_3) == 44
    assert [c.grid_code for c in level_3] == list(range(1, 45))
    assert [c.code for c in level_3] == sorted(c.code or 0 for c in level_3)
    for item in level_3:
        assert item.parent is not None
        assert item.parent.parent is not None
        assert item.parent.code == (item.code or 0) // 10 * 10
        assert item.parent.parent.code == (item.code or 0) // 100 * 100
        assert item.parent.parent.parent is None
        assert item.at_level(1) == item.parent.parent
        assert item.at_level(2) == item.parent
        assert item.at_level(3) == item.at_level(4) == item
    by_levels = [{c.at_level(level).name for c in level_3} for level in (1, 2, 3)]
    assert [len(names) for names in by_levels] == [5, 15, 44]
    for empty in (48, 999):
        nothing = legend.by_code(empty)
        assert nothing is not None
        assert nothing.background


def test_corine_s_wider_levels_are_legends_too() -> None:
    for code in (231, 18):
        for name, words in [("corine-level-1", "Agricultural areas"), ("corine-level-2", "Pastures")]:
            item = load_legend(name).by_code(code)
            assert item is not None
            assert item.name == words
    forest = load_legend("corine-level-2").by_name("Forests")
    assert forest is not None
    assert forest.phrase == "forest"


BIGEARTHNET_19 = """Urban fabric; Industrial or commercial units; Arable land; Permanent crops; Pastures;
Complex cultivation patterns; Land principally occupied by agriculture, with significant areas of natural
vegetation; Agro-forestry areas; Broad-leaved forest; Coniferous forest; Mixed forest; Natural grassland and
sparsely vegetated areas; Moors, heathland and sclerophyllous vegetation; Transitional woodland, shrub;
Beaches, dunes, sands; Inland wetlands; Coastal wetlands; Inland waters; Marine waters"""


@pytest.mark.parametrize("name", [" ".join(name.split()) for name in BIGEARTHNET_19.split(";")])
def test_corine_knows_the_names_of_bigearthnet(name: str) -> None:
    item = load_legend("corine").by_name(name)
    assert item is not None
    assert item.at_level(1).code in {100, 200, 300, 400, 500}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Peatbogs", 412),
        ("Transitional woodland/shrub", 324),
        ("Natural grassland", 321),
        ("Bare rock", 332),
        ("Water bodies", 512),
        ("pastures", 231),
    ],
)
def test_corine_knows_how_bigearthnet_spells(name: str, code: int) -> None:
    item = load_legend("corine").by_name(name)
    assert item is not None
    assert item.code == code


def test_corine_knows_every_label_of_real_patches(data_dir: Path) -> None:
    labels = [
        json.loads(f.read_text("utf-8"))["labels"] for f in (data_dir / "bigearthnet-s2").rglob("*.json")
    ]
    assert len(labels) == 11
    for name in {name for names in labels for name in names}:
        assert load_legend("corine").by_name(name) is not None, name


@pytest.mark.parametrize("name", ["Tree cover", "tree_cover", "TREE-COVER", "TreeCover", " tree  cover. "])
def test_names_are_found_however_they_are_written(name: str) -> None:
    assert load_legend("worldcover").by_name(name) is load_legend("worldcover").by_code(10)


def test_a_user_s_file_may_be_as_short_as_code_to_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    lines = ["1: water", '2: {name: forest, color: "#00ff00"}', '"#ff0000": built-up', '"7": OpenLand']
    path.write_text("\n".join([*lines, "-1: {name: sea ice}"]), encoding="utf-8")
    legend = load_legend(path)
    assert load_legend(str(path)) == legend
    assert (legend.name, legend.title) == ("mine", "mine")
    assert [(c.code, c.name, c.phrase, c.color) for c in legend.classes] == [
        (1, "water", "water", None),
        (2, "forest", "forest", (0, 255, 0)),
        (None, "built-up", "built-up", (255, 0, 0)),
        (7, "OpenLand", "open land", None),
        (-1, "sea ice", "sea ice", None),
    ]
    assert legend.by_color((255, 0, 0)) is legend.classes[2]


def test_a_user_s_file_may_have_all_that_a_shipped_one_has() -> None:
    legend = read(
        """
        title: Fields of the valley
        licence: CC0
        gsd: 0.5
        classes:
          - {code: 1, name: Crops, aliases: [arable], parent: 3, chatearthnet: crop}
          - {code: 2, name: No label, background: true}
          - {code: 3, name: Open, phrase: open land, color: [1, 2, 3]}
        """
    )
    crops, nothing, top = legend.classes
    assert (legend.name, legend.title, legend.licence, legend.gsd) == (
        "mine",
        "Fields of the valley",
        "CC0",
        0.5,
    )
    assert (crops.parent, crops.chatearthnet, legend.by_name("ARABLE")) == (top, "crop", crops)
    assert nothing.background
    assert top.color == (1, 2, 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1: water\n1: forest", "1 is there twice"),
        ("classes: [{code: 1, name: a}, {code: 1, name: b}]", "code 1 stands for two classes"),
        ("'#000000': a\n2: {name: b, color: [0, 0, 0]}", "colour #000000 stands for two classes"),
        ("'#00ff0': a", "a colour is .* found '#00ff0'"),
        ("1: {name: a, color: [0, 0, 256]}", r"a colour is .* found \[0, 0, 256\]"),
        ("1: {name: a, colour: '#000000'}", "1?colour: Extra inputs are not permitted"),
        ("1: [water]", r"name: .* found \['water'\]"),
        ("1: {name: ''}", "name: .* at least 1 character"),
        ("1.5: water", "code: .* valid integer, but found 1.5"),
        ("true: water", "code: .* valid integer, but found True"),
        ("1: {name: a, parent: b}", "a has the parent 'b', which leads nowhere"),
        ("1: {name: a, parent: b}\n2: {name: b, parent: a}", "which leads nowhere"),
        ("gsd: -1\nclasses: [{name: a}]", "gsd: .* greater than 0"),
        ("classes: 3", "classes: .* valid list, but found 3"),
        ("", "holds no classes"),
        ("#ff0000: built-up", "holds no classes"),
        ("- water", "holds no classes"),
        ("1: [", "is not YAML that can be read"),
        ("1: &a water\n2: *a", "aliases"),
        ("[" * 50_000, "is not YAML that can be read"),
        ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ],
)
def test_a_file_that_is_no_legend_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(VocabularyError, match=says) as caught:
        read(text)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@given(st.binary(max_size=60) | st.text("0123456789#abf:{}[]-,'\" \n&*!?|>", max_size=60).map(str.encode))
def test_any_other_bytes_are_a_legend_or_one_error(content: bytes) -> None:
    message = ""
    try:
        assert read_legend(content, "mine.yaml").classes
    except VocabularyError as error:
        message = str(error)
    assert "\n" not in message


def test_a_table_of_data_is_no_legend(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"1: water\n" + b"#" * LARGEST_FILE)
    with pytest.raises(VocabularyError, match="more than 1048576 bytes"):
        load_legend(path)


def test_an_unknown_name_lists_the_known_ones_and_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"'WorldCovr'; did you mean worldcover\?") as caught:
        load_legend("WorldCovr")
    assert all(name in str(caught.value) for name in SHIPPED)
    with pytest.raises(VocabularyError, match=r"none\.yaml'; there are chatearthnet, "):
        load_legend(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["TreeCover", "tree_cover", "Tree cover", " tree  cover ", "TREE COVER"])
def test_a_name_becomes_words(name: str) -> None:
    assert phrase_of(name) == "tree cover"
