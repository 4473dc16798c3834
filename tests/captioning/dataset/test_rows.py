"""Pairs come back from the parquet file and the tar as they were."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pairs import picture  # type: ignore[import-not-found]

from rsvlm.captioning.dataset import Caption, Pair, ShardWriter, Source, labels_from_row, pair_from_row

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.lists(st.fixed_dictionaries({"name": TEXT, "pixels": st.integers(0, 2**40)}), max_size=3)
OBJECT = st.fixed_dictionaries(
    {
        "id": TEXT,
        "role": st.sampled_from(["focus", "surrounding"]),
        "shape": st.sampled_from(["point", "line", "area"]),
        "tags": st.dictionaries(TEXT, TEXT, max_size=3),
        "box": st.lists(NUMBER, min_size=4, max_size=4),
        "whole": st.booleans(),
        "area_m2": st.none() | NUMBER,
        "length_m": st.none() | NUMBER,
        "distance_m": st.none() | NUMBER,
    }
)
LANDCOVER = st.fixed_dictionaries(
    {
        "legend": TEXT,
        "date": st.none() | TEXT,
        "coverage": st.floats(0, 1),
        "regions": st.dictionaries(TEXT, SHARES, max_size=3),
    }
)
LABELS = st.fixed_dictionaries(
    {
        "width": st.integers(1, 10_000),
        "height": st.integers(1, 10_000),
        "gsd": st.none() | NUMBER,
        "north_up": st.booleans(),
        "objects": st.lists(OBJECT, max_size=3),
        "landcover": st.none() | LANDCOVER,
        "scene": st.lists(TEXT, max_size=3),
    }
)
SOURCE = st.builds(
    Source, name=TEXT, licence=st.none() | TEXT, attribution=st.none() | TEXT, url=st.none() | TEXT
)
PAIR = st.builds(
    Pair,
    key=st.from_regex(r"\A[A-Za-z0-9_-]{1,90}\Z"),
    image=st.just(picture(1, "png", 8)),
    format=st.just("png"),
    caption=TEXT,
    style=TEXT,
    captions=st.lists(st.builds(Caption, style=TEXT, text=TEXT), max_size=3),
    labels=LABELS,
    bbox=st.none() | st.tuples(NUMBER, NUMBER, NUMBER, NUMBER),
    crs=st.none() | TEXT,
    gsd=st.none() | NUMBER,
    datetime=st.none() | TEXT,
    sources=st.lists(SOURCE, max_size=2),
    generator=TEXT,
    verified=st.booleans(),
    score=st.none() | NUMBER,
)


@settings(deadline=None, max_examples=60)
@given(pairs=st.lists(PAIR, max_size=4, unique_by=lambda pair: pair.key.lower()))
def test_any_pair_comes_back(tmp_path_factory: Any, pairs: list[Pair]) -> None:
    folder: Path = tmp_path_factory.mktemp("shards")
    with ShardWriter(folder, 0) as writer:
        for pair in pairs:
            writer.add(pair)
    assert [pair_from_row(row) for row in pq.read_table(folder / "00000.parquet").to_pylist()] == pairs
    with tarfile.open(folder / "00000.tar") as tar:
        files = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    assert len(files) == 3 * len(pairs)
    for pair in pairs:
        assert files[f"{pair.key}.png"] == pair.image
        assert files[f"{pair.key}.txt"].decode("utf-8") == pair.caption
        record = json.loads(files[f"{pair.key}.json"])
        assert json.loads(record["labels"]) == pair.labels
        assert record["key"] == pair.key
        assert record.get("score") == pair.score


def test_the_main_tag_stays_first(tmp_path: Path) -> None:
    from made_pairs import pair

    item = pair(1)
    item.labels["objects"][0]["tags"] = {"tourism": "zoo", "building": "yes", "amenity": "cafe"}
    with ShardWriter(tmp_path, 0) as writer:
        writer.add(item)
    row = pq.read_table(tmp_path / "00000.parquet").to_pylist()[0]
    assert list(labels_from_row(row)["objects"][0]["tags"]) == ["tourism", "building", "amenity"]
