"""One HTTP request by the clock: a deadline for the whole of it, a limit to its size, and no following anywhere.

The standard library's client does the talking. What it lacks is an end: its timeout is for one read at a time, and a
server that sends a byte now and then keeps it waiting for ever. Here a timer shuts the connection when the time is up,
whatever it is at.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from rsvlm.errors import one_line
from rsvlm.models.generators.errors import GenerationError

PIECE = 1 << 16


class WireError(GenerationError):
    """A request that did not come back whole.

    Attributes:
        passing: Whether the next try may do better.
    """

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


class Reply(NamedTuple):
    """What a server sent back: status, header fields by lower-case name, and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Call:
    """One request under way. `abort` ends it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._ended = threading.Event()
        self.too_late = False

    def abort(self, *, too_late: bool = False) -> None:
        """Shut the connection, now or as soon as there is one."""
        with self._lock:
            if self._ended.is_set():
                return
            self.too_late = too_late
            self._ended.set()
            if self._socket is not None:
                _shut(self._socket)

    @property
    def aborted(self) -> bool:
        """Whether it was ended."""
        return self._ended.is_set()

    def hold(self, connection: socket.socket) -> None:
        """Take note of the connection, so that it can be shut."""
        with self._lock:
            self._socket = connection
            if self._ended.is_set():
                _shut(connection)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # The plain socket's own: that of TLS would say goodbye first, and wait for the answer.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    call: Call,
    seconds: float,
    limit: int,
    proxies: bool = True,
) -> Reply:
    """Send a POST request and return the reply, whatever its status.

    Redirects are not followed: they would carry the key and the images to where nobody sent them.

    Args:
        url: Where to.
        body: What is sent.
        headers: Header fields.
        call: By which the request can be ended.
        seconds: Time for all of it: connecting, sending, waiting, receiving.
        limit: Bytes that are received at most.
        proxies: Whether to go through the proxies that the environment names.

    Raises:
        WireError: No whole reply came, in time and within the limit.
    """
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - checked
    timer = threading.Timer(seconds, call.abort, kwargs={"too_late": True})
    timer.daemon = True
    timer.start()
    try:
        opened = _opener(call, proxies)
        with opened.open(request, timeout=seconds) as response:
            return _received(response, call, seconds, limit)
    except WireError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        inner = getattr(error, "reason", None)
        cause = inner if isinstance(inner, BaseException) else error
        if call.aborted or isinstance(cause, TimeoutError):
            raise _ended(call, seconds) from None
        raise WireError(
            f"the connection failed: {type(cause).__name__} {one_line(cause)}", passing=True
        ) from None
    finally:
        timer.cancel()


def _received(response: Any, call: Call, seconds: float, limit: int) -> Reply:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(PIECE):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise WireError(f"the reply is longer than {limit:,} bytes", passing=False)
    if call.aborted:
        raise _ended(call, seconds)
    if response.length:
        raise WireError(f"the connection ended {response.length:,} bytes before the reply", passing=True)
    fields = {name.lower(): value for name, value in response.headers.items()}
    return Reply(int(response.status), fields, b"".join(parts))


def _ended(call: Call, seconds: float) -> WireError:
    if call.aborted and not call.too_late:
        return WireError("stopped", passing=False)
    return WireError(f"no whole reply within {seconds:g} s", passing=True)


def _opener(call: Call, proxies: bool) -> urllib.request.OpenerDirector:
    through = urllib.request.ProxyHandler(None if proxies else {})
    return urllib.request.build_opener(through, _Plain(call), _Secure(call), _AnyStatus())


@cache
def _trust() -> ssl.SSLContext:
    """The certificates of this machine; reading them takes a while."""
    return ssl.create_default_context()


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Hands out replies of every status as they are: none is an exception, and none is followed elsewhere."""

    def http_response(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - the base class's
        return response

    https_response = http_response


class _Plain(urllib.request.HTTPHandler):
    """Opens connections that a call can shut."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        call = self._call

        class Held(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                call.hold(self.sock)

        return self.do_open(Held, req)


class _Secure(urllib.request.HTTPSHandler):
    """The same over TLS; certificates are checked."""

    def __init__(self, call: Call) -> None:
        super().__init__(context=_trust())
        self._call = call

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        call = self._call

        class Held(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                call.hold(self.sock)

        return self.do_open(Held, req, context=_trust())
