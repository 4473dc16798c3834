"""Scores are found and opened whole, or refused with what is wrong by name."""

import json
import shutil
from pathlib import Path

import pytest
from made_pairs import make_dataset  # type: ignore[import-not-found]
from made_scores import ColourEncoder, coloured  # type: ignore[import-not-found]

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import PairsDataset, ScoreSet, filter_pairs, open_scores, score_pairs
from rsvlm.captioning.dataset.choosing.scores import read_shard


@pytest.fixture
def pairs(tmp_path: Path) -> PairsDataset:
    made: PairsDataset = make_dataset(tmp_path / "pairs", [coloured(number) for number in range(25)])
    return made


@pytest.fixture
def scores(pairs: PairsDataset) -> ScoreSet:
    return score_pairs(pairs, ColourEncoder())


def refused(pairs: PairsDataset, message: str, name: str | None = None) -> None:
    with pytest.raises(CaptioningError, match=message):
        filter_pairs(pairs, pairs.folder.parent / "best", top=0.3, scores=name)
    assert not (pairs.folder.parent / "best").exists()


def test_there_are_none(pairs: PairsDataset) -> None:
    refused(pairs, "has no scores; make them: rsvlm pairs score .*pairs --encoder E")


def test_of_several_one_is_named(pairs: PairsDataset, scores: ScoreSet) -> None:
    other = score_pairs(pairs, ColourEncoder("2"))
    names = sorted((scores.folder.name, other.folder.name))
    refused(pairs, f"has several sets of scores; choose by --scores: {', '.join(names)}")
    new = filter_pairs(pairs, pairs.folder.parent / "chosen", top=0.3, scores=other.folder.name)
    assert new.manifest.config["scores"]["encoder"]["revision"] == "2"
    refused(pairs, f"has no scores 'clip'; there are {', '.join(names)}", name="clip")


def test_a_name_is_no_path(pairs: PairsDataset, scores: ScoreSet) -> None:
    refused(pairs, "has no scores '../scores/", name=f"../scores/{scores.folder.name}")


def test_unfinished(pairs: PairsDataset, scores: ScoreSet) -> None:
    (scores.folder / "scores.json").unlink()
    refused(pairs, "is not finished; run the same rsvlm pairs score again to go on")


def test_a_shard_is_missing(pairs: PairsDataset, scores: ScoreSet) -> None:
    (scores.folder / "shards" / "00001.parquet").unlink()
    refused(pairs, "the scores of shard 00001 are missing or damaged; score the dataset again")
    score_pairs(pairs, ColourEncoder())
    assert open_scores(pairs) == scores


def test_a_damaged_file_is_named(scores: ScoreSet) -> None:
    path = scores.folder / "shards" / "00001.parquet"
    path.write_bytes(b"?" * path.stat().st_size)
    with pytest.raises(CaptioningError, match=r"00001\.parquet: cannot be read .*delete it and score"):
        read_shard(path)


def test_a_damaged_record(pairs: PairsDataset, scores: ScoreSet) -> None:
    file = scores.folder / "scores.json"
    file.write_text(file.read_text("utf-8").replace("rsvlm-scores-1", "rsvlm-scores-9"), encoding="utf-8")
    refused(pairs, r"scores\.json: .*rsvlm-scores-1.*; delete .* and score the dataset again")


def test_scores_of_another_dataset(pairs: PairsDataset, scores: ScoreSet) -> None:
    file = scores.folder / "scores.json"
    record = json.loads(file.read_text("utf-8")) | {"dataset": "0123456789abcdef"}
    file.write_text(json.dumps(record), encoding="utf-8")
    refused(pairs, r"are scores of another dataset \(0123456789abcdef, not ")


@pytest.mark.parametrize("count", [24, 25])
def test_scores_of_other_pairs(pairs: PairsDataset, scores: ScoreSet, tmp_path: Path, count: int) -> None:
    """A dataset of the same settings whose pairs are others, as a language model's captions can make it."""
    other = make_dataset(tmp_path / "other", [coloured(number) for number in range(1, count + 1)])
    shutil.copytree(pairs.folder / "scores", other.folder / "scores")
    with pytest.raises(CaptioningError, match="the scores of shard 00000 are not those of its pairs"):
        filter_pairs(other, tmp_path / "best", top=0.3)
