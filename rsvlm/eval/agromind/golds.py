"""The right answers of AgroMind's files, checked and brought to the form in which a person would give them."""

import math
from typing import Any

from rsvlm.eval.agromind.tasks import MANY_LETTERS, NUMBER, OF_IMAGES, ONE_LETTER, QuestionType


class MalformedError(ValueError):
    """What is wrong with an item; who reads the file says with which."""


def options_of(row: dict[str, Any], kind: QuestionType) -> dict[str, str]:
    """Return the options of an item by letter, whole numbers as text; none where its type has none.

    Raises:
        MalformedError: There are none although letters are asked for, or a letter or an option is none.
    """
    if kind not in ONE_LETTER | MANY_LETTERS:
        return {}
    options = row.get("options")
    if not isinstance(options, dict) or not options:
        raise MalformedError("has no options to choose from")
    for letter, option in options.items():
        if len(letter) != 1 or not "A" <= letter <= "Z":
            raise MalformedError(f"has an option {letter!r:.40}; options are named by one capital letter")
        if isinstance(option, bool) or not isinstance(option, str | int | float):
            raise MalformedError(f"its option {letter} is {option!r:.40}; it must be a text or a number")
        if kind in OF_IMAGES and (not isinstance(option, str) or not option.strip()):
            raise MalformedError(f"its option {letter} is {option!r:.40}; it must be the path of an image")
    return {letter: str(option) for letter, option in options.items()}


def gold_text(answer: Any, kind: QuestionType, options: dict[str, str]) -> str:
    """Return the right answer as text: "B", "A,C", "12", "Yes", words, "0.1, 0.2, 0.8, 0.9".

    Raises:
        MalformedError: It is not what its type of question asks for.
    """
    if kind in ONE_LETTER or kind in MANY_LETTERS:
        return _letters(answer, options)
    if kind in NUMBER:
        return _number(answer)
    if kind is QuestionType.BOX:
        return _box(answer)
    if not isinstance(answer, str) or not answer.strip():
        raise MalformedError(f"its answer is {answer!r:.40}; it must be a text")
    if kind is QuestionType.YES_NO and answer.strip().lower() not in ("yes", "no"):
        raise MalformedError(f"its answer is {answer!r:.40}; it must be Yes or No")
    return answer


def _letters(answer: Any, options: dict[str, str]) -> str:
    letters = [answer] if isinstance(answer, str) else answer
    if not isinstance(letters, list) or not letters:
        raise MalformedError(f"its answer is {answer!r:.40}; it must be letters of its options")
    for letter in letters:
        if not isinstance(letter, str) or letter not in options:
            raise MalformedError(f"its answer {letter!r:.40} is none of its options {', '.join(options)}")
    return ",".join(letters)


def _number(answer: Any) -> str:
    text = answer if isinstance(answer, str) else "" if isinstance(answer, bool) else str(answer)
    try:
        finite = math.isfinite(float(text))
    except ValueError:
        finite = False
    if not finite:
        raise MalformedError(f"its answer is {answer!r:.40}; it must be a number")
    return text


def _box(answer: Any) -> str:
    numbers = answer if isinstance(answer, list) else []
    if len(numbers) != 4 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        raise MalformedError(f"its answer is {answer!r:.40}; it must be four numbers xmin, ymin, xmax, ymax")
    left, top, right, bottom = numbers
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise MalformedError(
            f"its box is {answer}; it must have 0 <= xmin < xmax <= 1 and 0 <= ymin < ymax <= 1"
        )
    return ", ".join(repr(float(number)) for number in numbers)
