"""A demo that runs in a process of its own, as a user starts it."""

import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTING = 600
"""Seconds until which it must run."""


class Demo:
    """A process of `rsvlm demo`, and what it says."""

    def __init__(self, process: subprocess.Popen[str], lines: list[str], address: str) -> None:
        self.process, self.lines, self.address = process, lines, address


@contextmanager
def running(*options: object, folder: Path, **environment: str) -> Iterator[Demo]:
    """Start a demo on any free port, and stop it.

    Args:
        options: Of the command.
        folder: For temporary files.
        environment: Further variables.
    """
    command = [sys.executable, "-m", "rsvlm", "demo", "--port", "0", "--offline", *map(str, options)]
    variables = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "500", **environment}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=variables)
    said: queue.Queue[str | None] = queue.Queue()
    lines: list[str] = []

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            said.put(line)
        said.put(None)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield Demo(process, lines, _address(said, lines))
    finally:
        process.terminate()
        process.wait(60)
        reader.join()
        assert process.stderr is not None
        process.stderr.close()


def _address(said: "queue.Queue[str | None]", lines: list[str]) -> str:
    end = time.monotonic() + STARTING
    while (line := said.get(timeout=max(1.0, end - time.monotonic()))) is not None:
        if match := re.search(r"Running at (http\S+)", line):
            return match[1]
    raise AssertionError("".join(lines))
