"""Models behind an OpenAI-compatible endpoint: vLLM, Ollama, `transformers serve`, llama.cpp, a provider.

One request is one POST to `<base>/chat/completions`, by the standard library's client (see `wire`): a deadline for the
whole of it, a limit to the reply, no redirects. Nothing of the reply is taken for granted (see `replies`).
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from rsvlm import __version__
from rsvlm.models.errors import ModelError
from rsvlm.models.generators.addresses import check_address, distance, read_key
from rsvlm.models.generators.backoff import Backoff, is_passing
from rsvlm.models.generators.errors import GenerationError
from rsvlm.models.generators.images import IMAGE_SIDE, check_side, data_address
from rsvlm.models.generators.protocol import Answer, Request
from rsvlm.models.generators.replies import Completion, error_code, error_words, read_completion, shown
from rsvlm.models.generators.wire import Call, Reply, WireError, post
from rsvlm.models.hub import is_offline
from rsvlm.models.protocol import Image

LARGEST_REPLY = 4 << 20
"""Bytes of a reply at most: some hundred times what the longest answers have."""

SILENT = 10
"""Requests in a row without any reply, after which none is tried again until one comes: the server is gone."""

SECRET = 8
"""Characters from which a key is a secret; shorter ones ("EMPTY", "none") are what servers without keys are given."""


class EndpointGenerator:
    """A model behind an OpenAI-compatible endpoint.

    Safe to use from several threads. The key is read once from its environment variable, sent in the header of the
    requests and nowhere else: what comes back is searched for it before it is passed on.

    Args:
        address: The base, like "http://localhost:8000/v1".
        model: The model's name there.
        key_variable: NAME of the environment variable that holds the key; None sends none.
        max_tokens: Length of an answer at most.
        temperature: 0 takes the likeliest words; None leaves it to the server, as some models ask.
        seed: Sent along where answers are drawn (temperature not 0).
        timeout: Seconds for one try, all of it.
        retries: Further tries after 429, 5xx, and connections that fail or take too long.
        workers: Requests side by side.
        image_side: Longer side of images at most, in pixels; larger ones are made smaller.
        price_in: Price of a million tokens sent, in any currency.
        price_out: Price of a million tokens received.
        extra: Further fields of the request; None takes one out: {"max_tokens": None, "max_completion_tokens": 900}.
        first_wait: Seconds before the second try, about; doubled with each.
        longest_wait: Seconds of a wait at most, also where the server asks for more.
        offline: Refuse endpoints that are not on this machine.
        wait_seed: Seeds the chance in the waits.

    Attributes:
        identity: All but prompt and images that decides an answer, as far as it is known here.
        info: The same with the rest of the settings, for the record.

    Raises:
        ModelError: No such address, no key in the variable, or not to be asked from here.
    """

    batch_size = 1
    revision = "as served"

    def __init__(
        self,
        address: str,
        model: str,
        *,
        key_variable: str | None = None,
        max_tokens: int = 512,
        temperature: float | None = 0.0,
        seed: int = 0,
        timeout: float = 120.0,
        retries: int = 3,
        workers: int = 8,
        image_side: int | None = IMAGE_SIDE,
        price_in: float | None = None,
        price_out: float | None = None,
        extra: Mapping[str, Any] | None = None,
        first_wait: float = 1.0,
        longest_wait: float = 60.0,
        offline: bool = False,
        wait_seed: int | None = None,
    ) -> None:
        self._key = read_key(key_variable)
        self._key_variable = key_variable
        base = check_address(address, key=self._key is not None, offline=is_offline(offline))
        if not model.strip():
            raise ModelError(f"the endpoint {base} needs the name of a model: {base}#MODEL")
        self._url = f"{base}/chat/completions"
        self._proxies = distance(urlsplit(base).hostname or "") != "here"
        self.name = f"{base}#{model}"
        self.workers = workers
        self.image_side = check_side(image_side)
        self.timeout, self.retries = timeout, retries
        self.prices = (price_in, price_out)
        self._fields = _fields(base, model, max_tokens, temperature, seed, extra or {})
        self._backoff = Backoff(first_wait, longest_wait, wait_seed)
        self.identity: dict[str, Any] = {
            "address": base,
            "fields": self._fields,
            "image_side": self.image_side,
        }
        self.info: dict[str, Any] = {"name": self.name, "revision": self.revision, **self.identity}
        self._lock = threading.Lock()
        self._calls: set[Call] = set()
        self._stop = threading.Event()
        self._silent = 0

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return the answer, verbatim.

        Raises:
            GenerationError: There is none; the message says why, in one line, without the key.
        """
        answer = self.answer(Request(prompt, images))
        if answer.text is None:
            raise GenerationError(answer.error or "no answer")
        return answer.text

    def generate_many(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the answers, one after the other; `ask_all` asks side by side."""
        return [self.answer(request) for request in requests]

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request with its tokens and cost, or why there is none."""
        start = time.monotonic()
        stop = self._stop
        try:
            found = self._tried(self._body(request), stop)
        except (GenerationError, ModelError) as error:
            return Answer(error=self._without_key(str(error)), seconds=_since(start))
        return Answer(
            text=None if found.text is None else self._without_key(found.text),
            error=None if found.problem is None else self._without_key(found.problem),
            tokens_in=found.tokens_in,
            tokens_out=found.tokens_out,
            cost=self._cost(found),
            seconds=_since(start),
            cut=found.cut,
            model=None if found.model is None else self._without_key(found.model),
        )

    def abort(self) -> None:
        """End the requests that are under way; those of later calls are not touched."""
        with self._lock:
            stop, self._stop = self._stop, threading.Event()
            calls = list(self._calls)
        stop.set()
        for call in calls:
            call.abort()

    def _body(self, request: Request) -> bytes:
        content: Any = request.prompt
        if request.pictures:
            addresses = [data_address(image, self.image_side) for image in request.pictures]
            content = [{"type": "image_url", "image_url": {"url": address}} for address in addresses]
            content.append({"type": "text", "text": request.prompt})
        return json.dumps({**self._fields, "messages": [{"role": "user", "content": content}]}).encode(
            "ascii"
        )

    def _tried(self, body: bytes, stop: threading.Event) -> Completion:
        """Send a request until there is a reply to keep, an error to stay, or no further try."""
        tries = 1
        while True:
            headers: dict[str, str] = {}
            try:
                reply = self._sent(body, stop)
                if 200 <= reply.status < 300:
                    return read_completion(reply.body)
                problem, headers = self._refusal(reply), reply.headers
                passing = is_passing(reply.status, error_code(reply.body))
            except WireError as error:
                problem, passing = str(error), error.passing and self._silent < SILENT
            if not passing or tries > self.retries:
                count = f" (tried {tries} times)" if tries > 1 else ""
                raise GenerationError(f"{problem}{count}")
            stop.wait(self._backoff.seconds(tries, headers))
            tries += 1

    def _sent(self, body: bytes, stop: threading.Event) -> Reply:
        headers = {"Content-Type": "application/json", "User-Agent": f"rsvlm/{__version__}"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        call = Call()
        with self._lock:
            self._calls.add(call)
        try:
            if stop.is_set():
                raise WireError("stopped", passing=False)
            reply = post(
                self._url,
                body,
                headers,
                call=call,
                seconds=self.timeout,
                limit=LARGEST_REPLY,
                proxies=self._proxies,
            )
        except WireError as error:
            self._silent += error.passing
            raise
        finally:
            with self._lock:
                self._calls.discard(call)
        self._silent = 0
        return reply

    def _refusal(self, reply: Reply) -> str:
        """What a reply of another status than success means, in words."""
        told = error_words(reply.body)
        said = f"HTTP {reply.status}" + (f": {told}" if told else "")
        if 300 <= reply.status < 400:
            host = urlsplit(reply.headers.get("location", "")).hostname or "another place"
            return f"{said}: the endpoint sends on to {host[:100]}, which is not followed: name the address itself"
        if reply.status in (401, 403):
            held = f"the key in {self._key_variable}" if self._key_variable else "requests without a key"
            return f"{said}: the endpoint does not take {held}"
        if reply.status == 404 and not told:
            return (
                f"{said}: there is no {self._url}: is the base right (most end in /v1), and the model's name?"
            )
        return said if told or not reply.body else f"{said}: {shown(reply.body)}"

    def _without_key(self, text: str) -> str:
        secret = self._key is not None and len(self._key) >= SECRET
        return text.replace(self._key, "[key]") if secret and self._key else text

    def _cost(self, found: Completion) -> float | None:
        if self.prices == (None, None) or found.tokens_in is None or found.tokens_out is None:
            return None
        price_in, price_out = (price or 0.0 for price in self.prices)
        return (found.tokens_in * price_in + found.tokens_out * price_out) / 1e6


def _fields(
    base: str, model: str, max_tokens: int, temperature: float | None, seed: int, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a request besides the messages."""
    if max_tokens < 1:
        raise ModelError(f"answers of {max_tokens} tokens cannot be asked for: take at least 1")
    # OpenAI's own newer models take only the newer name; other servers know the older one.
    limit = "max_completion_tokens" if urlsplit(base).hostname == "api.openai.com" else "max_tokens"
    fields: dict[str, Any] = {"model": model, limit: max_tokens, "temperature": temperature}
    fields["seed"] = None if temperature == 0 else seed
    fields.update(extra)
    fields.pop("messages", None)
    return {name: value for name, value in fields.items() if value is not None}


def _since(start: float) -> float:
    return round(time.monotonic() - start, 4)
