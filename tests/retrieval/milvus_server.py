"""A real server that speaks Milvus' protocol: Milvus Lite in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Server(NamedTuple):
    """A server that runs."""

    url: str
    process: subprocess.Popen[bytes]

    def address(self, name: str) -> str:
        return f"milvus+{self.url}/{name}"


@contextmanager
def milvus_lite(folder: Path) -> Iterator[Server]:
    """Run Milvus Lite on this machine only; it listens on every address unless it is told otherwise."""
    port = free_port()
    log = folder / "server.log"
    with log.open("wb") as opened:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "milvus_lite", "server",
                "--data-dir", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port),
            ],
            stdout=opened, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        while not _listens(port):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
