"""A PostgreSQL server with PostGIS for the length of a test: a cluster of its own, on a socket, without a network."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_DEBIAN = "/usr/lib/postgresql"
_USER = "postgres"


class Server:
    """A running server; `address` is how libpq's programs are told of it."""

    def __init__(self, socket: str) -> None:
        self.address = f"host={socket} user={_USER} dbname={_USER}"

    def sql(self, statements: str, given: str | None = None) -> list[list[str]]:
        """Run SQL; return the rows of its answer. What is given is read by `COPY ... FROM STDIN`."""
        told = ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", statements]
        command = ["psql", self.address, *told]
        done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]


@contextmanager
def postgis_server() -> Iterator[Server]:
    """Start a server in a new folder, and take both away again; skips where the programs are not there."""
    programs = _programs()
    # not in pytest's folder: that is private to root, and its name is too long for a socket's
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        other = _other_user(folder)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", f"{folder}/data", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **other)

        run("initdb", "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-F -c listen_addresses='' -c unix_socket_directories='{folder}'"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            server = Server(folder)
            if not server.sql("SELECT name FROM pg_available_extensions WHERE name = 'postgis'"):
                pytest.skip("PostgreSQL has no PostGIS: install it (Debian: postgresql-15-postgis-3)")
            server.sql("CREATE EXTENSION postgis")
            yield server
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def _programs() -> Path:
    """The folder of the server's programs, which Debian has in no PATH."""
    if shutil.which("psql"):
        for found in (shutil.which("pg_ctl"), *sorted(Path(_DEBIAN).glob("*/bin/pg_ctl"), reverse=True)):
            if found:
                return Path(found).parent
    pytest.skip("no PostgreSQL server here: install it with PostGIS (Debian: postgresql-15-postgis-3)")


def _other_user(folder: str) -> dict[str, Any]:
    """Arguments of `subprocess.run` by which root starts the server as somebody else, as it demands."""
    if os.geteuid() != 0:
        return {}
    pwd = pytest.importorskip("pwd")
    try:
        user = pwd.getpwnam(_USER)
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
