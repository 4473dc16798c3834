"""What stops a command from outside: Ctrl+C, and the signals of schedulers, containers and closed terminals."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from .common import tell

_state = {"goes_on": False}


def goes_on(*, when: bool = True) -> None:
    """Note that what this command does is kept, so that the same command goes on where it was stopped."""
    _state["goes_on"] = when


def tell_stopped() -> None:
    """Say that the command was stopped, and what becomes of what it did."""
    kept = "What is done is kept: the same command goes on from there." if _state["goes_on"] else ""
    with suppress(OSError):  # of a terminal that was closed
        tell(kept, "yellow", "Stopped.")


@contextmanager
def stop_signals() -> Iterator[Callable[[], int]]:
    """Within the block SIGTERM and SIGHUP do what Ctrl+C does, so that all is cleared away as after that.

    A signal that is ignored stays so: `nohup` wants that of SIGHUP.

    Yields:
        What gives the exit code of a command that was stopped, as shells have it: 128 and the number of the signal.
    """
    goes_on(when=False)
    came = [int(signal.SIGINT)]

    def stop(number: int, frame: FrameType | None) -> None:
        came[0] = number
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(signal.SIGINT, frame)
        else:  # of a job in the background
            raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    found = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")] if main else []
    own = [number for number in found if number is not None and signal.getsignal(number) is signal.SIG_DFL]
    for number in own:
        signal.signal(number, stop)
    try:
        yield lambda: 128 + came[0]
    finally:
        for number in own:
            signal.signal(number, signal.SIG_DFL)
