"""What stands before Gradio: it lets through what the page needs, and nothing else that Gradio can do.

Gradio can also serve files, fetch addresses, pass requests on and edit itself; none of that is used here, and what
cannot be asked for needs no patch. Every reply tells the browser to load nothing from anywhere else.
"""

import asyncio
import json
import re
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .replies import refuse, with_headers
from .room import Room

_PAGE = re.compile(
    r"/|/(?:config|info|theme\.css|favicon\.ico|manifest\.json|robots\.txt|login|logout|login_check)/?"
    r"|/(?:assets|static|svelte)/[\w./@+-]+"
    r"|/gradio_api/(?:info|config|startup-events|login_check|user|token|app_id|upload_progress|queue/data|theme\.css)/?"
    r"|/gradio_api/heartbeat/[\w-]{1,64}"
)
_SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)
_UPLOAD, _JOIN, _CANCEL = "/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/cancel"
_SENT = {"/login", _JOIN, _UPLOAD, _CANCEL, "/gradio_api/reset"}
_EVENTS = "/gradio_api/queue/data"
_LARGEST = 256 * 2**10
"""Bytes of a request that is no upload."""
_PAUSE = 60
"""Seconds for which an upload may stand still: it keeps its room from others meanwhile."""


class Gate:
    """ASGI middleware around Gradio's application.

    Args:
        app: What it stands before.
        folder: Where uploads are kept.
        most: Bytes that may lie there, of all users together.
        upload: Bytes of one upload.
    """

    def __init__(self, app: ASGIApp, folder: Path, most: int, upload: int) -> None:
        self._app, self._upload = app, upload
        self._room = Room(folder, most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        guarded = with_headers(send)
        path, method = str(scope["path"]), str(scope["method"])
        if not _is_known(path, method):
            await refuse(guarded, 404, "there is nothing here")
        elif method == "POST" and path.rstrip("/") == _UPLOAD:
            await self._large(scope, receive, guarded)
        elif method == "POST":
            await self._small(scope, receive, guarded)
        else:
            await self._asked(scope, receive, guarded)

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; where it is for what is over, or never was, nobody need read of it in the log."""
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            if not _is_over(str(scope["path"]), error):
                raise
            if begun:  # the page was told that its session is not known
                await send({"type": "http.response.body", "body": b""})
            else:
                await refuse(send, 404, "there is nothing here any more")

    async def _large(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let an upload through, where it says how large it is, and there is room for it."""
        said = dict(scope["headers"]).get(b"content-length", b"")
        if not said.isdigit():
            await refuse(send, 411, "an upload says how large it is")
        elif int(said) > self._upload + _LARGEST:  # the file, and what is around it
            await refuse(send, 413, "the file is too large")
        elif not await self._room.promise(int(said)):
            await refuse(send, 507, "there is no room for uploads now: try again later")
        else:
            await self._promised(int(said), scope, receive, send)

    async def _promised(self, size: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand an upload on, and give its room free as its bytes come, since they are counted where they lie then."""
        left, gone = size, False

        async def received() -> Message:
            nonlocal left, gone
            try:
                message = await asyncio.wait_for(receive(), _PAUSE if left else None)
            except TimeoutError:
                message = {"type": "http.disconnect"}
            gone = message["type"] == "http.disconnect"
            came = min(left, len(message.get("body", b"")))
            left -= came
            self._room.release(came)
            return message

        try:
            await self._app(scope, received, send)
        except Exception:
            if not gone:
                raise
            await refuse(send, 408, "the upload broke off: send it again")
        finally:
            self._room.release(left)

    async def _small(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole of a request, look at it, and hand it on."""
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = bool(message.get("more_body"))
            if len(body) > _LARGEST:
                await refuse(send, 413, "the request is too large")
                return
        if str(scope["path"]).rstrip("/") == _JOIN and (fault := _fault_of(body)) is not None:
            await refuse(send, 400, fault)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._asked(scope, again, send)


def _is_known(path: str, method: str) -> bool:
    if method in ("GET", "HEAD"):
        return ".." not in path and _PAGE.fullmatch(path) is not None
    return method == "POST" and path.rstrip("/") in _SENT


def _is_over(path: str, error: Exception) -> bool:
    """Whether Gradio failed since a session is none that it knows, or a question ended just as it was stopped."""
    if path.rstrip("/") == _CANCEL:
        return isinstance(error, KeyError)
    return path.rstrip("/") == _EVENTS and getattr(error.__cause__, "status_code", None) == 404


def _fault_of(body: bytes) -> str | None:
    """What is wrong with a request that asks for something; None: nothing is.

    Gradio's queue ends for everybody where a session has no name, and fetches files that are named by an address.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return "a request is JSON"
    if not isinstance(asked, dict):
        return "a request is an object of JSON"
    session, event, data = (asked.get(name) for name in ("session_hash", "fn_index", "data"))
    if not isinstance(session, str) or _SESSION.fullmatch(session) is None:
        return "a request names its session by up to 64 letters and digits"
    if not isinstance(event, int) or isinstance(event, bool) or event < 0:
        return "a request names its function by a number"
    if not isinstance(data, list):
        return "a request has its values as a list"
    return None if _only_uploads(asked) else "files are uploaded, not named by an address"


def _only_uploads(request: dict[str, object]) -> bool:
    """Whether a request names no file by an address, which Gradio would fetch."""
    asked: list[object] = [request]
    while asked:
        one = asked.pop()
        if isinstance(one, list):
            asked += one
        elif isinstance(one, dict):
            path = one.get("path")
            if isinstance(path, str) and re.match(r"\s*[a-z][a-z0-9+.-]+:", path, re.IGNORECASE):
                return False
            asked += one.values()
    return True
