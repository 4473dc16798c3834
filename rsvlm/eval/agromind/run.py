"""Asking a model all of AgroMind, item by item, and going on where a run was stopped."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from rsvlm.eval.agromind.freetext import REFERENCE_THRESHOLD, SentenceEmbedder
from rsvlm.eval.agromind.judging import Mode
from rsvlm.eval.agromind.layout import LAYOUT, compose_picture, find_image, image_folders
from rsvlm.eval.agromind.prompts import Prompts, read_prompts
from rsvlm.eval.agromind.read import AgroMind, Item
from rsvlm.eval.agromind.score import score_agromind
from rsvlm.eval.asking.items import GIVE_UP_AFTER, Ask, Progress, ask_items, generator_record, totals_of
from rsvlm.eval.asking.pictures import mark_of
from rsvlm.eval.errors import EvalError
from rsvlm.eval.result import EvalResult
from rsvlm.models.generators.functions import Function
from rsvlm.models.generators.protocol import Answer, Generator, Request


def ask_agromind(
    data: AgroMind,
    generator: Generator | Function,
    answers: Path,
    *,
    images: Path | None = None,
    prompts: Prompts | None = None,
    workers: int | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Ask a model every question that has no answer yet, and keep each answer as it comes; see `ask_items`.

    Args:
        data: The questions; `data.only(...)` for some files.
        generator: A generator, or a function `(prompt, images) -> str`. Each question comes with one picture.
        answers: Where answers are kept, a .jsonl file; one of an earlier run of the same is gone on with.
        images: Folder that the paths of images start from; by default `images` beside the questions, and their folder.
        prompts: What is asked; by default the templates of this package.
        workers: Questions asked side by side; by default what the generator says suits it.
        give_up_after: After so many failures in a row the rest is left for another run; 0 asks on.
        progress: Called after each item.

    Returns:
        All answers by the key of their item, those of earlier runs included.

    Raises:
        EvalError: The file holds answers to something else.
    """
    prompts = prompts or read_prompts()
    folders = image_folders(data.folder, images)
    asks = [
        Ask(
            item.key,
            Request(prompts.compose(item), partial(_pictures, item, folders)),
            partial(_find_images, item, folders),
            partial(_mark, item, folders),
        )
        for item in data.items
    ]
    head = _head(data, prompts) | {"generator": generator_record(generator, whole=False)}
    return ask_items(
        asks, generator, answers, head, workers=workers, give_up_after=give_up_after, progress=progress
    )


def evaluate_agromind(
    data: AgroMind,
    generator: Generator | Function,
    answers: Path,
    *,
    mode: Mode = "compat",
    seed: int = 0,
    embedder: SentenceEmbedder | None = None,
    threshold: float = REFERENCE_THRESHOLD,
    prompts: Prompts | None = None,
    **options: Any,
) -> EvalResult:
    """Ask a model with `ask_agromind`, and score its answers with `score_agromind`; see there for the arguments.

    Raises:
        EvalError: As they do.
    """
    prompts = prompts or read_prompts()
    found = ask_agromind(data, generator, answers, prompts=prompts, **options)
    config = _head(data, prompts)
    config |= {"generator": generator_record(generator, whole=True), "totals": totals_of(found.values())}
    result = score_agromind(
        data, found, mode=mode, seed=seed, embedder=embedder, threshold=threshold, config=config
    )
    result.notes.append(
        f"the prompts are {prompts.name}, which ask as the reference does in other words; grids are drawn anew"
    )
    return result


def _head(data: AgroMind, prompts: Prompts) -> dict[str, Any]:
    """All but the generator that decides answers."""
    return {
        "questions": data.release.digest,
        "prompts": {"name": prompts.name, "sha256": prompts.digest},
        "layout": LAYOUT,
    }


def _find_images(item: Item, folders: Sequence[Path]) -> list[Path]:
    return [find_image(name, folders) for name in item.images]


def _mark(item: Item, folders: Sequence[Path]) -> str | None:
    try:
        return mark_of(*map(str, _find_images(item, folders)))()
    except EvalError:
        return None


def _pictures(item: Item, folders: Sequence[Path]) -> list[Image.Image]:
    return [compose_picture(item, folders)]
