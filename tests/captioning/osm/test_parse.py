"""OpenStreetMap files: what is an object, and of which shape."""

import bz2
import gzip
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import osmium
import pytest
import shapely
from drawing import RING, SQUARE, osm_text, told, write  # type: ignore[import-not-found]
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm import ObjectTable, read_objects
from rsvlm.captioning.osm.tags import PRESENT
from rsvlm.vocabularies.osm import ABSENT

HOUSE = {"building": "yes"}
ROAD = {"highway": "residential"}
LAKE = {"natural": "water"}


def read(folder: Path, text: str) -> ObjectTable:
    return read_objects(write(folder / "a.osm", text))


def test_a_closed_way_is_counted_once(tmp_path: Path) -> None:
    table = read(tmp_path, osm_text(SQUARE, ways={7: (RING, HOUSE)}))
    assert told(table) == {"way/7": ("area", HOUSE)}
    assert table.counts["read"] == table.counts["kept"] == 1


def test_closed_roads_and_fences_are_lines_unless_area_says_otherwise(tmp_path: Path) -> None:
    ways = {
        1: (RING, ROAD),
        2: (RING, {"barrier": "fence"}),
        3: (RING, ROAD | {"area": "yes"}),
        4: (RING, HOUSE | {"area": "no"}),
        5: (RING[:4], HOUSE),
        6: (RING, {"natural": "tree_row"}),
    }
    found = told(read(tmp_path, osm_text(SQUARE, ways=ways)))
    shapes = {name: shape for name, (shape, _) in found.items()}
    assert shapes == {f"way/{n}": "area" if n == 3 else "line" for n in ways}


def test_a_multipolygon_with_a_hole_is_one_area(tmp_path: Path) -> None:
    hole = {5: (0.0004, 0.0004), 6: (0.0006, 0.0004), 7: (0.0006, 0.0006), 8: (0.0004, 0.0006)}
    ways = {1: ((1, 2, 3), {}), 2: ((3, 4, 1), {"source": "survey"}), 3: ((5, 6, 7, 8, 5), HOUSE)}
    members = [(1, "outer"), (2, "outer"), (3, "inner")]
    text = osm_text(SQUARE | hole, ways=ways, relations={9: (members, LAKE | {"type": "multipolygon"})})
    table = read(tmp_path, text)
    assert told(table) == {"way/3": ("area", HOUSE), "relation/9": ("area", LAKE)}
    lake = shapely.from_wkb(table.table["geometry"][1].as_py())
    assert lake.area == pytest.approx(0.001**2 - 0.0002**2)


def test_a_building_in_the_courtyard_of_another_is_kept(tmp_path: Path) -> None:
    yard = {5: (0.0004, 0.0004), 6: (0.0006, 0.0004), 7: (0.0006, 0.0006), 8: (0.0004, 0.0006)}
    ways = {1: (RING, {}), 2: ((5, 6, 7, 8, 5), HOUSE)}
    members = [(1, "outer"), (2, "inner")]
    text = osm_text(SQUARE | yard, ways=ways, relations={9: (members, HOUSE | {"type": "multipolygon"})})
    table = read(tmp_path, text)
    assert told(table) == {"way/2": ("area", HOUSE), "relation/9": ("area", HOUSE)}
    assert table.counts["doubled"] == 0


def test_a_member_with_only_the_relations_tags_is_not_doubled(tmp_path: Path) -> None:
    ways = {1: (RING, LAKE), 2: (RING, LAKE | {"leisure": "swimming_area"} | HOUSE)}
    relations = {9: ([(1, "outer")], LAKE | {"type": "multipolygon"})}
    table = read(tmp_path, osm_text(SQUARE, ways=ways, relations=relations))
    assert set(told(table)) == {"way/2", "relation/9"}
    assert table.counts["doubled"] == 1


def test_missing_nodes_and_members_are_left_out_and_counted(tmp_path: Path) -> None:
    ways = {1: ((1, 2, 99), ROAD), 2: ((98, 1, 2, 3), ROAD), 3: ((1, 2), ROAD), 4: ((1, 2, 3), {})}
    relations = {
        5: ([(4, "outer"), (77, "outer")], LAKE | {"type": "multipolygon"}),
        6: ([(4, "outer")], LAKE | {"type": "multipolygon"}),  # a ring that does not close
        7: ([(3, "")], {"type": "route", "railway": "rail"}),
    }
    table = read(tmp_path, osm_text(SQUARE, ways=ways, relations=relations))
    assert set(told(table)) == {"way/3"}
    assert table.counts["incomplete"] == 4
    assert table.counts["no_area"] == 1


@pytest.mark.parametrize(
    ("nodes", "refs", "area"),
    [
        ({1: (0, 0), 2: (1e-3, 1e-3), 3: (1e-3, 0), 4: (0, 1e-3)}, RING, 0.5e-6),  # crosses itself
        ({1: (0, 0), 2: (1e-3, 0), 3: (1e-3, 1e-3)}, (1, 2, 3, 1), 0.5e-6),  # three points
        ({1: (0, 0), 2: (1e-3, 0), 3: (2e-3, 0)}, (1, 2, 3, 1), None),  # no area
        ({1: (0, 0), 2: (0, 0), 3: (0, 0)}, (1, 2, 3, 1), None),
    ],
)
def test_broken_areas_are_repaired_or_counted(
    tmp_path: Path, nodes: dict[int, tuple[float, float]], refs: tuple[int, ...], area: float | None
) -> None:
    table = read(tmp_path, osm_text(nodes, ways={1: (refs, HOUSE)}))
    assert table.counts["invalid"] == (area is None)
    shapes = shapely.from_wkb(table.table["geometry"].to_pylist())
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).tolist() == ([] if area is None else pytest.approx([area]))


def test_lines_without_length_are_counted_out(tmp_path: Path) -> None:
    ways = {1: ((1,), ROAD), 2: ((1, 1), ROAD), 3: ((), ROAD), 4: ((1, 2), ROAD)}
    table = read(tmp_path, osm_text(SQUARE, ways=ways))
    assert set(told(table)) == {"way/4"}
    assert (table.counts["invalid"], table.counts["incomplete"]) == (2, 1)


def test_tags_that_are_no_sight_are_left_out_and_unknown_ones_counted(tmp_path: Path) -> None:
    tags = HOUSE | {"addr:housenumber": "3", "zzz": "what"}
    ways = {
        1: (RING, tags),
        2: (RING, {"zzz": "what"}),
        3: (RING, {"building": "yes", "location": "underground"}),
    }
    table = read(tmp_path, osm_text(SQUARE, ways=ways))
    assert told(table) == {"way/1": ("area", HOUSE)}
    assert table.counts["without_used_tag"] == 2
    assert table.unknown == {"zzz=what": 2}


def test_why_no_object_is_kept_is_told(tmp_path: Path) -> None:
    ways = {1: (RING, {"zzz": "1"}), 2: ((1, 99), ROAD), 3: (RING, HOUSE)}
    text = osm_text(SQUARE, ways=ways)
    assert read(tmp_path, text).why_none() == ""
    table = read_objects(tmp_path / "a.osm", extents=[(5, 5, 6, 6)])
    assert table.why_none() == (
        "none of its 3 map objects is used: 2 outside of the images, 1 with nodes or members missing"
    )
    bare = read(tmp_path, osm_text(SQUARE, ways={1: (RING, {"building": "0"})}))
    assert bare.why_none() == (
        "none of its 1 map objects is used: 1 without a tag that can be seen from above"
    )


def test_every_tagged_object_is_accounted_for(tmp_path: Path) -> None:
    ways = {
        1: (RING, HOUSE),
        2: ((1, 99), ROAD),
        3: ((1, 2), {"zzz": "1"}),
        4: ((1, 1), ROAD),
        5: (RING, LAKE),
    }
    relations = {5: ([(5, "outer")], LAKE | {"type": "multipolygon"})}
    far = {50: (50.0, 50.0)}
    text = osm_text(SQUARE | far, {50: {"natural": "tree"}, 1: {"natural": "tree"}}, ways, relations)
    counts = read_objects(write(tmp_path / "a.osm", text), extents=[(-1, -1, 1, 1)]).counts
    assert counts["read"] == 8 == sum(counts.values()) - counts["read"]
    assert (counts["kept"], counts["outside"], counts["doubled"]) == (3, 1, 1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1))
@example("1")
@example("No ")
def test_any_text_survives_in_a_tag(tmp_path: Path, value: str) -> None:
    table = read(tmp_path, osm_text(SQUARE, ways={1: (RING, {"building": value, "natural": "water"})}))
    kept, plain = told(table)["way/1"][1].get("building"), value.strip().lower()
    if plain in PRESENT:
        assert kept == "yes"
    else:
        assert kept == value or (kept is None and (value in table.unknown or plain in ABSENT))


@pytest.mark.parametrize("value", ["مسجد", "寺院", "🏠 🏡", "a,b=c d@e%f", "<b>&amp;\"'</b>", "é\u2028\x85x"])
def test_other_scripts_and_signs_survive(tmp_path: Path, value: str) -> None:
    table = read(
        tmp_path, osm_text(SQUARE, ways={1: (RING, HOUSE | {"building:levels": value, "zzz": value})})
    )
    assert table.unknown[f"zzz={value}"] == 1


@pytest.mark.parametrize("length", [255, 256, 10_000])
@pytest.mark.parametrize("name", ["a.osm", "a.osm.gz"])
def test_long_values_are_cut_at_the_limit_of_openstreetmap(tmp_path: Path, name: str, length: int) -> None:
    value = "ж&" * (length // 2) + "x"
    text = osm_text(SQUARE, ways={1: (RING, {"building": value, "natural": "water"})})
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    table = read_objects(tmp_path / name)
    assert told(table)["way/1"][1] == {"building": value[:255], "natural": "water"}


def test_all_formats_hold_the_same(tmp_path: Path) -> None:
    text = osm_text(SQUARE, ways={1: (RING, HOUSE), 2: ((1, 3), ROAD)})
    plain = write(tmp_path / "a.osm", text)
    (tmp_path / "a.osm.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "A.OSM.BZ2").write_bytes(bz2.compress(text.encode()))
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for thing in osmium.FileProcessor(str(plain)):
            writer.add(thing)
    tables = [read_objects(tmp_path / name).table for name in ("a.osm", "a.osm.gz", "A.OSM.BZ2", "a.osm.pbf")]
    assert all(table.equals(tables[0]) for table in tables)
    assert tables[0].num_rows == 2


def test_only_objects_that_touch_the_imagery_are_kept(tmp_path: Path) -> None:
    nodes = SQUARE | {11: (0.003, 0.003), 12: (0.004, 0.0035)}
    angle = {21: (-0.002, 0.0), 22: (0.005, 0.0), 23: (0.005, 0.005)}  # its box holds the image, it does not
    ways = {1: (RING, HOUSE), 2: ((11, 12), ROAD), 3: ((21, 22, 23), ROAD)}
    path = write(tmp_path / "a.osm", osm_text(nodes | angle, ways=ways))
    assert set(told(read_objects(path, extents=[(0.0005, 0.0005, 0.0006, 0.0006)]))) == {"way/1"}
    assert set(told(read_objects(path, extents=[(0.0035, 0.003, 0.0045, 0.004)]))) == {"way/2"}
    assert set(told(read_objects(path, extents=[]))) == set()


def test_imagery_across_the_antimeridian(tmp_path: Path) -> None:
    nodes = {1: (179.9999, 0), 2: (-179.9999, 0), 3: (0, 0)}
    tags = {n: {"natural": "tree"} for n in nodes}
    path = write(tmp_path / "a.osm", osm_text(nodes, tags))
    assert set(told(read_objects(path, extents=[(179.99, -1, -179.99, 1)]))) == {"node/1", "node/2"}


@pytest.mark.parametrize("half", [0.0001, 0.002])
def test_what_reaches_over_the_antimeridian(tmp_path: Path, half: float) -> None:
    """Within the imagery, and past both of its edges; a box round the Earth is none of these."""
    nodes = {1: (180 - half, 0.0), 2: (half - 180, 0.0), 3: (half - 180, 0.001), 4: (180 - half, 0.001)}
    world = {5: (-180.0, 0.0), 6: (180.0, 0.0), 7: (180.0, 0.001), 8: (-180.0, 0.001)}
    ways = {1: (RING, LAKE), 2: ((1, 2), ROAD), 3: ((5, 6, 7, 8, 5), {"landuse": "forest"})}
    path = write(tmp_path / "a.osm", osm_text(nodes | world, ways=ways))
    table = read_objects(path, extents=[(179.999, -1, -179.999, 1)])
    assert set(told(table)) == {"way/1", "way/2", "way/3"}
    lake, road, forest = (shapely.from_wkb(wkb.as_py()) for wkb in table.table["geometry"])
    assert (lake.area, road.length) == pytest.approx((2 * half * 0.001, 2 * half))
    assert forest.area == pytest.approx(0.36)
    assert len(read_objects(path, extents=[(10.0, -1, 11.0, 1)])) == 1


@pytest.mark.parametrize("rings", [1, 2])
def test_a_relation_reaches_over_the_antimeridian(tmp_path: Path, rings: int) -> None:
    """What reads relations makes a multipolygon of each, whatever the number of its rings."""
    nodes: dict[int, tuple[float, float]] = {}
    ways: dict[int, tuple[tuple[int, ...], dict[str, str]]] = {}
    for ring in range(rings):
        south = 0.01 * ring
        corners = ((179.998, south), (-179.998, south), (-179.998, south + 0.001), (179.998, south + 0.001))
        first = len(nodes) + 1
        nodes |= dict(enumerate(corners, first))
        ways[ring + 1] = ((first, first + 1, first + 2, first + 3, first), {})
    relations = {9: ([(way, "outer") for way in ways], LAKE | {"type": "multipolygon"})}
    path = write(tmp_path / "a.osm", osm_text(nodes, ways=ways, relations=relations))
    table = read_objects(path, extents=[(179.999, -1, -179.999, 1)])
    assert told(table) == {"relation/9": ("area", LAKE)}
    lake = shapely.from_wkb(table.table["geometry"][0].as_py())
    assert lake.area == pytest.approx(rings * 0.004 * 0.001)
    assert told(read_objects(path, extents=[(10.0, -1, 11.0, 1)])) == {}


def test_what_is_not_visible_any_more_is_gone(tmp_path: Path) -> None:
    ways = {1: (RING, HOUSE), 2: ((1, 3), ROAD)}
    text = osm_text(SQUARE, ways=ways).replace("<way id='1'", '<way id="1" visible="false"')
    text = text.replace("<way id='2'", "<way id='2' visible='true'")
    assert told(read(tmp_path, text)) == {"way/2": ("line", ROAD)}


def test_the_last_version_of_an_object_counts(tmp_path: Path) -> None:
    text = osm_text(SQUARE, ways={1: (RING, HOUSE)})
    newer = "<way id='1' version='2'><nd ref='1'/><nd ref='2'/><tag k='highway' v='residential'/></way>"
    table = read(tmp_path, text.replace("</osm>", f"{newer}</osm>"))
    assert told(table) == {"way/1": ("line", ROAD)}
    assert table.counts["doubled"] == 1


NEW = {-1: (0.0, 0.0), -2: (0.001, 0.0), 3: (0.001, 0.001), -4: (0.0, 0.001)}
"""The square, drawn in an editor: only one of its corners has been sent to OpenStreetMap."""
NEW_RING = (-1, -2, 3, -4, -1)


def saved_by_an_editor() -> str:
    name = {"name": 'A "b" <c>\n& d'}
    ways = {-7: (NEW_RING, HOUSE | name), 7: ((-1, 3), ROAD), -8: (NEW_RING, LAKE), 6: ((3, 99), ROAD)}
    relations = {
        -9: ([(-8, "outer")], LAKE | {"type": "multipolygon"}),
        -10: ([(-8, "outer"), (-77, "outer")], LAKE | {"type": "multipolygon"}),
    }
    return str(osm_text(NEW, {-4: {"natural": "tree"}}, ways, relations))


@pytest.mark.parametrize("end", [".osm", ".osm.gz", ".osm.bz2"])
def test_new_objects_have_negative_ids(tmp_path: Path, end: str) -> None:
    content = saved_by_an_editor().encode()
    packed = {".osm": content, ".osm.gz": gzip.compress(content), ".osm.bz2": bz2.compress(content)}
    path = tmp_path / f"a{end}"
    path.write_bytes(packed[end])
    table = read_objects(path)
    assert told(table) == {
        "node/-4": ("point", {"natural": "tree"}),
        "way/-7": ("area", HOUSE),
        "way/7": ("line", ROAD),
        "relation/-9": ("area", LAKE),
    }
    assert (table.counts["incomplete"], table.counts["doubled"]) == (2, 1)


def test_what_an_editor_has_deleted_is_gone(tmp_path: Path) -> None:
    ways = {1: (RING, HOUSE), 2: (RING, LAKE), 3: ((1, 2), ROAD)}
    text = osm_text(SQUARE | {9: (0.0005, 0.0005)}, {9: {"natural": "tree"}}, ways)
    for deleted in ("<node id='9'", "<way id='2'"):
        text = text.replace(deleted, f"{deleted} action='delete'")
    table = read(tmp_path, text.replace("<way id='3'", "<way id='3' action='modify'"))
    assert told(table) == {"way/1": ("area", HOUSE), "way/3": ("line", ROAD)}
    assert table.counts["read"] == 2


def test_long_values_of_new_objects_are_cut_too(tmp_path: Path) -> None:
    table = read(tmp_path, osm_text(NEW, ways={-7: (NEW_RING, HOUSE | {"note": "x" * 300})}))
    assert told(table) == {"way/-7": ("area", HOUSE)}


def test_untrue_header_boxes_do_no_harm(tmp_path: Path) -> None:
    text = osm_text(SQUARE, ways={1: (RING, HOUSE)})
    text = text.replace(
        "<osm version='0.6'>", "<osm version='0.6'><bounds minlat='60' minlon='60' maxlat='61' maxlon='61'/>"
    )
    path = write(tmp_path / "a.osm", text)
    assert len(read_objects(path, extents=[(-1, -1, 1, 1)])) == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.osm", b"", "is empty"),
        ("a.osm.pbf", b"", "is empty"),
        ("a.osm", b"<?xml version='1.0'?><osm version='0.6'></osm>", "no tagged OpenStreetMap object"),
        ("a.osm", b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        ("a.osm.pbf", b"<html>404</html>", "web page"),
        ("a.osm", b"<osm version='0.6'><node id='1' lon='0' lat='0'>", "cannot be read"),
        ("a.osm.gz", gzip.compress(b"<osm version='0.6'></osm>" * 99, mtime=0)[:-9], "cannot be read"),
        ("a.osm.bz2", b"BZh91AY&SY nonsense", "cannot be read"),
        ("a.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18", "cannot be read"),
        ("a.osm", b"<!DOCTYPE a [<!ENTITY b 'c'>]><osm version='0.6'>&b;</osm>", "cannot be read"),
        (
            "a.osm",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><osm version='0.6'><node id='-1'/></osm>",
            "cannot be read",
        ),
        ("a.osm", b"<osm version='0.6'><node id='-1' lon='0' lat='0'>", "cannot be read"),
        ("a.osm", b"<osm version='0.6'><node id='-x' lon='0' lat='0'/></osm>", "cannot be read"),
        ("a.txt", b"x", "should end in"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CaptioningError, match=reason) as caught:
        read_objects(path)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_a_pbf_cut_short_is_told(tmp_path: Path) -> None:
    plain = write(
        tmp_path / "a.osm", osm_text({n: (n / 1e4, 0.0) for n in range(1, 3000)}, {5: {"natural": "tree"}})
    )
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for thing in osmium.FileProcessor(str(plain)):
            writer.add(thing)
    content = (tmp_path / "a.osm.pbf").read_bytes()
    (tmp_path / "b.osm.pbf").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(CaptioningError, match=r"b\.osm\.pbf cannot be read"):
        read_objects(tmp_path / "b.osm.pbf")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match="does not exist"):
        read_objects(tmp_path / "a.osm.pbf")


@pytest.mark.parametrize("count", [3, 200])
def test_many_images_are_as_one(tmp_path: Path, count: int) -> None:
    edges = [n * 0.001 / count for n in range(count + 1)]
    boxes = [(west, 0.0, east, 0.001) for west, east in pairwise(edges)]
    nodes = {n: (n % 40 * 1e-4 - 1e-3, n // 40 * 1e-4 - 1e-3) for n in range(1, 1200)}
    ways = {n: ((n, n + 1, n + 45), ROAD) for n in range(1, 1100, 3)}
    path = write(tmp_path / "a.osm", osm_text(nodes, {n: {"natural": "tree"} for n in nodes}, ways))
    many, one = read_objects(path, extents=boxes), read_objects(path, extents=[(0.0, 0.0, 0.001, 0.001)])
    assert many.table.equals(one.table)
    assert 0 < len(one) < one.counts["read"] / 2


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as only POSIX can")
def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    nodes = {n: (n / 1e5, 0.0) for n in range(1, 5000)}
    path = write(tmp_path / "a.osm", osm_text(nodes, {n: {"natural": "tree"} for n in nodes}))
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from rsvlm.captioning.osm import read_objects
try:
    read_objects({str(path)!r})
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    assert "no room for a temporary file" in done.stdout
    assert done.stdout.count("\n") == 1
    assert (done.returncode, done.stderr) == (0, "")


def test_xml_without_elements_is_refused_after_a_few_mib(tmp_path: Path) -> None:
    from rsvlm.captioning.osm.overlong import cut_overlong

    path = tmp_path / "blank.osm.gz"
    path.write_bytes(gzip.compress(b"<osm>" + b" " * 2**24))
    with pytest.raises(ValueError, match="an element of more than 8 MiB"):
        cut_overlong(path, tmp_path / "short.osm")
    assert (tmp_path / "short.osm").stat().st_size == 0
