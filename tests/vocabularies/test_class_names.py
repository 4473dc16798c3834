"""Classes as people give them: a vocabulary's name, a list or dict, a text with commas, a text, YAML or JSON file."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.vocabularies import VocabularyError, classes_of, read_classes, vocabulary, vocabulary_from_classes
from rsvlm.vocabularies.class_lists import plain_name


def message(text: str) -> str:
    with pytest.raises(VocabularyError) as info:
        read_classes(text)
    assert "\n" not in str(info.value)
    return str(info.value)


def test_a_list_with_commas() -> None:
    found = read_classes(" solar farm,orchard , bare soil,")
    assert found.names == ("solar farm", "orchard", "bare soil")
    assert [c.words for c in found.classes] == [("solar farm",), ("orchard",), ("bare soil",)]
    assert found.name == "custom"
    assert read_classes("orchard,").names == ("orchard",)


def test_classes_in_whatever_form(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("solar farm\norchard\n", encoding="utf-8")
    forms = (["solar farm", "orchard"], "solar farm,orchard", tmp_path / "classes.txt")
    assert {classes_of(form).names for form in forms} == {("solar farm", "orchard")}
    shipped = vocabulary("eurosat")
    assert classes_of(shipped) is shipped
    assert classes_of("eurosat") == shipped


def test_names_are_used_as_written_unless_they_are_glued() -> None:
    found = vocabulary_from_classes(["AnnualCrop", "sea_ice", "Solar Farm", "CAFO", "_", "Köln  Dom"])
    assert found.names == ("AnnualCrop", "sea_ice", "Solar Farm", "CAFO", "_", "Köln Dom")
    assert [c.words[0] for c in found.classes] == [
        "annual crop",
        "sea ice",
        "Solar Farm",
        "CAFO",
        "_",
        "Köln Dom",
    ]


def test_a_vocabularys_name_or_file(tmp_path: Path) -> None:
    assert read_classes("eurosat") is vocabulary("eurosat")
    assert read_classes(" WorldCover ") is vocabulary("worldcover")
    path = tmp_path / "mine.YAML"
    path.write_text("[vineyard, 'bush, scrub']", encoding="utf-8")
    assert read_classes(str(path)).names == ("vineyard", "bush, scrub")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_text_file_has_a_class_a_line(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "my classes.txt"
    path.write_bytes(newline.join(["", "solar farm", "  bush, scrub ", "", "Ölbaum"]).encode(encoding))
    found = read_classes(str(path))
    assert found.names == ("solar farm", "bush, scrub", "Ölbaum")
    assert found.name == "my classes"


def test_what_cannot_be_read_is_one_line_with_the_reason(tmp_path: Path) -> None:
    empty, other, large = tmp_path / "empty.txt", tmp_path / "other.txt", tmp_path / "large.txt"
    empty.write_text(" \n\n", encoding="utf-8")
    other.write_bytes(b"orchard\n\xff\xfe")
    large.write_bytes(b"x\n" * 600_000)
    assert message(str(empty)).endswith("empty.txt is empty; write a class a line")
    assert "other.txt is not UTF-8 text (byte 8)" in message(str(other))
    assert "large.txt has more than 1048576 bytes" in message(str(large))
    assert message(str(tmp_path / "none.txt")).endswith("none.txt'; check the path")
    assert message(str(tmp_path / "none.yaml")).endswith("none.yaml'; check the path")
    assert "'Orchard' is there twice" in message("orchard,Orchard")
    assert message(",, ,").startswith("custom holds no classes; name them like")
    assert message(" ").startswith("no classes were given")


def test_an_unknown_word_lists_the_near_names_or_says_how_to_write_a_list() -> None:
    assert message("eurosatt") == "no vocabulary 'eurosatt'; did you mean eurosat?"
    assert message("skyscript").startswith("no vocabulary 'skyscript'; did you mean skyscript-")
    assert message("orchard").startswith("'orchard' is no vocabulary and no file; write classes with commas")
    assert "is no vocabulary and no file" in message("x" * 5000)
    assert "is no vocabulary and no file" in message("a\0b")


def test_a_class_that_is_no_text_is_refused() -> None:
    with pytest.raises(VocabularyError, match="a class is a name, but found 3; write it as text"):
        vocabulary_from_classes(["water", 3])  # type: ignore[list-item]
    with pytest.raises(VocabularyError, match="custom holds no classes"):
        vocabulary_from_classes([])


def refused(classes: Any) -> str:
    with pytest.raises(VocabularyError) as info:
        vocabulary_from_classes(classes)
    assert "\n" not in str(info.value)
    return str(info.value)


def test_a_dict_names_the_words_of_each_class() -> None:
    found = vocabulary_from_classes(
        {"forest": ["dense green trees", " woodland "], "River": "a blue winding stream"}
    )
    assert found.names == ("forest", "River")
    assert [c.words for c in found.classes] == [("dense green trees", "woodland"), ("a blue winding stream",)]


@pytest.mark.parametrize("words", [0, None, ["trees", 3], {"trees": 1}, {"trees"}])
def test_words_that_are_no_texts_are_refused(words: object) -> None:
    assert "class river: its words are texts, but found" in refused({"forest": "trees", "river": words})


def test_words_that_are_missing_blank_or_of_another_class_are_refused() -> None:
    assert "river has no words; give at least one" in refused({"forest": "trees", "river": []})
    assert "'' cannot be the name or word" in refused({"river": [" "]})
    assert "the word 'trees' is there twice" in refused({"forest": "trees", "wood": "trees"})
    assert "a class is a name, but found 0" in refused({0: "forest", 1: "river"})


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_name_in_a_list_is_refused_for_the_others_would_move_up(blank: str) -> None:
    assert f"but found {blank!r}; leave it out" in refused([blank, "river"])


def test_a_set_has_no_order() -> None:
    assert "another order in every run" in refused({"forest", "river"})
    assert "another order in every run" in refused(frozenset({"forest", "river"}))


def test_names_may_come_one_by_one_and_nothing_else_is_iterated() -> None:
    assert vocabulary_from_classes(name for name in ("forest", "river")).names == ("forest", "river")
    assert "classes are names, but found None; give a list of texts" in refused(None)


def test_a_json_file_is_a_list_or_names_and_their_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes('\ufeff["forest", "Ölbaum"]'.encode())
    assert read_classes(str(path)).names == ("forest", "Ölbaum")
    path.write_text('{"forest": ["dense green trees"], "river": "stream"}', encoding="utf-8")
    found = read_classes(str(path))
    assert [(c.name, c.words) for c in found.classes] == [
        ("forest", ("dense green trees",)),
        ("river", ("stream",)),
    ]
    assert found.name == "mine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("forest\nriver", "is not JSON that can be read"),
        ("[" * 100_000, "is not JSON that can be read"),
        ('{"forest": "a", "forest": "b"}', "forest is there twice; keep one of them"),
        ('"forest"', "holds no classes; write a list"),
        ("[]", "mine holds no classes"),
        ('["forest", 3]', "a class is a name, but found 3"),
    ],
)
def test_a_json_file_that_is_none_of_these_is_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content, encoding="utf-8")
    assert said in message(str(path))


@pytest.mark.parametrize("name", ["mine.csv", "mine.TSV"])
def test_a_table_is_not_read_as_a_class_a_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("name\nforest\nriver\n", encoding="utf-8")
    assert "write their names into a .txt file, a class a line" in message(str(path))


@given(st.text(max_size=60))
def test_any_text_is_classes_or_one_line(text: str) -> None:
    said = ""
    try:
        assert read_classes(text).classes
    except VocabularyError as error:
        said = str(error)
    assert "\n" not in said


NAMES = st.text(st.characters(categories=["L", "N"], max_codepoint=0x2FF), min_size=1, max_size=12)


@given(st.lists(NAMES, min_size=2, max_size=8, unique_by=plain_name))
def test_a_list_comes_back_in_order(names: list[str]) -> None:
    found = read_classes(",".join(names))
    assert list(found.names) == names
    assert [found.by_name(name) for name in names] == list(found.classes)
