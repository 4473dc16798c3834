"""Other libraries' chatter, kept off the terminal while a model is built."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Drop Python warnings and log records below CRITICAL within the block; both are as before after it.

    What matters in them (weights that did not match, an activation that was guessed) is checked by the loaders
    themselves, and raised or recorded.
    """
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def one_line(error: BaseException) -> str:
    """What another library said, on one line, not longer than a reader bears."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 240 else f"{words[:237]}..."
