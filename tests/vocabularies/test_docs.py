"""The page on vocabularies says what ships, and its examples work."""

import re
from pathlib import Path

import pytest

from rsvlm.vocabularies import Vocabulary, template_set, template_set_names, vocabulary, vocabulary_names
from rsvlm.vocabularies.bigearthnet import bigearthnet_19, bigearthnet_dropped
from rsvlm.vocabularies.protocols import protocol, protocol_names
from rsvlm.vocabularies.vocabulary_files import read_vocabulary

PAGE = Path(__file__).parents[2].joinpath("docs", "vocabularies.md").read_text(encoding="utf-8")


def table(header: str) -> dict[str, list[str]]:
    """The rows of the table that has this first column, by the name in it."""
    lines = PAGE[PAGE.index(f"| {header} |") :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in rows}


def expected(found: Vocabulary) -> list[str]:
    return [
        found.title,
        str(len(found.classes)),
        str(len(found.parents) or ""),
        "" if found.gsd is None else f"{found.gsd:g}",
        "" if found.extent is None else f"{found.extent:g}",
        "several" if found.multi_label else "one",
        found.licence or "not stated",
    ]


def test_the_table_has_every_vocabulary_in_order() -> None:
    assert list(table("name")) == list(vocabulary_names())


@pytest.mark.parametrize("name", vocabulary_names())
def test_the_table_says_what_a_vocabulary_is(name: str) -> None:
    assert table("name")[name] == expected(vocabulary(name))


def test_every_template_set_is_named_with_its_size() -> None:
    assert {name: int(row[0]) for name, row in table("set").items()} == {
        name: len(template_set(name)) for name in template_set_names()
    }


def test_every_protocol_is_named_with_its_averaging() -> None:
    rows = table("protocol")
    assert list(rows) == list(protocol_names())
    for name, row in rows.items():
        assert (row[-1] == "unit length") == (protocol(name).averaging == "normalized")


def test_the_file_of_ones_own_reads() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found = read_vocabulary(example.encode(), "orchards.yaml")
    assert found.names == ("bare soil", "AppleOrchard", "OliveGrove")
    assert [c.parent for c in found.classes] == [None, "orchard", "orchard"]
    assert (found.name, found.gsd, found.extent) == ("orchards", 0.3, 120)
    assert found.by_name("442") is found.classes[2]


def test_the_examples_say_the_truth() -> None:
    assert bigearthnet_19(["Sea and ocean", "Estuaries", "Airports"]) == ("Marine waters",)
    assert len(bigearthnet_dropped()) == 11
    crop = vocabulary("sen4agrinet").by_name("435")
    assert crop is not None
    assert (crop.name, crop.parent) == ("Rapeseed", "Other temporary oilseed crops")
