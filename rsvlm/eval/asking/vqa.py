"""Asking a model the questions of a data set, each with its image, and scoring what it answered."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rsvlm.eval.data.questions import QuestionSet, read_question_set
from rsvlm.eval.errors import EvalError
from rsvlm.eval.result import EvalResult
from rsvlm.eval.rsrag import Mode, score_rsrag_items
from rsvlm.eval.rsrag_files import RsRagFile
from rsvlm.eval.text.wordnet import find_wordnet
from rsvlm.eval.vqa import RSVQA, score_vqa
from rsvlm.imagery import ChipReader
from rsvlm.models.generators.functions import Function
from rsvlm.models.generators.protocol import Answer, Generator, Request

from .items import (
    GIVE_UP_AFTER,
    Ask,
    Progress,
    ask_items,
    errors_of,
    generator_record,
    is_plain,
    record_of,
    texts_of,
)
from .pictures import check_of, files_or_pictures_of, mark_of, pictures_of
from .prompts import BARE_PROMPT, QUESTION_PROMPT, Prompt

STRICT = "strict"
PathLike = str | os.PathLike[str]


def ask_questions(
    data: QuestionSet | PathLike,
    generator: Generator | Function,
    answers: PathLike,
    *,
    images: PathLike | None = None,
    prompt: Prompt | None = None,
    workers: int | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Ask a model every question that has no answer yet, and keep each answer, verbatim, as it comes.

    Nothing that the model does ends the run: an error is the question's error, as a missing image is, and the next run
    asks it again. A run that is killed loses the questions under way. The model is told the question and shown the
    image; no name of a file reaches it.

    Args:
        data: Questions, or their file as `read_question_set` takes it.
        generator: A generator, or a function `(prompt, images) -> str`; `rsvlm.rag` has the composer as one, and
            generators that are given evidence.
        answers: Where answers are kept, a .jsonl file; one of an earlier run of the same is gone on with.
        images: Folder that the paths of images start from, where `data` is a file.
        prompt: What is asked; None: `QUESTION_PROMPT`; RS-RAG's questions, and any put to the composer, as they stand.
        workers: Questions asked side by side; by default what the generator says suits it.
        give_up_after: After so many failures in a row the rest is left for another run; 0 asks on.
        progress: Called after each question, with those that are done and with all.

    Returns:
        All answers by the key of their question, those of earlier runs included.

    Raises:
        EvalError: The questions cannot be read, or the file holds answers to others, of another model or prompt.
    """
    asked = _read(data, images)
    words = prompt or _usual_prompt(asked, generator)
    head = _head(asked, words) | {"generator": generator_record(generator, whole=False)}
    shown = files_or_pictures_of if is_plain(generator) else pictures_of
    with ChipReader() as reader:
        asks = {
            question.key: Ask(
                question.key,
                Request(words.filled(question.question), shown(image, reader), question.question),
                check_of(image),
                mark_of(image),
            )
            for question, image in zip(asked.questions, asked.images, strict=True)
        }
        return ask_items(
            list(asks.values()), generator, Path(answers), head,
            workers=workers, give_up_after=give_up_after, progress=progress,
        )  # fmt: skip


def evaluate_vqa(
    data: QuestionSet | PathLike,
    generator: Generator | Function,
    answers: PathLike,
    *,
    images: PathLike | None = None,
    prompt: Prompt | None = None,
    mode: str = "strict",
    synonyms: bool = True,
    workers: int | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    progress: Progress | None = None,
) -> EvalResult:
    """Ask a model with `ask_questions`, and score its answers with `score_answers`; see there for the arguments.

    `mode` is what the shell calls `--compat`.

    Returns:
        As of `score_answers`; its config holds the prompt, the generator with all that it says of itself, the hash of
        the questions, and how many answers, failures, tokens and what cost it took.

    Raises:
        EvalError: As they do; what would prevent the scoring is said before anything is asked.
    """
    asked = _read(data, images)
    words = prompt or _usual_prompt(asked, generator)
    _check_mode(mode, asked)
    if asked.rsrag is not None and not asked.rsrag.is_classification and synonyms:
        find_wordnet()
    found = ask_questions(
        asked,
        generator,
        answers,
        prompt=words,
        workers=workers,
        give_up_after=give_up_after,
        progress=progress,
    )
    result = score_answers(asked, found, mode=mode, synonyms=synonyms)
    result.config |= record_of(generator, words, found)
    return result


def answers_within(
    answers: Mapping[str, Answer], asked: QuestionSet, whole: QuestionSet
) -> dict[str, Answer]:
    """Return the answers without those to questions of a whole set that are not in the part that is asked.

    Answers to questions of another set stay, to be refused.
    """
    beyond = {question.key for question in whole.questions} - {question.key for question in asked.questions}
    return {key: answer for key, answer in answers.items() if key not in beyond}


def score_answers(
    data: QuestionSet | PathLike,
    answers: Mapping[str, Answer],
    *,
    mode: str = "strict",
    synonyms: bool = True,
) -> EvalResult:
    """Score answers that were asked for.

    Args:
        data: The questions, or their file.
        answers: By key of the question, as of `ask_questions` or `read_answers`. Questions without one count as wrong.
        mode: "strict" leaves nothing out and compares numbers. RS-RAG's files: "rs-rag" leaves out what has no answer,
            as RS-RAG does. Others: "rsvqa" compares counts and areas by RSVQA's intervals.
        synonyms: RS-RAG's files: whether METEOR matches synonyms, which takes WordNet 3.0.

    Returns:
        As of `score_vqa`, or of `score_rsrag`; what failed counts as wrong, and in `n_failed`.

    Raises:
        EvalError: Answers belong to no question, or the questions cannot be read.
    """
    asked = _read(data, None)
    _check_mode(mode, asked)
    if asked.rsrag is None:
        texts, errors = texts_of(answers), errors_of(answers)
        compat = None if mode == STRICT else mode
        result = score_vqa(asked.questions, texts, errors=errors, compat=compat, name=asked.name)
    else:
        strange = sorted(set(answers) - {question.key for question in asked.questions})
        if strange:
            raise EvalError(f"{len(strange)} answers belong to no question, the first is {strange[0]!r}")
        chosen: Mode = "strict" if mode == STRICT else "rs-rag"
        result = score_rsrag_items(_answered(asked.rsrag, answers), chosen, synonyms=synonyms)
        result.name = asked.name
    result.config["questions"] = [dict(source) for source in asked.sources]
    return result


def _check_mode(mode: str, asked: QuestionSet) -> None:
    own = RSVQA if asked.rsrag is None else "rs-rag"
    if mode not in (STRICT, own):
        raise EvalError(f"{mode!r} is no way to score the answers to {asked.name}: take {STRICT} or {own}")


def _read(data: QuestionSet | PathLike, images: PathLike | None) -> QuestionSet:
    if isinstance(data, QuestionSet):
        return data
    return read_question_set(Path(data), None if images is None else Path(images))


def _usual_prompt(asked: QuestionSet, generator: Generator | Function) -> Prompt:
    return QUESTION_PROMPT if asked.rsrag is None and not is_plain(generator) else BARE_PROMPT


def _head(asked: QuestionSet, prompt: Prompt) -> dict[str, Any]:
    """All but the generator that decides answers."""
    return {"questions": [source["sha256"] for source in asked.sources], "prompt": prompt.digest}


def _answered(read: RsRagFile, answers: Mapping[str, Answer]) -> RsRagFile:
    """RS-RAG's file with the answers in place of predictions; why there is none is the item's error."""
    items = []
    for item in read.items:
        answer = answers.get(f"{item.image}: {item.question}") or Answer()
        items.append(item if item.error else replace(item, prediction=answer.text, error=answer.error))
    return replace(read, items=tuple(items), answered=True)
