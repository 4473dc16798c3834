"""A folder that one process has to itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".lock"


@contextmanager
def locked_folder(
    folder: Path, busy: Exception, unwritable: Callable[[str], Exception], name: str = LOCK
) -> Iterator[None]:
    """Have a folder to oneself; the lock is the operating system's and ends with the process, however that ends.

    The lock's file stays: whoever removed it would let one process lock the file that is gone and another a new one.

    Args:
        folder: Made where it is missing.
        busy: Raised where another process has it.
        unwritable: Makes what is raised where it cannot be written, of a line that says so and why.
        name: Of the lock's file: changes of different things in one folder have their own.
    """
    lock = FileLock(folder / name, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise busy from None
    except OSError as error:
        raise unwritable(f"{folder}: cannot be written ({error.strerror or error})") from error
    try:
        yield
    finally:
        lock.release()
