"""Asking a model all of AgroMind, item by item, and going on where a run was stopped."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from rsvlm.eval.agromind.freetext import REFERENCE_THRESHOLD, SentenceEmbedder
from rsvlm.eval.agromind.judging import Mode
from rsvlm.eval.agromind.layout import LAYOUT, compose_picture, find_image, image_folders
from rsvlm.eval.agromind.prompts import Prompts, plain_question, read_prompts
from rsvlm.eval.agromind.read import AgroMind, Item
from rsvlm.eval.agromind.score import score_agromind
from rsvlm.eval.asking.items import (
    GIVE_UP_AFTER,
    Ask,
    Progress,
    ask_items,
    generator_record,
    is_plain,
    totals_of,
)
from rsvlm.eval.asking.pictures import mark_of
from rsvlm.eval.errors import EvalError
from rsvlm.eval.result import EvalResult
from rsvlm.models.generators.functions import Function
from rsvlm.models.generators.protocol import Answer, Generator, Request

_GREY_SIDE = 512
"""Pixels."""


def ask_agromind(
    data: AgroMind,
    generator: Generator | Function,
    answers: Path,
    *,
    images: Path | None = None,
    prompts: Prompts | None = None,
    blank: bool = False,
    workers: int | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Ask a model every question that has no answer yet, and keep each answer as it comes; see `ask_items`.

    Args:
        data: The questions; `data.only(...)` for some files.
        generator: A generator, or a function `(prompt, images) -> str`. Each question comes with one picture; the
            composer (`rsvlm.rag.ComposerGenerator`) gets question and options as they stand, and each image.
        answers: Where answers are kept, a .jsonl file; one of an earlier run of the same is gone on with.
        images: Folder that the paths of images start from; by default `images` beside the questions, and their folder.
        prompts: What is asked; by default the templates of this package.
        blank: Whether a grey picture stands in the place of every image, which then need not be there: what is known
            without looking.
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
    plain = is_plain(generator)
    asks = [
        _ask(
            item, plain_question(item) if plain else prompts.compose(item), plain, None if blank else folders
        )
        for item in data.items
    ]
    head = _head(data, prompts, plain, blank) | {"generator": generator_record(generator, whole=False)}
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
    blank: bool = False,
    **options: Any,
) -> EvalResult:
    """Ask a model with `ask_agromind`, and score its answers with `score_agromind`; see there for the arguments.

    Raises:
        EvalError: As they do.
    """
    prompts = prompts or read_prompts()
    found = ask_agromind(data, generator, answers, prompts=prompts, blank=blank, **options)
    plain = is_plain(generator)
    config = _head(data, prompts, plain, blank)
    config |= {"generator": generator_record(generator, whole=True), "totals": totals_of(found.values())}
    result = score_agromind(
        data, found, mode=mode, seed=seed, embedder=embedder, threshold=threshold, config=config
    )
    if plain:
        result.notes.append("questions and options were put as they stand, with each image by itself")
    else:
        result.notes.append(
            f"the prompts are {prompts.name}, which ask as the reference does in other words; grids are drawn anew"
        )
    if blank:
        result.comparable = False
        result.notes.append("a grey picture stood in the place of every image: nothing was seen")
    return result


def _head(data: AgroMind, prompts: Prompts, plain: bool, blank: bool) -> dict[str, Any]:
    """All but the generator that decides answers."""
    words = {"name": "plain"} if plain else {"name": prompts.name, "sha256": prompts.digest}
    head: dict[str, Any] = {"questions": data.release.digest, "prompts": words, "layout": LAYOUT}
    return head | {"blank": True} if blank else head


def _ask(item: Item, prompt: str, plain: bool, folders: Sequence[Path] | None) -> Ask:
    """What is asked for an item; without folders it is shown a grey picture."""
    question = plain_question(item)
    if folders is None:
        return Ask(item.key, Request(prompt, _grey, question), lambda: None, lambda: None)
    shown = _files if plain else _pictures
    return Ask(
        item.key,
        Request(prompt, partial(shown, item, folders), question),
        partial(_find_images, item, folders),
        partial(_mark, item, folders),
    )


def _find_images(item: Item, folders: Sequence[Path]) -> list[Path]:
    return [find_image(name, folders) for name in item.images]


def _mark(item: Item, folders: Sequence[Path]) -> str | None:
    try:
        return mark_of(*map(str, _find_images(item, folders)))()
    except EvalError:
        return None


def _files(item: Item, folders: Sequence[Path]) -> list[Any]:
    return [str(path) for path in _find_images(item, folders)]


def _grey() -> list[Image.Image]:
    return [Image.new("RGB", (_GREY_SIDE, _GREY_SIDE), "grey")]


def _pictures(item: Item, folders: Sequence[Path]) -> list[Image.Image]:
    return [compose_picture(item, folders)]
