"""`rsvlm pairs score` and `rsvlm pairs filter` as people and scripts see them, with a real (tiny) CLIP."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_pairs import make_dataset, pair  # type: ignore[import-not-found]
from made_scores import ColourEncoder, broken, coloured  # type: ignore[import-not-found]

from rsvlm.captioning.dataset import open_dataset, score_pairs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 pairs of two styles, one of them broken."""
    pairs = [coloured(number, ("natural", "skyscript")[number % 3 == 0]) for number in range(30)]
    pairs[7] = broken(7, b"nothing")
    folder = tmp_path_factory.mktemp("made") / "pairs"
    make_dataset(folder, pairs)
    return folder


@pytest.fixture
def pairs(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "pairs"))


@pytest.fixture
def clip(transformers_models: dict[str, Path]) -> list[object]:
    return ["--encoder", transformers_models["clip"], "--device", "cpu", "--precision", "fp32", "--offline"]


def test_score_and_filter(
    rsvlm_command: Any, pairs: Path, clip: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert rsvlm_command("pairs", "score", pairs, *clip, "--batch-size", "4", "--json") == 0
    scored = json.loads(capsys.readouterr().out)
    assert (scored["pairs"], scored["scored"], scored["unscored"]) == (30, 29, {"unreadable image": 1})
    assert scored["encoder"]["name"] == clip[1].name  # type: ignore[attr-defined]
    assert scored["encoder"]["precision"] == "fp32"
    assert Path(scored["scores"]).parent == pairs / "scores"
    assert set(scored["styles"]) == {"natural", "skyscript"}

    out = pairs.parent / "best"
    assert rsvlm_command("pairs", "filter", pairs, "--out", out, "--top", "0.3", "--json") == 0
    chosen = json.loads(capsys.readouterr().out)
    assert (chosen["out"], chosen["of"], chosen["kept"]) == (str(out), 30, 9)
    assert chosen["left_out"] == {"unreadable image": 1, "score too low": 20}
    assert [(style["style"], style["scored"], style["kept"]) for style in chosen["styles"]] == [
        ("natural", 19, 6), ("skyscript", 10, 3),
    ]  # fmt: skip
    lowest = {style["style"]: style["lowest"] for style in chosen["styles"]}
    assert all((pair.score or 0) >= lowest[pair.style] for pair in open_dataset(out))


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_where_no_pair_could_be_scored_no_filter_is_advised(
    rsvlm_command: Any,
    tmp_path: Path,
    clip: list[object],
    capsys: pytest.CaptureFixture[str],
    more: list[str],
) -> None:
    make_dataset(tmp_path / "pairs", [pair(0, image=False)])
    assert rsvlm_command("pairs", "score", tmp_path / "pairs", *clip, *more) == 1
    assert "Keep the best" not in capsys.readouterr().err


def test_tables_for_people(
    rsvlm_command: Any, pairs: Path, clip: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert rsvlm_command("pairs", "score", pairs, *clip) == 0
    shown = capsys.readouterr()
    for words in (
        "Similarity of image and caption",
        "natural",
        "95 %",
        "Without a score: unreadable image 1",
    ):
        assert words in shown.err
    assert f"Keep the best: rsvlm pairs filter {pairs} --out NEW --top 0.3" in shown.err
    out = pairs.parent / "best"
    assert rsvlm_command("pairs", "filter", pairs, "--out", out, "--top", "0.3", "--balanced") == 0
    told = capsys.readouterr()
    for words in ("the best 30 % of each style", "lowest kept", "Main labels: 1 of 1", "9 of 30 pairs"):
        assert words in told.err
    assert shown.out == told.out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--top", "30"], "--top 30: is a share above 0 and at most 1"),
        (["--top", "0"], "--top 0: is a share above 0 and at most 1"),
        ([], "nothing says which pairs to keep: give --top 0.3 or --min-score X"),
        (["--min-score", "25"], "--min-score 25: is a cosine"),
        (["--top", "0.3", "--per", "label"], "--per 'label': is style or none"),
        (["--top", "0.3", "--scores", "clip"], "has no scores 'clip'; there are mean-colours-"),
    ],
)
def test_one_line_for_bad_input(
    rsvlm_command: Any, pairs: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    score_pairs(open_dataset(pairs), ColourEncoder())
    assert rsvlm_command("pairs", "filter", pairs, "--out", pairs.parent / "best", *options) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [line for line in shown.err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("rsvlm: ")
    assert message in lines[0]


def test_what_cannot_be_done(
    rsvlm_command: Any, pairs: Path, clip: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    best = ["--out", pairs.parent / "best", "--top", "0.3"]
    assert rsvlm_command("pairs", "filter", pairs, *best) == 2
    assert "has no scores; make them: rsvlm pairs score" in capsys.readouterr().err
    for revision in "12":
        score_pairs(open_dataset(pairs), ColourEncoder(revision))
    assert rsvlm_command("pairs", "filter", pairs, *best) == 2
    assert "has several sets of scores; choose by --scores: mean-colours-" in capsys.readouterr().err
    name = sorted(path.name for path in (pairs / "scores").iterdir())[0]
    (pairs.parent / "best").mkdir()
    (pairs.parent / "best" / "mine.txt").write_text("mine", encoding="utf-8")
    assert rsvlm_command("pairs", "filter", pairs, *best, "--scores", name) == 2
    assert "holds files of another origin (mine.txt); name a new folder" in capsys.readouterr().err
    (pairs / "manifest.json").unlink()
    for command in (["score", pairs, *clip], ["filter", pairs, *best]):
        assert rsvlm_command("pairs", *command) == 2
        assert "is not finished; run the command that makes it again" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["score", "filter"])
def test_help_teaches(rsvlm_command: Any, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert rsvlm_command("pairs", command, "--help") == 0
    assert f"rsvlm pairs {command} pairs/" in capsys.readouterr().out
