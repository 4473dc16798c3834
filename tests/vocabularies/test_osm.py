"""The tag vocabulary: what each line promises, and which tags of an object count at which GSD."""

import csv
import hashlib
import pickle
import string
from collections import Counter
from importlib.resources import files
from pathlib import Path

import osmium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.vocabularies import VocabularyError, load_tags
from rsvlm.vocabularies.osm import COLUMNS, GSD_CLASSES, KEY_PRIORITY, REFINES, read_tags

TAGS = load_tags()
VISIBLE = [entry for entry in TAGS.entries if entry.max_gsd is not None]
HEADER = ",".join(COLUMNS) + "\n"

# The tag sets of the captions that the SkyScript paper prints (arXiv 2312.12856, figures 1 and 2)
SKYSCRIPT = [
    {"landuse": "quarry", "resource": "bauxite"},
    {"amenity": "fountain"},
    {"natural": "tree"},
    {"highway": "footway"},
    {
        "power": "plant",
        "plant:source": "solar",
        "plant:method": "thermal",
        "plant:output:electricity": "19.9 MW",
    },
    {"power": "minor_line", "cables": "3", "voltage": "16000"},
    {"man_made": "pier"},
    {"waterway": "river"},
    {"landuse": "farmland", "crop": "cotton"},
]


def test_there_are_enough_lines_and_each_is_there_once() -> None:
    assert len(VISIBLE) >= 900
    assert sum(entry.max_gsd is None for entry in TAGS.entries) >= 150
    assert Counter((e.key, e.value) for e in TAGS.entries).most_common(1)[0][1] == 1
    assert {e.max_gsd for e in VISIBLE} == set(GSD_CLASSES)
    assert {e.kind for e in TAGS.entries} == {"object", "adjective", "detail", "hides", ""}


def test_keys_stay_together_so_that_the_file_can_be_reviewed() -> None:
    lines = files("rsvlm.vocabularies").joinpath("osm_tags.csv").read_text("utf-8").splitlines()
    assert lines[0] == HEADER.strip()
    rows = list(csv.reader(lines[1:]))
    assert all(len(row) == len(COLUMNS) and row == [field.strip() for field in row] for row in rows)
    runs = [row[0] for row, before in zip(rows, [[""], *rows], strict=False) if row[0] != before[0]]
    assert [key for key, times in Counter(runs).items() if times > 1] == []


def _is_singular_and_plural(phrase: str, plural: str) -> bool:
    grown = [(a, b) for a, b in zip(phrase.split(), plural.split(), strict=True) if a != b]
    irregular = {"sarcophagus": "sarcophagi", "tholos": "tholoi", "trullo": "trulli"}
    return len(grown) in (1, 2) and all(b.endswith("s") or irregular.get(a) == b for a, b in grown)


def test_phrases_are_words_that_people_say() -> None:
    for entry in VISIBLE:
        for phrase in (entry.phrase, entry.plural):
            assert phrase == " ".join(phrase.lower().split()), entry
            assert not phrase.startswith(("a ", "an ", "the ")), entry
            assert set(phrase) <= set(string.ascii_lowercase + string.digits + " -{}"), entry
        assert entry.phrase.count("{}") <= (entry.kind == "detail"), entry
        if entry.plural != entry.phrase:
            assert entry.kind == "object", entry
            assert _is_singular_and_plural(entry.phrase, entry.plural), entry


def test_one_phrase_has_one_plural() -> None:
    plurals: dict[str, set[str]] = {}
    for entry in VISIBLE:
        plurals.setdefault(entry.phrase, set()).add(entry.plural)
    assert [phrase for phrase, of in plurals.items() if len(of) > 1] == []


def test_every_visible_key_has_a_place_and_every_place_a_key() -> None:
    assert {e.key for e in VISIBLE} == {name.partition("=")[0] for name in KEY_PRIORITY}
    assert len(set(KEY_PRIORITY)) == len(KEY_PRIORITY)
    known = {e.key for e in TAGS.entries}
    tags = [*REFINES, *(base for bases in REFINES.values() for base in bases)]
    assert {tag.partition("=")[0] for tag in tags} <= known
    assert {(e.key, e.value) for e in VISIBLE} >= {
        tuple(t.split("=")) for t in (*KEY_PRIORITY, *tags) if "=" in t
    }


def test_no_refining_tag_is_said_to_be_seen_where_what_it_refines_is_not() -> None:
    for entry in VISIBLE:
        bases = REFINES.get(f"{entry.key}={entry.value}") or REFINES.get(entry.key, ())
        limits = [
            e.max_gsd or 0
            for key, _, value in (base.partition("=") for base in bases)
            for e in VISIBLE
            if e.key == key and value in ("", e.value)
        ]
        assert not bases or max(limits) >= (entry.max_gsd or 0), entry


@pytest.mark.parametrize("tags", SKYSCRIPT, ids=lambda tags: next(iter(tags.values())))
def test_the_tags_of_skyscript_s_captions_are_used_in_its_order(tags: dict[str, str]) -> None:
    noise = {"addr:housenumber": "3", "source": "Esri", "admin_level": "8"}
    assert list(TAGS.visible(noise | dict(reversed(tags.items())), 0.6).items()) == list(tags.items())


def test_what_skyscript_says_of_single_tags() -> None:
    seen = [("waterway", "stream", 0.6), ("surface", "concrete", 0.6), ("leaf_type", "broadleaved", 0.6)]
    for key, value, gsd in [*seen, ("natural", "coastline", 30)]:
        entry = TAGS.entry(key, value)
        assert entry is not None
        assert entry.visible_at(gsd)
    for key, value in [("addr:housenumber", "3"), ("admin_level", "8"), ("source", "Esri")]:
        entry = TAGS.entry(key, value)
        assert entry is not None
        assert entry.max_gsd is None
    assert TAGS.visible({"power": "pole"}, 0.2) == {"power": "pole"}
    assert TAGS.visible({"power": "pole"}, 0.6) == {}


def test_a_tag_is_visible_up_to_its_gsd_and_class_10_everywhere() -> None:
    assert TAGS.visible({"building": "house"}, 1.0)
    assert TAGS.visible({"building": "house"}, 1.0004)  # a UTM raster of 1 m, measured on the ground
    assert not TAGS.visible({"building": "house"}, 1.5)
    assert TAGS.visible({"natural": "water"}, 30)
    assert TAGS.visible({"amenity": "bench"}, None) == {"amenity": "bench"}


@pytest.mark.parametrize(
    ("tags", "main"),
    [
        ({"building": "yes", "amenity": "school"}, "amenity"),
        ({"building": "church", "amenity": "place_of_worship"}, "building"),
        ({"building": "yes", "amenity": "place_of_worship"}, "amenity"),
        ({"building": "yes", "amenity": "place_of_worship", "religion": "muslim"}, "religion"),
        ({"building": "yes", "shop": "bakery"}, "building"),
        ({"building": "retail", "shop": "supermarket"}, "shop"),
        ({"building": "yes", "sport": "tennis"}, "building"),
        ({"leisure": "pitch", "sport": "tennis", "surface": "clay"}, "sport"),
        ({"leisure": "sports_centre", "sport": "tennis"}, "leisure"),
        ({"natural": "water", "water": "lake"}, "water"),
        ({"landuse": "reservoir", "natural": "water"}, "landuse"),
        ({"power": "generator", "generator:source": "wind"}, "generator:source"),
        ({"power": "plant", "plant:source": "wind"}, "plant:source"),
        ({"power": "plant", "plant:source": "solar", "landuse": "industrial"}, "power"),
        ({"highway": "residential", "railway": "tram"}, "highway"),
        ({"railway": "abandoned", "highway": "cycleway"}, "highway"),
        ({"railway": "station", "building": "train_station", "public_transport": "station"}, "railway"),
        ({"natural": "coastline", "place": "island"}, "place"),
        ({"barrier": "fence", "amenity": "school"}, "amenity"),
        ({"barrier": "fence", "building": "yes"}, "building"),
        ({"leisure": "park", "landuse": "grass"}, "leisure"),
        ({"historic": "castle", "castle_type": "defensive", "tourism": "museum"}, "castle_type"),
        ({"highway": "service", "service": "driveway", "surface": "asphalt"}, "service"),
    ],
)
def test_the_main_tag_is_what_people_call_the_thing(tags: dict[str, str], main: str) -> None:
    assert next(iter(TAGS.visible(tags, 0.3))) == main
    assert next(iter(TAGS.visible(dict(reversed(tags.items())), 0.3))) == main


@pytest.mark.parametrize(
    "tags",
    [
        {"surface": "asphalt"},
        {"surface": "asphalt", "lanes": "2", "bridge": "yes"},
        {"roof:shape": "gabled", "name": "Barn"},
        {"highway": "primary", "tunnel": "yes"},
        {"waterway": "stream", "tunnel": "culvert"},
        {"amenity": "toilets", "location": "underground"},
        {"amenity": "parking", "parking": "underground"},
        {"highway": "footway", "footway": "sidewalk", "covered": "yes"},
        {"highway": "crossing", "crossing": "unmarked"},
        {"railway": "proposed", "service": "siding"},
        {"man_made": "pipeline", "substance": "gas"},
        {"building": "no"},
        *({"building": value} for value in ("0", "None", "nan", "NULL", "False", "N", "", " ", "n/a")),
        *({"building": value} for value in ("proposed", "demolished", "razed", "destroyed", "removed")),
        {"manhole": "0"},
        {"sport": "tennis", "shop": "sports"},
        {"amenity": "fountains"},
        {"": "", "amenity": ""},
        {},
    ],
)
def test_what_names_no_visible_thing_is_not_used(tags: dict[str, str]) -> None:
    assert TAGS.visible(tags, None) == {}


def test_a_tag_that_hides_one_thing_leaves_the_others() -> None:
    tags = {"building": "yes", "amenity": "parking", "parking": "underground"}
    assert TAGS.visible(tags, 0.3) == {"building": "yes"}
    for value in ("no", "0", "false", "None", ""):
        assert TAGS.visible({"highway": "primary", "tunnel": value}, 0.3) == {"highway": "primary"}
        assert TAGS.visible({"building": "yes", "indoor": value}, 0.3) == {"building": "yes"}
    pipeline = {"man_made": "pipeline", "substance": "oil", "location": "overground"}
    assert TAGS.visible(pipeline, 0.3) == pipeline


def test_what_is_left_of_a_building_is_still_seen() -> None:
    for value in ("ruins", "collapsed", "abandoned", "disused", "construction"):
        assert TAGS.visible({"building": value}, 0.3) == {"building": value}


@pytest.mark.parametrize(
    ("value", "filling"),
    [("2", "2"), ("2.0", "2"), ("02", "2"), ("12", "12"), ("2.", "2")]
    + [
        (value, "") for value in ("1", "1.0", "01", "0", "00", "2.5", "2.5m", ".", "A1", "2 3", "-2", "٢", "")
    ],
)
def test_before_a_noun_stands_a_number_of_two_or_more(value: str, filling: str) -> None:
    lanes = TAGS.entry("lanes", "3")
    output = TAGS.entry("plant:output:electricity", "3 MW")
    assert lanes is not None
    assert output is not None
    assert lanes.filling(value) == filling
    assert output.filling("3_MW") == "3 MW"


def test_the_exact_line_goes_before_the_wildcard_and_a_key_before_its_family() -> None:
    def phrase(key: str, value: str) -> str | None:
        entry = TAGS.entry(key, value)
        return entry.phrase if entry else None

    assert phrase("building", "barn") == "barn"
    assert phrase("building", "something new") == "building"
    assert phrase("lanes", "1") == "with 1 lane"
    assert phrase("lanes", "4") == "with {} lanes"
    assert phrase("shop", "mall") == "shopping centre"
    assert phrase("shop", "bakery") == ""  # known not to be visible
    assert phrase("seamark:type", "harbour") == "harbour"
    assert phrase("seamark:light:colour", "red") == ""
    assert phrase("addr:city", "Vaduz") == ""
    assert phrase("amenity", "something new") is None
    assert phrase("addr", "x") is None


WORDS = st.sampled_from(sorted({word for e in TAGS.entries for word in (e.key, e.value)})) | st.text(
    max_size=12
)
OBJECTS = st.dictionaries(WORDS, WORDS, max_size=8) | st.lists(st.sampled_from(TAGS.entries), max_size=8).map(
    lambda entries: {e.key: e.value for e in entries}
)
GSDS = st.none() | st.sampled_from(GSD_CLASSES) | st.floats(0.01, 1000)


@given(tags=OBJECTS, gsd=GSDS)
def test_visible_tags_are_some_of_the_tags_each_visible_and_the_first_an_object(
    tags: dict[str, str], gsd: float | None
) -> None:
    seen = TAGS.visible(tags, gsd)
    assert seen.items() <= tags.items()
    entries = [TAGS.entry(key, value) for key, value in seen.items()]
    assert all(entry is not None and entry.visible_at(gsd) for entry in entries)
    assert not seen or (entries[0] is not None and entries[0].kind == "object")
    assert TAGS.visible(dict(reversed(tags.items())), gsd) == seen
    assert list(TAGS.visible(seen, gsd).items()) == list(seen.items())
    assert TAGS.visible(TAGS.visible(tags, None), gsd) == seen
    assert bool(seen) <= bool(tags.keys() & TAGS.object_keys)


@given(tags=OBJECTS, gsds=st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)))
def test_a_finer_image_shows_no_less(tags: dict[str, str], gsds: tuple[float, float]) -> None:
    assert TAGS.visible(tags, max(gsds)).items() <= TAGS.visible(tags, min(gsds)).items()


def test_the_digest_is_that_of_the_file_and_the_vocabulary_travels() -> None:
    content = files("rsvlm.vocabularies").joinpath("osm_tags.csv").read_bytes()
    assert TAGS.digest == hashlib.sha256(content).hexdigest()
    assert load_tags() is TAGS
    other = pickle.loads(pickle.dumps(TAGS))
    assert other.visible(SKYSCRIPT[4], 0.6) == SKYSCRIPT[4]
    assert TAGS.object_keys < TAGS.keys


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "amenity,bench,0.3,object,bench,benches",
            r"line 2: max_gsd is '0.3'; use 0.1, 0.2, 0.6, 1, 10 or nothing",
        ),
        ("amenity,bench,0.1,thing,bench,benches", "line 2: what is visible has a kind"),
        ("amenity,bench,0.1,object,bench,", "line 2: what is visible has a kind"),
        ("amenity,bench,,object,bench,benches", "line 2: 'bench' has no max_gsd"),
        ("amenity,bench,0.1,object,bench", "line 2: should have the 6 fields"),
        ("amenity,bench,0.1,object,bench,benches,!", "line 2: should have the 6 fields"),
        ("amenity,,0.1,object,bench,benches", "line 2: should have the 6 fields"),
        ("a,b,,,,\na,b,,,,", "line 3: a=b is there twice"),
    ],
)
def test_a_line_that_does_not_fit_is_named(line: str, says: str) -> None:
    with pytest.raises(VocabularyError, match=says) as caught:
        read_tags((HEADER + line + "\n").encode(), "mine.csv")
    assert str(caught.value).startswith("mine.csv, line ")
    assert "\n" not in str(caught.value)


def test_a_file_with_other_columns_is_refused() -> None:
    with pytest.raises(VocabularyError, match="it should be key,value,max_gsd,kind,phrase,plural"):
        read_tags(b"key,value\na,b\n", "mine.csv")


@pytest.mark.parametrize(
    ("name", "share"), [("liechtenstein.osm.pbf", 0.9), ("krems.osm.gz", 0.85), ("monaco.osm.pbf", 0.7)]
)
def test_most_tagged_objects_of_real_extracts_are_used(data_dir: Path, name: str, share: float) -> None:
    objects = [dict(o.tags) for o in osmium.FileProcessor(str(data_dir / "osm" / name)) if o.tags]
    used = sum(bool(TAGS.visible(tags, None)) for tags in objects)
    assert used / len(objects) > share
