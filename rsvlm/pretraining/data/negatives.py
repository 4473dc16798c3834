"""Texts that are right for no image, from a file of a text a line."""

from pathlib import Path

from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.textfiles import read_utf8
from rsvlm.pretraining.errors import PretrainingError


def read_negatives(file: Path) -> list[str]:
    """Read a file of negatives; lines without words are passed over.

    Raises:
        PretrainingError: It cannot be read, or holds no text.
    """
    try:
        text = read_utf8(file)
    except DatasetError as error:
        raise PretrainingError(f"--negatives {error}") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise PretrainingError(f"--negatives {file}: is empty; write a text a line, or leave it out")
    return found
