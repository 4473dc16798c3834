"""Asking a model all of AgroMind, item by item, and going on where a run was stopped."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from types import GeneratorType
from typing import Any, cast

from PIL import Image

from rsvlm.eval.agromind.answers import AnswerFile, open_answers
from rsvlm.eval.agromind.freetext import REFERENCE_THRESHOLD, SentenceEmbedder
from rsvlm.eval.agromind.judging import Mode
from rsvlm.eval.agromind.layout import LAYOUT, compose_picture, find_image, image_folders
from rsvlm.eval.agromind.prompts import Prompts, read_prompts
from rsvlm.eval.agromind.read import AgroMind, Item
from rsvlm.eval.agromind.score import score_agromind
from rsvlm.eval.errors import EvalError
from rsvlm.eval.result import EvalResult
from rsvlm.models.generators.asking import ask_all
from rsvlm.models.generators.functions import Function, as_generator
from rsvlm.models.generators.protocol import Answer, Generator, Request, Totals

Progress = Callable[[int, int], None]
"""Called with the items that are done, and with all."""


_WHERE = {"device", "precision_reason", "versions"}
"""What a generator says of the machine that it runs on: a run may go on at another one."""


def ask_agromind(
    data: AgroMind,
    generator: Generator | Function,
    answers: Path,
    *,
    images: Path | None = None,
    prompts: Prompts | None = None,
    workers: int | None = None,
    give_up_after: int = 20,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Ask a model every question that has no answer yet, and keep each answer as it comes.

    Nothing that the model does ends the run: an error is the item's error, and it is asked again by the next run, as
    is an item whose image was missing. A run that is killed loses the questions under way.

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
    asked = as_generator(generator)
    folders = image_folders(data.folder, images)
    with open_answers(answers, _head(data, asked, prompts)) as file:
        left = [item for item in data.items if (file.answers.get(item.key) or Answer()).text is None]
        report = _reporter(progress, len(data.items) - len(left), len(data.items))
        ready = list(_with_images(left, folders, file, report))
        requests = (Request(prompts.compose(item), partial(_pictures, item, folders)) for item in ready)
        found = ask_all(asked, requests, workers=workers, give_up_after=give_up_after)
        with closing(
            cast("GeneratorType[Answer, None, None]", found)
        ):  # an error here ends what is under way
            for item, answer in zip(ready, found, strict=True):
                file.add(item.key, answer)
                report()
        keys = {item.key for item in data.items}
        return {key: answer for key, answer in file.answers.items() if key in keys}


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
    totals = Totals()
    for answer in found.values():
        totals.add(answer)
    asked = as_generator(generator)
    config = _head(data, asked, prompts) | {"totals": totals.to_dict()}
    config["generator"]["info"] = getattr(asked, "info", {})
    result = score_agromind(
        data, found, mode=mode, seed=seed, embedder=embedder, threshold=threshold, config=config
    )
    result.notes.append(
        f"the prompts are {prompts.name}, which ask as the reference does in other words; grids are drawn anew"
    )
    return result


def _head(data: AgroMind, generator: Generator, prompts: Prompts) -> dict[str, Any]:
    """All that decides answers."""
    return {
        "questions": data.release.digest,
        "prompts": {"name": prompts.name, "sha256": prompts.digest},
        "layout": LAYOUT,
        "generator": {
            "name": generator.name,
            "revision": generator.revision,
            "info": {
                name: value for name, value in getattr(generator, "info", {}).items() if name not in _WHERE
            },
        },
    }


def _with_images(
    items: Sequence[Item], folders: Sequence[Path], file: AnswerFile, report: Callable[[], None]
) -> Iterator[Item]:
    """Yield the items whose images are there; the others fail without asking anybody."""
    for item in items:
        try:
            for name in item.images:
                find_image(name, folders)
        except EvalError as error:
            file.add(item.key, Answer(error=str(error)))
            report()
        else:
            yield item


def _pictures(item: Item, folders: Sequence[Path]) -> list[Image.Image]:
    return [compose_picture(item, folders)]


def _reporter(progress: Progress | None, done: int, total: int) -> Callable[[], None]:
    def report() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    return report
