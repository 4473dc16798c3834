"""Exports open in what their own projects use, whatever the captions hold."""

import csv
import json
from pathlib import Path

import pytest
from made_pairs import make_dataset, pair, picture  # type: ignore[import-not-found]

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import Caption, PairsDataset, export_dataset

AWKWARD = 'a "quoted", comma\nnew line; tab\t, emoji 🏫, <b>, \u2028 and =1+1'


def test_skyscript(dataset: PairsDataset, tmp_path: Path) -> None:
    done = export_dataset(dataset, tmp_path / "sky", "skyscript")
    with done.file.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (done.pairs, done.without_image, done.other_style, len(rows)) == (25, 0, 0, 25)
    assert list(rows[0]) == ["filepath", "title", "title_multi_objects"]
    assert rows[12] == {
        "filepath": "images/00001/town_00012.jpg",
        "title": "school",
        "title_multi_objects": "school, surrounded by house",
    }
    assert (tmp_path / "sky" / rows[12]["filepath"]).read_bytes() == picture(12)


def test_chatearthnet(dataset: PairsDataset, tmp_path: Path) -> None:
    done = export_dataset(dataset, tmp_path / "earth", "chatearthnet")
    entries = json.loads(done.file.read_text("utf-8"))
    assert len(entries) == 25
    assert entries[3] == {"image": "town_00003.jpg", "caption": pair(3).caption}
    assert (tmp_path / "earth" / "images" / "town_00003.jpg").read_bytes() == picture(3)


@pytest.fixture
def awkward(tmp_path: Path) -> PairsDataset:
    """Text of all kinds, a png, a pair without image, and other styles."""
    cover = [Caption(style="natural", text=AWKWARD), Caption(style="chatearthnet", text="Mostly trees.")]
    pairs = [
        pair(0, caption=AWKWARD, captions=cover, form="png"),
        pair(1, image=False),
        pair(2, caption="x" * 10_000, captions=[]),
    ]
    made: PairsDataset = make_dataset(tmp_path / "awkward", pairs)
    return made


def test_awkward_text_survives_csv(awkward: PairsDataset, tmp_path: Path) -> None:
    done = export_dataset(awkward, tmp_path / "sky", "skyscript")
    with done.file.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (done.without_image, done.other_style) == (1, 2)
    assert [row["title"] for row in rows] == [AWKWARD, "x" * 10_000]
    assert [row["title_multi_objects"] for row in rows] == [AWKWARD, "x" * 10_000]
    assert rows[0]["filepath"] == "images/00000/town_00000.png"


def test_pandas_reads_the_csv(awkward: PairsDataset, tmp_path: Path) -> None:
    """As SkyScript's training code and torchgeo do."""
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(export_dataset(awkward, tmp_path / "sky", "skyscript").file)
    assert table["title"].tolist() == [AWKWARD, "x" * 10_000]


def test_awkward_text_survives_json(awkward: PairsDataset, tmp_path: Path) -> None:
    done = export_dataset(awkward, tmp_path / "earth", "chatearthnet")
    assert json.loads(done.file.read_text("utf-8")) == [
        {"image": "town_00000.png", "caption": "Mostly trees."},
        {"image": "town_00002.jpg", "caption": "x" * 10_000},
    ]


def test_nothing_to_export_is_an_empty_list(tmp_path: Path) -> None:
    made = make_dataset(tmp_path / "pairs", [pair(1, image=False)])
    done = export_dataset(made, tmp_path / "earth", "chatearthnet")
    assert json.loads(done.file.read_text("utf-8")) == []
    assert (done.pairs, done.without_image) == (0, 1)


def test_a_folder_in_use_is_refused(dataset: PairsDataset, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(CaptioningError, match="exists already; name a new folder"):
        export_dataset(dataset, tmp_path, "skyscript")
    (tmp_path / "empty").mkdir()
    export_dataset(dataset, tmp_path / "empty", "skyscript")


def test_an_export_that_fails_leaves_nothing(dataset: PairsDataset, tmp_path: Path) -> None:
    broken = PairsDataset(dataset.folder, dataset.manifest, [10, 10, 5])
    broken.folder = tmp_path / "gone"
    with pytest.raises(CaptioningError, match=r"00000\.parquet: cannot be read"):
        export_dataset(broken, tmp_path / "out", "chatearthnet")
    assert list(tmp_path.iterdir()) == []
