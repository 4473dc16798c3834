"""Named places of OpenStreetMap extracts, in words and with their boxes."""

from pathlib import Path

import osmium
import pytest

from rsvlm.captioning.sample import SamplePaths
from rsvlm.rag import Chunk, RagError
from rsvlm.rag.sources import read_source
from rsvlm.rag.sources.placewords import in_words, kind_of, name_in

MAP = """<osm version="0.6" generator="test">
<node id="1" lat="47.14" lon="9.52"><tag k="place" v="town"/><tag k="name" v="Vaduz"/><tag k="population" v="5696"/>
<tag k="capital" v="yes"/><tag k="ele" v="455"/></node>
<node id="2" lat="47.2" lon="9.5"/><node id="3" lat="47.3" lon="9.6"/><node id="4" lat="47.3" lon="9.5"/>
<node id="5" lat="-17" lon="179.9"/><node id="6" lat="-16.9" lon="-179.9"/>
<node id="7" lat="47" lon="9"><tag k="shop" v="bakery"/><tag k="name" v="Bread"/></node>
<way id="1"><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="2"/><tag k="natural" v="water"/>
<tag k="name" v="Seele"/></way>
<way id="2"><nd ref="5"/><nd ref="6"/><tag k="natural" v="beach"/><tag k="name" v="Taveuni"/></way>
<way id="3"><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="name" v="Street"/></way>
<way id="4"><nd ref="99"/><tag k="leisure" v="park"/><tag k="name" v="Elsewhere"/></way>
<way id="5"><nd ref="2"/><nd ref="3"/></way>
<relation id="1"><member type="way" ref="5" role="outer"/><tag k="type" v="multipolygon"/><tag k="historic" v="castle"/>
<tag k="name" v="Schloss"/><tag k="name:en" v="Castle"/></relation>
<relation id="2"><member type="node" ref="4" role="label"/><member type="way" ref="5" role="outer"/>
<tag k="boundary" v="national_park"/><tag k="name" v="Park"/></relation>
</osm>"""


def read(path: Path) -> dict[str, Chunk]:
    return {chunk.where: chunk for chunk in read_source(path).chunks()}


@pytest.mark.parametrize("ending", [".osm", ".osm.pbf", ".osm.gz", ".osm.bz2"])
def test_nodes_ways_and_relations(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "map.osm"
    path.write_text(MAP, encoding="utf-8")
    if ending != ".osm":
        with osmium.SimpleWriter(str(tmp_path / f"map{ending}")) as writer:
            for item in osmium.FileProcessor(str(path)):
                writer.add(item)
        path = tmp_path / f"map{ending}"
    source = read_source(path)
    chunks = {chunk.where: (chunk.text, chunk.bbox) for chunk in source.chunks()}
    town = "Vaduz, a town; capital of the country; population 5,696; 455 m above sea level"
    assert chunks == {
        "Vaduz, node 1": (town, (9.52, 47.14, 9.52, 47.14)),
        "Seele, way 1": ("Seele, a lake or pond", (9.5, 47.2, 9.6, 47.3)),
        "Taveuni, way 2": ("Taveuni, a beach", (179.9, -17.0, -179.9, -16.9)),
        "Schloss, relation 1": ("Schloss (Castle), a castle", (9.5, 47.2, 9.6, 47.3)),
        "Park, relation 2": ("Park, a national park", (9.5, 47.3, 9.5, 47.3)),
    }
    assert source.kind == "map"
    assert [problem.reason for problem in source.problems] == [
        "1 places with names have none of their nodes in it"
    ]


def test_values_longer_than_openstreetmap_allows_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "long.osm"
    path.write_text(MAP.replace("Bread", "B" * 2000).replace("Seele", "S" * 2000), encoding="utf-8")
    assert "Vaduz, node 1" in read(path)


def test_liechtenstein(data_dir: Path) -> None:
    path = data_dir / "osm" / "liechtenstein.osm.pbf"
    if not path.exists():
        pytest.skip("no Liechtenstein")
    chunks = read(path)
    towns = [chunk for chunk in chunks.values() if chunk.text.startswith("Vaduz, a town")]
    assert len(towns) == 1
    assert "population" in towns[0].text
    assert towns[0].bbox is not None
    assert towns[0].bbox[:2] == pytest.approx((9.52, 47.14), abs=0.02)
    assert len(chunks) > 250
    assert {chunk.licence for chunk in chunks.values()} == {"ODbL-1.0, © OpenStreetMap contributors"}
    assert {chunk.type for chunk in chunks.values()} == {"place"}
    assert any(", a mountain peak; " in chunk.text for chunk in chunks.values())


def test_the_sample_town(town: SamplePaths) -> None:
    texts = {chunk.text for chunk in read(town.osm).values()}
    assert {"Bürgerpark, a park", "Rohrwald, a forest", "St. Kilian, a church; 16 m high; catholic"} <= texts


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.osm.pbf", b"no map"), ("a.osm", b"<html>"), ("a.osm.gz", b"no gzip"), ("a.osm", b"")],
)
def test_what_is_no_map(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RagError) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({"amenity": "place_of_worship", "religion": "christian", "name": "St. Florin"}, "St. Florin, a church"),
        ({"amenity": "place_of_worship", "name": "Hall"}, "Hall, a place of worship"),
        ({"amenity": "university", "name": "Uni"}, "Uni, a university campus"),
        ({"leisure": "stadium", "name": "Rheinpark", "capacity": "7584", "sport": "soccer;athletics"},
         "Rheinpark, a stadium; capacity 7,584; for soccer, athletics"),
        ({"aeroway": "aerodrome", "name": "Kloten", "iata": "ZRH"}, "Kloten, an airport; IATA code ZRH"),
        ({"place": "village", "natural": "peak", "name": "Both", "name:en": "Both"}, "Both, a village"),
        ({"place": "islet", "name": "Isle", "population": "many"}, "Isle, an islet; population many"),
    ],
)  # fmt: skip
def test_tags_in_words(tags: dict[str, str], text: str) -> None:
    kind = kind_of(tags)
    assert kind is not None
    assert in_words(tags, kind) == text
    assert name_in(text) == tags["name"]


@pytest.mark.parametrize(
    "tags", [{"place": "town"}, {"name": "A", "highway": "primary"}, {"name": "A", "place": "no"}]
)
def test_what_is_no_place(tags: dict[str, str]) -> None:
    assert kind_of(tags) is None
