"""Whether one answer is right, by AgroMind's own rules ("compat") or strictly ("strict"), and why not.

Free text is not judged here: it takes sentence vectors of all answers at once (`freetext`).
"""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from rsvlm.eval.agromind import extract_compat, extract_strict
from rsvlm.eval.agromind.boxes import Box, iou
from rsvlm.eval.agromind.read import Item
from rsvlm.eval.agromind.tasks import MANY_LETTERS, NUMBER, OF_IMAGES, ONE_LETTER, QuestionType

Mode = Literal["compat", "strict"]

MODES: tuple[Mode, ...] = ("compat", "strict")
LEAST_IOU = 0.5
"""A box is right above it, not at it."""

GUESSED = "guessed"
"""No letter was found, and one was drawn at random, as the reference does it (compat only)."""
UNREAD = "unread"
"""The answer holds nothing of what was asked for."""
SEVERAL = "several"
"""It holds several different answers (strict only)."""
FORM = "form"
"""It says the right thing alone, in a form that the reference does not read (strict only)."""

_ONE_ANSWER = ONE_LETTER | NUMBER | {QuestionType.YES_NO}
_SHOWN = 200
"""Characters of what was read that are kept for people to look at."""


class Judgement(NamedTuple):
    """What became of an answer.

    Attributes:
        right: Whether it counts as right.
        prediction: What was read in it, shortened; empty where nothing was.
        reason: Why it is wrong, or lucky: "", GUESSED, UNREAD, SEVERAL or FORM.
        score: Intersection over union of boxes, None of all else.
    """

    right: bool
    prediction: str
    reason: str = ""
    score: float | None = None


def judge(item: Item, answer: str, *, mode: Mode, seed: int = 0) -> Judgement:
    """Judge an answer that is not blank, to any question but those for free text.

    Args:
        item: The question.
        answer: The answer, verbatim.
        mode: "compat" or "strict".
        seed: Decides, with the name of the item, the letters that compat draws at random.
    """
    lenient = _judge_as_reference(item, answer, seed)
    return lenient if mode == "compat" else _judge_strictly(item, answer, lenient)


def _judge_as_reference(item: Item, answer: str, seed: int) -> Judgement:
    if item.kind in ONE_LETTER:
        letter = extract_compat.find_letter(answer, item.options)
        drawn = letter or _draw(item, seed)
        return Judgement(drawn in item.gold.split(","), drawn, "" if letter else GUESSED)
    if item.kind in MANY_LETTERS:
        letters = extract_compat.find_letters(answer, item.options)
        drawn_letters = letters or [_draw(item, seed)]
        right = sorted(drawn_letters) == sorted(item.gold.split(","))
        return Judgement(right, ",".join(drawn_letters), "" if letters else GUESSED)
    if item.kind is QuestionType.BOX:
        return _judged_box(item, extract_compat.find_box(answer))
    said = extract_compat.read_fragments(answer)
    right = extract_compat.read_fragments(item.gold) <= said  # whatever is said beside it is free
    return Judgement(right, _shown(sorted(map(str, said))))


def _judge_strictly(item: Item, answer: str, lenient: Judgement) -> Judgement:
    """Judge one answer alone, and never call right what the reference's rules do not find right too."""
    if item.kind is QuestionType.BOX:
        found = _judged_box(item, extract_strict.only_box(answer))
        return found._replace(right=found.right and lenient.right)
    readings = _readings(item, answer)
    if not readings:
        return Judgement(False, "", UNREAD)
    shown = _shown(map(str, readings if item.kind is QuestionType.PHRASE else sorted(readings)))
    if len(readings) > 1 and item.kind in _ONE_ANSWER:
        return Judgement(False, shown, SEVERAL)
    golds = _readings(item, item.gold)
    right = set(readings) <= set(golds) if item.kind in ONE_LETTER else readings == golds
    if right and not (lenient.right and not lenient.reason):
        return Judgement(False, shown, FORM)
    return Judgement(right, shown)


def _readings(item: Item, answer: str) -> frozenset[Any] | tuple[Any, ...]:
    """Return all answers that one holds, in their order where that counts."""
    if item.kind in ONE_LETTER | MANY_LETTERS:
        return extract_strict.named_letters(answer, item.options, texts=item.kind not in OF_IMAGES)
    if item.kind in NUMBER:
        return extract_strict.numbers_in(answer)
    return (
        extract_strict.yes_or_no(answer)
        if item.kind is QuestionType.YES_NO
        else extract_strict.words_in(answer)
    )


def _judged_box(item: Item, box: Box | None) -> Judgement:
    if box is None:
        return Judgement(False, "", UNREAD)
    gold = Box(*(float(number) for number in item.gold.split(",")))
    overlap = iou(gold, box)
    return Judgement(overlap > LEAST_IOU, _shown(map(str, box)), score=overlap)


def _draw(item: Item, seed: int) -> str:
    """Draw a letter: the same for an item and a seed, in whatever order answers are judged."""
    letters = list(item.options)
    digest = hashlib.sha256(f"{seed}:{item.key}".encode()).digest()
    return letters[int.from_bytes(digest[:8], "big") % len(letters)]


def _shown(parts: Iterable[str]) -> str:
    return ",".join(parts)[:_SHOWN]
