"""Questions from real labels: a few of every kind, each found right by the check."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rsvlm.eval.questions import ClassMap, Objects, Pairs, Scenes, check_questions, make_questions
from rsvlm.eval.questions.sources import Source


@pytest.mark.slow
def test_questions_from_real_labels(data_dir: Path, tmp_path: Path) -> None:
    korea, atlanta = data_dir / "korea-sentinel2-landcover", data_dir / "spacenet-atlanta"
    harvey = data_dir / "harvey-pairs"
    hidden = {"name": "Occlusion"}
    sources: list[Source] = [
        ClassMap(labels=korea / "masks", images=korea / "images", legend="korea"),
        ClassMap(labels=data_dir / "worldcover-sao-tome", legend="worldcover"),
        Objects(image=atlanta / "image.tif", features=atlanta / "buildings.geojson", uncertain=hidden),
        Scenes(path=data_dir / "bigearthnet-s2", vocabulary="bigearthnet-43"),
        Pairs(before=harvey / "before", after=harvey / "after", event="Hurricane Harvey"),
    ]
    report = make_questions(sources, tmp_path / "out", count=110)
    assert report.count == 110
    assert len(report.tasks) == 11
    assert len(report.sources) == 5
    assert not report.refused
    assert not check_questions(tmp_path / "out").refused


@pytest.mark.slow
def test_half_hidden_buildings_leave_counts_above_one(data_dir: Path, tmp_path: Path) -> None:
    """No upright window of this image holds two buildings without one that is half hidden; turned ones do."""
    atlanta = data_dir / "spacenet-atlanta"
    source = Objects(
        image=atlanta / "image.tif", features=atlanta / "buildings.geojson", uncertain={"name": "Occlusion"}
    )
    kinds = ["CO_3_2_1", "SR_1_2_3", "BD_1_3_4", "SC_3_1_2", "VPR_4_1_2"]
    report = make_questions([source], tmp_path / "out", count=90, tasks=kinds)
    assert set(report.kinds) == set(kinds)
    assert not report.refused
    for kind in ("CO_3_2_1", "VPR_4_1_2"):
        assert report.golds[kind]["2"] >= 0.25 * report.kinds[kind]
    for row in pq.read_table(tmp_path / "out" / "provenance.parquet").to_pylist():
        panel = json.loads(row["pictures"])[0]["panels"][0]
        if row["key"].startswith("CO_3_2_1") and json.loads(row["values"])["count"] > 1:
            assert panel["turn"]
