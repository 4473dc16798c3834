"""Ask a generator many things: in order, side by side, with bounded memory, and with errors as data."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any

from rsvlm.errors import one_line
from rsvlm.models.generators.functions import Function, as_generator
from rsvlm.models.generators.protocol import Answer, Generator, Request
from rsvlm.models.protocol import Image
from rsvlm.models.storable import storable

AHEAD = 2
"""Batches under way or waiting to be handed out, for each worker."""


def ask_all(
    generator: Generator | Function,
    requests: Iterable[Request | tuple[str, Sequence[Image]]],
    *,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    give_up_after: int = 20,
) -> Iterator[Answer]:
    """Yield the answer to each request, in order.

    A request that fails is an answer with its `error`; nothing that a generator does ends the run. What the
    iteration of `requests` itself raises is raised here.

    Args:
        generator: A generator, or a function `(prompt, images) -> str`.
        requests: What to ask; taken as the answers are, not all at once.
        workers: Calls side by side; by default what the generator says suits it (`workers`), else one.
        progress: Called with the number of requests answered, after each.
        give_up_after: After so many failures in a row the rest is not asked: each would wait for its time to run
            out, for nothing. Their error says so; 0 asks on.

    Closing the iteration ends the requests under way, where the generator can (`abort`).
    """
    asked = as_generator(generator)
    size = max(1, getattr(asked, "batch_size", 1) if hasattr(asked, "generate_many") else 1)
    suited: int = getattr(asked, "workers", 1)
    threads = workers or suited
    patience = _Patience(give_up_after)
    batches = _batches(requests, size)
    waiting: deque[Future[list[Answer]]] = deque()
    done = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="rsvlm-ask") as pool:
        try:
            while True:
                free = AHEAD * threads - len(waiting)
                waiting.extend(pool.submit(patience.ask, asked, batch) for batch in islice(batches, free))
                if not waiting:
                    return
                for answer in waiting.popleft().result():
                    done += 1
                    if progress:
                        progress(done)
                    yield answer
        except BaseException:
            # Before the pool waits for its threads: nobody wants what they are waiting for.
            patience.end()
            pool.shutdown(wait=False, cancel_futures=True)
            getattr(asked, "abort", lambda: None)()
            raise


class _Patience:
    """Asks until too many requests in a row got no answer."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failed = 0
        self._last = ""
        self._ended = False

    def end(self) -> None:
        """Ask nothing more."""
        self._ended = True

    def ask(self, generator: Generator, batch: Sequence[Request]) -> list[Answer]:
        if self._ended:
            return [Answer(error="not asked: the run was stopped", asked=False)] * len(batch)
        if self._limit and self._failed >= self._limit:
            reason = (
                f"not asked: {self._failed} requests in a row got no answer, the last because {self._last}"
            )
            return [Answer(error=one_line(ValueError(reason)), asked=False)] * len(batch)
        answers = answer_batch(generator, batch)
        for answer in answers:
            self._failed = self._failed + 1 if answer.text is None else 0
            self._last = answer.error or self._last
        return answers


def answer_batch(generator: Generator, batch: Sequence[Request]) -> list[Answer]:
    """Return the answers to a batch. One that fails as a whole is asked again one by one, to find who is to blame."""
    many = getattr(generator, "generate_many", None)
    opened, failed = _open(batch)
    start = time.monotonic()
    if many is None:
        answers = [_one(generator, request) for request in opened]
    else:
        try:
            answers = _checked(many(opened) if opened else [], len(opened))
        except Exception as error:
            one_by_one = len(opened) > 1
            answers = (
                [answer for request in opened for answer in answer_batch(generator, [request])]
                if one_by_one
                else [Answer(error=one_line(error), seconds=_since(start))]
            )
    found = iter(answers)
    return [failed[place] if place in failed else next(found) for place in range(len(batch))]


def _open(batch: Sequence[Request]) -> tuple[list[Request], dict[int, Answer]]:
    """Open the pictures of a batch: the requests that have theirs, and by place the errors of the others."""
    opened: list[Request] = []
    failed: dict[int, Answer] = {}
    for place, request in enumerate(batch):
        try:
            opened.append(request.opened())
        except Exception as error:
            failed[place] = Answer(error=one_line(error))
    return opened, failed


def _one(generator: Generator, request: Request) -> Answer:
    start = time.monotonic()
    try:
        answer = as_answer(generator.generate(request.prompt, request.pictures))
    except Exception as error:
        answer = Answer(error=one_line(error))
    return replace(answer, seconds=_since(start))


def _since(start: float) -> float:
    return round(time.monotonic() - start, 4)


def _checked(answers: Any, count: int) -> list[Answer]:
    """What `generate_many` returned, as one answer a request."""
    found = [as_answer(answer) for answer in answers]
    if len(found) != count:
        raise ValueError(f"the generator returned {len(found)} answers to {count} requests")
    return found


def as_answer(value: Any) -> Answer:
    """Return what a generator gave for one request as an `Answer`: a text, an answer, an exception, or a mistake."""
    if isinstance(value, Answer):
        return value
    if isinstance(value, str):
        return Answer(text=storable(value))
    if isinstance(value, BaseException):
        return Answer(error=one_line(value))
    return Answer(error=f"the generator returned {type(value).__name__}, not a text")


def _batches(requests: Iterable[Request | tuple[str, Sequence[Image]]], size: int) -> Iterator[list[Request]]:
    source = iter(requests)
    while batch := [Request(*request) for request in islice(source, size)]:
        yield batch
