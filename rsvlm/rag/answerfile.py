"""Answers kept as they come, a line each: a stopped run goes on where it was.

answers.jsonl    {"settings": {...}}                            what decides answers: another run's file is refused
                 {"key": "3f0c...", "question": ..., "answer": ..., "evidence": [...], ...}
"""

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from .answer import Answer
from .chunk import Chunk
from .errors import RagError
from .evidence import Evidence


class AnswerFile:
    """A file of answers, which grows by a line an answer.

    Args:
        file: Where; made where it is missing.
        settings: What decides answers.

    Raises:
        RagError: It holds answers of other settings, or something else.
    """

    def __init__(self, file: Path, settings: dict[str, Any]) -> None:
        self._file, self._known = file, dict[str, Answer]()
        told = json.loads(json.dumps(settings))
        content = file.read_bytes() if file.exists() else b""
        if (_line({"settings": told}) + b"\n").startswith(content):  # new, or killed while it was begun
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_line({"settings": told}) + b"\n")
            return
        lines = content.split(b"\n")
        try:
            first, *rest = [json.loads(line) for line in lines[:-1] if line.strip()]
            before = first["settings"]
            self._known = {one.pop("key"): answer_of(one) for one in rest}
        except (ValueError, KeyError, TypeError):
            raise RagError(f"{file}: is no file of answers; name another file") from None
        if before != told:
            differ = sorted(name for name in {*before, *told} if before.get(name) != told.get(name))
            raise RagError(
                f"{file}: holds answers of another run (it differs in {', '.join(differ)}); name another file"
            )
        if lines[-1]:  # cut off by a kill
            with file.open("rb+") as opened:
                opened.truncate(len(content) - len(lines[-1]))

    def get(self, key: str) -> Answer | None:
        """The answer that is there already; None: there is none, or it had failed."""
        found = self._known.get(key)
        return None if found is None or found.error is not None else found

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer."""
        self._append({"key": key, **answer.to_dict(), "prompt": answer.prompt})

    def _append(self, line: dict[str, Any]) -> None:
        with self._file.open("ab") as opened:
            opened.write(_line(line) + b"\n")
            opened.flush()
            os.fsync(opened.fileno())


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def key_of(images: Sequence[Any], question: str) -> str:
    """What an item is kept under: its question, and the paths of its images, or their pixels and places."""
    digest = hashlib.sha256(question.encode("utf-8", "replace"))
    for image in images:
        if isinstance(image, str | os.PathLike):
            digest.update(b"\0path" + os.fspath(image).encode("utf-8", "surrogateescape"))
        else:
            pixels = np.ascontiguousarray(getattr(image, "pixels", image))
            told = (pixels.shape, pixels.dtype.str, *(getattr(image, one, None) for one in ("bands", "grid")))
            digest.update(b"\0pixels" + repr(told).encode() + pixels.tobytes())
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
