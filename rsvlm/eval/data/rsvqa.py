"""RSVQA's questions: three json files a split (images, questions, answers), which refer to each other by number."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rsvlm.datasets.textfiles import read_utf8
from rsvlm.eval.errors import EvalError
from rsvlm.eval.vqa import UNTYPED, Question
from rsvlm.files import atomic_write

_SUFFIXES = (".tif", ".png", ".jpg")


def read_rsvqa(questions: Path, images: Path | None = None) -> list[Question]:
    """Read a split of RSVQA-LR, RSVQA-HR or a set made like them (Lobry et al. 2020).

    Entries that are not `active` were deleted by the authors and are left out. Answers are as they stand: RSVQA-LR's
    counts and RSVQA-HR's areas are binned by their authors' own scoring, and are not here.

    Args:
        questions: `..._questions.json`; `..._answers.json` and `..._images.json` lie beside it.
        images: The folder of the images; None: found beside the json or below it by the number of the first image.

    Returns:
        Questions whose key is their number, and whose image is a path.

    Raises:
        EvalError: A file is missing or no such json, or an active question has no answer or no image.
    """
    stem = questions.name.removesuffix("_questions.json")
    if stem == questions.name:
        raise EvalError(f"{questions}: name the file that ends with _questions.json")
    asked = _entries(questions, "questions")
    answers = _entries(questions.with_name(f"{stem}_answers.json"), "answers")
    known = {entry["id"] for entry in _entries(questions.with_name(f"{stem}_images.json"), "images")}
    golds: dict[Any, list[str]] = {}
    for entry in answers:
        golds.setdefault(entry.get("question_id"), []).append(str(entry.get("answer")))
    lost = [entry["id"] for entry in asked if entry["id"] not in golds or entry.get("img_id") not in known]
    if lost:
        raise EvalError(
            f"{questions}: {len(lost)} questions have no answer or no image, the first is {lost[0]}"
        )
    if not asked:
        raise EvalError(f"{questions}: holds no active question")
    find = _Finder(images or questions.parent, asked[0]["img_id"])
    return [
        Question(str(entry["id"]), find.path(entry["img_id"]), str(entry.get("question", "")),
                 tuple(golds[entry["id"]]), str(entry.get("type") or UNTYPED))
        for entry in asked
    ]  # fmt: skip


def write_questions(path: Path, questions: Sequence[Question]) -> None:
    """Write questions as JSON lines `id, image, question, answer, type`, which `rsvlm.eval.vqa` reads."""
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for question in questions:
            golds: Any = question.golds[0] if len(question.golds) == 1 else list(question.golds)
            row = {"id": question.key, "image": question.image, "question": question.question}
            file.write(json.dumps({**row, "answer": golds, "type": question.type}, ensure_ascii=False) + "\n")


def _entries(path: Path, what: str) -> list[dict[str, Any]]:
    """The active entries of a file."""
    try:
        entries = json.loads(read_utf8(path))[what]
        return [entry for entry in entries if entry["active"] and entry["id"] is not None]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EvalError(f"{path}: is no json with `{what}`, each of them with `id` and `active`") from None


class _Finder:
    """Where images lie that are known by their number."""

    def __init__(self, folder: Path, first: Any) -> None:
        below = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]
        places = ((place, suffix) for suffix in _SUFFIXES for place in below)
        found = next(((p, suffix) for p, suffix in places if (p / f"{first}{suffix}").is_file()), None)
        self._folder, self._suffix = found or (folder, _SUFFIXES[0])

    def path(self, number: Any) -> str:
        """The path of an image; it need not be there."""
        return str(self._folder / f"{number}{self._suffix}")
