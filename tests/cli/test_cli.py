"""The commands as scripts see them: exit codes, one JSON document on stdout, one line for an error."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from rsvlm.captioning.sample import SamplePaths
from rsvlm.environment import PURPOSES, conflicts, examine, extra_of, packages_of


def rsvlm(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rsvlm", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=cwd)


@pytest.mark.parametrize(
    "command", [(), ("caption",), ("pairs",), ("pairs", "show"), ("pairs", "export"), ("doctor",)]
)
def test_help_teaches(command: tuple[str, ...]) -> None:
    done = rsvlm(*command, "--help")
    assert done.returncode == 0
    if len(command) != 0 and command not in [("pairs",), ("doctor",)]:
        assert f"rsvlm {' '.join(command)} " in done.stdout


def test_sample_tells_what_was_made_and_what_next(tmp_path: Path) -> None:
    done = rsvlm("caption", "--sample", "--out", "pairs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("invented", "rendered", "verified", "rsvlm pairs show pairs"):
        assert words in done.stderr
    assert done.stdout == ""


def test_json_is_one_document(town: SamplePaths, tmp_path: Path) -> None:
    done = rsvlm(
        "caption", town.image, "--osm", town.osm, "--out", tmp_path / "pairs", "--limit", 4, "--json"
    )
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["pairs"] == report["verified"] > 0


def test_page_sheet_and_exports(town: SamplePaths, tmp_path: Path) -> None:
    rsvlm("caption", town.image, "--osm", town.osm, "--out", "pairs", "--limit", 6, cwd=tmp_path)
    done = rsvlm("pairs", "show", "pairs", "--sheet", "sheet.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pairs.html").stat().st_size > 10_000
    assert (tmp_path / "sheet.png").exists()
    for form, name in (("skyscript", "captions.csv"), ("chatearthnet", "captions.json")):
        assert (
            rsvlm("pairs", "export", "pairs", "--format", form, "--out", form, cwd=tmp_path).returncode == 0
        )
        assert (tmp_path / form / name).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("caption", "missing.tif", "--landcover", "x.tif", "--out", "p"), "x.tif"),
        (("caption", "--out", "p", "--style", "natural"), "nothing to caption"),
        (("caption", "--out", "p", "--sample", "--imagery-licence", "MIT"), "leave out --imagery-licence"),
        (("caption", "--out", "p", "--sample", "--osm", "x.osm"), "leave out the others"),
        (("pairs", "show", "missing"), "missing"),
        (("pairs", "export", "missing", "--format", "excel", "--out", "x"), "excel"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = rsvlm(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_nothing_to_caption_is_told_by_reasons(town: SamplePaths, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name, content in (("a.png", b""), ("b.tif", b"no image"), ("c.png", b""), ("d.png", b"GIF89a")):
        (tmp_path / "images" / name).write_bytes(content)
    done = rsvlm("caption", tmp_path / "images", "--osm", town.osm, "--out", tmp_path / "pairs")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("rsvlm: nothing to caption: a.png and 1 more: is empty")
    assert all(f"; {name}: " in line for name in ("b.tif", "d.png"))


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in rsvlm("pairs", "show", "missing", "--debug", cwd=tmp_path).stderr


def test_no_pair_at_all_is_a_failure(town: SamplePaths, tmp_path: Path) -> None:
    done = rsvlm(
        "caption",
        town.image,
        "--osm",
        town.osm,
        "--min-valid",
        1,
        "--size",
        64,
        "--style",
        "scene",
        "--out",
        "p",
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "no pair was made" in done.stderr


def test_doctor_refuses_two_faiss() -> None:
    assert conflicts({"faiss-cpu": "1.15.1"}) == []
    (line,) = conflicts({"faiss-cpu": "1.15.1", "faiss-gpu": "1.15.1"})
    assert "faiss-cpu and faiss-gpu" in line
    assert "pip uninstall" in line


def test_doctor_passes_over_what_a_broken_install_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert examine().core["numpy"] == np.__version__


def test_every_extra_has_a_purpose_and_its_packages() -> None:
    file = Path(__file__).parents[2] / "pyproject.toml"
    if not file.exists():
        pytest.skip("not a checkout")
    declared = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert PURPOSES.keys() == declared.keys()
    assert {"torch", "faiss-cpu"} <= set(packages_of("cpu"))
    assert "faiss-cpu" not in packages_of("gpu")
    assert packages_of("documents") == ["pypdf"]
    found = [
        extra_of(module) for module in ("accelerate", "faiss", "open_clip.model", "pypdf", "numpy", "json")
    ]
    assert found == ["cpu", "cpu", "cpu", "documents", None, None]


def test_doctor_prints_json() -> None:
    done = rsvlm("doctor", "--json")
    document = json.loads(done.stdout)
    assert {"python", "core", "extras", "conflicts"} <= document.keys()
    assert [(one["name"], one["installed"]) for one in document["models"]] == [
        ("built-in", True), ("built-in-permissive", True)
    ]  # fmt: skip
    assert "research use" in document["models"][0]["licence"]


def test_a_truncated_file_is_told_without_gdals_own_lines(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (3, 64, 64), np.uint8)
    whole, cut = tmp_path / "whole.tif", tmp_path / "größer 1.tif"
    with rasterio.open(
        whole, "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8", crs="EPSG:32652",
        transform=rasterio.Affine(10, 0, 500_000, 0, -10, 4_000_000),
    ) as file:  # fmt: skip
        file.write(pixels)
    cut.write_bytes(whole.read_bytes()[:300])
    done = rsvlm("caption", cut, "--landcover", cut, "--legend", "korea", "--out", "pairs", cwd=tmp_path)
    assert done.returncode != 0
    assert "größer 1.tif" in done.stderr
    assert "CPLE" not in done.stderr


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [
        ("datasets", ("pretrain", "pairs/", "--out", "adapter/"), "cpu"),
        ("torch", ("doctor", "--check"), "cpu"),
        ("peft", ("merge", "built-in", "--out", "merged/"), "cpu"),
    ],
)
def test_a_package_that_is_missing_is_told_with_its_extra(
    module: str, command: tuple[str, ...], extra: str, tmp_path: Path
) -> None:
    program = (
        f"import sys; sys.modules[{module!r}] = None; sys.argv = ['rsvlm', *{list(command)!r}]; "
        "from rsvlm.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert last == f"rsvlm: {module} is needed for this and is not installed: pip install 'rsvlm[{extra}]'"
