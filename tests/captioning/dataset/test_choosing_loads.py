"""The chosen pairs of the sample town open with the libraries that people train with."""

import gc
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_scores import ColourEncoder  # type: ignore[import-not-found]

import rsvlm
from rsvlm.captioning.dataset import PairsDataset, filter_pairs, open_dataset, score_pairs
from rsvlm.captioning.sample import LICENCE, SamplePaths

STYLES = ("natural", "chatearthnet", "skyscript")


class TownEncoder(ColourEncoder):  # type: ignore[misc]
    """Knows what captions of the town call things; the rest is of no colour."""

    words = {  # noqa: RUF012
        "tree cover": "forest", "water": "water", "cropland": "field", "built-up": "house", "grass": "grass",
    }  # fmt: skip

    def colour(self, text: str) -> Any:
        named = [self.words[word] for word in self.words if word in text.lower()]
        return super().colour(" ".join(named) or "house")


@pytest.fixture(scope="module")
def pairs(town: SamplePaths, tmp_path_factory: pytest.TempPathFactory) -> PairsDataset:
    """The town in chips of 256 px, scored."""
    out = tmp_path_factory.mktemp("town") / "pairs"
    rsvlm.caption(
        town.image, osm=town.osm, landcover=town.landcover, imagery_licence=LICENCE, size=256, out=out
    )
    made = open_dataset(out)
    score_pairs(made, TownEncoder())
    return made


@pytest.fixture(scope="module")
def best(pairs: PairsDataset, tmp_path_factory: pytest.TempPathFactory) -> PairsDataset:
    return filter_pairs(pairs, tmp_path_factory.mktemp("best") / "best", top=0.3)


@pytest.fixture
def load(tmp_path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own imports
        datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return lambda kind, **more: datasets.load_dataset(kind, split="train", cache_dir=str(tmp_path), **more)


@pytest.fixture
def wds() -> Iterator[Any]:
    yield pytest.importorskip("webdataset")
    gc.collect()


def test_a_share_and_the_licences(pairs: PairsDataset, best: PairsDataset) -> None:
    assert (len(pairs), len(best)) == (64, 20)
    scores = [pair.score for pair in best]
    assert min(score for score in scores if score is not None) > 0.7
    assert {source.licence for source in best.manifest.sources} == {
        source.licence for source in pairs.manifest.sources
    }
    assert all(source.pairs <= 20 for source in best.manifest.sources)


def test_every_label_stays_when_balanced(pairs: PairsDataset, best: PairsDataset, tmp_path: Path) -> None:
    def tags(dataset: PairsDataset) -> set[str]:
        return {"=".join(next(iter(pair.labels["objects"][0]["tags"].items()))) for pair in dataset}

    balanced = filter_pairs(pairs, tmp_path / "balanced", top=0.3, balanced=True)
    assert tags(balanced) == tags(pairs)
    assert len(tags(best)) < len(tags(pairs))


def test_datasets_reads_it(pairs: PairsDataset, best: PairsDataset, load: Any) -> None:
    loaded = load("parquet", data_files=str(best.folder / "shards" / "*.parquet"))
    assert loaded["score"] == [pair.score for pair in best]
    assert loaded[0]["image"].size == (256, 256)
    assert len(load(str(best.folder))) == 20  # by its card
    assert len(load(str(pairs.folder))) == 64  # whose scores lie beside its shards


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_it(best: PairsDataset, wds: Any) -> None:
    tar = (best.folder / "shards" / "00000.tar").as_posix()
    seen = list(wds.WebDataset(tar, shardshuffle=False).decode("pil").to_tuple("jpg;png", "txt", "json"))
    assert [(text, record["score"]) for _, text, record in seen] == [
        (pair.caption, pair.score) for pair in best
    ]
    assert seen[0][0].size == (256, 256)
    assert [json.loads(record["labels"]) for _, _, record in seen] == [pair.labels for pair in best]
