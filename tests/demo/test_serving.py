"""The demo as it runs: what can be asked of it from outside, by a program that is no browser."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from running import Demo, running  # type: ignore[import-not-found] # beside

pytest.importorskip("gradio", reason="gradio is not installed: pip install 'rsvlm[demo]'")
pytestmark = pytest.mark.slow  # a process of its own, which loads the model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[Demo]:
    with running(
        "--knowledge", "none", "--max-upload", "1MB", "--login", "me:DEMO_WORD", "--host", "0.0.0.0",
        folder=folder, DEMO_WORD="let-me-in",
    ) as demo:  # fmt: skip
        yield demo
    assert "Stopped." in "".join(demo.lines)
    assert list(folder.glob("rsvlm-demo-*")) == []  # what was uploaded is gone


def reply(
    demo: Demo, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> tuple[int, bytes, str]:
    """Status, body and cookie of a reply."""
    port = urlsplit(demo.address).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        return response.status, response.read(), (response.getheader("set-cookie") or "").split(";")[0]
    finally:
        connection.close()


def cookie(demo: Demo) -> str:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, found = reply(demo, "/login", "POST", b"username=me&password=let-me-in", **kind)
    assert status == 200
    return found


def sent(demo: Demo, name: str, content: bytes) -> tuple[int, bytes]:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + content + b"\r\n--b--\r\n"
    )  # fmt: skip
    kind = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": cookie(demo)}
    return reply(demo, "/gradio_api/upload", "POST", body, **kind)[:2]


def test_a_password_is_asked_for(demo: Demo) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert reply(demo, "/login", "POST", b"username=me&password=wrong", **kind)[0] == 400
    assert reply(demo, "/config")[0] == 401
    asked = json.dumps({"data": [], "fn_index": 0, "session_hash": "abc"}).encode()
    assert reply(demo, "/gradio_api/queue/join", "POST", asked)[0] == 401
    assert reply(demo, "/gradio_api/upload", "POST", b"x")[0] == 401
    assert reply(demo, "/config", Cookie=cookie(demo))[0] == 200
    assert "Everybody" not in "".join(demo.lines)


@pytest.mark.parametrize("path", ["/etc/passwd", "http://127.0.0.1:1/", "..%2f..%2fetc%2fpasswd"])
def test_no_file_is_served(demo: Demo, path: str) -> None:
    known = cookie(demo)
    for place in (
        "/gradio_api/file=",
        "/file=",
        "/gradio_api/proxy=",
        "/static/",
        "/assets/",
        "/gradio_api/file/",
    ):
        status, body, _ = reply(demo, place + path, Cookie=known)
        assert status in (403, 404)
        assert b"root:" not in body


def test_uploads_stay_inside_and_cannot_be_read_back(demo: Demo, folder: Path) -> None:
    status, body = sent(demo, "../../../escaped.png", b"x" * 100)
    assert status == 200
    [path] = json.loads(body)
    assert Path(path).is_relative_to(folder)
    assert not list(folder.parent.glob("escaped.png"))
    assert reply(demo, f"/gradio_api/file={path}", Cookie=cookie(demo))[0] == 404


def test_a_large_upload_is_refused(demo: Demo, folder: Path) -> None:
    status, _ = sent(demo, "large.tif", b"II*\0" + bytes(2 * 2**20))
    assert status == 413
    assert not [file for file in folder.rglob("large.tif") if file.stat().st_size > 2**20]


def test_an_address_in_place_of_an_upload(demo: Demo) -> None:
    data = {"path": "http://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [data], "fn_index": 0, "session_hash": "abc"}).encode()
    kind = {"Content-Type": "application/json", "Cookie": cookie(demo)}
    assert reply(demo, "/gradio_api/queue/join", "POST", body, **kind)[0] == 400


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/../etc/passwd", "/vsicurl/http://127.0.0.1:9/x", "running.lock"]
)
def test_a_file_that_was_not_uploaded(demo: Demo, folder: Path, path: str) -> None:
    known = cookie(demo)
    config = json.loads(reply(demo, "/config", Cookie=known)[1])
    [function] = [one["id"] for one in config["dependencies"] if one["api_name"] == "image"]
    path = str(next(folder.glob("rsvlm-demo-*")) / path) if path == "running.lock" else path
    data = {"path": path, "meta": {"_type": "gradio.FileData"}}
    asked = {"data": [data, None], "fn_index": function, "session_hash": "outside"}
    kind = {"Content-Type": "application/json", "Cookie": known}
    assert reply(demo, "/gradio_api/queue/join", "POST", json.dumps(asked).encode(), **kind)[0] == 200
    said = reply(demo, "/gradio_api/queue/data?session_hash=outside", Cookie=known)[1].decode()
    assert '"success":false' in said
    assert "root:" not in said
    assert "Traceback" not in said


def test_a_session_that_is_not_known_leaves_no_traceback(demo: Demo) -> None:
    before = len(demo.lines)
    status, body, _ = reply(demo, "/gradio_api/queue/data?session_hash=unknown", Cookie=cookie(demo))
    assert status == 404 or b"not_found" in body
    time.sleep(1)  # until a traceback would be there
    assert demo.lines[before:] == []


def test_a_killed_demo_is_cleaned_up_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "rsvlm-demo-left"
    left.mkdir(0o700)
    (left / "running.lock").touch()
    (left / "image.png").write_bytes(b"x")
    with running("--knowledge", "none", folder=tmp_path) as demo:
        assert not left.exists()
        assert len(list(tmp_path.glob("rsvlm-demo-*"))) == 1
        assert urlsplit(demo.address).hostname == "127.0.0.1"
