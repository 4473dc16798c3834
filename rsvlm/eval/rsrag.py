"""Answers in RS-RAG's files, scored as RS-RAG's scripts do and strictly.

Wen et al., "RS-RAG", arXiv 2504.04988: `TASKS/evaluation_caption_vqa.py` and `TASKS/evaluation_classification.py`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from rsvlm.datasets.textfiles import file_record

from .errors import EvalError
from .intervals import column_intervals, few_notes, image_groups
from .jsonlines import text_column
from .result import EvalResult
from .rsrag_files import RsRagFile, RsRagItem, read_rsrag
from .text.scores import METRICS, score_captions
from .vqa import is_correct, is_exact

Mode = Literal["rs-rag", "strict"]
Task = Literal["vqa", "captions", "classification"]

COLUMNS = dict(
    zip(METRICS, ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr"), strict=True)
)
"""Our names of the metrics, and those of RS-RAG's tables."""

RUN_FIELDS = ("dataset", "model", "rag", "imgw", "textw", "topk")


def score_rsrag(
    path: str | os.PathLike[str], mode: Mode = "rs-rag", *, task: Task | None = None, synonyms: bool = True
) -> EvalResult:
    """Score a file of answers in RS-RAG's format.

    Args:
        path: JSON lines with `messages`, `images` and `prediction`.
        mode: "rs-rag" gives RS-RAG's own numbers: pairs with an empty gold or answer are left out of every mean, and
            `n` counts those that are left. "strict" leaves nothing out: what has no answer, or cannot be read, is
            wrong and scores 0, and exact and normalised accuracy stand beside the other metrics.
        task: What was asked. If absent, classification where the prompts list classes, else questions.
        synonyms: Whether METEOR matches synonyms, which takes WordNet 3.0.

    Returns:
        Metrics under the names of RS-RAG's tables.

    Raises:
        EvalError: The file cannot be read, has no answers, or nothing is left to score; or WordNet 3.0 is not found.
    """
    check_mode(mode)
    read = read_rsrag(path)
    if not read.answered:
        raise EvalError(f"{path}: holds questions only: no row has a prediction")
    result = score_rsrag_items(read, mode, task=task, synonyms=synonyms)
    run = run_of(Path(path).name)
    result.name = f"{run['dataset'].lower()}-{result.task}"
    result.config |= {"model": run["model"], "answers": file_record(path), "run": run}
    return result


def score_rsrag_items(
    read: RsRagFile, mode: Mode = "rs-rag", *, task: Task | None = None, synonyms: bool = True
) -> EvalResult:
    """Score answers to RS-RAG's questions that were read, or asked for; see `score_rsrag`.

    Args:
        read: Questions with their predictions; an item with an error is wrong in "strict", and left out in "rs-rag".
        mode: As of `score_rsrag`.
        task: As of `score_rsrag`.
        synonyms: As of `score_rsrag`.

    Raises:
        EvalError: Nothing is left to score; or WordNet 3.0 is not found.
    """
    check_mode(mode)
    task = task or ("classification" if read.is_classification else "vqa")
    strict = mode == "strict"
    result = (
        _score_classes(read, strict)
        if task == "classification"
        else _score_texts(read, strict, task, synonyms)
    )
    result.config |= {"protocol": mode, "task": task}
    result.notes += [
        *read.notes,
        *(f"malformed and {'wrong' if strict else 'left out'}: {row}" for row in read.malformed),
    ]
    return result


def check_mode(mode: str) -> None:
    """Refuse a way to score that there is not (`EvalError`)."""
    if mode not in ("rs-rag", "strict"):
        raise EvalError(f"{mode!r} is no way to score RS-RAG's answers: take rs-rag or strict")


def _score_texts(read: RsRagFile, strict: bool, task: Task, synonyms: bool) -> EvalResult:
    """BLEU, METEOR, ROUGE-L and CIDEr of free answers and captions."""
    items = [item for item in read.items if strict or (item.gold and item.prediction and not item.error)]
    if not items:
        raise EvalError(
            f"nothing is left to score: none of {len(read.items)} items has both a gold and an answer"
        )
    answers = [None if item.error else item.prediction for item in items]
    scored = score_captions(answers, [item.gold for item in items], "rs-rag", synonyms=synonyms)
    metrics = {COLUMNS[name]: value for name, value in scored.metrics.items()}
    correct: list[bool | None] = [None] * len(items)
    if strict:
        asked = [(answer, [item.gold]) for answer, item in zip(answers, items, strict=True)]
        correct = [is_correct(*pair) for pair in asked]
        metrics["Accuracy"] = sum(map(bool, correct)) / len(items)
        metrics["Exact match"] = sum(is_exact(*pair) for pair in asked) / len(items)
    table = _table(items, answers, correct)
    for name, column in COLUMNS.items():
        table = table.append_column(column, scored.items[name])
    result = EvalResult(
        task, "", metrics, len(items), items=table, config=scored.config, notes=list(scored.notes)
    )
    result.intervals = column_intervals(table, {column: column for column in COLUMNS.values()}, "key")
    result.comparable = scored.comparable
    result.notes += few_notes(image_groups(table["key"].to_pylist()), len(items))
    return _count(result, read, items, strict)


def _score_classes(read: RsRagFile, strict: bool) -> EvalResult:
    """Accuracy, over all and by class in order of first appearance; equal but for case and white space at the ends."""
    items = [item for item in read.items if strict or item.gold.strip()]
    if not items:
        raise EvalError(f"nothing is left to score: none of {len(read.items)} items has a gold")
    golds = [item.gold.strip().lower() for item in items]
    answers = [None if item.error else item.prediction for item in items]
    said = [(answer or "").strip().lower() for answer in answers]
    correct = [bool(gold) and answer == gold for answer, gold in zip(said, golds, strict=True)]
    classes: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(gold for gold in golds if gold):
        right = [hit for hit, gold in zip(correct, golds, strict=True) if gold == name]
        classes[name] = {"accuracy": sum(right) / len(right), "n": len(right)}
    metrics = {"Accuracy": sum(correct) / len(items)}
    if strict and classes:
        metrics["Balanced accuracy"] = float(np.mean([group["accuracy"] for group in classes.values()]))
    result = EvalResult("classification", "", metrics, len(items), groups={"class": classes})
    result.items, result.confusion = _table(items, answers, correct), _confusion(list(classes), golds, said)
    result.intervals = column_intervals(result.items, {"Accuracy": "correct"}, "key")
    result.notes += few_notes(image_groups(result.items["key"].to_pylist()), len(items))
    return _count(result, read, items, strict)


def _count(result: EvalResult, read: RsRagFile, items: Sequence[RsRagItem], strict: bool) -> EvalResult:
    """Say how many items have no answer or cannot be scored, and how many were left out."""
    whole = [item for item in read.items if not item.error and item.gold.strip()]
    result.n_unanswered = sum(not (item.prediction or "").strip() for item in whole)
    result.n_failed = len(read.items) - len(whole)
    result.comparable &= not strict and not read.malformed
    if not strict and len(items) < len(read.items):
        left = len(read.items) - len(items)
        result.notes.append(
            f"{left} of {len(read.items)} items lack a gold or an answer and are in no mean, as in RS-RAG's script"
        )
    return result


def _table(
    items: Sequence[RsRagItem], answers: Sequence[str | None], correct: Sequence[bool | None]
) -> pa.Table:
    return pa.table({
        "key": text_column([item.image for item in items]), "question": text_column([item.question for item in items]),
        "gold": text_column([item.gold for item in items]), "answer": text_column(answers),
        "correct": pa.array(correct, pa.bool_()), "error": text_column([item.error for item in items]),
    })  # fmt: skip


def _confusion(classes: list[str], golds: list[str], said: list[str]) -> dict[str, Any]:
    """True class by row; the last column is all that is no class, no answer included."""
    place = {name: number for number, name in enumerate(classes)}
    counts = np.zeros((len(classes) + 1, len(classes) + 1), dtype=int)
    for gold, answer in zip(golds, said, strict=True):
        counts[place.get(gold, len(classes)), place.get(answer, len(classes))] += 1
    return {"names": [*classes, "(none of these)"], "counts": counts.tolist()}


def run_of(file_name: str) -> dict[str, str]:
    """What the name of a file of answers says about the run, as RS-RAG's scripts read it.

    >>> run_of("RSWK_answer_janus_rag_imgw0.3_topk5.jsonl")["imgw"]
    '0.3'
    """
    parts = file_name.replace(".jsonl", "").split("_")
    run = dict.fromkeys(RUN_FIELDS, "")
    run |= {"dataset": parts[0], "model": parts[2] if len(parts) > 2 else "unknown"}
    try:
        at = parts.index("rag")
        weight, top = float(parts[at + 1].removeprefix("imgw")), int(parts[at + 2].removeprefix("topk"))
    except (ValueError, IndexError):
        return run
    return run | {"rag": "rag", "imgw": str(weight), "textw": str(1 - weight), "topk": str(top)}
