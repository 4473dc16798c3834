"""The check of natural captions: each clause of the grammar once right, and once wrong in the one word that counts."""

import pytest
from making import area, cover, labels, line, point  # type: ignore[import-not-found]

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import verify
from rsvlm.vocabularies import load_legend

# 300 m x 300 m: a church in the middle, a house beside it, a second one far away; a street across, trees, a forest.
VILLAGE: Labels = labels(
    [
        area({"building": "church"}, (120, 120, 150, 150), role="focus", area_m2=640.0),
        area({"building": "house"}, (160, 120, 180, 140), distance_m=10.0),
        area({"building": "house"}, (10, 10, 30, 30), distance_m=120.0),
        line(
            {"highway": "residential", "surface": "asphalt", "lanes": "2"},
            (0, 205, 300, 215),
            distance_m=55.0,
        ),
        point({"natural": "tree"}, 120, 90, distance_m=30.0),
        point({"natural": "tree"}, 130, 90, distance_m=30.0),
        point({"natural": "tree"}, 140, 90, distance_m=30.0),
        area({"landuse": "forest"}, (150, 0, 300, 180), area_m2=27000.0, distance_m=0.0),
    ]
)

RIGHT = [
    "A church.",
    "A church can be seen.",
    "There are two houses and a church.",
    "A church in the centre, with a house to the east of it.",
    "A church of about 640 square metres in the middle of the image.",
    "In the centre of the image is a church of about 640 square metres.",
    "The image shows a church, with a house beside it.",
    "A church next to a house. It lies in the centre; also visible is another house in the north-west corner.",
    "A church, near three trees. Above it are three trees.".replace(" Above it are three trees.", ""),
    "A church stands in the middle. Above it are three trees.",
    "An asphalt residential street crosses the image from west to east, and a church can be seen.",
    "A residential street with two lanes runs across the lower part of the image, with a church.",
    "A residential street runs across the southern part of the image; a church, with a forest.",
    "Forest covers about a third of the image. A church, with trees.".replace(", with trees", ""),
    "About a third of the image is covered by forest, with a church.",
]
WRONG = [
    ("There are three houses and a church.", "says 'three houses'; the labels hold 2"),
    ("There are two barns and a church.", "names 'two barns', which the labels do not hold"),
    ("There are two houses.", "the focus, a church, is not named"),
    ("A church in the north.", "says 'in the north' of the church, which is not there"),
    (
        "A church in the centre, with a house to the south of it.",
        "the labels hold no houses south of the focus",
    ),
    ("A church of about 460 square metres.", "the labels hold 640 square metres"),
    ("A church with two houses beside it.", "cannot read"),
    ("A church, with two houses beside it.", "says 'two houses'; the labels hold 1"),
    ("A church, surrounded by three trees.", "objects lie around the church; they do not"),
    ("A church and two perhaps houses.", "forbidden word 'perhaps'"),
    ("A church and two lovely houses.", "unknown word 'lovely'"),
    ("A church and a house.", "says 'a house'; the labels hold 2"),
    ("A church, with houses.", "says 'houses'; the labels hold 2"),
    ("A church and two houses and three trees.", "cannot read"),
    ("A church; a residential street crosses the image from north to south.", "goes down the image"),
    ("A church; a residential street runs across the northern part of the image.", "in which part"),
    ("A church; a residential street with three lanes crosses the image.", "unknown word"),
    ("A church; a gravel residential street crosses the image.", "the labels of way/1 hold 'asphalt'"),
    ("A church; an residential street crosses the image.", "should be 'a residential'"),
    (
        "Most of the image is covered by forest, with a church.",
        "says 'most' of 'forest'; the labels hold 30.0 %",
    ),
    ("A church, with a house beside it. Two houses.", "names 'two houses' again"),
    ("A church, with another house.", "no houses were named before"),
    ("It lies in the centre. A church.", "no focus was named"),
    ("A church", "does not end in a full stop"),
    ("A church. Two houses. Three trees.", "has 3 sentences; at most 2"),
]


@pytest.mark.parametrize("caption", RIGHT)
def test_right_clauses(caption: str) -> None:
    assert verify(caption, VILLAGE, "natural") == []


@pytest.mark.parametrize(("caption", "problem"), WRONG)
def test_wrong_clauses(caption: str, problem: str) -> None:
    assert any(problem in found for found in verify(caption, VILLAGE, "natural"))


@pytest.mark.parametrize(
    ("lanes", "said", "is_right"),
    [("2.0", "two", True), ("12", "12", True)]
    + [(value, value, False) for value in ("2.5m", "2.5", "A1", ".", "2 3", "1.0")]
    + [("0", "zero", False), ("01", "one", False), ("3", "two", False)],
)
def test_lanes_are_a_number_of_two_or_more(lanes: str, said: str, is_right: bool) -> None:
    street = line({"highway": "residential", "lanes": lanes}, (0, 150, 300, 150), role="focus")
    caption = f"A residential street with {said} lanes crosses the image from west to east."
    assert (verify(caption, labels([street]), "natural") == []) is is_right
    assert verify(caption.replace(f" with {said} lanes", ""), labels([street]), "natural") == []


def test_compass_words_need_north_up() -> None:
    turned: Labels = {**VILLAGE, "north_up": False}
    assert verify("A church in the centre.", turned, "natural")
    assert verify("A church in the middle.", turned, "natural") == []
    assert verify("A church, with a house to the east of it.", turned, "natural")
    assert verify("A church, with a house to the right of it.", turned, "natural") == []


def test_sides_are_those_of_the_ground() -> None:
    court = area({"sport": "tennis", "leisure": "pitch"}, (20, 60, 50, 90))
    flat = labels([area({"building": "church"}, (120, 120, 150, 150), role="focus"), court])
    west, north = (f"A church, with a tennis court to the {side} of it." for side in ("west", "north"))
    assert verify(west, flat, "natural") == []
    assert verify(north, flat, "natural")
    narrow = flat.copy()
    narrow["stretch"] = 0.34
    assert verify(west, narrow, "natural")
    assert verify(north, narrow, "natural") == []


def test_a_row_on_one_side_is_not_around() -> None:
    church = area({"building": "church"}, (140, 220, 160, 240), role="focus")
    row = [area({"building": "house"}, (x, 100, x + 20, 120)) for x in (5, 50, 95, 140, 185, 230, 275)]
    (problem,) = verify("A church, surrounded by seven houses.", labels([church, *row]), "natural")
    assert "7 objects lie around the church; they do not" in problem
    below = area({"building": "house"}, (140, 260, 160, 280))
    assert verify("A church, surrounded by eight houses.", labels([church, *row, below]), "natural") == []


def test_slivers_are_not_counted() -> None:
    cut = area({"building": "house"}, (297, 20, 300, 60), whole=False)
    assert (
        verify(
            "There are two houses and a church.",
            {**VILLAGE, "objects": [*VILLAGE["objects"], cut]},
            "natural",
        )
        == []
    )


_WATER = load_legend("worldcover").by_name("Permanent water bodies")
assert _WATER is not None
WATER = _WATER.phrase

FIELDS: Labels = labels(
    cover=cover(
        "worldcover",
        [("Cropland", 60_000), ("Tree cover", 20_000), ("Permanent water bodies", 10_000)],
        top_left=[("Tree cover", 20_000), ("Cropland", 2_500)],
    )
)


@pytest.mark.parametrize(
    "caption",
    [
        f"Cropland covers about two thirds of the image, tree cover 22% and {WATER} 11%.",
        "The image is mostly cropland, with tree cover (22%).",
        f"Mostly cropland, with tree cover (22%) and {WATER} (11%).",
        "Cropland dominates (67%). Tree cover dominates the north-west.",
        "67% of the image is cropland and 22% is tree cover.",
    ],
)
def test_right_land_cover(caption: str) -> None:
    assert verify(caption, FIELDS, "natural") == []


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        ("Cropland covers about half of the image.", "says about half of 'cropland'; the labels hold 66.7 %"),
        ("Cropland covers 66% of the image.", "the labels hold 66.7 %"),
        ("Tree cover covers 22% of the image.", "the dominant class 'cropland' is not named first"),
        ("The image is mostly cropland, with snow and ice (22%).", "names 'snow and ice'"),
        (f"The image is mostly cropland, with {WATER} (11%).", "the order of the labels is"),
        ("The labelled area is mostly cropland.", "it is the image that the labels cover"),
        ("Cropland dominates (67%). Tree cover dominates the north-east.", "the labels hold top left"),
        ("Cropland is likely the largest cover (67%).", "forbidden word 'likely'"),
        ("A view of a church.", "names 'a church'"),
    ],
)
def test_wrong_land_cover(caption: str, problem: str) -> None:
    assert any(problem in found for found in verify(caption, FIELDS, "natural"))


def test_both_kinds_of_labels_are_named() -> None:
    both: Labels = {**VILLAGE, "landcover": FIELDS["landcover"]}
    assert verify("Cropland dominates (67%). A church.", both, "natural") == []
    assert verify("A church.", both, "natural") == ["the dominant class 'cropland' is not named"]
    assert verify("Cropland dominates (67%).", both, "natural") == ["the focus, a church, is not named"]
    # true of the objects, yet no sentence on the land cover
    assert verify("Forest covers about a third of the image. A church.", both, "natural")


def test_names_of_the_whole_image_come_last() -> None:
    named: Labels = {**VILLAGE, "scene": ["Pastures", "Coniferous forest"]}
    assert verify("A church. It includes pasture and coniferous forest.", named, "natural") == []
    assert verify("A church. It includes coniferous forest and pasture.", named, "natural")
    assert verify("A church.", named, "natural")
