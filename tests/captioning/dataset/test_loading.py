"""The dataset opens with the libraries that people train with."""

import gc
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_pairs import labels, make_dataset, pair  # type: ignore[import-not-found]

from rsvlm.captioning.dataset import PairsDataset, labels_from_row
from rsvlm.datasets.pairs import read_pairs

# webdataset leaves its files to the garbage collector
LEAKS = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def wds() -> Iterator[Any]:
    yield pytest.importorskip("webdataset")
    gc.collect()


@pytest.fixture
def load(tmp_path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own imports
        datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return lambda kind, **more: datasets.load_dataset(kind, split="train", cache_dir=str(tmp_path), **more)


def test_datasets_reads_parquet_with_decoded_images(dataset: PairsDataset, load: Any) -> None:
    loaded = load("parquet", data_files=str(dataset.folder / "shards" / "*.parquet"))
    assert len(loaded) == 25
    assert loaded[3]["image"].size == (128, 128)
    assert loaded[3]["caption"] == "A school beside a road, with 3 houses around it."
    assert [labels_from_row(row) for row in loaded] == [pair(number).labels for number in range(25)]
    assert loaded[1]["bbox"] == [9.5, 47.1, 9.6, 47.2]


def test_datasets_reads_the_folder_by_its_card(dataset: PairsDataset, load: Any) -> None:
    loaded = load(str(dataset.folder))
    assert len(loaded) == 25
    assert loaded.column_names[:3] == ["key", "image", "caption"]


def test_datasets_reads_the_tars(tmp_path: Path, load: Any) -> None:
    """The library learns types from the first five pairs, of which the least is known here."""
    bare = {"bbox": None, "crs": None, "gsd": None}
    pairs = [pair(number, **(bare if number < 6 else {"score": 0.3})) for number in range(12)]
    for item in pairs[:6]:
        item.labels["objects"].clear()
        item.labels["landcover"] = None
    made = make_dataset(tmp_path / "pairs", pairs)
    loaded = load("webdataset", data_files=str(made.folder / "shards" / "*.tar"))
    assert loaded[11]["jpg"].size == (128, 128)
    assert loaded[11]["txt"] == pairs[11].caption
    assert [json.loads(row["json"]["labels"]) for row in loaded] == [item.labels for item in pairs]


@LEAKS
def test_webdataset_reads_the_tars(dataset: PairsDataset, wds: Any) -> None:
    tars = sorted(path.as_posix() for path in (dataset.folder / "shards").glob("*.tar"))
    pairs = wds.WebDataset(tars, shardshuffle=False).decode("pil").to_tuple("jpg;png", "txt", "json")
    seen = list(pairs)
    assert len(seen) == 25
    image, text, record = seen[4]
    assert image.size == (128, 128)
    assert text == pair(4).caption
    assert json.loads(record["labels"]) == pair(4).labels
    assert record["key"] == "town_00004"


@LEAKS
def test_webdataset_reads_them_as_open_clip_does(dataset: PairsDataset, wds: Any) -> None:
    """The pipeline of open_clip_train/data.py: decode, rename, map, to_tuple, batched."""
    pipeline = wds.DataPipeline(
        wds.SimpleShardList(sorted(path.as_posix() for path in (dataset.folder / "shards").glob("*.tar"))),
        wds.tarfile_to_samples(),
        wds.select(lambda sample: "txt" in sample and ("png" in sample or "jpg" in sample)),
        wds.decode("pilrgb"),
        wds.rename(image="jpg;png;jpeg;webp", text="txt"),
        wds.map_dict(image=lambda image: image.size, text=str.lower),
        wds.to_tuple("image", "text"),
        wds.batched(10, partial=True),
    )
    batches = list(pipeline)
    assert [len(texts) for _, texts in batches] == [10, 10, 5]
    assert batches[0][1][0].startswith("a school beside a road")


@LEAKS
def test_webdataset_reads_captions_alone(tmp_path: Path, wds: Any) -> None:
    made = make_dataset(tmp_path / "pairs", [pair(number, image=False) for number in range(3)])
    tar = (made.folder / "shards" / "00000.tar").as_posix()
    texts = [text for text, _ in wds.WebDataset(tar, shardshuffle=False).decode().to_tuple("txt", "json")]
    assert texts == [pair(number).caption for number in range(3)]


def test_a_chip_without_a_scene_makes_no_set_of_several_classes(tmp_path: Path) -> None:
    for scene, several in ((("Beach",), False), (("Beach", "Coast"), True)):
        known = [labels(0) | {"scene": list(scene)}, labels(1) | {"scene": []}]
        pairs = [pair(number, labels=one) for number, one in enumerate(known)]
        found = read_pairs(make_dataset(tmp_path / str(len(scene)), pairs))
        assert (found.multi_label, found.labels) == (several, (scene, ()))
