"""What lies around an image that has a place, told by the composer and to generators."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from colour_encoder import ColourEncoder  # type: ignore[import-not-found] # in tests/
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/

from rsvlm.rag import KnowledgeBase, VisualQuestionAnswerer

OSM = """<osm version="0.6">
<node id="1" lat="47.141" lon="9.521"><tag k="place" v="town"/><tag k="name" v="Vaduz"/></node>
<node id="2" lat="47.165" lon="9.509"><tag k="place" v="village"/><tag k="name" v="Schaan"/></node>
<node id="3" lat="47.139" lon="9.524"><tag k="historic" v="castle"/><tag k="name" v="Red &quot;House&quot;"/></node>
</osm>
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("map")
    (folder / "town.osm").write_text(OSM, encoding="utf-8")
    return KnowledgeBase.build(folder / "town.osm", folder / "kb", None, sentences=HashingEncoder())


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture whose middle is at 47.15 N 9.52 E."""
    file = tmp_path_factory.mktemp("placed") / "a.tif"
    transform = rasterio.Affine(1e-4, 0, 9.52 - 32e-4, 0, -1e-4, 47.15 + 32e-4)
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=64,
        height=64,
        count=3,
        dtype="uint8",
        crs="EPSG:4326",
        transform=transform,
    ) as dataset:
        dataset.write(np.full((3, 64, 64), 90, np.uint8))
    return file


@pytest.mark.parametrize(
    ("question", "short", "text"),
    [
        ("What is the nearest town?", "Vaduz", "Vaduz lies 1.0 km to the south [1]."),
        ("Which village is closest?", "Schaan", "Schaan lies 1.9 km to the north-west [1]."),
        ("Name the nearest castle.", 'Red "House"', 'Red "House" lies 1.3 km to the south [1].'),
        ("How far is it to Schaan?", "1.9 km", "Schaan lies 1.9 km to the north-west [1]."),
        ("In which direction is Vaduz?", "south", "Vaduz lies 1.0 km to the south [1]."),
        ("What places are near here?", "Vaduz",
         'Vaduz lies 1.0 km to the south, Red "House" lies 1.3 km to the south and '
         "Schaan lies 1.9 km to the north-west [1][2][3]."),
        ("Where was this picture taken?", "Vaduz",
         "At 47.1500 N 9.5200 E. Vaduz lies 1.0 km to the south and Schaan lies 1.9 km to the north-west [1][2]."),
    ],
)  # fmt: skip
def test_places(base: KnowledgeBase, placed: Path, question: str, short: str, text: str) -> None:
    answer = VisualQuestionAnswerer(base, ColourEncoder()).ask(placed, question)
    assert (answer.short, answer.text) == (short, text)
    assert [one.number for one in answer.evidence] == list(range(1, len(answer.evidence) + 1))
    assert answer.evidence[0].km is not None


def test_a_name_with_a_semicolon_is_told_whole(placed: Path, tmp_path: Path) -> None:
    (tmp_path / "town.osm").write_text(OSM.replace("Vaduz", "Biel; Bienne"), encoding="utf-8")
    base = KnowledgeBase.build(tmp_path / "town.osm", tmp_path / "kb", None, sentences=HashingEncoder())
    answer = VisualQuestionAnswerer(base, ColourEncoder()).ask(placed, "What is the nearest town?")
    assert answer.text == "Biel; Bienne lies 1.0 km to the south [1]."
    assert base.add(tmp_path / "town.osm").unchanged == 1


def test_the_longest_name_and_that_in_english(placed: Path, tmp_path: Path) -> None:
    tags = '<tag k="name:en" v="Prague"/><tag k="name" v="Praha"/>'
    osm = OSM.replace("Schaan", "Wiener Neustadt").replace("Red &quot;House&quot;", "Neustadt")
    (tmp_path / "town.osm").write_text(osm.replace('<tag k="name" v="Vaduz"/>', tags), encoding="utf-8")
    base = KnowledgeBase.build(tmp_path / "town.osm", tmp_path / "kb", None, sentences=HashingEncoder())
    answerer = VisualQuestionAnswerer(base, ColourEncoder())
    assert answerer.ask(placed, "How far is it to Wiener Neustadt?").short == "1.9 km"
    assert answerer.ask(placed, "How far is it to Neustadt?").short == "1.3 km"
    for name in ("Praha", "Prague", "Praha (Prague)"):
        assert answerer.ask(placed, f"How far is it to {name}?").short == "1.0 km"
        assert answerer.ask(placed, f"In which direction is {name}?").short == "south"


def test_a_place_of_a_table_is_told_by_its_sentence(placed: Path, tmp_path: Path) -> None:
    rows = 'chunk_type,text,lon,lat\nplace,"Vaduz, a town; population 5,696",9.521,47.141\n'
    (tmp_path / "places.csv").write_text(rows, encoding="utf-8")
    base = KnowledgeBase.build(tmp_path / "places.csv", tmp_path / "kb", None, sentences=HashingEncoder())
    answer = VisualQuestionAnswerer(base, ColourEncoder()).ask(placed, "What is the nearest town?")
    assert answer.text == "Vaduz lies 1.0 km to the south [1]."


def test_a_sort_that_the_base_has_none_of(base: KnowledgeBase, placed: Path) -> None:
    for question in ("Which airport is closest?", "What is the nearest harbour?"):
        answer = VisualQuestionAnswerer(base, ColourEncoder()).ask(placed, question)
        assert answer.abstained
        assert "has no" in answer.text


def test_without_a_place_nothing_is_near(base: KnowledgeBase, placed: Path) -> None:
    picture = np.full((64, 64, 3), 90, np.uint8)
    for knowledge, image, why in (
        (base, picture, "where the image is, is not known"),
        (base, None, "no image was given"),
        ("none", placed, "no named places"),
    ):
        answer = VisualQuestionAnswerer(knowledge, ColourEncoder()).ask(image, "What is the nearest town?")
        assert answer.abstained
        assert why in answer.text


def test_a_generator_is_told_what_is_near(base: KnowledgeBase, placed: Path) -> None:
    answerer = VisualQuestionAnswerer(base, ColourEncoder(), generator=lambda *_: "Yes.")
    prompt = str(answerer.ask(placed, "What?").prompt)
    assert "Coordinates: (47.15000, 9.52000)" in prompt
    assert '1.0 km South: "Vaduz"\n1.3 km South: "Red \\"House\\""\n1.9 km North-West: "Schaan"' in prompt
