"""What is told of addresses and options that cannot be, before any model is loaded."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsvlm.demo import DemoError
from rsvlm.demo.serving import check_address


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_port_that_is_taken(host: str, taken: int) -> None:
    with pytest.raises(DemoError, match=f"^port {taken} is taken: choose another with --port$"):
        check_address(host, taken)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_port_that_is_free(host: str) -> None:
    check_address(host, 0)


def test_a_host_that_is_none() -> None:
    with pytest.raises(DemoError, match=r"host 'é\.\.com' is not known: give --host"):
        check_address("é..com", 0)
    with pytest.raises(DemoError, match=r"host 'no-such-host\.invalid' is not known: give --host"):
        check_address("no-such-host.invalid", 0)
    with pytest.raises(
        DemoError, match=r"192\.0\.2\.1, port 0, cannot be listened on .*: give another --host or --port"
    ):
        check_address("192.0.2.1", 0)  # kept for examples: nobody has it


def told(*options: object) -> str:
    """What the command says as it ends at once."""
    command = [sys.executable, "-X", "importtime", "-m", "rsvlm", "demo", *map(str, options)]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert ended.returncode == 2
    assert re.search(r"\|\s+torch$", ended.stderr, re.MULTILINE) is None
    return [line for line in ended.stderr.splitlines() if not line.startswith("import time:")][-1]


def test_options_that_cannot_be(taken: int, tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="gradio is not installed: pip install 'rsvlm[demo]'")
    assert told("--port", taken) == f"rsvlm: port {taken} is taken: choose another with --port"
    assert "is no index" in told("--port", 0, "--index", tmp_path / "none")
    assert "unknown sensor 'nix': choose one of" in told("--port", 0, "--sensor", "nix")
