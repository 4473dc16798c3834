"""Ctrl-C between two steps, and not within one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def finishing_steps(*, alone: bool) -> Iterator[Callable[[], bool]]:
    """Within the block Ctrl-C lets the step under way end, so that it can be kept; a second one stops at once.

    Args:
        alone: Whether one process trains. Several would stop after different steps, and wait for one another: they
            are stopped at once.

    Yields:
        Whether to stop, when it is called.
    """
    if not alone or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
