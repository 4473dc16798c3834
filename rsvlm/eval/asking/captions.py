"""Asking a model for a caption of every image of a data set."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from rsvlm.datasets.sets import EvalSet
from rsvlm.eval.answer_file import read_answers
from rsvlm.eval.captions import evaluate_captions
from rsvlm.eval.errors import EvalError
from rsvlm.eval.left_out import captioned_rows
from rsvlm.eval.result import EvalResult
from rsvlm.eval.text.scores import Convention
from rsvlm.eval.text.wordnet import find_wordnet
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
    record_of,
    texts_of,
)
from .pictures import check_of, mark_of, pictures_of
from .prompts import CAPTION_PROMPT, Prompt


def ask_captions(
    data: EvalSet,
    generator: Generator | Function,
    answers: str | os.PathLike[str],
    *,
    prompt: Prompt = CAPTION_PROMPT,
    workers: int | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Ask a model for a caption of every image that has none yet, and keep each, verbatim, as it comes.

    As `ask_questions`: failures are data, and asked again by the next run; the model is shown the image, and told
    nothing of it.

    Args:
        data: The images, as of `read_eval_set`; its captions and labels are not shown.
        generator: A generator, or a function `(prompt, images) -> str`.
        answers: Where captions are kept, a .jsonl file; one of an earlier run of the same is gone on with.
        prompt: What is asked.
        workers: Images asked for side by side; by default what the generator says suits it.
        give_up_after: After so many failures in a row the rest is left for another run; 0 asks on.
        progress: Called after each image, with those that are done and with all.

    Returns:
        All answers by the key of their image, those of earlier runs included.

    Raises:
        EvalError: The file holds answers to something else.
    """
    head = {
        "images": _digest(data),
        "prompt": prompt.digest,
        "generator": generator_record(generator, whole=False),
    }
    with ChipReader() as reader:
        asks = [
            Ask(
                key,
                Request(prompt.filled(), pictures_of(image, reader, data.opening)),
                check_of(image),
                mark_of(image),
            )
            for key, image in zip(data.keys, data.images, strict=True)
        ]
        return ask_items(
            asks, generator, Path(answers), head,
            workers=workers, give_up_after=give_up_after, progress=progress,
        )  # fmt: skip


def evaluate_captioner(
    data: EvalSet,
    generator: Generator | Function,
    answers: str | os.PathLike[str],
    *,
    prompt: Prompt = CAPTION_PROMPT,
    convention: Convention | str = "coco",
    synonyms: bool = True,
    **options: Any,
) -> EvalResult:
    """Ask a model with `ask_captions`, and score its captions with `evaluate_captions`; see there for the arguments.

    Raises:
        EvalError: As they do; what would prevent the scoring is said before anything is asked.
    """
    if data.captions is None:
        raise EvalError(f"{data.title}: has no captions to compare with")
    captioned_rows(data)  # which says that there is nothing to compare with
    if synonyms:
        find_wordnet()
    found = ask_captions(data, generator, answers, prompt=prompt, **options)
    result = evaluate_captions(
        texts_of(found), data, errors=errors_of(found), convention=convention, synonyms=synonyms
    )
    result.config |= record_of(generator, prompt, found)
    return result


def read_kept(answers: Path) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return the texts of a file of answers by key, and why there is none, of those where something failed.

    Raises:
        EvalError: It cannot be read, or is no such file.
    """
    found = read_answers(answers)
    return texts_of(found), errors_of(found)


def _digest(data: EvalSet) -> str:
    """What tells images apart: the files that they were read from, else their names."""
    return data.fingerprint or hashlib.sha256(json.dumps(data.keys).encode("ascii")).hexdigest()
