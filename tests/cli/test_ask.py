"""`rsvlm ask` as scripts see it: the answer alone on stdout, exit codes, one JSON document, names as they are."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "models" / "generators"))

from lying_server import LyingServer, fails, hangs, lying_server, says  # type: ignore[import-not-found]
from make_tiny_vlm import make_tiny_model  # type: ignore[import-not-found]
from serving import needs_serving, served  # type: ignore[import-not-found]

pytest.importorskip("bm25s")

Base = tuple[str, ...]
Capture = pytest.CaptureFixture[str]
KNOWN = "When was the Old Tower built?"
SERVED = "--generator", "http://127.0.0.1:9/v1#model"
UNKNOWN = "When was the New Tower built?"


@pytest.fixture(scope="module")
def base(
    sentence_model: Path, transformers_models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Base:
    """Options of a base of one fact, whose file has a name in rich's markup, found by tiny models."""
    from rsvlm.rag import KnowledgeBase

    folder = tmp_path_factory.mktemp("asked")
    source = folder / "[red]x[bold].md"
    source.write_text(
        "# Old Tower\n\nThe Old Tower was built in 1810 [7] of [bold]stone[/bold].", encoding="utf-8"
    )
    encoder = transformers_models["clip"]
    KnowledgeBase.build(source, folder / "kb", encoder, sentences=sentence_model)
    return "--knowledge", str(folder / "kb"), "--encoder", str(encoder), "--device", "cpu"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "[green]tile[bold] \u00e4.png"
    Image.new("RGB", (48, 48), (30, 200, 30)).save(file)
    return file


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LyingServer]:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "user-cache"))
    with lying_server() as running:
        yield running


def test_help_teaches(rsvlm_command: Any, capsys: Capture) -> None:
    assert rsvlm_command("ask", "--help") == 0
    told = capsys.readouterr().out
    for words in (
        "rsvlm ask scene.tif",
        "--second after.tif",
        "rsvlm ask - ",
        "--knowledge knowledge/",
        "Exit codes",
    ):
        assert words in told


def test_the_answer_is_on_stdout_its_evidence_on_stderr(
    rsvlm_command: Any, capsys: Capture, base: Base
) -> None:
    assert rsvlm_command("ask", "-", KNOWN, *base) == 0
    told = capsys.readouterr()
    assert told.out == "1810: \u201cThe Old Tower was built in 1810 (7) of [bold]stone[/bold].\u201d [1]\n"
    assert "[1] [red]x[bold].md, Old Tower" in told.err
    assert "was built in 1810 [7] of [bold]stone[/bold]." in told.err


def test_i_do_not_know_is_exit_3(rsvlm_command: Any, capsys: Capture, base: Base) -> None:
    assert rsvlm_command("ask", "-", UNKNOWN, *base) == 3
    assert capsys.readouterr().out.startswith("I don't know")
    assert rsvlm_command("ask", "-", UNKNOWN, *base, "--json") == 3
    assert json.loads(capsys.readouterr().out)["abstained"] is True


def test_json_is_one_document(rsvlm_command: Any, capsys: Capture, base: Base, image: Path) -> None:
    assert rsvlm_command("ask", image, KNOWN, *base, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["question"], document["short"], document["kind"]) == (KNOWN, "1810", "fact")
    assert (document["error"], document["prompt"], document["generator"]) == (None, None, "composer")
    [one] = document["evidence"]
    assert (one["number"], one["title"]) == (1, "[red]x[bold].md, Old Tower, 1")
    assert one["quote"] in one["text"]


def test_two_images(rsvlm_command: Any, capsys: Capture, base: Base, image: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.png"
    Image.new("RGB", (48, 48), (10, 10, 200)).save(second)
    arguments = "What has changed?", "--second", second, *base, "--json"
    code = rsvlm_command("ask", image, *arguments)
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "compare"
    assert code == (3 if document["abstained"] else 0)
    assert document["confidence"] is None
    assert any("not calibrated" in note for note in document["notes"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.tif", "What is this?"), "missing.tif"),
        (("note.txt", "What is this?"), "note.txt"),
        (("[red]missing[bold].tif", "What is this?"), "[red]missing[bold].tif"),
        (("-", " "), "the question is empty"),
        (("-", "why?" * 10_000), "ask in at most 20,000"),
        (("note.txt", KNOWN, "--second", "missing.tif"), "note.txt"),
        (("-", KNOWN, "--generator", "no-such-model"), "there is no generator 'no-such-model'"),
        (("-", KNOWN, *SERVED, "--prompt", "missing.txt"), "cannot be read as a prompt"),
        (("-", KNOWN, *SERVED, "--prompt", "note.txt"), "it needs {evidence} and {question}"),
        (("-", KNOWN, "--encoder", "no-such-encoder"), "no-such-encoder"),
        (("-", KNOWN, "--knowledge", "missing"), "is no knowledge base"),
        (("-", KNOWN, "--knowledge", "[red]missing[bold]"), "[red]missing[bold]"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    rsvlm_command: Any, capsys: Capture, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text("no image", encoding="utf-8")
    assert rsvlm_command("ask", *base, *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert len(told.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--alpha", "2"), ("-k", "0"), ("--no-such-option",), ("--alpha", "0.2"), ("-k", "3"), ("--show-prompt",),
        ("--set", "seed=1"), ("--second", "b.tif"),
    ],
)  # fmt: skip
def test_options_that_there_cannot_be(rsvlm_command: Any, base: Base, arguments: tuple[str, ...]) -> None:
    assert rsvlm_command("ask", "-", KNOWN, *base, *arguments) == 2


def test_a_model_folder_answers(
    rsvlm_command: Any, capsys: Capture, base: Base, image: Path, tmp_path: Path
) -> None:
    folder = make_tiny_model(tmp_path / "vlm", "llava")
    capsys.readouterr()
    quick = "--set", "max_tokens=6", "--set", "cache=false", "--set", "device=cpu", "--set", "precision=fp32"
    code = rsvlm_command("ask", image, KNOWN, *base, "--generator", folder, *quick, "--json")
    document = json.loads(capsys.readouterr().out)
    assert code == (3 if document["abstained"] else 0)
    assert document["generator"].endswith("vlm")
    assert "The Old Tower was built in 1810" in document["prompt"]
    assert "tile" not in document["prompt"]
    assert document["error"] is None


def test_a_server_answers_and_its_tricks_are_not_shown(
    rsvlm_command: Any, capsys: Capture, base: Base, server: LyingServer
) -> None:
    server.behaviour = says("Built in [bold]1810[/bold] [1][9].\x1b[2J\x1b]0;title\x07")
    address = f"{server.address}#tiny"
    assert rsvlm_command("ask", "-", KNOWN, *base, "--generator", address, "--show-prompt") == 0
    told = capsys.readouterr()
    assert told.out == "Built in [bold]1810[/bold] [1].\n"
    assert "1 citations of evidence that there is not were taken out" in told.err
    assert "Rules, which nothing below can change" in told.err
    assert '"source": "[red]x[bold].md, Old Tower, 1"' in told.err
    assert "\x1b" not in told.err


def test_a_server_that_fails_is_failed_work(
    rsvlm_command: Any, capsys: Capture, base: Base, server: LyingServer
) -> None:
    server.behaviour = fails(400, "no\n[red]such[/red] model")
    address = f"{server.address}#tiny"
    assert rsvlm_command("ask", "-", KNOWN, *base, "--generator", address) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "HTTP 400: no [red]such[/red] model" in told.err
    assert len(told.err.strip().splitlines()) == 1


@pytest.mark.slow
def test_an_interrupt_does_not_wait_for_a_server(base: Base, server: LyingServer) -> None:
    server.behaviour = hangs
    address = f"{server.address}#tiny"
    process = subprocess.Popen(
        [sys.executable, "-m", "rsvlm", "ask", "-", KNOWN, *base, "--generator", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while not server.requests:
        assert process.poll() is None, process.communicate()
        server.closing.wait(0.05)
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=20)  # the server would hang for 30 s
    assert (process.returncode, out) == (130, b"")
    assert told.splitlines()[-1] == b"Stopped."  # and nothing of what is kept
    assert b"Traceback" not in told


@needs_serving  # type: ignore[untyped-decorator] # of a module that mypy does not find
@pytest.mark.slow
def test_transformers_serve_answers(
    rsvlm_command: Any, capsys: Capture, base: Base, image: Path, tmp_path: Path
) -> None:
    """The command of the help, with a tiny model in the place of a large one."""
    folder = make_tiny_model(tmp_path / "vlm", "llava")
    with served(folder, tmp_path / "log.txt") as address:
        generator = "--generator", f"{address}#{folder}", "--set", "max_tokens=8", "--set", "cache=false"
        capsys.readouterr()
        code = rsvlm_command("ask", image, KNOWN, *base, *generator, "--json")
        document = json.loads(capsys.readouterr().out)
        assert code == (3 if document["abstained"] else 0)
        assert document["error"] is None
        assert document["answer"]
        other = "--generator", f"{address}#no/such-model", "--set", "retries=0"
        assert rsvlm_command("ask", image, KNOWN, *base, *other) == 1
        assert "HTTP" in capsys.readouterr().err


@pytest.mark.slow
def test_with_what_ships(tmp_path: Path, image: Path) -> None:
    """The first two examples of the help, in a home that has never seen rsvlm; with the base, and without."""
    home = os.environ | {"RSVLM_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}

    def asked(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rsvlm", "ask", *map(str, arguments), "--offline"]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=home)

    done = asked("-", "What is a solar farm mistaken for?")
    assert done.returncode == 0, done.stderr
    assert "mistaken for" in done.stdout
    assert "[1] seen-from-above, scenes.md, Solar power plant" in done.stderr
    assert asked("-", "What is a solar farm mistaken for?", "--knowledge", "none").returncode == 3
    done = asked(image, "What is this?", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["text" if "text" in document else "answer"].startswith("It looks like")
    assert 0 <= document["confidence"] <= 1
