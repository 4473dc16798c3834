"""Commands that are stopped from outside: they clear away, say so in a line, and exit as shells have it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

# tests that run in the background ignore interrupts, and their children would, too
CODE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from rsvlm.cli import main; main()"


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_stopped_command_leaves_no_temporary_files(name: str, code: int, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = ["caption", "--sample", "--out", str(tmp_path / "pairs")]
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *command],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(temporary.glob("rsvlm-sample-*")):  # which lasts as long as the command
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    out, told = process.communicate(timeout=120)
    assert (process.returncode, out) == (code, "")
    assert told.splitlines()[-1] == "Stopped. What is done is kept: the same command goes on from there."
    assert "Traceback" not in told
    assert "resource_tracker" not in told
    assert list(temporary.iterdir()) == []


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + (
        "from rsvlm.cli.stopping import stop_signals\n"
        "with stop_signals(): signal.raise_signal(signal.SIGHUP); print('goes on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "goes on\n")


def test_importing_the_command_line_changes_no_signal() -> None:
    code = "import signal, rsvlm.cli; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"
