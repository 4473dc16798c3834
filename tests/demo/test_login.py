"""Who may come in, and who can reach it."""

from pathlib import Path
from typing import Any

import pytest

from rsvlm.demo import DemoError
from rsvlm.demo.login import read_login
from rsvlm.demo.serving import is_local


def test_a_variable_holds_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "p:w")
    assert read_login("me:DEMO_PASSWORD") == [("me", "p:w")]
    monkeypatch.delenv("DEMO_PASSWORD")
    with pytest.raises(DemoError, match="DEMO_PASSWORD is not set"):
        read_login("me:DEMO_PASSWORD")
    with pytest.raises(DemoError, match="NAME:VARIABLE"):
        read_login("me")


def test_a_file_of_names(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text("# team\nana:eins\n\nbob:zw:ei\n", encoding="utf-8")
    assert read_login(str(file)) == [("ana", "eins"), ("bob", "zw:ei")]
    for text, said in (("ana\n", "line 1"), ("", "names nobody")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DemoError, match=said):
            read_login(str(file))


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.5.0.1", True),
     ("0.0.0.0", False), ("::", False), ("example.org", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_bad_options_end_before_anything_is_loaded(
    rsvlm_command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gradio")
    assert rsvlm_command("demo", "--max-upload", "lots") == 2
    assert "write a number" in capsys.readouterr().err
    assert rsvlm_command("demo", "--login", "me") == 2
