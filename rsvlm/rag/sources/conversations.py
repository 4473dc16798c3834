"""Messages about images, as RS-RAG has ChatEarthNet's captions: {"messages": [...], "images": [...]}."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..chunk import Chunk
from .documents import BLANK
from .picturepaths import Pictures
from .source import Note
from .splitting import split
from .text import cleaned

_SHORTEST = 4
"""Words of an answer that says something by itself; a shorter one needs its question."""


def is_conversation(row: Any) -> bool:
    """Whether a row has messages and images."""
    return isinstance(row, Mapping) and isinstance(row.get("messages"), list) and "images" in row


def read_conversations(rows: Iterable[Mapping[str, Any]], note: Note, pictures: Pictures) -> Iterator[Chunk]:
    """The answers as captions of the first image, or with their questions, as notes, where they are only a word or two.

    Args:
        rows: With messages and images.
        note: Takes rows that are broken.
        pictures: Where the pictures are that rows name.
    """
    for number, row in enumerate(rows, 1):
        images, messages = row.get("images"), row.get("messages")
        image = images[0] if isinstance(images, list) and images else images
        if not isinstance(messages, list) or not isinstance(image, str) or not image.strip():
            note(f"row {number}", "has no messages, or names no image")
            continue
        question, path = "", pictures.path(cleaned(image), f"row {number}")
        for message in messages:
            told = message.get("content") if isinstance(message, Mapping) else None
            if not isinstance(told, str):
                note(f"row {number}", "has a message without text")
            elif message.get("role") == "assistant":
                yield from _answer(cleaned(told), question, path, number)
            elif message.get("role") == "user":
                question = cleaned(told.replace("<image>", " "))


def _answer(answer: str, question: str, image: str | None, number: int) -> Iterator[Chunk]:
    whole = len(answer.split()) >= _SHORTEST
    for piece in split(answer if whole else f"{question} {answer}"):
        yield replace(
            BLANK, where=f"row {number}", text=piece, image=image, type="caption" if whole else "note"
        )
