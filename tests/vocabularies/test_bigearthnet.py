"""BigEarthNet: the map from its 43 classes to the 19 of reBEN, by indices as torchgeo has it and by hand."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.vocabularies import VocabularyError, load_legend, vocabulary
from rsvlm.vocabularies.bigearthnet import JOINED_CODES, bigearthnet_19, bigearthnet_dropped

# Index among the 43 -> index among the 19, as published: indices that are not here are dropped
INDEX_MAP = (
    {0: 0, 1: 0, 2: 1, 11: 2, 12: 2, 13: 2, 14: 3, 15: 3, 16: 3, 18: 3, 17: 4, 19: 5, 20: 6, 21: 7, 22: 8}
    | {23: 9, 24: 10, 25: 11, 31: 11, 26: 12, 27: 12, 28: 13, 29: 14, 33: 15, 34: 15, 35: 16, 36: 16}
    | {38: 17, 39: 17, 40: 18, 41: 18, 42: 18}
)
DROPPED = (
    "Road and rail networks and associated land",
    "Port areas",
    "Airports",
    "Mineral extraction sites",
    "Dump sites",
    "Construction sites",
    "Green urban areas",
    "Sport and leisure facilities",
    "Bare rock",
    "Burnt areas",
    "Intertidal flats",
)
NAMES_43, NAMES_19 = vocabulary("bigearthnet-43").names, vocabulary("bigearthnet-19").names


@pytest.mark.parametrize("index", range(43))
def test_each_of_the_43_goes_where_the_authors_put_it(index: int) -> None:
    expected = (NAMES_19[INDEX_MAP[index]],) if index in INDEX_MAP else ()
    assert bigearthnet_19([NAMES_43[index]]) == expected


def test_the_dropped_are_the_eleven_that_have_no_class() -> None:
    assert bigearthnet_dropped() == DROPPED
    assert bigearthnet_19(DROPPED) == ()
    assert bigearthnet_19([]) == ()


def test_the_map_has_the_19_in_their_order_and_no_class_twice() -> None:
    assert tuple(JOINED_CODES) == NAMES_19
    codes = [code for joined in JOINED_CODES.values() for code in joined]
    assert len(codes) == len(set(codes)) == 32


def test_labels_of_a_patch_come_once_in_the_order_of_the_19() -> None:
    labels = [
        "Sea and ocean",
        "Airports",
        "Discontinuous urban fabric",
        "Continuous urban fabric",
        "Estuaries",
    ]
    assert bigearthnet_19(labels) == ("Urban fabric", "Marine waters")
    assert bigearthnet_19(label.upper() for label in labels) == ("Urban fabric", "Marine waters")
    # two names are those of a wider class of CORINE, too
    assert bigearthnet_19(["Water bodies", "Pastures"]) == ("Pastures", "Inland waters")


@given(st.lists(st.sampled_from(NAMES_43)))
def test_a_patch_has_what_its_labels_have_one_by_one(labels: list[str]) -> None:
    each = {name for label in labels for name in bigearthnet_19([label])}
    joined = bigearthnet_19(labels)
    assert set(joined) == each
    assert joined == tuple(sorted(joined, key=NAMES_19.index))


@pytest.mark.parametrize("label", ["Urban fabric", "Forests", "", "Airport areas"])
def test_a_label_that_is_none_of_the_43_is_refused(label: str) -> None:
    with pytest.raises(VocabularyError, match="among its 43") as caught:
        bigearthnet_19([label])
    assert "\n" not in str(caught.value)


def test_the_near_labels_are_named() -> None:
    with pytest.raises(VocabularyError, match="did you mean Natural grassland"):
        bigearthnet_19(["Natural grasslands"])


def test_codes_and_colours_are_those_of_corine() -> None:
    legend = load_legend("corine")
    codes = [int(c.code or 0) for c in vocabulary("bigearthnet-43").classes]
    assert codes == sorted(codes)
    for item in vocabulary("bigearthnet-43").classes:
        known = legend.by_code(int(item.code or 0))
        assert known is not None
        assert item.color == known.color
        assert known.parent is not None
        assert item.parent == known.parent.name
        assert legend.by_name(item.name) is known
    assert {c.code for c in legend.classes if c.grid_code is not None and not c.background} - {
        c.code for c in vocabulary("bigearthnet-43").classes
    } == {335}


def test_labels_of_real_patches_are_among_the_43(data_dir: Path) -> None:
    files = sorted((data_dir / "bigearthnet-s2").rglob("*_labels_metadata.json"))
    assert files
    for file in files:
        labels = json.loads(file.read_text(encoding="utf-8"))["labels"]
        assert set(labels) <= set(NAMES_43)
        assert set(bigearthnet_19(labels)) <= set(NAMES_19)
