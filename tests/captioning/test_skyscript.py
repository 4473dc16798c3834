"""Every caption that the SkyScript paper prints, from its tags, letter for letter."""

import random

import pytest
from chips import chip, thing  # type: ignore[import-not-found]

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.skyscript import captions, tag_words
from rsvlm.captioning.verify import verify

BOX = (40, 40, 60, 60)

PUBLISHED = [
    (
        {"landuse": "quarry", "resource": "bauxite"},
        [],
        "landuse of quarry, resource of bauxite",
        "landuse of quarry with resource of bauxite",
    ),
    (
        {"amenity": "fountain"},
        [{"natural": "tree"}, {"highway": "footway"}],
        "amenity of fountain",
        "amenity of fountain, surrounded by natural tree; road of footway",
    ),
    (
        {
            "power": "plant",
            "plant:source": "solar",
            "plant:method": "thermal",
            "plant:output:electricity": "19.9 MW",
        },
        [],
        "power plant, plant source of solar, plant method of thermal, plant output electricity of 19.9 MW",
        "power plant with plant source of solar and plant method of thermal"
        " and plant output electricity of 19.9 MW",
    ),
    (
        {"power": "pole"},
        [{"power": "minor_line", "cables": "3", "voltage": "16000"}],
        "power pole",
        "power pole, surrounded by power (minor) line with cables of 3 and voltage of 16000",
    ),
    (
        {"man_made": "pier"},
        [{"waterway": "river"}],
        "man made pier",
        "man made pier, surrounded by waterway of river",
    ),
    (
        {"landuse": "farmland", "crop": "cotton"},
        [],
        "landuse of farmland, crop of cotton",
        "landuse of farmland with crop of cotton",
    ),
]


def tell(focus: dict[str, str], *others: dict[str, str]) -> list[str]:
    objects = [thing(focus, BOX, role="focus"), *(thing(o, BOX) for o in others)]
    return captions(chip(*objects), random.Random(0))


@pytest.mark.parametrize(("focus", "others", "single", "multi"), PUBLISHED)
def test_published_captions(
    focus: dict[str, str], others: list[dict[str, str]], single: str, multi: str
) -> None:
    assert tell(focus, *others) == [single, multi]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("bridge", "yes", "bridge is yes"),
        ("roof:shape", "half-hipped", "roof shape of half-hipped"),
        ("leisure", "Swimming_Pool", "leisure of swimming pool"),
        ("highway", "living_street", "road of living street"),
    ],
)
def test_tags(key: str, value: str, words: str) -> None:
    assert tag_words(key, value) == words


def test_an_object_is_named_once_and_the_focus_not_again() -> None:
    assert tell({"natural": "tree"}, {"natural": "tree"}, {"building": "house"}, {"building": "house"})[
        1
    ] == ("natural tree, surrounded by building of house")


def test_many_objects_fit_clips_context() -> None:
    others = [{"amenity": f"school_{letter}"} for letter in "abcdefghijklmnop"]
    single, multi = tell({"building": "church", "amenity": "place_of_worship"}, *others)
    assert single == "building of church, amenity of place of worship"
    assert count_tokens(multi) <= 77
    assert multi.count(";") == 7


def test_no_objects_no_captions() -> None:
    assert captions(chip(), random.Random(0)) == []


@pytest.mark.parametrize("value", ["x" * 10_000, "дом " * 500])
def test_endless_values_are_left_out(value: str) -> None:
    assert tell({"building": "house", "crop": value})[0] == "building of house"
    assert tell({"crop": value}) == []


@pytest.mark.parametrize("value", ["дом", "🏠", "<b>x</b>", "a\nb"])
def test_other_scripts_stay(value: str) -> None:
    assert tell({"building": value})[0] == f"building of {value.replace(chr(10), ' ')}"


def test_a_long_first_tag_is_told_of_the_focus_and_passes_over_a_neighbour() -> None:
    long = {
        "building": "residential and commercial mixed use with an underground parking level",
        "roof:shape": "gabled",
    }
    words = tag_words("building", long["building"])
    for objects, single, multi in (
        ([long], f"{words}, roof shape of gabled", f"{words} with roof shape of gabled"),
        ([{"power": "pole"}, long, {"natural": "tree"}], "power pole", "power pole, surrounded by natural tree"),
    ):  # fmt: skip
        labels = chip(
            *(thing(tags, BOX, role="surrounding" if n else "focus") for n, tags in enumerate(objects))
        )
        assert captions(labels, random.Random(0)) == [single, multi]
        assert verify(single, labels, "skyscript") == verify(multi, labels, "skyscript-multi") == []
