"""Vocabularies: those that ship, what a user's YAML may and may not say, and those made of legends."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.vocabularies import (
    Vocabulary,
    VocabularyClass,
    VocabularyError,
    legend_names,
    load_legend,
    protocol_names,
    template_set_names,
    vocabulary,
    vocabulary_names,
)
from rsvlm.vocabularies.class_lists import plain_name
from rsvlm.vocabularies.vocabulary_files import ALIASES, read_vocabulary
from rsvlm.vocabularies.yaml_files import LARGEST_FILE

PROPER = {"Christmas"}


def read(text: str) -> Vocabulary:
    return read_vocabulary(text.encode(), "mine.yaml")


def message(text: str) -> str:
    with pytest.raises(VocabularyError) as info:
        read(text)
    assert "\n" not in str(info.value)
    return str(info.value)


def water(**fields: object) -> Vocabulary:
    made = Vocabulary(
        "mine",
        "Mine",
        (VocabularyClass("Water", ("water", "lake"), 7), VocabularyClass("C_1", ("crop",), "A")),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", vocabulary_names())
def test_what_ships_is_complete(name: str) -> None:
    found = vocabulary(name)
    assert found.name == name
    assert vocabulary(name) is found
    assert found.title
    assert found.citation
    assert found.source
    assert (found.url or "").startswith(("https://", "http://"))
    assert found.templates in template_set_names()
    assert set(found.protocol_words) <= set(protocol_names())
    assert set(found.protocol_splits) <= set(protocol_names())
    assert set(found.protocol_splits.values()) <= {"all", "train", "val", "test"}
    assert pickle.loads(pickle.dumps(found)) == found
    assert hash(found) == hash(replace(found))


@pytest.mark.parametrize("name", vocabulary_names())
def test_every_class_can_be_found_and_said(name: str) -> None:
    found = vocabulary(name)
    for item in found.classes:
        assert found.by_name(item.name) is item
        assert found.by_name(item.name.upper().replace(" ", "_")) is item
        for word in item.words:
            assert word == " ".join(word.split())
            assert not word.startswith(("a ", "an ", "the "))
            assert not word.endswith(".")
            assert "_" not in word
            assert len(word) <= 77
        assert len({plain_name(word) for word in item.words}) == len(item.words)
    assert found.by_name("nothing of the kind") is None


@pytest.mark.parametrize(
    "name", ["eurosat", "resisc45", "patternnet", "million-aid", "fmow", "aid", "so2sat-lcz42"]
)
def test_words_are_lower_case_unless_they_are_names(name: str) -> None:
    spoken = {part for item in vocabulary(name).classes for word in item.words for part in word.split()}
    assert {part for part in spoken if part != part.lower()} <= PROPER


def test_the_sets_that_a_user_may_ask_for_are_there() -> None:
    asked = """eurosat resisc45 ucmerced whu-rs19 aid rsscn7 patternnet million-aid fmow rsicd rsi-cb256 so2sat-lcz42
        skyscript-roof-shape skyscript-smoothness skyscript-surface worldcover dynamic-world corine landcover-ai
        loveda"""
    assert set(asked.split()) <= set(vocabulary_names())
    assert list(vocabulary_names()) == sorted(vocabulary_names())


def test_its_length_is_that_of_its_classes() -> None:
    assert len(vocabulary("eurosat")) == 10
    assert len(vocabulary("corine")) == len(vocabulary("corine").names)


def test_a_name_is_found_by_its_letters() -> None:
    assert vocabulary("EuroSAT") is vocabulary("eurosat")
    assert vocabulary("WHU_RS19") is vocabulary("whu-rs19")
    assert vocabulary("RESISC-45") is vocabulary("resisc45")


def test_a_class_is_found_by_name_then_word_then_code() -> None:
    found = Vocabulary(
        "mine",
        "Mine",
        (
            VocabularyClass("Lake", ("pond",), 2),
            VocabularyClass("Sea", ("ocean",), "lake"),
            VocabularyClass("X", ("2",), 3),
        ),
        parents=(VocabularyClass("Water", ("sea",), 3),),
    )
    lake, sea, x = found.classes
    assert found.by_name("lake") is lake
    assert found.by_name("Ocean") is sea
    assert found.by_name("SEA") is sea
    assert found.by_name("2") is x
    assert found.by_name("3") is x
    assert found.by_name("water") is found.parents[0]
    assert vocabulary("eurosat").by_name("annual crop") is vocabulary("eurosat").classes[0]
    assert vocabulary("eurosat").by_name("sea_lake") is vocabulary("eurosat").classes[9]


def test_what_cannot_be_told_apart_is_refused() -> None:
    two = water().classes
    for fields, said in (
        ({"classes": ()}, "vocabulary mine has no classes; name at least one"),
        ({"classes": (two[0], VocabularyClass("WATER", ("sea",)))}, "the class 'WATER' is there twice"),
        ({"classes": (two[0], VocabularyClass("Pond", ("lake",)))}, "the word 'lake' is there twice"),
        ({"parents": (two[0], two[0])}, "the parent 'Water' is there twice"),
        ({"classes": (VocabularyClass("Water", ()),)}, "Water has no words"),
        ({"classes": (VocabularyClass("Water", (" ",)),)}, "' ' cannot be the name or word of a class"),
        ({"classes": (VocabularyClass("a\nb", ("ab",)),)}, r"'a\nb' cannot be the name or word of a class"),
        ({"classes": (VocabularyClass("Water", ("w" * 201,)),)}, "1 to 200 printable characters"),
        (
            {"classes": (VocabularyClass("Water", ("w",), parent="Wet"),)},
            "Water has the parent 'Wet', which is not among",
        ),
        ({"templates": "clip"}, "no template set 'clip'"),
        ({"protocol_words": {"skyscript": ("water",)}}, "protocol_words of skyscript are 1 for 2 classes"),
    ):
        with pytest.raises(VocabularyError) as info:
            water(**fields)
        assert said in str(info.value)
        assert "\n" not in str(info.value)


def test_a_parent_stands_above_what_it_holds() -> None:
    low = VocabularyClass("Lake", ("lake",), parent="Inland")
    inland = VocabularyClass("Inland", ("inland water",), parent="Wet")
    wet = VocabularyClass("Wet", ("water",))
    assert Vocabulary("m", "M", (low,), parents=(wet, inland)).parents == (wet, inland)
    with pytest.raises(
        VocabularyError, match="Inland has the parent 'Wet', which is not among the parents above it"
    ):
        Vocabulary("m", "M", (low,), parents=(inland, wet))


def test_a_file_may_be_a_list_of_names() -> None:
    found = read("- SolarFarm\n- bare_soil\n- orchard\n")
    assert found.names == ("SolarFarm", "bare_soil", "orchard")
    assert [c.words for c in found.classes] == [("solar farm",), ("bare soil",), ("orchard",)]
    assert (found.name, found.title, found.templates) == ("mine", "mine", "default")


def test_a_file_in_full(tmp_path: Path) -> None:
    path = tmp_path / "fields.yaml"
    path.write_text(
        """
        title: My fields
        gsd: 0.5
        extent: 64
        multi_label: true
        sensor: drone
        templates: skyscript
        parents:
          - {name: Trees, words: trees}
        classes:
          - nothing known
          - {name: OliveGrove, words: [olive grove, olive trees], code: 442, color: "#6b8e23", parent: Trees}
          - {name: void, background: true}
        protocol_words: {georsclip: [unknown, olives]}
        protocol_splits: {georsclip: all}
        licence: CC0
        """,
        encoding="utf-8",
    )
    found = vocabulary(path)
    assert vocabulary(str(path)) == found
    assert (found.name, found.title, found.gsd, found.extent, found.multi_label) == (
        "fields",
        "My fields",
        0.5,
        64,
        True,
    )
    assert found.names == ("nothing known", "OliveGrove")
    assert found.classes[1] == VocabularyClass(
        "OliveGrove", ("olive grove", "olive trees"), 442, (107, 142, 35), "Trees"
    )
    assert found.parents == (VocabularyClass("Trees", ("trees",)),)
    assert found.protocol_words == {"georsclip": ("unknown", "olives")}
    assert found.protocol_splits == {"georsclip": "all"}
    assert found.licence == "CC0"


def test_a_legend_file_will_do() -> None:
    simple = read('1: water\n2: {name: TreeCover, color: "#00ff00"}\n')
    assert simple.names == ("water", "TreeCover")
    assert simple.classes[1] == VocabularyClass("TreeCover", ("tree cover",), 2, (0, 255, 0))
    full = read(
        "title: Full\nclasses:\n  - {code: 1, name: W, phrase: water}\n"
        "  - {code: 0, name: N, phrase: no data, background: true}\n"
    )
    assert full.classes == (VocabularyClass("W", ("water",), 1),)


def test_what_a_file_may_not_say_is_one_line_with_the_reason() -> None:
    assert message("") == "class list mine.yaml holds no classes; write a line `- name` for each"
    assert message("water") == "class list mine.yaml holds no classes; write a line `- name` for each"
    assert "classes: List should have at least 1 item" in message("[]")
    assert "classes.1.name: Input should be a valid string, but found False" in message(
        "classes: [a, {name: no}]"
    )
    assert "classes.0.wrods: Extra inputs are not permitted" in message("classes: [{name: a, wrods: [b]}]")
    assert "gsd: Input should be greater than 0" in message("gsd: 0\nclasses: [a]")
    assert "a colour is" in message("classes: [{name: a, color: red}]")
    assert "the class 'B' is there twice" in message("[a, b, B]")
    assert "aliases (*name) have no place in it" in message("a: &x [b]\nclasses: *x")
    assert "title is there twice" in message("title: a\ntitle: b\nclasses: [c]")
    assert "is not YAML that can be read" in message("classes: [a")
    assert "is not YAML that can be read" in message("!!python/object/apply:os.system ['true']")
    assert "has more than" in message("#" * (LARGEST_FILE + 1))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_vocabulary_or_one_line(content: bytes) -> None:
    said = ""
    try:
        assert read_vocabulary(content, "mine.yaml").classes
    except VocabularyError as error:
        said = str(error)
    assert "\n" not in said


CLASSES = st.lists(
    st.text("abcdefghijklmnop ", min_size=1, max_size=12).filter(str.strip),
    min_size=1,
    max_size=8,
    unique_by=plain_name,
)


@given(CLASSES)
def test_what_is_written_is_read_again(names: list[str]) -> None:
    written = yaml.safe_dump([{"name": name, "words": [name]} for name in names])
    found = read(written)
    assert list(found.names) == names
    assert all(found.by_name(name) == item for name, item in zip(names, found.classes, strict=True))


def test_an_unknown_name_lists_the_near_ones(tmp_path: Path) -> None:
    for name, near in (("eurosta", "eurosat"), ("resisc-45-nwpu", "resisc45"), ("sat-lcz42", "so2sat-lcz42")):
        with pytest.raises(VocabularyError, match=f"no vocabulary '{name}'; did you mean {near}"):
            vocabulary(name)
    with pytest.raises(
        VocabularyError, match=r"no vocabulary 'qqqq'; there are aid, .*worldcover.*, or give a YAML"
    ):
        vocabulary("qqqq")
    with pytest.raises(VocabularyError, match=r"there is no class list .*mine.yaml'; check the path"):
        vocabulary(tmp_path / "mine.yaml")
    with pytest.raises(VocabularyError, match="no vocabulary"):
        vocabulary("\0")


def test_a_path_is_a_path_even_where_it_is_called_like_a_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("eurosat").write_text("[a, b]", encoding="utf-8")
    assert vocabulary(Path("eurosat")).names == ("a", "b")
    assert len(vocabulary("eurosat").names) == 10


@pytest.mark.parametrize("name", legend_names())
def test_a_legend_is_a_vocabulary_without_its_background(name: str) -> None:
    legend, found = load_legend(name), vocabulary(name)
    background = {c.name for c in legend.classes if c.background}
    assert not background & set(found.names)
    for item in found.classes:
        theirs = legend.by_name(item.name)
        assert theirs is not None
        assert item.words == (theirs.phrase,)
        assert item.parent in {None, *(parent.name for parent in found.parents)}
    assert found.gsd == legend.gsd
    assert found.extent is not None
    assert 100 <= found.extent <= 1200
    assert (found.licence, found.citation, found.url) == (legend.licence, legend.citation, legend.url)


def test_legends_give_the_classes_of_their_products() -> None:
    counts = {"worldcover": 11, "dynamic-world": 9, "corine": 44, "corine-level-2": 15, "corine-level-1": 5}
    counts |= {"landcover-ai": 4, "loveda": 6}
    assert {name: len(vocabulary(name).names) for name in counts} == counts
    corine = vocabulary("corine")
    assert [parent.code for parent in corine.parents[:6]] == [100, 200, 300, 400, 500, 110]
    assert len(corine.parents) == 20
    wood = corine.by_name("312")
    assert wood is not None
    assert (wood.name, wood.parent) == ("Coniferous forest", "Forests")
    assert vocabulary("worldcover").extent == 640
    assert vocabulary("worldcover").classes[0] == VocabularyClass(
        "Tree cover", ("tree cover",), 10, (0, 100, 0)
    )


def test_reading_a_vocabulary_loads_no_model_library() -> None:
    code = (
        "import sys; from rsvlm.vocabularies import vocabulary, protocol; "
        "protocol('georsclip').template_strings(vocabulary('eurosat')); "
        "print([name for name in ('torch', 'transformers', 'open_clip', 'rasterio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_other_names_of_a_set_lead_to_it() -> None:
    assert vocabulary("BENV2") is vocabulary("bigearthnet-19")
    assert vocabulary("NWPU_RESISC45") is vocabulary("resisc45")
    for target in ALIASES.values():
        assert target in vocabulary_names()
