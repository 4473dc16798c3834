"""Reading answers strictly: one answer, said once, and nothing beside it that could also be right.

Each function returns all different answers that it finds, so that several are seen as several:

====================  ======================================================================================
letters               capital letters that stand alone, and options whose text is given beside another letter
yes or no             both words, wherever they stand alone
numbers               every number, those in words such as "image2" included; 1,234 is one number
words                 all parts between commas, semicolons and line ends, in their order
box                   every number; there must be four, 0 <= left < right <= 1 and 0 <= top < bottom <= 1
====================  ======================================================================================

`judging` counts an answer right when exactly the right one is found here, and AgroMind's own rules, without their
random letter, find it too: strict takes away from the reference's score, and never adds.
"""

import re
from collections.abc import Mapping

from rsvlm.eval.agromind.boxes import Box

_ALONE = re.compile(r"(?<![A-Za-z0-9_])[A-Z](?![A-Za-z0-9_]|['\u2019][A-Za-z])")
_PRONOUN = re.compile(
    r" (?:am|believe|can|cannot|choose|could|do|guess|have|need|see|select|think|will|would)\b"
)
_YES_NO = re.compile(r"(?<![A-Za-z0-9_])(?:yes|no)(?![A-Za-z0-9_])", re.IGNORECASE)
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_PLAIN_NUMBER = rf"[-+]?(?:\d+(?:\.\d+)?|\.\d+){_EXPONENT}"
_NUMBER = re.compile(rf"[-+]?\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|{_PLAIN_NUMBER}")
_COORDINATE = re.compile(_PLAIN_NUMBER)
_AROUND_WORDS = " \t\r\"'`*.()[]"


def named_letters(answer: str, options: Mapping[str, str], *, texts: bool = True) -> frozenset[str]:
    """Return the letters that an answer names, and those of options whose text it gives beside another letter.

    Args:
        answer: The answer.
        options: Letter -> text.
        texts: Whether the options are texts; those that are paths of images are not looked for.
    """
    letters = {
        match.group()
        for match in _ALONE.finditer(answer)
        if match.group() in options and not (match.group() == "I" and _PRONOUN.match(answer, match.end()))
    }
    given = _given_texts(answer, options) if texts else set()
    given -= {options[letter].casefold() for letter in letters}
    return frozenset(letters | {letter for letter, text in options.items() if text.casefold() in given})


def yes_or_no(answer: str) -> frozenset[str]:
    """Return which of "yes" and "no" are words of an answer; "notice" is neither."""
    return frozenset(match.lower() for match in _YES_NO.findall(answer))


def numbers_in(answer: str) -> frozenset[float]:
    """Return all different numbers in an answer, none of them rounded."""
    return frozenset(float(match.replace(",", "")) for match in _NUMBER.findall(answer))


def words_in(answer: str) -> tuple[str | float, ...]:
    """Return the parts of an answer in their order, in one case, without quotes and full stops; numbers as such."""
    parts = (part.strip(_AROUND_WORDS).casefold() for part in re.split(r"[,;\n]", answer))
    return tuple(_number_or_word(part) for part in parts if part)


def only_box(answer: str) -> Box | None:
    """Return the box of an answer that has four numbers, in order and within the image; None of any other."""
    numbers = [float(match) for match in _COORDINATE.findall(answer)]
    if len(numbers) != 4:
        return None
    box = Box(*numbers)
    return box if 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1 else None


def _given_texts(answer: str, options: Mapping[str, str]) -> set[str]:
    """Return the texts of options that stand in an answer, in one case; "rice" not within "rice stemfly"."""
    left = answer.casefold()
    given = set()
    for text in sorted({option.casefold() for option in options.values()}, key=len, reverse=True):
        if text.strip() and text in left:  # most are not there, and to look so is quicker
            left, times = re.subn(rf"(?<![^\W_]){re.escape(text.strip())}(?![^\W_])", "\n", left)
            if times:
                given.add(text)
    return given


def _number_or_word(part: str) -> str | float:
    return float(part) if _COORDINATE.fullmatch(part) else part
