"""A result in the hands of a user: rows, loops, tables, files, and what a notebook shows."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from colours import CLASSES, Colours, plain  # type: ignore[import-not-found] # in tests/
from rasterio.transform import Affine

from rsvlm.classification import ClassificationError, ClassificationResult, ZeroShotClassifier, classify_files
from rsvlm.classification.result import SCHEMA
from rsvlm.imagery.items import ChipOptions, ChipRef

COLOURS = [(200, 20, 20), (20, 200, 20), (20, 20, 200)]


def classifier(**options: Any) -> ZeroShotClassifier:
    return ZeroShotClassifier(CLASSES, Colours(), templates=["{}"], **options)


@pytest.fixture
def result(tmp_path: Path) -> ClassificationResult:
    """Twelve answers and a failure."""
    return classifier().classify(
        [*(plain(COLOURS[n % 3]) for n in range(12)), tmp_path / "none.png"], top_k=2
    )


def test_rows_are_those_of_the_table(result: ClassificationResult) -> None:
    rows = result.to_table().to_pylist()
    assert len(result) == len(list(result)) == 13
    for own in (list(result), [result[place] for place in range(13)]):
        assert [list(row) for row in own] == [SCHEMA.names] * 13
        assert [row["label"] for row in own] == [row["label"] for row in rows]
        assert [row["top_labels"] for row in own] == [row["top_labels"] for row in rows]
    assert result[0]["label"] == "red"
    assert result[0]["top_labels"][0] == "red"
    assert result[-1]["error"]
    assert result[np.int64(1)]["label"] == "green"  # type: ignore[index]
    with pytest.raises(IndexError):
        result[13]


def test_pandas_has_the_same_columns(result: ClassificationResult, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = result.to_pandas()
    assert list(frame.columns) == SCHEMA.names
    assert frame["label"][:3].tolist() == CLASSES
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ClassificationError, match="pip install pandas, or take to_table"):
        result.to_pandas()


@pytest.mark.parametrize("ending", [".csv", ".geojson", ".parquet"])
def test_a_file_is_the_one_that_the_command_writes(tmp_path: Path, ending: str) -> None:
    """Outlines of a turned raster included, which its box does not tell."""
    scene = tmp_path / "scene.tif"
    with rasterio.open(
        scene, "w", driver="GTiff", width=128, height=64, count=3, dtype="uint8", crs="EPSG:32632",
        transform=Affine(10, 3, 500_000, 3, -10, 5_500_000),
    ) as file:  # fmt: skip
        file.write(np.moveaxis(np.hstack([plain(COLOURS[0], 64), plain(COLOURS[2], 64)]), 2, 0))
    classify_files(classifier(), [scene], tmp_path / f"command{ending}", options=ChipOptions("grid", "64"))
    result = classifier().classify(scene, chips="grid", size=64)
    assert result.labels == ["red", "blue"]
    result.save(tmp_path / f"result{ending}")
    one, other = tmp_path / f"command{ending}", tmp_path / f"result{ending}"
    if ending == ".parquet":  # how its pages are laid out is no matter
        assert pq.read_table(other).equals(pq.read_table(one))
    else:
        assert other.read_bytes() == one.read_bytes()


def test_other_endings_are_refused(result: ClassificationResult, tmp_path: Path) -> None:
    with pytest.raises(ClassificationError, match=r"end the name in one of these"):
        result.save(tmp_path / "result.xlsx")


def test_results_compare_without_an_error(result: ClassificationResult) -> None:
    assert result == result
    assert result != classifier().classify(plain(COLOURS[0]))
    assert classifier().classes != classifier().classes


def test_one_line_says_how_many_and_what(result: ClassificationResult) -> None:
    labels = "'red', 'green', 'blue', 'red', 'green'"
    assert repr(result) == f"<ClassificationResult: 13 images, 3 classes, uncalibrated; {labels}, ...>"
    assert repr(classifier().classify(plain(COLOURS[0]))).startswith(
        "<ClassificationResult: 1 image, 3 classes"
    )


def test_a_notebook_shows_the_first_rows(result: ClassificationResult) -> None:
    shown = result._repr_html_()
    assert shown.count("<tr>") == 11  # the head is one
    assert "and 3 more" in shown
    assert "score, uncalibrated" in shown
    assert "<img" not in shown


def test_what_a_notebook_shows_is_escaped() -> None:
    scores = np.array([[0.75, 0.25], [np.nan, np.nan]], np.float32)
    chips = [ChipRef("<b>.png", "<b>"), ChipRef("c.png", "c")]
    result = ClassificationResult(
        ("<i>", "river"), scores, ["<i>", None], [None, "no <u>"], chips, calibrated=True
    )
    shown = result._repr_html_()
    assert "<td>&lt;b&gt;</td><td>&lt;i&gt;</td><td>0.75</td><td>river 0.25</td>" in shown
    assert "<td>c</td><td></td><td></td><td>no &lt;u&gt;</td>" in shown
    assert "uncalibrated" not in shown
    assert "<i>" not in shown


def test_several_labels_are_shown_with_their_scores() -> None:
    shown = classifier(multi_label=True).classify(plain((200, 200, 10)))._repr_html_()
    assert "red, green" in shown or "green, red" in shown
