"""Amounts in questions: "at least 12.5 %", "500 or more", "between a third and a half", "mostly", "only"."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .reading import Word, word_set

_VALUES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
          "tenth": 10, "hundredth": 100}  # fmt: skip
_WORD = "|".join([*_VALUES, *_SCALES])
SPELLED = (
    rf"(?:(?:half )?an? (?=dozen|hundred|thousand|million)|half )?(?:{_WORD})\b"
    rf"(?:(?:(?<=hundred)|(?<=thousand)) and (?:{_WORD})\b|[- ](?:{_WORD})\b)*"
)
DIGITS = r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+,\d{1,2}(?!\d)|\d+(?:\.\d+)?|\.\d+"
FRACTION = (
    rf"\d+ ?/ ?\d+|(?:an? |(?:one|two|three|four|five|six|seven|eight|nine|\d)[- ])"
    rf"(?:{'|'.join(_PARTS)}|halve)s?\b|half\b"
)
PERCENT = r" ?(?:percent|%)"
_ONE = rf"(?:{FRACTION})|(?:{DIGITS})|(?<![\w-])(?:{SPELLED})"

_BEFORE = {
    "at least": r"at (?:the very |the )?least|no(?:t)? (?:less|fewer) than|(?:a |the )?minimum(?: of)?|"
    r"(?:more|greater|larger|bigger|higher) than or equal(?: to)?|>=|=>|\u2265",
    "at most": r"at (?:the very |the )?most|no(?:t)? more than|(?:a |the )?maximum(?: of)?|up to|"
    r"(?:less|fewer|smaller|lower) than or equal(?: to)?|<=|=<|\u2264",
    "more than": r"(?:more|greater|larger|bigger|higher) than|over|above|in excess of|exceed(?:s|ing)?|upwards of|>",
    "less than": r"(?:less|fewer|smaller|lower) than|under|below|<",
    "equal": r"exactly|precisely|equal to|equals?|only|just|=|about|around|approximately|approx\.?|roughly|circa|"
    r"nearly|almost|some|~",
}  # fmt: skip
_AFTER = {
    "at least": r"(?:or|and) (?:more|above|over|higher|greater|upwards)|at least(?=\W*$)|minimum|\+",
    "at most": r"(?:or|and) (?:less|fewer|below|under|lower)|at most(?=\W*$)|maximum",
}
_RANGE = (
    rf"(?:between|from) (?:{_ONE})(?:{PERCENT})? (?:and|to) (?:{_ONE})|"
    rf"(?:{DIGITS})(?:{PERCENT})?(?: ?[-\u2013] ?| to )(?:{DIGITS})"
)
_AMOUNT = re.compile(
    rf"(?<![\w./,-])(?:(?P<before>{'|'.join(f'(?:{one})' for one in _BEFORE.values())}) ?(?:the |a total of )?)?"
    rf"(?:(?P<range>{_RANGE})|(?P<one>{_ONE}))(?![\w./]?\d)(?P<percent>{PERCENT})?"
    rf"(?:(?P<noun>(?: [a-z]+){{0,3}}?) ?(?P<after>{'|'.join(f'(?:{one})' for one in _AFTER.values())})(?!\w))?"
)
_NUMBER = re.compile(_ONE)
_AREAS = {"hectare": 1e4, "ha": 1e4, "acre": 4046.86, "km2": 1e6, "km\u00b2": 1e6, "sqkm": 1e6, "m2": 1.0,
          "m\u00b2": 1.0, "sqm": 1.0, "square kilometer": 1e6, "square km": 1e6, "square meter": 1.0, "square m": 1.0,
          "square mile": 2.58999e6, "square foot": 0.092903, "square feet": 0.092903}  # fmt: skip
_AREA = re.compile(rf" ?({'|'.join(sorted(_AREAS, key=len, reverse=True))})s?\b")
_SIDE = re.compile(r"\b(?:left|right|top|bottom|upper|lower|north|south|east|west|northern|southern|eastern|western|"
                   r"which|what|other|either|each|first|second|hand) $")  # fmt: skip
_OTHERWISE = re.compile(
    r" ?(?:times|x\b|fold|more|fewer|less|other|further|additional|as\b|(?!of\b|or\b)\w+er than)"
)
"""Words behind a number that make it no number of things."""


class Amount(NamedTuple):
    """An amount in a line.

    Attributes:
        name: "at least", "at most", "more than", "less than", "equal" or "between".
        low: A number of things; a share (0 to 1) where `is_share`; square metres where `is_area`.
        high: The upper end of "between"; else `low`.
        start: Where in the line it begins.
        end: Where it ends.
    """

    name: str
    low: float
    high: float
    is_share: bool
    is_area: bool
    start: int
    end: int


def line_of(text: str, words: Sequence[Word]) -> tuple[str, list[int]]:
    """The words of a text, mended, with all that stands between them; and where in that line each begins."""
    line, starts, at = "", [], words[0].start if words else 0
    for word in words:
        line += text[at : word.start].lower()
        starts.append(len(line))
        line += (
            f" {word.text}" if at > word.start and word.text != "n't" else word.text
        )  # "there's": there is
        at = word.end
    return line + text[at:].lower(), starts


def amounts_in(line: str) -> Iterator[Amount]:
    """All amounts in a line that are read to the end; what else it says of numbers is left over."""
    for match in _AMOUNT.finditer(line):
        if (found := _read(line, match)) is not None:
            yield found


def _read(line: str, match: re.Match[str]) -> Amount | None:
    one = match["range"] or match["one"]
    numbers = [_value(number) for number in _NUMBER.findall(one)]
    fraction = _is_fraction(_NUMBER.findall(one)[-1])
    name = _name(_BEFORE, match["before"])
    behind = match.end("percent") if match["percent"] else match.end("range" if match["range"] else "one")
    if name is None and not _stands_alone(line, match, fraction):
        return None
    if fraction and not match["percent"] and _SIDE.search(line, 0, match.start("one")):
        return None
    if _OTHERWISE.match(line, behind) and not match["after"]:
        return None
    if match["range"]:
        name = "between" if name in (None, "equal") else None
    elif match["after"]:
        name = _name(_AFTER, match["after"]) if name is None else None
    if name is None and (match["range"] or match["after"]):
        return None
    end = match.end() if match["after"] else behind
    area = _AREA.match(line, behind)
    is_share = bool(match["percent"]) or fraction or 0 < max(numbers) < 1
    scale = 0.01 if match["percent"] else _AREAS[area[1]] if area else 1.0
    low, high = scale * min(numbers), scale * max(numbers)
    if area and not match["after"]:
        end = area.end()
    return Amount(name or "equal", low, high, is_share, area is not None, match.start(), end)


def _stands_alone(line: str, match: re.Match[str], fraction: bool) -> bool:
    """Whether a number without a word that compares it is an amount: "500 trees", not "tile 12" nor "one can see"."""
    before = re.search(r"([a-z]+)\W*$", line[: match.start()])
    if before is not None and before[1] not in word_set("before_numbers"):
        return False
    if match["one"] == "one":
        return False
    whole = bool(match["after"]) or re.match(r" (?:of|the)\b|\W*$", line[match.end() :]) is not None
    return whole or not fraction


def _name(table: dict[str, str], words: str | None) -> str | None:
    return None if words is None else next(name for name, one in table.items() if re.fullmatch(one, words))


def _is_fraction(number: str) -> bool:
    return re.fullmatch(FRACTION, number) is not None


def _value(number: str) -> float:
    if re.match(r"[\d.]", number) and not re.search("[a-z]", number):
        above, _, below = number.replace(" ", "").partition("/")
        decimal = re.fullmatch(r"\d+,\d{1,2}", above)
        value = float(above.replace(",", "." if decimal else ""))
        return value / float(below) if below and float(below) else value
    words = re.split("[- ]", number)
    if _is_fraction(number):
        part = words[-1].removesuffix("s")
        part = "half" if part == "halve" else part
        first = words[0] if len(words) > 1 else "a"
        return (1.0 if first in ("a", "an") else _value(first)) / _PARTS[part]
    total, current = 0.0, 0.0
    for word in words:
        if word in _SCALES:
            current = (current or 1) * (0.5 if words[0] == "half" and not current else 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0.0
        else:
            current += _VALUES.get(word, 0)
    return total + current
