"""Captions and labels of pairs datasets, indexes and parquet files of images."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import rsvlm
from rsvlm.captioning.dataset import open_dataset
from rsvlm.captioning.sample import SamplePaths
from rsvlm.rag import RagError
from rsvlm.rag.pictures import files_of
from rsvlm.rag.sources import read_source


@pytest.fixture(scope="module")
def pairs(town: SamplePaths, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rag") / "pairs"
    rsvlm.caption([town.image], osm=town.osm, size=256, out=out)
    return out


def test_a_pairs_dataset_gives_each_different_caption(pairs: Path) -> None:
    source = read_source(pairs)
    chunks = list(source.chunks())
    assert (source.kind, source.problems) == ("pairs dataset", [])
    told = {
        (f"{pairs.as_posix()}#{row['key']}", caption["text"])
        for row in open_dataset(pairs).rows()
        for caption in row["captions"]
    }
    assert {(chunk.image, chunk.text) for chunk in chunks if len(chunk.text.split()) <= 120} <= told
    assert len({chunk.key for chunk in chunks}) == len(chunks) >= len(told)
    assert {chunk.type for chunk in chunks} == {"caption"}
    assert all(chunk.bbox and chunk.licence for chunk in chunks)
    images = {chunk.image for chunk in chunks if chunk.image}
    assert {file: set(keys) for file, keys in files_of(images).items()} == {pairs.as_posix(): images}
    assert list(read_source(open_dataset(pairs)).chunks()) == chunks


def test_a_damaged_pairs_dataset(pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "manifest.json").write_bytes((pairs / "manifest.json").read_bytes())
    with pytest.raises(RagError, match="shards missing or damaged"):
        list(read_source(tmp_path).chunks())


def test_an_index_gives_captions_or_labels(tmp_path: Path) -> None:
    rows = [
        {"key": "/t/a.tif", "image": "/t/a.tif", "captions": ["A lake.", "A lake.", "Water."], "labels": ["SeaLake"],
         "west": 9.0, "south": 47.0, "east": 9.1, "north": 47.1, "licence": "CC0"},
        {"key": "/t/b.tif#0,0,64,64", "image": "/t/b.tif", "labels": ["AnnualCrop", "Forest"]},
        {"key": "/t/c.tif", "image": "/t/c.tif"},
    ]  # fmt: skip
    index = rsvlm.Index.from_vectors(tmp_path / "index", np.eye(3, 8, dtype=np.float32), rows, encoder="none")
    source = read_source(index, licence="CC BY 4.0")
    chunks = list(source.chunks())
    assert source.kind == "index"
    assert [(chunk.where, chunk.text, chunk.image, chunk.labels, chunk.licence) for chunk in chunks] == [
        ("/t/a.tif, caption 1", "A lake.", "/t/a.tif", ("SeaLake",), "CC0"),
        ("/t/a.tif, caption 2", "Water.", "/t/a.tif", ("SeaLake",), "CC0"),
        ("/t/b.tif, 0,0,64,64, labels", "An image of annual crop and Forest.", "/t/b.tif#0,0,64,64",
         ("AnnualCrop", "Forest"), "CC BY 4.0"),
    ]  # fmt: skip
    assert chunks[0].bbox == (9.0, 47.0, 9.1, 47.1)
    assert [problem.reason for problem in source.problems] == ["has neither captions nor labels"]
    before = source.digest
    index.remove(["/t/c.tif"])
    assert read_source(tmp_path / "index").digest != before


def test_the_pictures_of_real_captions_are_found_in_an_index_of_them(data_dir: Path, tmp_path: Path) -> None:
    whole = data_dir / "rsicd" / "validation.parquet"
    if not whole.exists():
        pytest.skip("no rsicd")
    pq.write_table(pq.read_table(whole).slice(0, 40), tmp_path / "some.parquet")
    source = read_source(tmp_path)
    chunks = list(source.chunks())
    table = pq.read_table(tmp_path / "some.parquet", columns=["captions"])
    assert len(chunks) == sum(len(set(captions)) for captions in table["captions"].to_pylist())
    assert chunks[0].where == "some.parquet, row 0, caption 1"
    assert chunks[0].image == f"{tmp_path.as_posix()}/some.parquet#0"
    assert list(files_of([chunk.image or "" for chunk in chunks])) == [f"{tmp_path.as_posix()}/some.parquet"]
    assert all(chunk.labels for chunk in chunks)
