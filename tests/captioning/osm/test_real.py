"""Real extracts, parsed whole."""

from collections import Counter
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely

from rsvlm.captioning.osm import ChipObjects, ObjectTable, object_windows, read_objects
from rsvlm.captioning.osm.areas import is_area
from rsvlm.imagery.grid import Grid
from rsvlm.vocabularies.osm import load_tags

EXTRACTS = {
    "liechtenstein.osm.pbf": (40_000, 50_000),
    "monaco.osm.pbf": (4_000, 8_300),
    "helsinki.osm.pbf": (4_000, 13_700),
    "heidelberg.osm.pbf": (25_000, 46_000),
    "porto.osm.pbf": (45_000, 58_000),
    "krems.osm.gz": (2_000, 3_100),
    "liechtenstein-2013.osm.bz2": (7_000, 8_800),
}
"""Sane numbers of objects kept, from and to (the latter is that of all tagged objects)."""


@pytest.fixture(scope="module")
def tables(data_dir: Path) -> dict[str, ObjectTable]:
    return {name: read_objects(data_dir / "osm" / name) for name in EXTRACTS}


@pytest.mark.parametrize("name", EXTRACTS)
def test_parsed_whole(tables: dict[str, ObjectTable], name: str) -> None:
    table = tables[name]
    low, high = EXTRACTS[name]
    assert low <= len(table) <= high
    assert table.counts["read"] == sum(table.counts.values()) - table.counts["read"]
    geometry = shapely.from_wkb(table.table["geometry"].to_pylist())
    assert shapely.is_valid(geometry).all()
    assert not shapely.is_empty(geometry).any()
    kinds = Counter(zip(table.table["type"].to_pylist(), table.table["shape"].to_pylist(), strict=True))
    assert set(kinds) <= {("node", "point"), ("way", "line"), ("way", "area"), ("relation", "area")}
    rows = list(zip(table.table["type"].to_pylist(), table.table["id"].to_pylist(), strict=True))
    assert len(rows) == len(set(rows))


def test_ways_are_those_of_a_plain_loop(data_dir: Path, tables: dict[str, ObjectTable]) -> None:
    """The plain way to do it, object by object, on a small extract with nodes missing."""
    vocabulary = load_tags()
    expected, incomplete = {}, 0
    for thing in osmium.FileProcessor(str(data_dir / "osm" / "helsinki.osm.pbf")).with_locations():
        if isinstance(thing, osmium.osm.Way) and len(thing.tags):
            if not all(node.location.valid() for node in thing.nodes):
                incomplete += 1
            elif vocabulary.visible(dict(thing.tags), None):
                ring = (
                    thing.is_closed()
                    and len(thing.nodes) > 3
                    and is_area((tag.k, tag.v) for tag in thing.tags)
                )
                corners = [(node.lon, node.lat) for node in thing.nodes]
                expected[thing.id] = ring, shapely.Polygon(corners) if ring else shapely.LineString(corners)
    table = tables["helsinki.osm.pbf"]
    assert table.counts["incomplete"] >= incomplete > 300
    ways = [row for row in table.table.to_pylist() if row["type"] == "way"]
    assert expected.keys() >= {row["id"] for row in ways}
    assert len(expected) - len(ways) <= table.counts["doubled"] + table.counts["invalid"]
    for row in ways:
        ring, shape = expected[row["id"]]
        assert row["shape"] == ("area" if ring else "line")
        assert shapely.from_wkb(row["geometry"]).area == pytest.approx(shape.area, rel=1e-6)


def test_relations_are_those_that_libosmium_assembles(data_dir: Path, tables: dict[str, ObjectTable]) -> None:
    vocabulary = load_tags()
    areas = osmium.FileProcessor(str(data_dir / "osm" / "monaco.osm.pbf")).with_areas()
    expected = {
        area.orig_id()
        for area in areas
        if isinstance(area, osmium.osm.Area)
        and not area.from_way()
        and vocabulary.visible(dict(area.tags), None)
    }
    rows = tables["monaco.osm.pbf"].table.to_pylist()
    assert {row["id"] for row in rows if row["type"] == "relation"} == expected


def test_chips_over_liechtenstein(tables: dict[str, ObjectTable]) -> None:
    grid = Grid(5_120, 5_120, "EPSG:32632", (0.6, 0.0, 538_000.0, 0.0, -0.6, 5_222_000.0))
    objects = ChipObjects(tables["liechtenstein.osm.pbf"], grid, load_tags())
    places = np.indices((20, 20)).reshape(2, -1).T * 256
    windows = np.column_stack([places, np.full_like(places, 256)])
    labels = objects.labels(windows, np.full(len(windows), -1))
    assert sum(map(bool, labels)) > 300
    assert all(chip[0]["role"] == "focus" for chip in labels if chip)
    centred = object_windows(objects, None, 0)
    assert len(centred.windows) > 0.8 * len(objects)
    assert all(chip[0]["role"] == "focus" for chip in objects.labels(centred.windows, centred.focus))
