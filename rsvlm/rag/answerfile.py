"""Answers kept as they come, a line each: a stopped run goes on where it was.

answers.jsonl    {"settings": {...}}                            what decides answers: another run's file is refused
                 {"key": "3f0c...", "question": ..., "answer": ..., "evidence": [...], ...}
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.models.generators.answerfile import AnswerFileError, AnswerLines, file_mark, open_lines

from .answer import Answer
from .chunk import Chunk
from .errors import RagError
from .evidence import Evidence


class AnswerFile:
    """Answers as they come in. Made by `open_answers`."""

    def __init__(self, lines: AnswerLines) -> None:
        """Continue a file that was opened."""
        self._lines, self._known = lines, dict[str, Answer]()
        for row in lines.rows:
            with suppress(KeyError, IndexError, TypeError, ValueError):  # rubbish: its item is asked again
                self._known[row["key"]] = answer_of(row)

    def get(self, key: str) -> Answer | None:
        """The answer that is there already; None: there is none, or it had failed."""
        found = self._known.get(key)
        return None if found is None or found.error is not None else found

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer."""
        self._lines.add({"key": key, **answer.to_dict(), "prompt": answer.prompt})


@contextmanager
def open_answers(path: Path, settings: dict[str, Any]) -> Iterator[AnswerFile]:
    """Open a file of answers to go on with it, or begin it.

    Args:
        path: Where; made where it is missing.
        settings: What decides answers.

    Raises:
        RagError: It holds answers of other settings, or something else, or another run is writing it.
    """
    try:
        with open_lines(path, "settings", settings) as lines:
            yield AnswerFile(lines)
    except AnswerFileError as error:
        raise RagError(str(error)) from None


def key_of(images: Sequence[Any], question: str) -> str:
    """What an item is kept under: its question, and the paths and content of its images, or their pixels and places."""
    digest = hashlib.sha256(question.encode("utf-8", "replace"))
    for image in images:
        if isinstance(image, str | os.PathLike):
            told = f"{os.fspath(image)}\0{file_mark(image)}"
            digest.update(b"\0path" + told.encode("utf-8", "surrogateescape"))
        else:
            pixels = np.ascontiguousarray(getattr(image, "pixels", image))
            form = (pixels.shape, pixels.dtype.str, *(getattr(image, one, None) for one in ("bands", "grid")))
            digest.update(b"\0pixels" + repr(form).encode() + pixels.tobytes())
    return digest.hexdigest()[:32]


def answer_of(told: dict[str, Any]) -> Answer:
    """An answer from what `Answer.to_dict` gave."""
    return Answer(
        question=told["question"], text=told["answer"], short=told["short"], kind=told["kind"],
        evidence=tuple(map(_evidence, told["evidence"])), confidence=told["confidence"], abstained=told["abstained"],
        notes=tuple(told["notes"]), prompt=told.get("prompt"), generator=told["generator"], seconds=told["seconds"],
        error=told["error"],
    )  # fmt: skip


def _evidence(told: dict[str, Any]) -> Evidence:
    moment, box = told["datetime"], told["bbox"]
    chunk = Chunk(
        source=told["source"], where=told["where"], text=told["text"], type=told["type"], image=told["image"],
        bbox=None if box is None else (box[0], box[1], box[2], box[3]),
        datetime=None if moment is None else datetime.fromisoformat(moment),
        labels=tuple(told["labels"]), licence=told["licence"],
    )  # fmt: skip
    numbers = {
        name: told[name] for name in ("number", "score", "by_text", "by_words", "by_image", "km", "quote")
    }
    return Evidence(chunk=chunk, **numbers)
