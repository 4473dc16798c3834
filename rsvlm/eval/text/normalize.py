"""Answers made alike before they are compared, so that "Twelve." is "12" and "The forest" is "forest"."""

import re
import unicodedata
from decimal import Decimal

from .number_words import join_numbers

ARTICLES = frozenset(("a", "an", "the"))
KEPT = "%"

_TOKEN = re.compile(
    r"""
      (?<!\w)-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)       # 1,000.5
    | (?<!\w)-\d+(?:\.\d+)?                             # -3, but not the second number of 1-3
    | \d+(?:\.\d+)?
    | [^\W\d_]+
    | [^\w\s]
    """,
    re.VERBOSE,
)
_LONGEST = 25
"""Characters; longer numbers are compared as they are written."""


def normalize_answer(text: str) -> str:
    """An answer without what does not change its meaning.

    Compatibility forms of characters (NFKC) and lower case; apostrophes away, other punctuation as a space, but for
    "%" and symbols such as "<"; the words of numbers as digits, "none" as 0; numbers without
    thousands separators and trailing zeros; a, an and the away, unless nothing else is there; single spaces. What is
    nothing but punctuation stays.

    >>> normalize_answer("The Twenty-one  buildings."), normalize_answer("1,250.0mm"), normalize_answer("a")
    ('21 buildings', '1250 mm', 'a')
    """
    lowered = re.sub("['`\u2019]", "", unicodedata.normalize("NFKC", text).lower()).replace(
        "\N{MINUS SIGN}", "-"
    )
    tokens = [token for token in _TOKEN.findall(lowered) if not _is_punctuation(token)]
    words = [_as_number(token) for token in join_numbers(tokens)]
    return " ".join([word for word in words if word not in ARTICLES] or words) or lowered.strip()


def same_answer(answer: str, gold: str) -> bool:
    """Whether two answers are the same after `normalize_answer`; where the gold is yes or no, the first word answers.

    "No, there is no road" is "no"; an answer that holds both yes and no is neither.
    """
    said, wanted = normalize_answer(answer), normalize_answer(gold)
    if wanted in ("yes", "no"):
        words = said.split()
        return words[:1] == [wanted] and not {"yes", "no"} <= set(words)
    return said == wanted


def _is_punctuation(token: str) -> bool:
    return len(token) == 1 and token not in KEPT and unicodedata.category(token).startswith("P")


def _as_number(word: str) -> str:
    """A number in its shortest form, or a word as it is."""
    if word == "none":
        return "0"
    if not word.lstrip("-").replace(",", "").replace(".", "").isdecimal() or len(word) > _LONGEST:
        return word
    return format(Decimal(word.replace(",", "")).normalize() + 0, "f")
