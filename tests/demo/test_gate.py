"""What gets through the gate, and what does not."""

import asyncio
import json
import os
import threading
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rsvlm.demo import gate, room
from rsvlm.demo.gate import Gate

Message = MutableMapping[str, Any]


def asked(
    path: str,
    method: str = "GET",
    body: bytes = b"",
    *,
    folder: Path = Path("none"),
    most: int = 10,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Any:
    """Status, headers and body of a reply; 200 means that Gradio was asked, and the body is what it saw."""
    sent: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-security-policy", b"x")]}
        )
        await send({"type": "http.response.body", "body": message["body"]})

    parts = [body[: len(body) // 2], body[len(body) // 2 :]]

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": headers}
    asyncio.run(Gate(app, folder, most, upload=10**6)(scope, receive, send))
    return sent[0]["status"], sent[0]["headers"], sent[1]["body"]


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/theme.css", "/assets/index-Ab1.js", "/static/img/a.svg", "/gradio_api/queue/data",
     "/gradio_api/heartbeat/abc123", "/gradio_api/startup-events", "/login_check"],
)  # fmt: skip
def test_what_the_page_needs(path: str) -> None:
    status, headers, _ = asked(path)
    assert status == 200
    policies = [value for name, value in headers if name == b"content-security-policy"]
    assert len(policies) == 1
    assert b"default-src 'self'" in policies[0]


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=/etc/passwd", "/gradio_api/file=http://10.0.0.1/", "/file=/etc/passwd", "/docs", "/monitoring",
     "/gradio_api/file/etc/passwd", "/gradio_api/proxy=http://10.0.0.1/", "/gradio_api/stream/1", "/openapi.json",
     "/gradio_api/vibe-code", "/gradio_api/deep_link", "/gradio_api/runs", "/assets/../../etc/passwd",
     "/assets//etc/passwd/..", "/static/%2e%2e/x", "/gradio_api/heartbeat/../file=x", "/custom_component/x",
     "/gradio_api/run-history/records"],
)  # fmt: skip
def test_what_nobody_needs(path: str) -> None:
    assert asked(path)[0] == 404
    assert asked(path, "POST")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/run/predict",
        "/gradio_api/call/ask",
        "/gradio_api/vibe-edit",
        "/",
        "/gradio_api/process_recording",
    ],
)
def test_what_is_not_sent_to(path: str) -> None:
    assert asked(path, "POST", b"{}")[0] == 404
    assert asked(path, "DELETE")[0] == 404


def test_a_question_is_handed_on_as_it_came() -> None:
    body = json.dumps(
        {
            "data": ["Is there a river?", {"path": "/tmp/x/a.png", "meta": {"_type": "gradio.FileData"}}],
            "fn_index": 3,
            "session_hash": "k2j4h",
        }
    ).encode()
    status, _, seen = asked("/gradio_api/queue/join", "POST", body)
    assert (status, seen) == (200, body)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest",
        "HTTPS://example.org/a.png",
        " http://x",
        "ftp://x/y",
        "file:///etc/passwd",
    ],
)
def test_addresses_in_place_of_uploads(address: str) -> None:
    data = [[{"x": {"path": address, "meta": {"_type": "gradio.FileData"}}}]]
    body = json.dumps({"data": data, "fn_index": 0, "session_hash": "abc"}).encode()
    status, _, told = asked("/gradio_api/queue/join", "POST", body)
    assert status == 400
    assert b"address" in told


@pytest.mark.parametrize("body", [b"no json", b"[" * 100_000, b'{"data": ' + b"9" * 300_000 + b"}"])
def test_requests_that_are_none(body: bytes) -> None:
    assert asked("/gradio_api/queue/join", "POST", body)[0] in (400, 413)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"session_hash": ""}, b"session"),
        ({"session_hash": None}, b"session"),
        ({"session_hash": "../x"}, b"session"),
        ({"session_hash": "x" * 65}, b"session"),
        ({"session_hash": "x\n"}, b"session"),
        ({"fn_index": -1}, b"function"),
        ({"fn_index": None}, b"function"),
        ({"fn_index": True}, b"function"),
        ({"data": {}}, b"list"),
    ],
)
def test_what_would_end_the_queue_for_everybody(changed: dict[str, object], told: bytes) -> None:
    request = {"data": [], "fn_index": 0, "session_hash": "abc"}
    assert asked("/gradio_api/queue/join", "POST", json.dumps(request).encode())[0] == 200
    status, _, said = asked("/gradio_api/queue/join", "POST", json.dumps(request | changed).encode())
    assert status == 400
    assert told in said
    assert asked("/gradio_api/queue/join", "POST", json.dumps([request | changed]).encode())[0] == 400


def failing(
    path: str, method: str, error: Exception, cause: object = None, *, begun: bool = False
) -> list[Message]:
    """What is sent where Gradio raises an error, before it begins to reply or after."""
    sent: list[Message] = []
    error.__cause__ = cause  # type: ignore[assignment]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": ()}
    asyncio.run(Gate(app, Path("none"), 10, upload=10**6)(scope, receive, send))
    return sent


class NotFoundError(Exception):
    status_code = 404


def test_what_is_over_needs_no_traceback() -> None:
    unknown = RuntimeError("Caught handled exception, but response already started.")
    reply = failing("/gradio_api/queue/data", "GET", unknown, NotFoundError(), begun=True)
    assert [message.get("status") for message in reply] == [200, None]
    assert failing("/gradio_api/queue/data", "GET", unknown, NotFoundError())[0]["status"] == 404
    assert failing("/gradio_api/cancel", "POST", KeyError("ended just then"))[0]["status"] == 404


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/gradio_api/queue/data", RuntimeError("?")),
        ("/gradio_api/cancel", RuntimeError("?")),
        ("/config", KeyError("?")),
    ],
)
def test_other_failures_are_told(path: str, error: Exception) -> None:
    with pytest.raises(type(error)):
        failing(path, "POST" if "cancel" in path else "GET", error)


def test_uploads_end_where_the_room_does(tmp_path: Path) -> None:
    def uploaded(size: bytes, most: int = 10**7) -> int:
        headers = [(b"content-length", size)] if size else []
        status, _, _ = asked("/gradio_api/upload", "POST", b"x", folder=tmp_path, most=most, headers=headers)
        return int(status)

    assert uploaded(b"1000") == 200
    assert uploaded(b"") == 411  # many files in one would be as large as anybody likes
    assert uploaded(b"2000000") == 413
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_bytes(bytes(11_000))
    assert uploaded(b"1000", most=11_500) == 507


class Uploads:
    """Uploads that come side by side: each says its size, and the application keeps it for as long as it is told to."""

    def __init__(self, folder: Path, most: int) -> None:
        self.goes_on = asyncio.Event()
        self.read = 0
        self.gate = Gate(self._app, folder, most, upload=10**6)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.read += len(message.get("body", b""))
        if message["type"] == "http.disconnect":
            raise ConnectionError("it went away")
        await self.goes_on.wait()
        await send({"type": "http.response.start", "status": 200})

    async def one(self, size: int, body: bytes = b"", *, stands_still: bool = False) -> int:
        """The status that an upload gets."""
        statuses: list[int] = []

        async def receive() -> Message:
            if stands_still:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": body, "more_body": True}

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        scope = {
            "type": "http", "path": "/gradio_api/upload", "method": "POST",
            "headers": [(b"content-length", str(size).encode())],
        }  # fmt: skip
        await self.gate(scope, receive, send)
        return statuses[0]


def test_uploads_side_by_side_share_the_room(tmp_path: Path) -> None:
    async def asked_for() -> tuple[list[int], int]:
        uploads = Uploads(tmp_path, most=2500)
        asyncio.get_running_loop().call_later(0.5, uploads.goes_on.set)
        statuses = await asyncio.gather(*(uploads.one(1000) for _ in range(5)))
        return sorted(statuses), await uploads.one(2500)  # the room is free again

    assert asyncio.run(asked_for()) == ([200, 200, 507, 507, 507], 200)


def test_what_has_come_is_not_counted_twice(tmp_path: Path) -> None:
    async def asked_for() -> int:
        uploads = Uploads(tmp_path, most=2500)
        first = asyncio.create_task(uploads.one(1000, bytes(1000)))
        while not uploads.read:
            await asyncio.sleep(0.01)
        (tmp_path / "came").write_bytes(bytes(1000))
        uploads.goes_on.set()
        second = await uploads.one(1500)
        await first
        return second

    assert asyncio.run(asked_for()) == 200


def test_an_upload_that_stands_still_gives_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_PAUSE", 0.05)

    async def asked_for() -> list[int]:
        uploads = Uploads(tmp_path, most=1000)
        uploads.goes_on.set()
        return [await uploads.one(1000, stands_still=True), await uploads.one(1000)]

    assert asyncio.run(asked_for()) == [408, 200]


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(bytes(600))
    (tmp_path / "images").mkdir()
    os.link(tmp_path / "upload", tmp_path / "images" / "image.png")
    headers = [(b"content-length", b"300")]
    assert asked("/gradio_api/upload", "POST", folder=tmp_path, most=1000, headers=headers)[0] == 200


def test_others_are_served_while_the_folder_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = threading.Event()

    def slow(folder: Path) -> int:
        assert served.wait(20), "nobody was served meanwhile"
        return 0

    monkeypatch.setattr(room, "size_of", slow)

    async def asked_for() -> int:
        uploads = Uploads(tmp_path, most=1000)
        uploads.goes_on.set()
        asyncio.get_running_loop().call_later(0.05, served.set)
        return await uploads.one(10)

    assert asyncio.run(asked_for()) == 200
