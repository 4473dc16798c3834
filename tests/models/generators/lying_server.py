"""A server of chat completions that answers as it is told: properly, late, wrongly, endlessly, or not at all."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """One request: noted with its headers, then answered by the server's behaviour."""

    server: "LyingServer"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        document = json.loads(self.rfile.read(length))
        with self.server.lock:
            self.server.requests.append(document)
            self.server.headers.append(dict(self.headers))
            self.server.paths.append(self.path)
            behaviour = self.server.plan.pop(0) if self.server.plan else self.server.behaviour
        behaviour(self, document)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        names = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in (names | {key.replace("_", "-"): text for key, text in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def completion(self, text: Any, reason: str = "stop", **fields: Any) -> bytes:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        return json.dumps({"choices": [choice], "usage": usage, "model": "tiny-1", **fields}).encode()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class LyingServer(ThreadingHTTPServer):
    """The server, with what it was asked.

    Attributes:
        behaviour: What it does; `plan` holds what it does first, a request each.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour: Behaviour = echo
        self.plan: list[Behaviour] = []
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are the point of the exercise."""


@contextmanager
def lying_server() -> Iterator[LyingServer]:
    """Run a server in a thread until the block is left."""
    server = LyingServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def prompt_of(document: dict[str, Any]) -> str:
    content = document["messages"][0]["content"]
    return str(content if isinstance(content, str) else content[-1]["text"])


def echo(handler: Handler, document: dict[str, Any]) -> None:
    handler.send(handler.completion(f"answer to {prompt_of(document)}"))


def says(text: Any, **fields: Any) -> Behaviour:
    return lambda handler, _: handler.send(handler.completion(text, **fields))


def raw(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    return lambda handler, _: handler.send(body, status, **headers)


def fails(status: int, message: str = "", code: str = "", **headers: str) -> Behaviour:
    body = json.dumps({"error": {"message": message, "code": code}}).encode() if message or code else b""
    return raw(body, status, **headers)


def hangs(handler: Handler, _: dict[str, Any]) -> None:
    """Take the request, and say nothing."""
    handler.server.closing.wait(30)


def hangs_in_body(handler: Handler, _: dict[str, Any]) -> None:
    """Promise a body, and send the half of it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')
    handler.wfile.flush()
    handler.server.closing.wait(30)


def trickles(handler: Handler, _: dict[str, Any]) -> None:
    """Send a byte now and then, for ever: no single read ever takes long."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(b" ")
        time.sleep(0.02)


def trickles_headers(handler: Handler, _: dict[str, Any]) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.closing.is_set():
        handler.wfile.write(b"x")
        time.sleep(0.02)


def floods(handler: Handler, _: dict[str, Any]) -> None:
    """Send without end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(b"x" * (1 << 20))


def hangs_up(handler: Handler, _: dict[str, Any]) -> None:
    handler.close_connection = True


def breaks_off(handler: Handler, _: dict[str, Any]) -> None:
    """End before the promised length."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')
    handler.close_connection = True
