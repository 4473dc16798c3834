"""Names of a whole image become one sentence that names them and no more."""

import json
import random
from pathlib import Path

import pytest
from chips import chip  # type: ignore[import-not-found]

from rsvlm.captioning.scenewords import captions

NAMES = ["Non-irrigated arable land", "Pastures"]


def tell(names: list[str], seed: int = 0, gsd: float | None = 10.0) -> str:
    (text,) = captions(chip(scene=names, gsd=gsd), random.Random(seed))
    return text


def test_names_in_the_legends_words() -> None:
    told = {tell(NAMES, seed) for seed in range(40)}
    assert "A satellite image with non-irrigated arable land and pasture." in told
    assert len(told) == 6
    assert all(text.endswith("non-irrigated arable land and pasture.") for text in told)


def test_satellite_only_where_the_pixels_are_coarse() -> None:
    assert not any("satellite" in tell(NAMES, seed, gsd) for seed in range(40) for gsd in (0.3, None))
    assert any("overhead image" in tell(NAMES, seed, 0.3) for seed in range(40))


def test_names_with_commas_are_kept_apart() -> None:
    beaches = tell(["Beaches, dunes, sands", "Vineyards"])
    assert beaches.endswith("beaches, dunes and sand; and vineyards.")


def test_other_names_are_said_as_they_are() -> None:
    assert tell(["Storage Tanks"]).endswith(" storage tanks.")


def test_no_names_no_sentence() -> None:
    assert captions(chip(), random.Random(0)) == []


def test_bigearthnet(data_dir: Path) -> None:
    files = sorted((data_dir / "bigearthnet-s2").rglob("*_labels_metadata.json"))
    if not files:
        pytest.skip("no bigearthnet-s2 in the data")
    for file in files:
        names = json.loads(file.read_text(encoding="utf-8"))["labels"]
        text = tell(names)
        assert text.count(",") + text.count(";") + text.count(" and ") >= len(names) - 1
