"""Small matters of English that every caption style needs: articles, numbers, lists, sentences."""

import re
from collections.abc import Sequence

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_A_BY_SOUND = re.compile(
    r"eu|ewe|one(?!r)|once|u\b|ubi|ufo|ugand|uk|uran|ure[at]|uri|urol|uru|us[aeu]|ut[aeio]|uv"
    r"|uni(?!dent|m[^o]|n[^o]|rr|ss)|unanim"
)
"""Written with a vowel, spoken with a consonant: a university (but an unimproved track), a one-way road, a U-turn."""
_AN_BY_SOUND = re.compile(r"hour|heir|honest|hono")
"""The other way round: an hourglass, an honorary grave."""


def article(phrase: str) -> str:
    """Return "a" or "an", as the phrase's first word sounds."""
    word = phrase.lower()
    if _A_BY_SOUND.match(word):
        return "a"
    return "an" if word.startswith(tuple("aeiou")) or _AN_BY_SOUND.match(word) else "a"


def number_word(value: int) -> str:
    """Spell a number from 0 to 99.

    Raises:
        ValueError: A number that is not.
    """
    if not 0 <= value < 100:
        raise ValueError(f"number {value}: only 0 to 99 are spelled; write digits")
    if value < len(_SMALL):
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")


def number(value: int) -> str:
    """Write a count as newspapers do: words to ten, digits above."""
    return number_word(value) if value <= 10 else f"{value:,}"


def joined(items: Sequence[str], comma: str = ", ", last: str = " and ") -> str:
    """Join `a`, `b`, `c` to "a, b and c"."""
    return last.join((comma.join(items[:-1]), items[-1])) if len(items) > 1 else "".join(items)


def is_plural(phrase: str) -> bool:
    """Say whether a mass noun takes a plural verb: "mangroves cover", but "grass covers"."""
    last = phrase.split(" ")[-1]
    return " and " in phrase or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


def capital(text: str) -> str:
    """Start with a capital letter, leave the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Make words a sentence: a capital, an opening number spelled out, a full stop."""
    first, _, rest = text.partition(" ")
    digits = first.replace(",", "")
    if digits.isdecimal():
        value = int(digits)
        first = number_word(value) if value < 100 else f"more than {round_below(value):,}"
        text = f"{first} {rest}"
    return f"{capital(text)}."


def round_below(value: int) -> int:
    """Return the largest round number below a count: a ten up to 100, a hundred above."""
    step = 10 if value <= 100 else 100
    return step * ((value - 1) // step)
