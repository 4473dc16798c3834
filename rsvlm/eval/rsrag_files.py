"""RS-RAG's files of questions and answers, with all that is odd about them told.

Wen et al., "RS-RAG", arXiv 2504.04988; files of github.com/CongcongWen1208/RS-RAG. Three shapes: JSON lines of
`messages` and `images`; the same with `prediction`; and a JSON list of `image_name` and `gpt_output`, a list of
questions and answers, which for some images is a string that holds such a list, or what a model made of one.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rsvlm.datasets.textfiles import read_utf8

from .errors import EvalError
from .jsonlines import Line, as_text, read_lines

_CATEGORIES = re.compile(r"following (\d+) categories:\s*(.+?)\.?\s*$", re.DOTALL)


@dataclass(frozen=True)
class RsRagItem:
    """A question of RS-RAG, a caption asked for, or a class.

    Attributes:
        image: As the file names it.
        question: Without the mark "<image>".
        gold: The right answer as it stands; may be empty.
        prediction: A model's answer; None if there is none.
        error: Why the item cannot be scored, such as a line that is no JSON.
    """

    image: str
    question: str
    gold: str
    prediction: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class RsRagFile:
    """What was read from a file.

    Attributes:
        items: In the order of the file, broken ones included.
        answered: Whether it is a file of answers: a row has the field `prediction`.
        malformed: Name of the image or the line, and what is wrong with it.
        notes: Oddities of the whole file, a sentence each.
    """

    items: tuple[RsRagItem, ...]
    answered: bool
    malformed: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_classification(self) -> bool:
        """Whether the prompts name classes to choose from.

        Raises:
            EvalError: Some do and some don't.
        """
        choosing = {bool(_CATEGORIES.search(item.question)) for item in self.items if item.question}
        if len(choosing) > 1:
            raise EvalError(
                "some prompts name classes to choose from and some don't: score them apart, or say which task it is"
            )
        return True in choosing


def read_rsrag(path: str | os.PathLike[str]) -> RsRagFile:
    """Read a file of RS-RAG, whichever of its shapes it has.

    Rows that are malformed do not stop the rest: they are named in `malformed`, and lines that are become items with
    an error.

    Raises:
        EvalError: The file cannot be read, holds nothing, or has another shape.
    """
    read = _read_pairs(path) if read_utf8(path).lstrip().startswith("[") else _read_messages(path)
    if not read.items:
        raise EvalError(
            f"{path}: holds no questions in a shape that RS-RAG uses ('messages', or 'gpt_output')"
        )
    return read


def _read_messages(path: str | os.PathLike[str]) -> RsRagFile:
    lines = read_lines(path)
    items = tuple(_item(line) for line in lines)
    if items and all(item.error for item in items):
        raise EvalError(f"{path}: has no line of RS-RAG's shape; line {lines[0].number} {items[0].error}")
    malformed = tuple(
        f"line {line.number}: {item.error}" for line, item in zip(lines, items, strict=True) if item.error
    )
    answered = any(line.row is not None and "prediction" in line.row for line in lines)
    return RsRagFile(items, answered, malformed, tuple(_prompt_notes(items)))


def _item(line: Line) -> RsRagItem:
    if line.row is None:
        return RsRagItem("", "", "", error=line.error)
    messages = line.row.get("messages")
    said = [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    if not any("content" in message for message in said):
        return RsRagItem("", "", "", error="has no messages")
    images = line.row.get("images")
    image = as_text(images[0]) if isinstance(images, list) and images else None
    question = _content(said, "user").removeprefix("<image>")
    prediction = line.row.get("prediction")
    text = as_text(prediction)
    wrong = (
        f"has a {type(prediction).__name__} as prediction"
        if prediction is not None and text is None
        else None
    )
    return RsRagItem(image or "", question, _content(said, "assistant"), text, wrong)


def _content(messages: list[dict[str, Any]], role: str) -> str:
    """What the first message of a role says; empty if there is none."""
    return next((as_text(m.get("content")) or "" for m in messages if m.get("role") == role), "")


def _read_pairs(path: str | os.PathLike[str]) -> RsRagFile:
    try:
        rows = json.loads(read_utf8(path))
    except (ValueError, RecursionError) as error:
        raise EvalError(f"{path}: is no JSON ({error})") from None
    items: list[RsRagItem] = []
    malformed, strings = [], 0
    for number, row in enumerate(rows, start=1):
        row = row if isinstance(row, dict) else {}
        image, output = as_text(row.get("image_name")) or f"row {number}", row.get("gpt_output")
        strings += isinstance(output, str)
        try:
            items += _pairs(image, _parse(output) if isinstance(output, str) else output)
        except (ValueError, RecursionError) as error:
            malformed.append(f"{image}: {error}")
    notes = [f"{strings} images have a text in place of a list of questions"] if strings else []
    return RsRagFile(tuple(items), False, tuple(malformed), tuple(notes))


def _parse(output: str) -> object:
    """The list that a model wrote, fenced as code or not."""
    bare = output.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    return json.loads(bare)


def _pairs(image: str, output: object) -> list[RsRagItem]:
    if not isinstance(output, list):
        raise ValueError(f"has a {type(output).__name__} in place of a list of questions")
    items = []
    for number, pair in enumerate(output, start=1):
        said = (
            [as_text(pair.get(field)) for field in ("question", "answer")] if isinstance(pair, dict) else []
        )
        if len(said) < 2 or None in said:
            raise ValueError(f"lacks a question or an answer at place {number}")
        items.append(RsRagItem(image, str(said[0]), str(said[1])))
    return items


def _prompt_notes(items: Iterable[RsRagItem]) -> list[str]:
    """What is odd about the classes that the prompts name, and the golds that they don't."""
    notes: dict[str, None] = {}
    unlisted: Counter[str] = Counter()
    for item in items:
        found = _CATEGORIES.search(item.question)
        if found is None:
            continue
        names = [name.strip() for name in found[2].split(",")]
        if len(names) != int(found[1]):
            notes[f"the prompt names {found[1]} categories but lists {len(names)}"] = None
        if item.gold.strip().lower() not in {name.lower() for name in names}:
            unlisted[item.gold.strip()] += 1
    if unlisted:
        counts = ", ".join(f"{gold or '(empty)'} ({count})" for gold, count in unlisted.most_common())
        notes[
            f"{unlisted.total()} items have an answer that their prompt does not list, and are kept: {counts}"
        ] = None
    return list(notes)
