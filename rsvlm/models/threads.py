"""Do work in threads ahead of its consumer: in order, with bounded memory, and with no thread left behind."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def usable_cores() -> int:
    """Return how many processor cores this process may use: fewer than there are under a batch scheduler."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def work_ahead(work: Callable[[T], R], items: Iterable[T], *, threads: int, ahead: int) -> Generator[R]:
    """Yield `work(item)` for each item in order, while threads work on the next ones.

    Args:
        work: What is done in the threads; an exception of it is raised here, in its turn.
        items: What to work on; taken one after the other, in the consumer's thread, `ahead` of what was yielded.
        threads: How many threads.
        ahead: How many items may be under way or done and not yet yielded: the bound of memory.

    Closing the generator, or an exception in it, drops what was not begun and waits for what was.
    """
    source = iter(items)
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="rsvlm")
    try:
        while True:
            waiting.extend(pool.submit(work, item) for item in islice(source, ahead - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
