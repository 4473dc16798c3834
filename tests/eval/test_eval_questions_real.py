"""Questions from real labels: a few of every kind, each found right by the check."""

from pathlib import Path

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
