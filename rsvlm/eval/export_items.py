"""Questions about images as they are handed to other programs."""

import os
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rsvlm.datasets.pictures import ImageRef

from .agromind.read import AgroMind
from .agromind.tasks import MANY_LETTERS, OF_IMAGES, TYPE_NAMES
from .errors import EvalError

LETTERS = string.ascii_uppercase


@dataclass(frozen=True)
class ExportItem:
    """One question as it is handed to another program.

    Attributes:
        key: Names it.
        images: What it is about, in order: paths, bytes of image files, or pictures.
        question: The words.
        answer: The right answer: a letter, several with commas between ("A,C"), or words.
        options: What can be chosen, the first being A; empty for questions that are answered in words.
        type: Kind of question.
        category: What its score is grouped by.
        several: Whether several options may be right.
    """

    key: str
    images: tuple[ImageRef, ...]
    question: str
    answer: str
    options: tuple[str, ...] = ()
    type: str = ""
    category: str = ""
    several: bool = False


class Exported(NamedTuple):
    """What an export wrote: its files, and how many questions each table of them holds."""

    files: tuple[Path, ...]
    counts: dict[str, int]


def agromind_items(data: AgroMind, images: str | os.PathLike[str]) -> list[ExportItem]:
    """Return AgroMind's questions for an export.

    Args:
        data: From `read_agromind`.
        images: The folder below which the paths of its images lie.
    """
    folder = Path(images)
    found = []
    for item in data.items:
        # options that are images are shown, and named by their place
        options = (
            [f"image {place}" for place, _ in enumerate(item.options, 1)]
            if item.kind in OF_IMAGES
            else item.options.values()
        )
        gold = item.gold
        if item.options:  # which may be called from B on; elsewhere the first is A
            letters = list(item.options)
            gold = ",".join(LETTERS[letters.index(letter)] for letter in item.gold.split(","))
        found.append(
            ExportItem(
                item.key, tuple(str(folder / name) for name in item.images), item.question, gold, tuple(options),
                TYPE_NAMES[item.kind], item.task, item.kind in MANY_LETTERS,
            )
        )  # fmt: skip
    return found


def check(items: Sequence[ExportItem], name: str) -> None:
    """Refuse (`EvalError`) questions that cannot be exported, and names that no task can have."""
    if not items:
        raise EvalError("there are no questions to export")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise EvalError(f"{name!r} is no name for a task: take letters, digits and _, a letter first")
    for item in items:
        if not item.images:
            raise EvalError(f"{item.key}: shows no image; leave such questions out")
        if not item.options:
            continue
        right, known = item.answer.split(","), set(LETTERS[: len(item.options)])
        if (
            len(item.options) > len(LETTERS)
            or not set(right) <= known
            or (len(right) > 1 and not item.several)
        ):
            raise EvalError(
                f"{item.key}: {item.answer!r} is no answer to a question of {len(item.options)} options; answers are "
                "letters from A, and where `several` is set more than one, with commas between them"
            )
