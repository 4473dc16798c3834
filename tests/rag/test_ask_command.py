"""`rsvlm ask` and `rsvlm knowledge`, as scripts see them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rsvlm.cli import app

NAME = "notes [red]ä.md"
NOTES = "# Towers\n\nThe Old tower was built in 1801.\n\nThe New tower was built in 1902.\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of one note, made by the command."""
    folder = tmp_path_factory.mktemp("ask")
    (folder / NAME).write_text(NOTES, encoding="utf-8")
    done = run("knowledge", "build", folder / NAME, "--out", folder / "kb", "--no-pictures", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["chunks"], told["problems"]) == (1, [])
    return folder / "kb"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def ask(base: Path, question: str, *more: object) -> Result:
    return run("ask", "-", question, "--knowledge", base, *more)


def test_an_answer_with_its_evidence(base: Path) -> None:
    done = ask(base, "When was the Old tower built?")
    assert done.exit_code == 0
    assert done.stdout == "1801: “The Old tower was built in 1801.” [1]\n"
    assert NAME in done.stderr


def test_what_is_not_known_has_its_own_exit_code(base: Path) -> None:
    done = ask(base, "When was the Red tower built?")
    assert done.exit_code == 3
    assert done.stdout.startswith("I don't know")


def test_json_is_one_document(base: Path) -> None:
    told = json.loads(ask(base, "When was the New tower built?", "--json").stdout)
    assert (told["short"], told["kind"], told["abstained"]) == ("1902", "fact", False)
    assert told["evidence"][0]["quote"] == "The New tower was built in 1902."


def test_a_base_is_brought_up_to_date(base: Path) -> None:
    note = base.parent / NAME
    note.write_text(NOTES + "\nThe Red tower was built in 1903.\n", encoding="utf-8")
    done = run("knowledge", "add", base, note, "--json")
    assert json.loads(done.stdout)["encoded"] == 1
    assert ask(base, "When was the Red tower built?").exit_code == 0
    info = run("knowledge", "info", base)
    assert info.exit_code == 0
    assert "[red]" in "".join(info.stderr.split())
    assert json.loads(run("knowledge", "info", base, "--json").stdout)["chunks"] == 1
    note.write_text(NOTES, encoding="utf-8")
    run("knowledge", "add", base, note)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ask", "-", "what?", "--knowledge", "nowhere"), "no knowledge base"),
        (("ask", "-", "what?", "--knowledge", "none", "--generator", "nobody"), "no generator"),
        (("knowledge", "build", "nothing.md", "--out", "kb", "--no-pictures"), "no such file"),
        (("knowledge", "info", "nowhere"), "no knowledge base"),
    ],
)
def test_bad_input_is_told(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert isinstance(done.exception, ValueError)
    assert says in str(done.exception)


@pytest.mark.parametrize(
    "command", [("ask",), ("knowledge", "build"), ("knowledge", "add"), ("knowledge", "info")]
)
def test_help_teaches_by_example(command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.exit_code == 0
    assert f"rsvlm {' '.join(command)} " in done.stdout
