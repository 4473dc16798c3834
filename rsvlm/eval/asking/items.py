"""Asking a generator many things, each answer kept as it comes, and going on where a run was stopped."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import GeneratorType
from typing import Any, NamedTuple, cast

from rsvlm.errors import one_line
from rsvlm.eval.answer_file import AnswerFile, open_answers
from rsvlm.eval.asking.prompts import Prompt
from rsvlm.eval.errors import EvalError
from rsvlm.models.generators.asking import ask_all
from rsvlm.models.generators.functions import Function, as_generator
from rsvlm.models.generators.protocol import Answer, Generator, Request, Totals

Progress = Callable[[int, int], None]
"""Called with the items that are done, and with all."""

GIVE_UP_AFTER = 20
"""Failures in a row after which the rest is left for another run."""

_WHERE = {"device", "precision_reason", "versions"}
"""What a generator says of the machine that it runs on: a run may go on at another one."""


class Ask(NamedTuple):
    """One thing to ask.

    Attributes:
        key: Names the item in the file of answers.
        request: The prompt and the pictures, opened when their turn comes.
        check: Raises `EvalError` where a picture is missing: such an item fails without asking anybody.
        picture: Says what tells its picture from others (None: nothing): an answer about another one is not gone on
            with.
    """

    key: str
    request: Request
    check: Callable[[], object]
    picture: Callable[[], str | None]


def ask_items(
    asks: Sequence[Ask],
    generator: Generator | Function,
    answers: Path,
    head: Mapping[str, Any],
    *,
    workers: int | None = None,
    give_up_after: int = GIVE_UP_AFTER,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Ask a model everything that has no answer yet, and keep each answer, verbatim, as it comes.

    Nothing that the model does ends the run: an error is the item's error, and it is asked again by the next run, as
    is an item whose picture was missing. A run that is killed loses the items under way.

    Args:
        asks: What to ask; keys are unique.
        generator: A generator, or a function `(prompt, images) -> str`.
        answers: Where answers are kept, a .jsonl file; one of an earlier run of the same is gone on with.
        head: What decides the answers, JSON-able; a file whose head is another is refused.
        workers: Items asked side by side; by default what the generator says suits it.
        give_up_after: After so many failures in a row the rest is left for another run; 0 asks on.
        progress: Called after each item.

    Returns:
        All answers by the key of their item, those of earlier runs included.

    Raises:
        EvalError: The file holds answers to something else.
    """
    with open_answers(answers, head) as file:
        shown = {ask.key: ask.picture() for ask in asks}
        left = [ask for ask in asks if not _is_answered(file, ask.key, shown[ask.key])]
        report = _reporter(progress, len(asks) - len(left), len(asks))
        ready = list(_checked(left, file, report))
        requests = (ask.request for ask in ready)
        found = ask_all(generator, requests, workers=workers, give_up_after=give_up_after)
        with closing(
            cast("GeneratorType[Answer, None, None]", found)
        ):  # an error here ends what is under way
            for ask, answer in zip(ready, found, strict=True):
                file.add(ask.key, answer, shown[ask.key])
                report()
        keys = {ask.key for ask in asks}
        return {key: answer for key, answer in file.answers.items() if key in keys}


def generator_record(generator: Generator | Function, *, whole: bool) -> dict[str, Any]:
    """Return name, revision and settings of a generator.

    Args:
        generator: Whose.
        whole: Whether to tell of the machine, too, which decides no answers.
    """
    asked = as_generator(generator)
    info: dict[str, Any] = getattr(asked, "info", {})
    told = {name: value for name, value in info.items() if whole or name not in _WHERE}
    return {"name": asked.name, "revision": asked.revision, "info": told}


def is_plain(generator: Generator | Function) -> bool:
    """Whether a generator is given questions as they stand, and the files of images."""
    return bool(getattr(generator, "plain", False))


def record_of(
    generator: Generator | Function, prompt: Prompt, answers: Mapping[str, Answer]
) -> dict[str, Any]:
    """Return what a result says of its asking: the prompt, the generator, and what it took."""
    return {
        "prompt": prompt.record,
        "generator": generator_record(generator, whole=True),
        "totals": totals_of(answers.values()),
    }


def totals_of(answers: Iterable[Answer]) -> dict[str, Any]:
    """Return what answers came to: how many, how many failed, tokens and cost."""
    totals = Totals()
    for answer in answers:
        totals.add(answer)
    return totals.to_dict()


def texts_of(answers: Mapping[str, Answer]) -> dict[str, str | None]:
    """Return what was answered, by key; None where there was no answer."""
    return {key: answer.text for key, answer in answers.items()}


def errors_of(answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return why there was no answer, by key, of those where something failed."""
    return {key: answer.error for key, answer in answers.items() if answer.error is not None}


def _is_answered(file: AnswerFile, key: str, picture: str | None) -> bool:
    """Whether there is an answer, and it is not about another picture."""
    about = file.pictures.get(key)
    other = None not in (about, picture) and about != picture
    return (file.answers.get(key) or Answer()).text is not None and not other


def _checked(asks: Sequence[Ask], file: AnswerFile, report: Callable[[], None]) -> Iterator[Ask]:
    """Yield what can be asked; the others fail now."""
    for ask in asks:
        try:
            ask.check()
        except EvalError as error:
            file.add(ask.key, Answer(error=one_line(error, most=None)))
            report()
        else:
            yield ask


def _reporter(progress: Progress | None, done: int, total: int) -> Callable[[], None]:
    def report() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    return report
