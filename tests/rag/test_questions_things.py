"""What questions name: things and their classes, options, regions, relations, negation."""

import pytest

from rsvlm.rag.questions import Asked, Box, class_names, understand
from rsvlm.rag.questions.spelling import distance, mended
from rsvlm.vocabularies import vocabulary


def only(question: str) -> Asked:
    [asked] = understand(question)
    return asked


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Is there a river?", ["river"]),
        ("any woodland?", ["forest"]),
        ("How many homes are there?", ["house"]),
        ("are there streets", ["road"]),
        ("how many aeroplanes", ["airplane"]),
        ("Is there a harbour or an airport here?", ["harbor", "airport"]),
        ("Are there storage tanks next to the railway station?", ["storage tank", "railway station"]),
        ("how big is the car park", ["parking lot"]),
        ("Is there a highway bridge?", ["bridge"]),
        ("are there large commercial buildings", ["commercial building"]),
        ("Is there a water area present?", ["water"]),
        ("share of snow and ice", ["snow and ice"]),
        ("Is there discontinuous urban fabric?", ["discontinuous urban fabric"]),
        ("is there a helipad", ["helipad"]),
        ("is there a flux capacitor", ["flux capacitor"]),
        ("Are there land principally occupied by agriculture, with significant areas of natural vegetation and dump "
         "sites?",
         ["land principally occupied by agriculture, with significant areas of natural vegetation", "landfill"]),
    ],
)  # fmt: skip
def test_things(question: str, names: list[str]) -> None:
    assert [thing.name for thing in only(question).things] == names


def test_a_thing_has_its_words_its_class_and_the_kinds_of_it() -> None:
    [thing] = only("Are there any big open waters?").things
    assert thing.phrase == "big open waters"
    assert thing.name == "water"
    assert {"river", "lake", "sea", "pond"} < set(thing.classes)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("forrest", "forest"),
        ("buidling", "building"),
        ("percntage", "percentage"),
        ("residental", "residential"),
        ("argicultral", "agricultural"),  # two slips
        ("load", "load"),  # never road: too short, and a word
        ("later", "later"),  # a real word, one stroke from water
        ("horse", "horse"),
        ("beech", "beech"),
        ("desert", "desert"),
        ("xyzzyplugh", "xyzzyplugh"),
    ],
)
def test_slips_are_mended_and_words_are_not(word: str, meant: str) -> None:
    assert mended(word) == meant


def test_distance_is_damerau_levenshtein() -> None:
    pairs = {("abc", "abc"): 0, ("abc", "acb"): 1, ("abc", "ab"): 1, ("abc", "abcd"): 1, ("abc", "xyz"): 3}
    assert {pair: distance(*pair) for pair in pairs} == pairs


def test_things_are_found_after_slips_are_mended() -> None:
    [thing] = only("is ther a footbal pitch").things
    assert (thing.phrase, thing.name) == ("footbal pitch", "football field")


@pytest.mark.parametrize(
    "name", ["eurosat", "resisc45", "ucmerced", "aid", "rsicd", "worldcover", "patternnet"]
)
def test_all_classes_of_vocabularies_are_known(name: str) -> None:
    unknown = [c.name for c in vocabulary(name).classes if not any(map(class_names, (c.name, *c.words)))]
    assert set(unknown) <= {"Bare / sparse vegetation", "HerbaceousVegetation"}


def test_classes_of_vocabularies_meet() -> None:
    assert class_names("SeaLake") == () or class_names("SeaLake")[0] in ("sea lake", "sea")
    assert class_names("Forest")[0] == class_names("woodland")[0] == "forest"
    assert class_names("harbor") == class_names("Port")
    assert class_names("denseresidential") == () or class_names("dense residential")


@pytest.mark.parametrize(
    ("question", "labels", "texts"),
    [
        ("forest, water or city?", "", ["forest", "water", "city"]),
        ("Is this a lake or the sea?", "", ["lake", "sea"]),
        ("Are the fields green or brown?", "", ["green", "brown"]),
        ("What is this? A) forest B) river C) highway", "ABC", ["forest", "river", "highway"]),
        ("Which is it: (1) farmland (2) meadow", "12", ["farmland", "meadow"]),
        ("What is it? A. airport B. harbor", "AB", ["airport", "harbor"]),
        ("Choose one: beach, mountain, desert", "", ["beach", "mountain", "desert"]),
        ("What covers more ground, houses or trees?", "", ["houses", "trees"]),
        (
            "What is this? Answer with one of the following categories: Beach, Bridge.",
            "",
            ["Beach", "Bridge"],
        ),
        ("Of forest, water and crops, which is most common?", "", ["forest", "water", "crops"]),
        ("options: forest, desert. which fits?", "", ["forest", "desert"]),
        ("Is the centre-pivot circle green, brown or yellow?", "", ["green", "brown", "yellow"]),
        ("Is the roof of the large hall flat, gabled or hipped?", "", ["flat", "gabled", "hipped"]),
        ("Are those white blobs clouds or snow?", "", ["clouds", "snow"]),
        ("is the runway oriented north-south or east-west?", "", ["north-south", "east-west"]),
        ("Is it tanks or silos next to the rail siding?", "", ["tanks", "silos"]),
        ("Is the ship heading out to sea or into port?", "", ["sea", "port"]),
        ("Sparse or dense residential \u2013 what fits?", "", ["Sparse", "dense residential"]),
        ("Which half is greener, the top or the bottom?", "", ["top", "bottom"]),
    ],
)
def test_options(question: str, labels: str, texts: list[str]) -> None:
    asked = only(question)
    assert asked.kind == "which"
    assert [option.text for option in asked.options] == texts
    assert "".join(option.label for option in asked.options) == labels


def test_options_name_things() -> None:
    assert [option.thing.name for option in only("woodland or harbour?").options] == ["forest", "harbor"]


@pytest.mark.parametrize(
    ("question", "negated"),
    [
        ("Is there no water?", True),
        ("Is there water?", False),
        ("Isn't this farmland?", False),
        ("Is this not farmland?", False),
        ("Aren't there any ships?", False),
        ("There are no roads, are there?", True),
        ("This isn't a forest, right?", True),
        ("Is the scene free of clouds?", True),
        ("is it cloud-free?", True),
        ("Is it true that there are no buildings?", True),
        ("Does the picture lack vegetation?", True),
        ("Is it a forest or not?", False),
        ("no ships here, right?", True),
        ("Are there no more than five ships?", False),
        ("How much is not forest?", True),
        ("How much of it isn't water?", True),
        ("How much is forest?", False),
        ("Which land cover is not present?", True),
        ("Count every tree in the orchard, not the ones in the hedge.", False),
        ("Main land use class, no explanation.", False),
        ("I cannot see well, what is next to the road", False),
    ],
)
def test_negation(question: str, negated: bool) -> None:
    assert only(question).negated is negated


@pytest.mark.parametrize(
    ("question", "region"),
    [
        ("what is in the upper left corner", (0, 0, 0.3333, 0.3333)),
        ("what is in the top left", (0, 0, 0.5, 0.5)),
        ("Is there a lake in the north?", (0, 0, 1, 0.5)),
        ("how many houses in the southern half", (0, 0.5, 1, 1)),
        ("what is in the middle", (0.25, 0.25, 0.75, 0.75)),
        ("what grows in the centre of the image", (0.25, 0.25, 0.75, 0.75)),
        ("what is along the right edge", (0.85, 0, 1, 1)),
        ("How many trees in the Bottom-Middle region of the image?", (0.3333, 0.6667, 0.6667, 1)),
        ("what is in the south-east", (0.5, 0.5, 1, 1)),
        ("what is in the left third", (0, 0, 0.3333, 1)),
        ("What is north of the lake?", None),
        ("Is there a house on the left of the road?", None),
        ("this is a harbour, right?", None),
        ("Is there a shopping center?", None),
        ("Is the lake in the north or in the south?", None),
        ("How many tracks enter the yard from the north?", None),
        ("Describe the land from west to east", None),
        ("How many cars are in the north parking lot?", None),
    ],
)
def test_regions(question: str, region: Box | None) -> None:
    assert only(question).region == region


@pytest.mark.parametrize(
    ("question", "name", "first", "second", "amount", "is_share"),
    [
        ("are there more houses than fields", "more", "house", "farmland", None, False),
        ("Are there less cars than trees?", "less", "car", "tree", None, False),
        ("Is the forest smaller than the lake?", "less", "forest", "lake", None, False),
        (
            "Is the number of roads equal to the number of buildings?",
            "equal",
            "road",
            "building",
            None,
            False,
        ),
        ("Is the lake next to a road?", "beside", "lake", "road", None, False),
        ("Is there a house on the left of the road?", "left of", "house", "road", None, False),
        ("Is there a building at the top of a road?", "above", "building", "road", None, False),
        ("Does a bridge cross the river?", "across", "bridge", "river", None, False),
        ("What is north-east of the lake?", "north-east of", None, "lake", None, False),
        ("Are there at least three planes?", "at least", "airplane", None, 3, False),
        ("Is more than half of the image forest?", "more than", "forest", None, 0.5, True),
        ("Do trees cover less than 30% of it?", "less than", "tree", None, 0.3, True),
        ("Does forest cover at most 100 percent of the image?", "at most", "forest", None, 1.0, True),
        ("Does at least one lake touch the road?", "at least", "lake", None, 1.0, False),
    ],
)
def test_relations(
    question: str, name: str, first: str | None, second: str | None, amount: float | None, is_share: bool
) -> None:
    relation = only(question).relation
    assert relation is not None
    assert relation.name == name
    assert (relation.first and relation.first.name) == first
    assert (relation.second and relation.second.name) == second
    assert (relation.amount, relation.is_share) == (amount, is_share)


def test_one_of_the_things_or_all() -> None:
    assert only("Is there a river or a lake?").any_of
    assert not only("Is there a river and a lake?").any_of
    assert not only("Is there a river, yes or no?").any_of


def test_units_are_no_options() -> None:
    assert only("How strong was the wind in m/s?").options == ()


def test_names_are_not_mended() -> None:
    assert only("How many passengers does Changi Airport handle?").kind == "fact"


def test_what_is_said_of_a_thing_is_no_head_of_its_name() -> None:
    assert only("When was the stadium built?").things[0].name == "stadium"
