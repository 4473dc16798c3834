"""The best pairs as a dataset of their own: the right ones, unchanged, and with where they are from."""

import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from made_pairs import OSM, WORLDCOVER, make_dataset, picture  # type: ignore[import-not-found]
from made_scores import ColourEncoder, broken, coloured, tagged  # type: ignore[import-not-found]

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import (
    PairsDataset,
    Problem,
    filter_pairs,
    open_dataset,
    read_problems,
    score_pairs,
)
from rsvlm.captioning.dataset.choosing import filter as filtering
from rsvlm.shards import ShardError


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def scores_by_key(dataset: PairsDataset) -> dict[str, float]:
    scores = score_pairs(dataset, ColourEncoder())
    shards = [scores.shard(shard) for shard in range(dataset.manifest.counts.shards)]
    return {key: score for one in shards for key, score in zip(one.keys, one.scores.tolist(), strict=True)}


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> PairsDataset:
    """40 pairs in 4 shards, of two styles, one of them without an image and one with a broken one; scored."""
    made = [coloured(number, ("natural", "skyscript")[number % 4 == 0]) for number in range(40)]
    made[5] = coloured(5, image=False)
    made[6] = broken(6, b"nothing")
    problems = [("a.tif", "", "unreadable", "not a raster")]
    dataset: PairsDataset = make_dataset(tmp_path_factory.mktemp("scored") / "pairs", made, problems=problems)
    score_pairs(dataset, ColourEncoder())
    return dataset


def test_the_best_of_each_style(scored: PairsDataset, tmp_path: Path) -> None:
    scores = scores_by_key(scored)
    new = filter_pairs(scored, tmp_path / "best", top=0.3)
    expected = set()
    for style, count in (("natural", 9), ("skyscript", 3)):  # ceil(0.3 * 28), 0.3 * 10
        mine = [pair.key for pair in scored if pair.style == style and scores[pair.key] == scores[pair.key]]
        expected |= set(sorted(mine, key=lambda key: (-scores[key], key))[:count])
    assert [pair.key for pair in new] == sorted(expected)


def test_pairs_are_unchanged_but_for_the_score(scored: PairsDataset, tmp_path: Path) -> None:
    scores = scores_by_key(scored)
    new = filter_pairs(scored, tmp_path / "all", top=1)
    assert list(new) == [
        replace(pair, score=scores[pair.key]) for pair in scored if scores[pair.key] == scores[pair.key]
    ]
    with tarfile.open(new.folder / "shards" / "00000.tar") as tar:
        files = [tar.extractfile(name) for name in tar.getnames() if name.endswith("json")]
        records = [json.loads(file.read()) for file in files if file is not None]
    assert len(records) == 38
    assert [record["score"] for record in records] == [scores[record["key"]] for record in records]


def test_all_styles_together(scored: PairsDataset, tmp_path: Path) -> None:
    scores = {key: score for key, score in scores_by_key(scored).items() if score == score}
    new = filter_pairs(scored, tmp_path / "best", top=0.5, per="none")
    best = sorted(scores, key=lambda key: (-scores[key], key))[:19]
    assert {pair.key for pair in new} == set(best)
    assert new.manifest.report["chosen"]["styles"][0] == {
        "style": None, "scored": 38, "kept": 19, "lowest": scores[best[-1]],
    }  # fmt: skip


def test_a_least_score(scored: PairsDataset, tmp_path: Path) -> None:
    scores = scores_by_key(scored)
    limit = float(np.nanmedian(list(scores.values())))
    new = filter_pairs(scored, tmp_path / "best", min_score=limit)
    assert {pair.key for pair in new} == {key for key, score in scores.items() if score >= limit}
    both = filter_pairs(scored, tmp_path / "both", top=0.8, min_score=limit)
    top = filter_pairs(scored, tmp_path / "top", top=0.8)
    assert {pair.key for pair in both} == {pair.key for pair in top} & {pair.key for pair in new}
    reasons = [problem.reason for problem in read_problems(both.folder) if problem.kind == "score too low"]
    assert any(f", below {limit:g}" in reason for reason in reasons)
    assert any("the best 80 % of style natural begin at " in reason for reason in reasons)
    highest = max(score for score in scores.values() if score == score)
    assert len(filter_pairs(scored, tmp_path / "one", min_score=highest)) >= 1  # as it is printed by --json


def test_errors_name_all_that_was_left_out(scored: PairsDataset, tmp_path: Path) -> None:
    new = filter_pairs(scored, tmp_path / "best", top=0.3)
    problems = list(read_problems(new.folder))
    assert problems[0] == Problem("a.tif", "", "unreadable", "not a raster")
    left = {problem.key: problem for problem in problems[1:]}
    assert set(left) == {pair.key for pair in scored} - {pair.key for pair in new}
    assert left["town_00005"] == Problem("scene_5.tif", "town_00005", "no image", "no image")
    assert left["town_00006"].reason == "unreadable image: neither JPEG nor PNG"
    chosen = new.manifest.report["chosen"]
    assert (chosen["of"], chosen["kept"]) == (40, 12)
    assert chosen["left_out"] == {"no image": 1, "unreadable image": 1, "score too low": 26}
    assert new.manifest.counts.errors == 29


def test_where_it_is_from(scored: PairsDataset, tmp_path: Path) -> None:
    manifest = filter_pairs(scored, tmp_path / "best", top=0.3).manifest
    assert manifest.config["source"] == scored.manifest.model_dump(mode="json")
    assert manifest.config["rule"] == {"top": 0.3, "min_score": None, "per": "style", "balanced": False}
    assert manifest.config["scores"]["encoder"]["name"] == "Mean colours"
    assert manifest.processing_id != scored.manifest.processing_id
    assert manifest.counts.styles == {"natural": 9, "skyscript": 3}
    styles = {style["style"]: style for style in manifest.report["chosen"]["styles"]}
    lowest = min(pair.score or 0 for pair in open_dataset(tmp_path / "best") if pair.style == "natural")
    assert styles["natural"] == {"style": "natural", "scored": 28, "kept": 9, "lowest": lowest}


def test_sources_are_those_of_the_kept_pairs(tmp_path: Path) -> None:
    """The land cover of the pairs that were left out is not credited any more, nor its licence on the card."""
    made = [coloured(number) for number in range(20)]
    plain = make_dataset(tmp_path / "plain", made)
    scores = scores_by_key(plain)
    best = sorted(scores, key=lambda key: (-scores[key], key))[:6]
    made = [replace(pair, sources=[OSM] if pair.key in best else [OSM, WORLDCOVER]) for pair in made]
    dataset = make_dataset(tmp_path / "pairs", made)
    score_pairs(dataset, ColourEncoder())
    new = filter_pairs(dataset, tmp_path / "best", top=0.3)
    assert [(source.name, source.pairs) for source in new.manifest.sources] == [("OpenStreetMap", 6)]
    card = (new.folder / "README.md").read_text("utf-8")
    assert yaml.safe_load(card.split("---\n")[1])["license"] == ["odbl"]
    assert "WorldCover" not in card
    assert "## How the pairs were chosen" in card
    assert "Of the 20 pairs of another dataset 6 were kept: the best 30 % of each style." in card
    assert f"| natural | 20 | 6 | {scores[best[-1]]:.4f} |" in card
    assert "- score too low: 14" in card
    pictures = [path.stem for path in (new.folder / "samples").iterdir()]
    assert sorted(pictures) == sorted(best)


TAGS = [("landuse", "farmland")] * 12 + [("natural", "water")] * 5 + [("power", "plant")] + [None] * 2


def test_balanced_keeps_its_share_of_each_label(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "pairs", [tagged(number, tag) for number, tag in enumerate(TAGS)])
    scores = scores_by_key(dataset)
    new = filter_pairs(dataset, tmp_path / "best", top=0.3, balanced=True)
    groups = [range(12), range(12, 17), range(17, 18), range(18, 20)]
    expected = []
    for group, count in zip(groups, (4, 2, 1, 1), strict=True):
        keys = [f"town_{number:05d}" for number in group]
        expected += sorted(keys, key=lambda key: (-scores[key], key))[:count]
    assert sorted(pair.key for pair in new) == sorted(expected)
    assert new.manifest.report["chosen"]["labels"] == {"of": 4, "kept": 4}
    reasons = " ".join(problem.reason for problem in read_problems(new.folder))
    assert "the best 30 % of style natural, landuse=farmland begin at" in reasons
    assert "of style natural, Tree cover begin at" in reasons
    plain = filter_pairs(dataset, tmp_path / "plain", top=0.05)
    assert len(plain) == 1  # while nearly all labels are gone


def test_equal_scores(tmp_path: Path) -> None:
    """The same picture and caption 20 times: the first keys stay, in whatever order they stand."""
    made = [replace(coloured(number, caption="There is grass."), image=picture(1)) for number in range(20)]
    one = make_dataset(tmp_path / "one", made, shard=6)
    other = make_dataset(tmp_path / "other", made[::-1], shard=7)
    for dataset in (one, other):
        score_pairs(dataset, ColourEncoder())
        new = filter_pairs(dataset, tmp_path / f"best of {dataset.folder.name}", top=0.25)
        assert sorted(pair.key for pair in new) == [f"town_{number:05d}" for number in range(5)]


def test_the_whole_folder_repeats(scored: PairsDataset, tmp_path: Path) -> None:
    first = filter_pairs(scored, tmp_path / "a", top=0.4).folder
    copy = open_dataset(shutil.copytree(scored.folder, tmp_path / "copy of the source"))
    assert contents(first) == contents(filter_pairs(copy, tmp_path / "b", top=0.4).folder)
    before = contents(first)
    filter_pairs(scored, first, top=0.4)
    assert contents(first) == before


def test_shards_are_filled_up(scored: PairsDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = filter_pairs(scored, tmp_path / "whole", top=0.4)
    monkeypatch.setattr(filtering, "SHARD_SIZE", 7)
    monkeypatch.setattr(filtering, "ROW_GROUP", 3)
    told: list[tuple[int, int]] = []
    parts = filter_pairs(scored, tmp_path / "parts", top=0.4, progress=lambda *now: told.append(now))
    assert [len(list(parts.shard_rows(shard))) for shard in range(3)] == [7, 7, 2]
    assert list(parts) == list(whole)
    assert told == [(7, 16), (14, 16), (16, 16)]


def test_a_choice_can_be_chosen_from(scored: PairsDataset, tmp_path: Path) -> None:
    half = filter_pairs(scored, tmp_path / "half", top=0.5)
    score_pairs(half, ColourEncoder())
    quarter = filter_pairs(half, tmp_path / "quarter", top=0.5)
    assert len(half) == 14 + 5
    assert len(quarter) == 7 + 3
    assert (
        quarter.manifest.config["source"]["config"]["source"]["processing_id"]
        == scored.manifest.processing_id
    )
    chosen = [problem.kind for problem in read_problems(quarter.folder)]
    assert len(chosen) == 1 + 21 + 9


def test_the_dataset_itself_is_no_out_folder(scored: PairsDataset) -> None:
    before = contents(scored.folder)
    with pytest.raises(CaptioningError, match="is the dataset itself; name a folder"):
        filter_pairs(scored, scored.folder / "shards" / "..", top=0.5)
    assert contents(scored.folder) == before


def test_an_out_folder_that_is_taken(scored: PairsDataset, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(ShardError, match=r"mine: holds files of another origin \(notes.txt\); name a new"):
        filter_pairs(scored, tmp_path / "mine", top=0.3)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    filter_pairs(scored, tmp_path / "best", top=0.3)
    with pytest.raises(
        ShardError, match=r"other settings \(pairs.count: was 12, now 16.*top: was 0.3, now 0.4"
    ):
        filter_pairs(scored, tmp_path / "best", top=0.4)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "nothing says which pairs to keep: give --top 0.3 or --min-score X"),
        ({"top": 30}, "--top 30: is a share above 0 and at most 1; 0.3 keeps 30 %"),
        ({"top": 0}, "--top 0: is a share"),
        ({"top": float("nan")}, "--top nan: is a share"),
        ({"min_score": 25}, "--min-score 25: is a cosine, from -1 to 1"),
        ({"top": 0.3, "per": "label"}, "--per 'label': is style or none"),
        ({"min_score": 0.2, "balanced": True}, "--balanced keeps a share of each label: give it with --top"),
        ({"min_score": 0.9999}, r"--min-score 0.9999: keeps nothing; the highest score is 0\.9"),
    ],
)
def test_rules_that_cannot_be_meant(
    scored: PairsDataset, tmp_path: Path, rule: dict[str, float], message: str
) -> None:
    with pytest.raises(CaptioningError, match=message):
        filter_pairs(scored, tmp_path / "best", **rule)  # type: ignore[arg-type]
    assert not (tmp_path / "best").exists()


def test_nothing_has_a_score(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "pairs", [coloured(1, image=False)])
    score_pairs(dataset, ColourEncoder())
    with pytest.raises(CaptioningError, match="no pair has a score"):
        filter_pairs(dataset, tmp_path / "best", top=0.3)
