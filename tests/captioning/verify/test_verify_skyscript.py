"""The check of SkyScript's forms, on its published captions and on wrong ones."""

import random

import pytest
from making import area, labels, line, point  # type: ignore[import-not-found]

from rsvlm.captioning import skyscript
from rsvlm.captioning.labels import ObjectLabel
from rsvlm.captioning.verify import verify

BOX = (100, 100, 200, 200)


def focus(tags: dict[str, str]) -> ObjectLabel:
    made: ObjectLabel = area(tags, BOX, role="focus")
    return made


PUBLISHED: list[tuple[str, list[ObjectLabel], str]] = [
    (
        "landuse of quarry, resource of bauxite",
        [focus({"landuse": "quarry", "resource": "bauxite"})],
        "landuse of quarry with resource of bauxite",
    ),
    (
        "amenity of fountain",
        [focus({"amenity": "fountain"}), point({"natural": "tree"}, 9, 9), line({"highway": "footway"}, BOX)],
        "amenity of fountain, surrounded by natural tree; road of footway",
    ),
    (
        "power plant, plant source of solar, plant method of thermal, plant output electricity of 19.9 MW",
        [
            focus(
                {
                    "power": "plant",
                    "plant:source": "solar",
                    "plant:method": "thermal",
                    "plant:output:electricity": "19.9 MW",
                }
            )
        ],
        "power plant with plant source of solar and plant method of thermal and plant output electricity of 19.9 MW",
    ),
    (
        "power pole",
        [
            focus({"power": "pole"}),
            line({"power": "minor_line", "cables": "3", "voltage": "16000"}, BOX),
        ],
        "power pole, surrounded by power (minor) line with cables of 3 and voltage of 16000",
    ),
    (
        "man made pier",
        [focus({"man_made": "pier"}), line({"waterway": "river"}, BOX)],
        "man made pier, surrounded by waterway of river",
    ),
    (
        "landuse of farmland, crop of cotton",
        [focus({"landuse": "farmland", "crop": "cotton"})],
        "landuse of farmland with crop of cotton",
    ),
]


@pytest.mark.parametrize(("single", "objects", "multi"), PUBLISHED)
def test_published_captions_are_right(single: str, objects: list[ObjectLabel], multi: str) -> None:
    assert verify(single, labels(objects), "skyscript") == []
    assert verify(multi, labels(objects), "skyscript-multi") == []


TOWN = [
    focus({"amenity": "fountain"}),
    point({"natural": "tree"}, 9, 9),
    line({"highway": "footway", "surface": "gravel"}, BOX),
    point({"natural": "tree"}, 19, 9),
    line({"power": "minor_line", "voltage": "16000"}, BOX),
]


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        ("amenity of bench", "'amenity of bench' is not among the tags of the focus"),
        ("amenity of fountain, surrounded by natural shrub", "'natural shrub' is not among"),
        ("amenity of fountain, surrounded by natural tree; natural tree", "names 'natural tree' twice"),
        (
            "amenity of fountain, surrounded by road of footway; natural tree",
            "names 'road of footway' out of the order",
        ),
        (
            "amenity of fountain, surrounded by natural tree; road of footway with surface of sand",
            "'surface of sand'",
        ),
        (
            "amenity of fountain, surrounded by natural tree; road of footway; power (minor) line with voltage of 1600",
            "'voltage of 1600' is not among",
        ),
        ("amenity of fountain, perhaps surrounded by natural tree", "perhaps"),
        (
            "natural tree, surrounded by amenity of fountain",
            "'natural tree' is not among the tags of the focus",
        ),
    ],
)
def test_wrong_captions_are_told(caption: str, problem: str) -> None:
    problems = verify(caption, labels(TOWN), "skyscript-multi")
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    "caption",
    [
        "amenity of fountain",
        "amenity of fountain, surrounded by natural tree",
        "amenity of fountain, surrounded by natural tree; road of footway",
        "amenity of fountain, surrounded by natural tree; road of footway with surface of gravel",
        "amenity of fountain, surrounded by natural tree; road of footway; power (minor) line with voltage of 16000",
    ],
)
def test_tags_and_objects_may_be_left_out_from_the_end(caption: str) -> None:
    assert verify(caption, labels(TOWN), "skyscript-multi") == []


@pytest.mark.parametrize("value", ["yes", "Yes", "YES", " yes", "no_"])
def test_a_value_that_is_said_as_yes_or_no_is_read_so(value: str) -> None:
    held = labels([focus({"building": value})])
    for caption in skyscript.captions(held, random.Random(0)):
        assert caption == f"building is {'no' if value == 'no_' else 'yes'}"
        assert verify(caption, held, "skyscript") == []


def test_values_may_hold_the_words_that_join() -> None:
    """A name with separators in it is one value, and a forbidden word in a value of the labels is no guess."""
    tags = {"amenity": "theatre", "name": "Perhaps; with trees, surrounded by water and more"}
    caption = "amenity of theatre, name of perhaps; with trees, surrounded by water and more"
    assert verify(caption, labels([focus(tags)]), "skyscript") == []
    multi = caption.replace(", name", " with name", 1) + ", surrounded by natural tree"
    assert verify(multi, labels([focus(tags), point({"natural": "tree"}, 1, 1)]), "skyscript-multi") == []


def test_without_objects_nothing_is_right() -> None:
    assert verify("natural tree", labels(), "skyscript") == ["the labels hold no object to speak of"]
