"""The server: Gradio behind the gate, on this machine only unless somebody says otherwise."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .errors import DemoError
from .folders import UploadFolder
from .limits import megabytes

if TYPE_CHECKING:
    from .engine import Engine

_QUEUE = 64
"""Requests that wait; more are told to come again."""
_SESSIONS = 200
"""Users whose state is kept; of more, the one who was there first starts anew."""


@dataclass
class Running:
    """A demo that runs, until it is closed; to be used in a `with`.

    Attributes:
        address: Where it is.
    """

    address: str
    _page: Any
    _folder: UploadFolder

    def wait(self) -> None:
        """Run until the process is told to stop, by Ctrl+C or a signal to end."""
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
        try:
            while not stop.wait(1):  # Windows hears of Ctrl+C between waits only
                pass
        except KeyboardInterrupt:
            return

    def close(self) -> None:
        """Stop it, and delete what was uploaded."""
        self._page.close(verbose=False)
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(
    engine: Engine, *, host: str = "127.0.0.1", port: int = 7860, login: Sequence[tuple[str, str]] = ()
) -> Running:
    """Start the demo; it runs in threads of this process, which can have one.

    Args:
        engine: What answers, searches and classifies.
        host: Address to listen on; "0.0.0.0" for all of this machine.
        port: Port to listen on; 0 for any that is free.
        login: Names and passwords of those who may come in; none: everybody who can reach it.

    Raises:
        DemoError: Gradio is not installed, or the host or the port cannot be listened on.
    """
    check_installed()
    check_address(host, port)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    folder = UploadFolder()
    os.environ["GRADIO_TEMP_DIR"] = str(folder.uploads)
    try:
        return Running(*_launched(engine, folder, host, port, login), folder)
    except BaseException:
        folder.close()
        raise


def check_installed() -> None:
    """Refuse to go on without Gradio.

    Raises:
        DemoError: It is not installed.
    """
    if find_spec("gradio") is None:
        raise DemoError("the demo needs Gradio: pip install 'rsvlm[demo]'")


def check_address(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on.

    Args:
        host: Name or address.
        port: 0: any that is free.

    Raises:
        DemoError: It is taken, is not of this machine, or does not exist.
    """
    bare = host.strip("[]")
    try:
        family, kind, _, _, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):  # the latter of labels that no name has
        raise DemoError(
            f"host {host!r} is not known: give --host an address of this machine, or 0.0.0.0"
        ) from None
    with socket.socket(family, kind) as probe:
        if sys.platform != "win32":  # there it would take a port from others
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise DemoError(f"port {port} is taken: choose another with --port") from None
            why = error.strerror or str(error)
            raise DemoError(
                f"{host}, port {port}, cannot be listened on ({why}): give another --host or --port"
            ) from None


def is_local(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _launched(
    engine: Engine, folder: UploadFolder, host: str, port: int, login: Sequence[tuple[str, str]]
) -> tuple[str, Any]:
    from starlette.middleware import Middleware

    from .gate import Gate
    from .handlers import Handlers
    from .page import build
    from .theme import theme

    page = build(Handlers(engine, folder.images))
    page.queue(max_size=_QUEUE, default_concurrency_limit=engine.workers, api_open=False)
    _, address, _ = page.launch(
        server_name=host,
        server_port=port or _free_port(host),
        share=False,
        auth=list(login) or None,
        max_file_size=engine.limits.upload,
        allowed_paths=[],
        prevent_thread_lock=True,
        quiet=True,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        state_session_capacity=_SESSIONS,
        theme=theme(),
        css=_style(engine.limits.upload),
        app_kwargs={
            "docs_url": None, "redoc_url": None, "openapi_url": None,
            "middleware": [Middleware(
                    Gate, folder=folder.path, most=engine.limits.folder, upload=engine.limits.upload
                )],
        },
    )  # fmt: skip
    return address, page


def _style(upload: int) -> str:
    """The page's style, which also says how many bytes an upload may have."""
    most = f':root {{ --rs-most: "{megabytes(upload)}"; }}\n'
    return most + files(__package__).joinpath("style.css").read_text("utf-8")


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
