"""What `natural` says of small chips, and that it says it as people do."""

import random
import re

import pytest
from chips import chip, cover, thing  # type: ignore[import-not-found]
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.captioning import natural
from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.english import article, number_word
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import verify
from rsvlm.captioning.verify.words import article_before

SEEDS = range(60)
STYLES = ("natural", "natural-long")

CHURCH = thing("building=church roof:shape=gabled", (45, 45, 60, 58), role="focus")
FOREST = thing("landuse=forest", (0, 0, 100, 100), whole=False, area_m2=9800.0, distance_m=0.0)


def houses(count: int, left: float = 5, top: float = 5) -> list[dict[str, object]]:
    """Return houses in rows of five, 8 m apart."""
    places = [(left + 8 * (n % 5), top + 8 * (n // 5)) for n in range(count)]
    return [thing("building=house", (x, y, x + 5, y + 5)) for x, y in places]


def tell(labels: Labels, variant: int = 0) -> list[str]:
    """Return the captions of a chip for many seeds."""
    return [natural.captions(labels, random.Random(seed))[variant] for seed in SEEDS]


def all_of(labels: Labels) -> str:
    """Return all captions of a chip, short and long, as one lower-case text."""
    return " ".join(tell(labels, 0) + tell(labels, 1)).lower()


# What is said -------------------------------------------------------------------------------------


def test_the_focus_is_always_named() -> None:
    labels = chip(CHURCH, *houses(9), thing("highway=residential", (0, 80, 100, 90), "line", whole=False))
    assert all("church" in text for variant in (0, 1) for text in tell(labels, variant))


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "a house"), (2, "two houses"), (10, "ten houses"), (11, "11 houses"), (20, "20 houses")],
)
def test_counts(count: int, words: str) -> None:
    assert words in all_of(chip(CHURCH, *houses(count)))


def test_vague_counts_keep_their_bounds() -> None:
    text = all_of(chip(*houses(23)))
    assert "dozens" not in text
    assert "more than 20 houses" in text
    text = all_of(chip(*houses(24)))
    assert "dozens of houses" in text
    assert "more than 20 houses" in text
    assert not re.search(r"more than (?!20\b|half)", text)


def test_numbers_open_sentences_in_words() -> None:
    text = " ".join(tell(chip(*houses(23))))
    assert "Twenty-three houses" in text
    assert not re.search(r"(^|\. )\d", text)


def test_lines_are_not_counted() -> None:
    roads = [thing("highway=residential", (10 * n, 0, 10 * n + 4, 40), "line") for n in range(6)]
    text = all_of(chip(CHURCH, *roads))
    assert "residential streets" in text
    assert "six" not in text


def test_pieces_of_one_road_are_one() -> None:
    pieces = [
        thing("highway=residential", (0, 70, 50, 74), "line"),
        thing("highway=residential", (50, 70, 100, 74), "line"),
    ]
    text = all_of(chip(CHURCH, *pieces))
    assert "residential street " in text
    assert "residential streets" not in text


def test_other_buildings() -> None:
    buildings = [thing("building=yes", (70 + 6 * n, 70, 74 + 6 * n, 75)) for n in range(4)]
    text = all_of(chip(CHURCH, *buildings))
    assert "four other buildings" in text
    assert "four buildings" not in text.replace("four other", "")


def test_cut_off_slivers_are_not_told() -> None:
    sliver = thing("amenity=school", (97, 0, 100, 80), whole=False)
    assert "school" not in all_of(chip(CHURCH, sliver))
    assert "school" in all_of(chip(CHURCH, thing("amenity=school", (90, 0, 100, 80), whole=False)))


def test_what_stands_out_is_named_before_grass_and_scraps() -> None:
    scrub = thing("natural=scrub", (0, 0, 40, 12), role="focus", whole=False)
    meadow = thing("landuse=meadow", (0, 12, 100, 100), whole=False, area_m2=7800.0, distance_m=0.0)
    rows = [thing("building=greenhouse", (15, 40 + 12 * n, 55, 48 + 12 * n), area_m2=320.0) for n in range(4)]
    labels = chip(scrub, meadow, *rows, landcover=cover({"Grassland": 800, "Built-up": 200}))
    for variant in (0, 1):
        assert all("greenhouses" in text for text in tell(labels, variant))


def test_land_cover_is_not_told_again_by_object() -> None:
    track = thing("highway=track", (40, 0, 60, 100), "line", role="focus", whole=False)
    field = thing("landuse=farmland", (0, 0, 100, 100), whole=False, area_m2=9800.0, distance_m=0.0)
    text = all_of(chip(track, field, landcover=cover({"Cropland": 980, "Grassland": 20})))
    assert "farmland" not in text


def test_an_area_has_what_lies_in_it() -> None:
    yard = thing("landuse=farmyard", (0, 0, 60, 60), role="focus", whole=False, area_m2=3600.0)
    barns = [thing("building=barn", (5 + 25 * n, 10, 25 + 25 * n, 30), distance_m=0.0) for n in range(2)]
    outside = thing("building=barn", (70, 10, 90, 30), distance_m=10.0)
    text = all_of(chip(yard, *barns, outside))
    assert "with three barns" in text
    assert not re.search(r"(near|beside|next to) (a|two|three) barn", text)


def test_the_long_version_names_what_the_short_one_does() -> None:
    tags = [
        "building=house",
        "amenity=school",
        "leisure=park",
        "highway=track",
        "natural=scrub",
        "building=shed",
    ]
    things = [thing(tag, (5 + 15 * n, 70, 15 + 15 * n, 80)) for n, tag in enumerate(tags)]
    labels = chip(CHURCH, *things, landcover=cover({"Shrubland": 700, "Cropland": 300}))
    for short, long in zip(tell(labels, 0), tell(labels, 1), strict=True):
        for noun in ("house", "school", "park", "track", "scrub", "shed", "church"):
            assert noun not in short or noun in long


# Places -------------------------------------------------------------------------------------------

CELLS = ["north-west", "north", "north-east", "west", "centre", "east", "south-west", "south", "south-east"]
IMAGE_CELLS = [
    "upper left", "top", "upper right", "left", "middle", "right", "lower left", "bottom", "lower right",
]  # fmt: skip


@pytest.mark.parametrize("cell", range(9))
@pytest.mark.parametrize("north_up", [True, False])
def test_cells(cell: int, north_up: bool) -> None:
    x, y = 33.4 * (cell % 3) + 10, 33.4 * (cell // 3) + 10
    text = all_of(chip(thing("building=church", (x, y, x + 12, y + 12), role="focus"), north_up=north_up))
    found = {name for name in CELLS if re.search(rf"\b(in|through) the {name}(?![-\w]| half)", text)}
    assert found == ({CELLS[cell]} if north_up else set())
    found = {name for name in IMAGE_CELLS if re.search(rf"\b(at|on|in) the {name}\b", text)}
    assert found == {IMAGE_CELLS[cell]}


def test_large_things_lie_in_halves() -> None:
    text = all_of(chip(thing("leisure=park", (52, 0, 100, 100), role="focus", whole=False, area_m2=3000.0)))
    assert "in the eastern half" in text
    assert "in the right half" in text
    assert "in the east " not in text
    text = all_of(chip(thing("leisure=park", (20, 0, 100, 100), role="focus", whole=False)))
    assert "half" not in text.replace("half of the image", "")


def test_lines_cross() -> None:
    river = thing("waterway=river", (0, 40, 100, 60), "line", whole=False, role="focus")
    text = all_of(chip(river))
    assert "from west to east" in text
    assert "the central part of the image" in text or "the middle part of the image" in text
    assert "north to south" not in text


def test_lines_run_along_edges() -> None:
    rail = thing("railway=rail", (30, 2, 100, 8), "line", whole=False, role="focus")
    assert "along the northern edge" in all_of(chip(rail))


# Relations ----------------------------------------------------------------------------------------


def test_the_others_have_no_adjective_that_the_first_has_not() -> None:
    red = thing("building=house roof:colour=red", (5, 70, 15, 80))
    labels = chip(CHURCH, thing("building=house", (45, 5, 55, 15)), red)
    assert not re.search(r"(another|one other) red", all_of(labels))


def test_ties_have_no_largest() -> None:
    text = all_of(chip(landcover=cover({"Cropland": 5000, "Permanent water bodies": 5000})))
    assert "dominates (" not in text
    assert "largest" not in text


def test_around() -> None:
    ring = [
        thing("building=house", b)
        for b in ((48, 20, 53, 25), (48, 80, 53, 85), (20, 50, 25, 55), (80, 50, 85, 55))
    ]
    text = all_of(chip(CHURCH, *ring))
    assert "surrounded by four houses" in text
    assert "around it" in text
    assert "surrounded" not in all_of(chip(CHURCH, *ring[:2]))


def test_a_row_on_one_side_is_not_around() -> None:
    church = thing("building=church", (45, 80, 55, 90), role="focus")
    row = [thing("building=house", (x, 40, x + 6, 46)) for x in (2, 18, 34, 50, 66, 82)]
    text = all_of(chip(church, *row))
    assert "around it" not in text
    assert "surround" not in text
    text = all_of(chip(church, *row, thing("building=house", (46, 94, 52, 99))))
    assert "surrounded by seven houses" in text


def test_sides_are_those_of_the_ground() -> None:
    """At 70 degrees north, a pixel of a raster in degrees is a third as wide as high."""
    labels = chip(CHURCH, thing("leisure=pitch sport=tennis", (5, 15, 20, 30)))
    assert "to the west of it" in all_of(labels)
    labels["stretch"] = 0.34
    text = all_of(labels)
    assert "to the north of it" in text
    assert "to the west of it" not in text


def test_beside_and_near() -> None:
    text = all_of(chip(CHURCH, thing("amenity=parking", (62, 45, 80, 60), distance_m=2.0)))
    assert re.search(r"(next to|beside) (a car park|it)|(a car park|it) (next to|beside)", text)
    far = all_of(chip(CHURCH, thing("amenity=parking", (80, 5, 99, 20), distance_m=40.0)))
    assert "beside" not in far
    assert "nearby" not in far
    assert "next to" not in far


def test_what_holds_the_focus_is_not_beside_it() -> None:
    text = all_of(chip(CHURCH, thing("leisure=park", (20, 20, 80, 80), distance_m=0.0)))
    assert "in a park" in text
    assert "beside" not in text
    assert "next to" not in text


def test_sides() -> None:
    text = all_of(chip(CHURCH, thing("amenity=school", (46, 5, 60, 20), distance_m=25.0)))
    assert "to the north of it" in text
    assert "above it" in text
    assert "to the south" not in text


def test_no_distances_no_relations_of_distance() -> None:
    parking = thing("amenity=parking", (62, 45, 80, 60), distance_m=None, area_m2=None)
    church = thing("building=church", (45, 45, 60, 58), role="focus", area_m2=None)
    text = all_of(chip(church, parking, gsd=None))
    assert not re.search(r"beside|next to|near|square metres|hectare", text)
    assert "to the east of it" in text


# Sizes and shares ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (244.0, "240 square metres"), (245.0, "250 square metres"), (17.4, "17 square metres"),
        (2_449.0, "2,400 square metres"), (9_960.0, "1 hectare"), (14_400.0, "1.4 hectares"),
        (20_000.0, "2 hectares"), (123_000.0, "12 hectares"),
    ],
)  # fmt: skip
def test_areas_are_rounded_as_people_do(area: float, words: str) -> None:
    text = all_of(
        chip(thing("building=church", (40, 40, 60, 60), role="focus", area_m2=area), width=1000, height=1000)
    )
    assert f"of about {words}" in text


def test_sizes_only_of_whole_things() -> None:
    assert "square metres" not in all_of(
        chip(thing("building=church", (80, 40, 100, 60), role="focus", whole=False))
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.96, "almost all of the image|almost entirely"), (0.94, "most of the image|mostly"),
        (0.75, "about three quarters of the image|mostly"), (0.5, "about half of the image"),
    ],
)  # fmt: skip
def test_ground(share: float, words: str) -> None:
    field = thing("landuse=farmland", (0, 0, 100, 100), whole=False, role="focus", area_m2=10_000 * share)
    assert all(re.search(words, text.lower()) for variant in (0, 1) for text in tell(chip(field), variant))


def test_land_cover_comes_first() -> None:
    labels = chip(CHURCH, *houses(5), landcover=cover({"Tree cover": 620, "Cropland": 280, "Built-up": 100}))
    for variant in (0, 1):
        for text in tell(labels, variant):
            first, _, rest = text.partition(". ")
            assert "tree cover" in first.lower()
            assert "church" in rest.lower()
    assert "62%" in all_of(labels)


def test_land_cover_alone() -> None:
    wood, field = {"Tree cover": 200, "Cropland": 50}, {"Tree cover": 50, "Cropland": 200}
    labels = chip(landcover=cover({"Tree cover": 500, "Cropland": 500}, wood, field, wood, field, field))
    text = all_of(labels)
    assert "about half of the image" in text
    assert "tree cover dominates the western half" in text
    assert "cropland dominates the eastern half" in text


def test_little_coverage_is_told() -> None:
    text = all_of(chip(landcover=cover({"Tree cover": 600, "Cropland": 400}, coverage=0.5)))
    assert "the labelled area" in text
    assert "of the image" not in text


SPARSE = chip(
    landcover=cover(
        {"Tree cover": 520, "Cropland": 280},
        {"Cropland": 3}, {"Tree cover": 5}, {}, {"Tree cover": 515, "Cropland": 277}, {}, coverage=0.08,
    )
)  # fmt: skip


def test_a_handful_of_labelled_pixels_dominates_nothing() -> None:
    text = all_of(SPARSE)
    assert "dominate" not in text
    assert "largest cover" not in text
    assert "of the labelled area" in text
    hardly = cover(
        {"Tree cover": 7000, "Built-up": 2991, "Cropland": 9}, {"Cropland": 9}, *[{"Tree cover": 2000}] * 4
    )
    assert "cropland" not in all_of(chip(landcover=hardly))


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        (
            "Tree cover dominates (65%), followed by cropland (35%).",
            "speaks of the image; it is the labelled area",
        ),
        (
            "The labelled area is mostly tree cover. Cropland dominates the north-west.",
            "the labels hold no quadrant",
        ),
    ],
)
def test_the_check_refuses_what_a_handful_of_pixels_does_not_show(caption: str, problem: str) -> None:
    assert problem in verify(caption, SPARSE, "natural")[0]


def test_classes_of_the_same_words_are_one() -> None:
    wood, meadow = {"Needle": 200, "Leaf": 50}, {"Leaf": 100, "Meadow": 150}
    both = cover(
        {"Needle": 400, "Meadow": 350, "Leaf": 300}, wood, meadow, wood, meadow, meadow, legend="mine"
    )
    spoken = {"Needle": "forest", "Leaf": "forest", "Meadow": "meadow"}
    both["words"] = [
        {"name": name, "natural": words, "chatearthnet": words} for name, words in spoken.items()
    ]
    labels = chip(landcover=both)
    text = all_of(labels)
    assert "forest dominates (67%)" in text
    assert "forest dominates the western half" in text
    for seed in SEEDS:
        for caption, style in zip(natural.captions(labels, random.Random(seed)), STYLES, strict=True):
            assert verify(caption, labels, style) == []


def test_scene_names_close_the_caption() -> None:
    for text in tell(chip(CHURCH, scene=["Pastures", "Vineyards"]), 1):
        assert re.search(r"The (image|scene) includes pasture and vineyards\.$", text)
    assert tell(chip(scene=["Pastures"]))[0].endswith("pasture.")


# Language -----------------------------------------------------------------------------------------


def test_articles() -> None:
    text = all_of(
        chip(
            thing("building=apartments", (40, 40, 60, 60), role="focus"),
            thing("building=hut", (10, 10, 16, 16)),
        )
    )
    assert "an apartment block" in text
    assert "a apartment" not in text


AS_SPOKEN = {
    "a": "european ewe one one-way once ubiquitous ufo ugandan ukrainian uniform unidirectional unimodal university "
    "unanimous uranium urea urology used u-turn u-shaped usual utility utopian uv house herb hotel quarry",
    "an": "apartment heirloom honest honorary hourglass onerous onion ugly ultimate umbrella unanswered unclassified "
    "unidentified unimproved uninhabited unirrigated unpaved unused upper urban urn usher utter",
}


@pytest.mark.parametrize("spoken", AS_SPOKEN)
def test_articles_go_by_the_sound(spoken: str) -> None:
    for word in AS_SPOKEN[spoken].split():
        assert article(f"{word} quarry") == article_before(word) == spoken, word


def test_a_uranium_quarry() -> None:
    text = all_of(chip(thing("landuse=quarry resource=uranium", (40, 40, 60, 60), role="focus")))
    assert "a uranium quarry" in text
    assert "an uranium" not in text


@pytest.mark.parametrize("value", ["2.5m", ".", "A1", "2 3", "1.0", "0", "00", "01", "2.5"])
def test_lanes_that_are_no_count_are_not_said(value: str) -> None:
    road = thing({"highway": "primary", "lanes": value}, (0, 40, 100, 60), "line", role="focus")
    text = all_of(chip(road))
    assert "main road" in text
    assert "lane" not in text


@pytest.mark.parametrize("value", ["2", "2.0", "02"])
def test_lanes_are_counted_in_words(value: str) -> None:
    road = thing({"highway": "primary", "lanes": value}, (0, 40, 100, 60), "line", role="focus")
    assert "main road with two lanes" in all_of(chip(road))


def test_nothing_to_tell() -> None:
    assert natural.captions(chip(), random.Random(0)) == []


def test_deterministic() -> None:
    labels = chip(CHURCH, *houses(9), FOREST)
    assert natural.captions(labels, random.Random("7")) == natural.captions(labels, random.Random("7"))


TAGS = st.sampled_from(
    [
        "building=house", "building=yes", "building=church amenity=place_of_worship", "landuse=farmland",
        "landuse=forest leaf_type=broadleaved", "natural=tree", "highway=residential surface=asphalt lanes=2",
        "highway=footway", "waterway=stream", "leisure=pitch sport=tennis", "natural=water water=pond",
        "power=pole",
    ]
)  # fmt: skip
SIZE = st.integers(0, 96)


@st.composite
def chips(draw: st.DrawFn) -> Labels:
    """Draw a chip with up to 30 things anywhere in it."""
    objects = []
    for n in range(draw(st.integers(1, 30))):
        x0, y0, x1, y1 = (float(draw(SIZE)) for _ in range(4))
        box = (min(x0, x1), min(y0, y1), max(x0, x1) + draw(st.integers(0, 4)), max(y0, y1))
        shape = draw(st.sampled_from(["area", "line", "point"]))
        distance = draw(st.sampled_from([0.0, 3.0, 20.0, 60.0]))
        role = "focus" if n == 0 else "surrounding"
        whole = draw(st.booleans())
        objects.append(
            thing(draw(TAGS), box, shape, role=role, whole=whole, distance_m=None if n == 0 else distance)
        )
    more = {
        "north_up": st.booleans(),
        "gsd": st.sampled_from([1.0, None]),
        "stretch": st.sampled_from([1.0, 0.4, 2.0]),
    }
    return chip(*objects, **{name: draw(values) for name, values in more.items()})  # type: ignore[no-any-return]


@settings(max_examples=300, deadline=None)
@given(labels=chips(), seed=st.integers(0, 10_000))
def test_the_check_agrees(labels: Labels, seed: int) -> None:
    short, long = natural.captions(labels, random.Random(seed))
    assert verify(short, labels, "natural") == []
    assert verify(long, labels, "natural-long") == []


@settings(max_examples=300, deadline=None)
@given(labels=chips(), seed=st.integers(0, 10_000))
def test_good_english_whatever_the_chip(labels: Labels, seed: int) -> None:
    short, long = natural.captions(labels, random.Random(seed))
    assert count_tokens(short) <= 77
    assert short.count(". ") <= 1
    assert long.count(". ") <= 4
    for text in (short, long):
        assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.( [A-Z][^.]*(\.\d[^.]*)*\.)*", text), text
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|\b(one|1) \w+s\b|  | ,|,,|\b(\w+) \1\b", text), text
        assert not re.search(r"(in|at|on) the ([\w-]+)( of the image)? (in|at|on) the", text), text


@pytest.mark.parametrize("value", [-1, 100])
def test_numbers_that_are_not_spelled_are_refused(value: int) -> None:
    assert number_word(99) == "ninety-nine"
    with pytest.raises(ValueError, match="only 0 to 99"):
        number_word(value)
