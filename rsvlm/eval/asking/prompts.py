"""The words that questions and captions are asked for with. What they hold of an item is its question, nothing else."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from rsvlm.datasets.textfiles import read_utf8
from rsvlm.eval.errors import EvalError

FIELD = "question"


def _fields(text: str) -> list[tuple[Any, ...]]:
    try:
        return [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise EvalError(
            f"prompt {text!r}: is no template ({error}); write a brace that is meant as one twice"
        ) from None


def _checked(text: str, question: bool) -> str:
    fields = _fields(text)
    wanted: list[tuple[Any, ...]] = [(FIELD, "", None)] if question else []
    if fields != wanted:
        told = ", ".join(f"{{{name}}}" for name, *_ in fields) or "none"
        needs = (
            f"{{{FIELD}}} once, as it is" if question else "none: write a brace that is meant as one twice"
        )
        raise EvalError(f"prompt {text!r}: has the fields {told}; it needs {needs}")
    return text


@dataclass(frozen=True)
class Prompt:
    """A prompt.

    Attributes:
        text: A `str.format` string with one `{question}`, or, of a prompt for captions, without fields.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse other fields (`EvalError`): they could not be filled."""
        _checked(self.text, question=bool(_fields(self.text)))

    @property
    def record(self) -> dict[str, str]:
        """Its text and the SHA-256 of that, for the record of a result."""
        return {"text": self.text, "sha256": self.digest}

    @property
    def digest(self) -> str:
        """SHA-256 of the text: answers to other words are other answers."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def filled(self, question: str = "") -> str:
        """Return what is asked. What a question holds in braces stays as it is."""
        return self.text.format(question=question)


QUESTION_PROMPT = Prompt(
    "{question}\nLook at the image and answer as briefly as you can: a word, a number, or yes or no. "
    "Write the answer only."
)
"""Asks for a short answer, as data sets of questions hold them."""

BARE_PROMPT = Prompt("{question}")
"""The question as it stands: RS-RAG's files say in each what they want."""

CAPTION_PROMPT = Prompt(
    "Describe this overhead image in one sentence: what it shows, and where. Write the sentence only."
)
"""Asks for a caption as data sets hold them."""


def read_prompt(text: str | Path, *, question: bool) -> Prompt:
    """Return a prompt that a user gave: as text, or as a file that holds it.

    Args:
        text: The name of a UTF-8 file, or the prompt itself.
        question: Whether it is for questions, and needs `{question}` once; one for captions needs no field.

    Raises:
        EvalError: There is no such file, or the fields are others.
    """
    words = str(text)
    if _is_file(words):
        words = read_utf8(words).strip()
    elif isinstance(text, Path) or not _is_prompt(words, question):
        needs = f"no text with {{{FIELD}}} in it" if question else "no text of several words"
        raise EvalError(f"prompt {words!r}: is no file, and {needs}")
    return Prompt(_checked(words, question))


def _is_prompt(text: str, question: bool) -> bool:
    """Whether a text is a prompt, and not the name of a file that is not there."""
    if question:
        return f"{{{FIELD}}}" in text
    return len(text.split()) > 1 and not text.endswith((".txt", ".md"))


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long for a name, or with a null in it: a text
        return False
