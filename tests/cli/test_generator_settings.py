"""Settings of a generator as people type them, the same for every option that takes them."""

from pathlib import Path
from typing import Any

import pytest
import typer

from rsvlm.cli.generators import settings


def test_values_are_read_as_they_are_meant() -> None:
    given = [
        "a-b=1", "c=x=y", "d=true", "e=False", 'f={"g": null}', "h={i: [1, 2]}", "j=1e-3", "k=0.5", "l=hf:a/b",
        "revision=2024-11-20", "n=", "o=@x",
    ]  # fmt: skip
    assert settings(given) == {
        "a_b": 1, "c": "x=y", "d": True, "e": False, "f": {"g": None}, "h": {"i": [1, 2]}, "j": 0.001, "k": 0.5,
        "l": "hf:a/b", "revision": "2024-11-20", "n": None, "o": "@x",
    }  # fmt: skip
    assert settings(None) == {}


@pytest.mark.parametrize("text", ["max_tokens", "=3", "a b=3"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"--set .*write NAME=VALUE"):
        settings([text])


def test_captions_are_rewritten_with_the_same_settings(
    rsvlm_command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "caption", "a.tif", "--landcover", "b.tif", "--out", tmp_path / "p", "--rewrite", "hf:a/b"
    assert rsvlm_command(*command, "--rewrite-option", "cache") == 2
    assert "--rewrite-option cache: write NAME=VALUE" in " ".join(capsys.readouterr().err.split())
