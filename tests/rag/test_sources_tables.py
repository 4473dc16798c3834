"""Rows of tables of all forms, with their places and times, and what is wrong with some of them."""

import csv
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rsvlm.rag import Chunk, RagError
from rsvlm.rag.pictures import files_of
from rsvlm.rag.sources import Source, read_source
from rsvlm.rag.sources.csvrows import _Lines, _long_row
from rsvlm.rag.sources.places import around, box_of, checked


def read(folder: Path, name: str, content: str | bytes, **options: str) -> tuple[list[Chunk], Source]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = read_source(path, **options)
    return list(source.chunks()), source


def test_csv_with_text_place_and_time(tmp_path: Path) -> None:
    table = (
        "ID,Title,Description,Longitude,Latitude,Date,Licence,Source,image\n"
        '7,Vaduz,"A town,\nsmall.",9.52,47.14,2019-05,CC0,Wikipedia,pictures/vaduz.png\n'
        "8,,Second,,,,,,\n"
    )
    (first, second), source = read(tmp_path, "towns.csv", table)
    assert first == Chunk(
        source.name, "id 7", "Vaduz: A town,\nsmall.", image=f"{tmp_path.as_posix()}/pictures/vaduz.png",
        bbox=(9.52, 47.14, 9.52, 47.14), datetime=datetime(2019, 5, 1, tzinfo=UTC), licence="CC0; source: Wikipedia",
    )  # fmt: skip
    assert (second.where, second.text, second.bbox, second.licence) == ("id 8", "Second", None, None)
    assert source.problems == []


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ";"), ("a.tsv", "\t"), ("a.csv", "|"), ("a.csv", ",")])
def test_rows_without_a_column_of_text_are_put_in_words(tmp_path: Path, name: str, sign: str) -> None:
    rows = [["name", "population", "lat", "lon", "area_km2"], ["Vaduz", "5696", "47.14", "9.52", "17.3"]]
    (chunk,), _ = read(tmp_path, name, "\n".join(sign.join(row) for row in rows))
    assert (chunk.where, chunk.text) == ("Vaduz", "name: Vaduz; population: 5696; area km2: 17.3")
    assert chunk.bbox == (9.52, 47.14, 9.52, 47.14)


def test_rows_that_are_wrong_are_problems_and_the_others_stay(tmp_path: Path) -> None:
    table = "text,lon,lat,date\nfirst,9.5,97,\nsecond,9.5,47,soon\nthird,,\n\nfourth,1,2,2019,5,6\nfifth,a,b,2019\n"
    chunks, source = read(tmp_path, "a.csv", table)
    assert [chunk.text for chunk in chunks] == ["first", "second", "third", "fifth"]
    assert [chunk.where for chunk in chunks] == ["row 1", "row 2", "row 3", "row 5"]
    assert [chunk.bbox is None for chunk in chunks] == [True, False, True, True]
    assert [problem.file.rpartition(", ")[2] for problem in source.problems] == [
        "row 1",
        "row 2",
        "row 4",
        "row 5",
    ]
    assert "not in degrees" in source.problems[0].reason
    assert "soon" in source.problems[1].reason
    assert "6 values for 4 columns" in source.problems[2].reason


def long_line(corners: int) -> str:
    return f"LINESTRING ({', '.join(f'{number / corners:.9f} 47' for number in range(corners))})"


def test_cells_that_are_longer_than_the_limit_of_python_are_read(tmp_path: Path) -> None:
    limit, line = csv.field_size_limit(), long_line(12_000)
    assert len(line) > limit
    words = "\n".join(f'It is ""long"", {number}.' for number in range(9_000))
    table = f'wkt;text;id\n"{line}";second;a\n{line};"{words}";b\n;"";c\n;last;d\n'
    path = tmp_path / "a.csv"
    path.write_text(table, encoding="utf-8")
    source = read_source(path)
    chunks = []
    for chunk in source.chunks():
        assert csv.field_size_limit() == limit
        chunks.append(chunk)
    assert source.problems == []
    assert (chunks[0].text, chunks[0].bbox) == ("second", (0.0, 47.0, 0.999916667, 47.0))
    assert chunks[1].text.startswith('It is "long", 0.')
    assert {chunk.bbox for chunk in chunks[1:-1]} == {chunks[0].bbox}
    assert (chunks[-2].text.splitlines()[-1], chunks[-2].where.split(",")[0]) == (
        'It is "long", 8999.',
        "id b",
    )
    assert (chunks[-1].where, chunks[-1].text) == ("id d", "last")


def test_a_quote_that_does_not_end_costs_its_own_line(tmp_path: Path) -> None:
    lines = [f"plain {number},{number}" for number in range(30_000)]
    table = "\n".join(["text,id", "first,a", '"open,b', *lines])
    chunks, source = read(tmp_path, "a.csv", table)
    assert [chunk.text for chunk in chunks[:3]] == ["first", "plain 0", "plain 1"]
    assert len(chunks) == 30_001
    [problem] = source.problems
    assert problem.file.endswith("a.csv, row 2")
    assert "a quote that does not end" in problem.reason


def test_a_quote_that_does_not_end_takes_no_row_below_it(tmp_path: Path) -> None:
    chunks, source = read(tmp_path, "a.csv", 'name,elev\n"Alder,12\nBirch,13\nCedar,"14')
    assert [chunk.text for chunk in chunks] == ["name: Birch; elev: 13"]
    assert [problem.file.rpartition(", ")[2] for problem in source.problems] == ["row 1", "row 3"]
    chunks, source = read(tmp_path, "b.csv", 'name,elev\nAlder,"1\n2"')
    assert ([chunk.text for chunk in chunks], source.problems) == (["name: Alder; elev: 1, 2"], [])


@given(
    rows=st.lists(
        st.lists(st.text(st.sampled_from('a",;\n\r '), max_size=6), min_size=2, max_size=4), max_size=5
    ),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    after_blanks=st.booleans(),
)
def test_long_rows_are_read_as_short_ones_are(
    rows: list[list[str]], quoting: Literal[0, 1], after_blanks: bool
) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=quoting).writerows(rows)
    lines = _Lines(written.getvalue().splitlines(keepends=True))
    found = []
    for _ in rows:
        lines.taken.clear()
        found.append(_long_row(lines, ",", after_blanks))
    read_back = csv.reader(io.StringIO(written.getvalue(), newline=""), skipinitialspace=after_blanks)
    assert found == list(read_back)


def test_long_texts_are_cut_and_their_pieces_can_be_told_apart(tmp_path: Path) -> None:
    text = " ".join(f"Sentence {number} tells of the river." for number in range(60))
    chunks, _ = read(tmp_path, "a.jsonl", json.dumps({"id": "x", "name": "Rhine", "text": text}))
    assert [chunk.where for chunk in chunks] == ["id x", "id x, 2", "id x, 3", "id x, 4"]
    assert all(chunk.text.startswith("Rhine: Sentence") for chunk in chunks)


def test_json_lines_with_broken_ones(tmp_path: Path) -> None:
    lines = [
        '{"text": "one"}',
        "{",
        '"text"',
        "[" * 100_000,
        '{"a":' * 400 + "1" + "}" * 400,
        '{"text": null}',
        '{"text": "t\\ud800wo", "id": 5}',
    ]
    chunks, source = read(tmp_path, "a.jsonl", "\n".join(lines))
    assert [(chunk.where, chunk.text) for chunk in chunks] == [("row 1", "one"), ("id 5", "two")]
    assert len(source.problems) == 4
    assert source.problems[3].reason == "is nested too deep"


@pytest.mark.parametrize(
    "content",
    [
        [{"key": "a", "text": "words"}],
        {"items": [{"key": "a", "text": "words"}], "links": [{"href": "b"}]},
        {"a": {"text": "words"}, "b": {"text": ""}},
        {"key": "a", "text": "words"},
    ],
)
def test_json_of_several_forms(tmp_path: Path, content: object) -> None:
    (chunk,), _ = read(tmp_path, "a.json", json.dumps(content))
    assert (chunk.where, chunk.text) == ("id a", "words")


def test_geojson(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[179, -17], [-179, -16]]}
    features = [
        {
            "type": "Feature",
            "id": 3,
            "geometry": line,
            "properties": {"name": "Ferry", "note": "Twice a day."},
        },
        {"type": "Feature", "geometry": None, "properties": {"name": "Nowhere", "note": "No place."}},
        {"type": "Feature", "geometry": {"type": "Blob"}, "properties": {"note": "Odd."}},
        {"type": "Feature", "geometry": None, "properties": None},
    ]
    chunks, source = read(
        tmp_path, "a.geojson", json.dumps({"type": "FeatureCollection", "features": features})
    )
    assert [(chunk.where, chunk.text, chunk.bbox) for chunk in chunks] == [
        ("id 3", "Ferry: Twice a day.", (179.0, -17.0, -179.0, -16.0)),
        ("Nowhere", "Nowhere: No place.", None),
        ("row 3", "Odd.", None),
    ]
    assert "Blob" in source.problems[0].reason
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2056"}}
    with pytest.raises(RagError, match="EPSG:4326"):
        read(
            tmp_path, "b.geojson", json.dumps({"type": "FeatureCollection", "features": features, "crs": crs})
        )


def test_chatearthnet_and_what_else_is_about_pictures(tmp_path: Path) -> None:
    items = [{"image_id": "a_patch00.png", "caption": ["Crops in the north.", "A lake."], "label": "crop"}]
    chunks, source = read(tmp_path, "caps.json", json.dumps(items))
    assert [(chunk.text, chunk.type, chunk.labels) for chunk in chunks] == [
        ("Crops in the north.", "caption", ("crop",)), ("A lake.", "caption", ("crop",)),
    ]  # fmt: skip
    assert chunks[0].image == f"{tmp_path.as_posix()}/a_patch00.png"
    assert source.problems == []


@pytest.mark.parametrize(
    "image", ["http://[", "//[x", "a\0b.png", "x" * 300 + ".png", "data:image/png;base64," + "A" * 9999]
)
def test_paths_of_pictures_that_are_none(tmp_path: Path, image: str) -> None:
    (chunk,), _ = read(tmp_path, "a.json", json.dumps([{"image": image, "caption": "A lake."}]))
    assert chunk.text == "A lake."
    assert files_of([chunk.image or ""]) == {}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A picture that is nobody's business, and a folder with one that is told of."""
    for name in ("private.png", "own/img/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"picture")
    (tmp_path / "own" / "csv").mkdir()
    try:
        (tmp_path / "own" / "link.png").symlink_to(tmp_path / "private.png")
        (tmp_path / "own" / "elsewhere").symlink_to(tmp_path)
    except OSError:
        pytest.skip("no links here")
    return tmp_path


@pytest.mark.parametrize(
    "image",
    ["{home}/private.png", "../private.png", "img/../../private.png", "link.png", "elsewhere/private.png",
     "elsewhere#1", "../x#1"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["csv", "messages", "RSWK", "parquet"])
def test_pictures_elsewhere_are_left_out_and_told_once(home: Path, image: str, form: str) -> None:
    image = image.format(home=home)
    if form == "RSWK" and not image.endswith(".png"):
        image += ".png"
    file = home / "own" / ("t.csv" if form == "csv" else "t.json")
    said = [{"role": "assistant", "content": "A lake and a boat."}]
    written: dict[str, list[dict[str, object]]] = {
        "csv": [{"image": image, "caption": "A lake."}],
        "messages": [{"messages": said, "images": [image]}],
        "RSWK": [{"image_name": image, "description": "A lake."}],
    }
    if form == "parquet":
        file = home / "own" / "t.parquet"
        pq.write_table(pa.table({"image": [image] * 2, "caption": ["A lake.", "A hill."]}), file)
    elif form == "csv":
        file.write_text(f"image,caption\n{image},A lake.\n{image},A hill.\n", encoding="utf-8")
    else:
        file.write_text(json.dumps(written[form] * 2), encoding="utf-8")
    source = read_source(file)
    chunks = list(source.chunks())
    assert len(chunks) > 1
    assert {chunk.image for chunk in chunks} == {None}
    assert "caption" in {chunk.type for chunk in chunks}
    [problem] = source.problems
    assert "lies outside of the folder of the source" in problem.reason
    assert "name as the source a folder that holds both" in problem.reason


@pytest.mark.parametrize("image", ["../img/a.png", "{home}/own/img/a.png", "../csv/../img/./a.png"])
def test_pictures_beside_a_table_are_taken_where_the_folder_of_both_is_the_source(
    home: Path, image: str
) -> None:
    table = f"image,caption\n{image.format(home=home)},A lake.\n"
    (home / "own" / "csv" / "t.csv").write_text(table, encoding="utf-8")
    [chunk] = read_source(home / "own").chunks()
    assert chunk.image == f"{home.as_posix()}/own/img/a.png"
    [chunk] = read_source(home / "own" / "csv").chunks()
    assert chunk.image is None


def test_sources_may_be_links(home: Path, tmp_path: Path) -> None:
    (home / "own" / "t.csv").write_text("image,caption\nimg/a.png,A lake.\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(home / "own")
    for source in (tmp_path / "link", tmp_path / "link" / "t.csv"):
        [chunk] = read_source(source).chunks()
        assert chunk.image == f"{tmp_path.as_posix()}/link/img/a.png"
    pq.write_table(pa.table({"image": [b"x"], "caption": ["A lake."]}), home / "own" / "real.parquet")
    place = tmp_path / "other"
    place.mkdir()
    (place / "link.parquet").symlink_to(home / "own" / "real.parquet")
    [chunk] = read_source(place / "link.parquet").chunks()
    assert chunk.image == f"{place.as_posix()}/link.parquet#0"


def test_addresses_of_pictures_stay(tmp_path: Path) -> None:
    (chunk,), source = read(tmp_path, "a.csv", "image,caption\nhttps://example.org/a.png,A lake.\n")
    assert (chunk.image, source.problems) == ("https://example.org/a.png", [])


@pytest.mark.skipif(sys.platform == "win32", reason="a drive there")
@pytest.mark.parametrize("image", ["C://a.png", "a://a.png"])
def test_a_drive_is_no_address(tmp_path: Path, image: str) -> None:
    (chunk,), _ = read(tmp_path, "a.csv", f"image,caption\n{image},A lake.\n")
    assert chunk.image == f"{tmp_path.as_posix()}/{image.replace('//', '/')}"


def test_messages_and_images(tmp_path: Path) -> None:
    def item(question: str, answer: str) -> str:
        said = [{"role": "user", "content": f"<image>{question}"}, {"role": "assistant", "content": answer}]
        return json.dumps({"messages": said, "images": ["pictures/Pont d'Iéna.png"]})

    lines = [
        item("Describe it.", "A bridge crosses the river."),
        item("What is its NDVI?", "0.13"),
        '{"messages": 1}',
    ]
    chunks, source = read(tmp_path, "a.jsonl", "\n".join(lines))
    assert [(chunk.text, chunk.type, chunk.image) for chunk in chunks] == [
        ("A bridge crosses the river.", "caption", f"{tmp_path.as_posix()}/pictures/Pont d'Iéna.png"),
        ("What is its NDVI? 0.13", "note", f"{tmp_path.as_posix()}/pictures/Pont d'Iéna.png"),
    ]
    assert [problem.reason for problem in source.problems] == ["has no messages, or names no image"]


def test_parquet_without_images(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["one", None],
            "bytes": [b"x", b"y"],
            "year": [2019, 2020],
            "lon": [1.0, None],
            "lat": [2.0, 3],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (chunk,) = read_source(tmp_path / "a.parquet").chunks()
    assert (chunk.text, chunk.bbox, chunk.datetime) == (
        "one",
        (1.0, 2.0, 1.0, 2.0),
        datetime(2019, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", "{", "is no JSON"),
        ("a.json", "3", "is no list of objects"),
        ("a.json", "[" * 200_000, "is no JSON"),
        ("a.json", "[1, 2]", "row 1: is no object"),
        ("a.csv", "", "is empty"),
        ("a.csv", "text\n" + "x" * (2**22 + 1), "has a line of more than 4 MiB"),
        ("a.csv", "x" * 200_000 + ",text\na,b\n", "its first line does not name columns"),
        ("a.jsonl", b"\0\0\0\0", "is no text"),
        ("a.parquet", "PAR1", "is no parquet file that can be read"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    with pytest.raises(RagError) as caught:
        read(tmp_path, name, content)
    assert reason in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_keys_stay_when_other_rows_come_and_go(tmp_path: Path) -> None:
    rows = [{"id": f"q{number}", "text": f"Fact {number}."} for number in range(5)]
    before, _ = read(tmp_path, "a.json", json.dumps(rows))
    after, _ = read(tmp_path, "a.json", json.dumps(rows[2:]))
    assert set(after) == set(before[2:])


def test_a_digest_is_of_content_and_licence(tmp_path: Path) -> None:
    _, source = read(tmp_path, "a.csv", "text,other\na,b\n")
    again = read_source(tmp_path / "a.csv")
    assert source.digest == again.digest
    assert read_source(tmp_path / "a.csv", licence="CC0").digest != source.digest
    _, changed = read(tmp_path, "a.csv", "text,other\na,c\n")
    assert changed.digest != source.digest


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ("9.5, 47.1", (9.5, 47.1, 9.5, 47.1)),
        ("[9.5, 47.1, 9.6, 47.2]", (9.5, 47.1, 9.6, 47.2)),
        ([9.5, 47.1, 430], (9.5, 47.1, 9.5, 47.1)),
        ("POINT (9.5 47.1)", (9.5, 47.1, 9.5, 47.1)),
        ("SRID=4326;POLYGON ((9 47, 10 47, 10 48, 9 47))", (9.0, 47.0, 10.0, 48.0)),
        ({"lon": 9.5, "lat": 47.1}, (9.5, 47.1, 9.5, 47.1)),
        ({"type": "Point", "coordinates": [9.5, 47.1]}, (9.5, 47.1, 9.5, 47.1)),
        ([350, 10, 10, 20], (-10.0, 10.0, 10.0, 20.0)),
        ([170, -5, -170, 5], (170.0, -5.0, -170.0, 5.0)),
        ([0, -90, 360, 90], (-180.0, -90.0, 180.0, 90.0)),
        ("POLYGON ((0 -90, 360 -90, 360 90, 0 90, 0 -90))", (-180.0, -90.0, 180.0, 90.0)),
        ([180, 0, 190, 1], (180.0, 0.0, -170.0, 1.0)),
    ],
)
def test_places_as_people_write_them(value: object, box: tuple[float, ...]) -> None:
    assert box_of(value) == box


_LONGITUDES = st.floats(-360, 360)


@example(edges=[0, 360])
@example(edges=[0, 359.99999999999994])
@example(edges=[-360, 0])
@given(edges=st.lists(_LONGITUDES, min_size=2, max_size=2).map(sorted))
def test_a_box_is_as_wide_as_it_was_wherever_its_longitudes_are_counted_from(edges: list[float]) -> None:
    west, _, east, _ = checked([edges[0], -5, edges[1], 5])
    assert -180 <= west <= 180
    assert -180 <= east <= 180
    width = east - west if west <= east else east - west + 360
    assert width == pytest.approx(min(edges[1] - edges[0], 360), abs=1e-9)
    turns = (west - edges[0]) / 360
    assert width == 360 or turns == pytest.approx(round(turns), abs=1e-9)


@pytest.mark.parametrize(
    "value", ["Vaduz", "9.5", [9.5, 47.1, 9.6, 47.0], [1, "x"], {"type": 3}, "{", [None, 3], 5]
)
def test_places_that_are_none(value: object) -> None:
    with pytest.raises(RagError, match="place"):
        box_of(value)


def test_boxes_around_points() -> None:
    assert around([179, -179], [0, 1]) == (179.0, 0.0, -179.0, 1.0)
    assert around([-180, 0, 180], [0, 1, 2]) == (-180.0, 0.0, 180.0, 2.0)


def test_parquet_that_unpacks_to_far_more_than_it_has_is_refused(tmp_path: Path) -> None:
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), ["a " * 2**19])
    lists = pa.ListArray.from_arrays(
        pa.array(range(0, 201, 10), pa.int32()), shared.slice(0, 200).cast(pa.string())
    )
    for name, column in (("shared", shared), ("lists", lists)):
        pq.write_table(pa.table({"text": column}), tmp_path / f"{name}.parquet", compression="zstd")
        assert (tmp_path / f"{name}.parquet").stat().st_size < 10_000
        with pytest.raises(RagError, match="has more than 64 MiB in 100 rows"):
            list(read_source(tmp_path / f"{name}.parquet").chunks())
    long = tmp_path / "long.parquet"
    pq.write_table(pa.table({"text": ["a" * 2**27]}), long, compression="zstd", use_dictionary=False)
    with pytest.raises(RagError, match="has 128 MiB of text in 1 rows"):
        list(read_source(long).chunks())
