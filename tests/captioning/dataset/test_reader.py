"""Datasets are opened whole or refused, with what is wrong by name."""

import json
import shutil
from pathlib import Path

import pytest
from made_pairs import CONFIG, make_dataset, pair  # type: ignore[import-not-found]

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import PairsDataset, Problem, open_dataset, read_problems
from rsvlm.shards import open_run


@pytest.fixture
def copy(dataset: PairsDataset, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dataset.folder, tmp_path / "pairs"))


def test_pairs_in_order(dataset: PairsDataset) -> None:
    assert len(dataset) == 25
    assert list(dataset) == [pair(number) for number in range(25)]


def test_some_columns(dataset: PairsDataset) -> None:
    rows = list(dataset.rows(["key", "style"]))
    assert rows[11] == {"key": "town_00011", "style": "natural"}
    with pytest.raises(CaptioningError, match=r"no column 'title'.*caption"):
        next(dataset.rows(["title"]))


def test_rows_by_number(dataset: PairsDataset) -> None:
    keys = [row["key"] for row in dataset.take([24, 0, 10, 9], ["key"])]
    assert keys == ["town_00000", "town_00009", "town_00010", "town_00024"]
    assert dataset.sample(5, seed=1) == dataset.sample(5, seed=1) != dataset.sample(5, seed=2)
    assert len(dataset.sample(100)) == 25


def test_the_manifest_counts(dataset: PairsDataset) -> None:
    manifest = dataset.manifest
    counts = manifest.counts
    assert (counts.shards, counts.pairs, counts.images, counts.verified, counts.errors) == (3, 25, 25, 25, 2)
    assert [source.title for source in manifest.sources] == [
        "ESA WorldCover 2021",
        "OpenStreetMap",
        "scene_0.tif and others",
    ]
    assert manifest.config == CONFIG
    assert manifest.report == {"chips": 25}


def test_problems_come_back(dataset: PairsDataset) -> None:
    assert list(read_problems(dataset.folder)) == [
        Problem("a.tif", "", "unreadable", "not a raster"),
        Problem("b.tif", "b_0", "nothing to say", "no label"),
    ]


def test_the_whole_folder_repeats(dataset: PairsDataset, tmp_path: Path) -> None:
    again = make_dataset(
        tmp_path / "again",
        [pair(number) for number in range(25)],
        problems=list(read_problems(dataset.folder)),
    )
    files = sorted(path.relative_to(dataset.folder) for path in dataset.folder.rglob("*") if path.is_file())
    assert sorted(p.relative_to(again.folder) for p in again.folder.rglob("*") if p.is_file()) == files
    for file in files:
        assert (dataset.folder / file).read_bytes() == (again.folder / file).read_bytes(), file


def test_missing_and_damaged_shards_are_named(copy: Path) -> None:
    (copy / "shards" / "00000.parquet").unlink()
    tar = copy / "shards" / "00002.tar"
    tar.write_bytes(tar.read_bytes()[:-512])
    with pytest.raises(CaptioningError, match=r"shards missing or damaged: 00000, 00002; run the command"):
        open_dataset(copy)


def test_damage_inside_a_file_is_named_when_read(copy: Path) -> None:
    parquet = copy / "shards" / "00001.parquet"
    content = bytearray(parquet.read_bytes())
    content[-40:] = bytes(40)
    parquet.write_bytes(content)
    dataset = open_dataset(copy)
    with pytest.raises(CaptioningError, match=r"00001\.parquet: cannot be read"):
        list(dataset)


def test_unfinished_and_foreign_folders(tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match="is not a folder"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(CaptioningError, match=r"not a pairs dataset: it has no manifest\.json"):
        open_dataset(tmp_path)
    with open_run(tmp_path / "half", CONFIG):
        pass
    with pytest.raises(CaptioningError, match="is not finished; run the command that makes it again"):
        open_dataset(tmp_path / "half")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "rsvlm-pairs-2"}, r"was written by a newer rsvlm \(format rsvlm-pairs-2; this one"),
        ({"format": "x"}, "format"),
        ({"extra": 1}, "extra"),
        ({"counts": {"shards": -1}}, "counts"),
    ],
)
def test_a_wrong_manifest_is_refused(copy: Path, change: dict[str, object], message: str) -> None:
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    (copy / "manifest.json").write_text(json.dumps(manifest | change), encoding="utf-8")
    with pytest.raises(CaptioningError, match=rf"manifest\.json: {message}") as caught:
        open_dataset(copy)
    assert "\n" not in str(caught.value)


def test_a_torn_manifest_is_refused(copy: Path) -> None:
    (copy / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(CaptioningError, match=r"manifest\.json: the file: Invalid JSON"):
        open_dataset(copy)


def test_counts_that_disagree_are_refused(copy: Path) -> None:
    text = (
        (copy / "manifest.json")
        .read_text("utf-8")
        .replace('"pairs": 25,\n    "shards"', '"pairs": 26,\n    "shards"')
    )
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(CaptioningError, match="25 pairs in the shards, but 26 in the manifest"):
        open_dataset(copy)


def test_a_dataset_of_nothing(tmp_path: Path) -> None:
    empty = make_dataset(tmp_path / "empty", [])
    assert len(empty) == 0
    assert list(empty) == []
    assert empty.sample(3) == []
