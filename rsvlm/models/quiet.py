"""Other libraries' chatter, kept off the terminal while a model is built."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rsvlm.errors import one_line
from rsvlm.models.errors import ModelError


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


@contextmanager
def loading_transformers(folder: Path) -> Iterator[None]:
    """Silence transformers within the block, and turn what it raises into one line (`ModelError`)."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # not typed
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with quiet():
            yield
    except ModelError:
        raise
    except Exception as error:  # transformers, tokenizers, safetensors and torch each have their own
        raise ModelError(f"transformers cannot load {folder}: {one_line(error)}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
