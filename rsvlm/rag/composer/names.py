"""Proper names in texts, and words that are nearly the same."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rsvlm.rag.questions import HardWords
from rsvlm.rag.questions.hardwords import hard_words
from rsvlm.rag.questions.known import is_word
from rsvlm.rag.questions.reading import singular, words_of

from .words import beside

_LETTERS = 5
"""Of a word, from which on a slip of one letter is forgiven."""
_STEM = 4
"""Of a word, from which on its past is known by its ending: "felled" of "fell"."""
_AFTER = re.compile(r"[ -](?:(?:of|de|du|des|la|and|&) )?([^\W\d_a-zß-öø-ÿ][\w']*)")
"""A word with a capital that goes on with a name: "Forest" after "White River", "Artemis" after "Temple"."""
_RUNS = re.compile(r"(?:[A-Z][\w'-]+ )+[A-Z][\w'-]+")
_BEFORE = re.compile(r"([^\W\d_a-zß-öø-ÿ][\w']*)(?: of(?: the)?)?[ -]$")


@lru_cache(maxsize=4096)
def hard_words_of(text: str) -> HardWords:
    """`hard_words`, remembered."""
    return hard_words(text)


def names_in(text: str) -> tuple[str, ...]:
    """The proper names in a text: also those of words with capitals that are classes by themselves, "Lake Alder"."""
    found = hard_words_of(text).names
    runs = () if text.istitle() or text.isupper() else _RUNS.findall(text)
    return (*found, *(run for run in runs if not any(run in name or name in run for name in found)))


def is_named(name: str, text: str, said: frozenset[str] = frozenset()) -> bool:
    """Whether a text has a name, and not as a part of a longer one: "White River" is not in "White River Forest".

    Args:
        name: What is looked for.
        text: What may have it.
        said: Words in lower case that may go before or after it all the same: those of the question.
    """
    pattern = r"\W+".join(re.escape(_folded(word)) for word in re.findall(r"\w+", name))
    if not pattern:
        return False
    for match in re.finditer(rf"(?<!\w){pattern}(?!\w)", _folded(text)):
        before, after = _BEFORE.search(text[: match.start()]), _AFTER.match(text, match.end())
        longer = [one[1].lower() for one in (before, after) if one is not None]
        if all(word in said or word in beside() for word in longer):
            return True
    return False


def _folded(text: str) -> str:
    """Lower case of the same length."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def singular_words(text: str) -> frozenset[str]:
    """The words of a text, each in the singular."""
    return frozenset(singular(word.text) for word in words_of(text))


def raw_words(text: str) -> frozenset[str]:
    """The words of a text in lower case."""
    return frozenset(re.findall(r"\w+", text.lower()))


def has_word(word: str, text: str) -> bool:
    """Whether a text has a word, whatever its capitals."""
    return re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", text, re.IGNORECASE) is not None


def is_among(word: str, words: Iterable[str]) -> bool:
    """Whether a word is there, in the singular, or one that differs in its ending or by a slip of one letter."""
    return any(
        word == one
        or (len(word) >= _STEM and one in (f"{word}d", f"{word}ed"))
        or (len(word) >= _LETTERS and len(one) >= _LETTERS and (_common(word, one) or _is_slip(word, one)))
        for one in words
    )


def _common(one: str, other: str) -> bool:
    """Whether two words have the same stem: all but the last letters of the longer."""
    stem = max(_LETTERS, max(len(one), len(other)) - 3)
    return one[:stem] == other[:stem]


def _is_slip(one: str, other: str) -> bool:
    """Whether one letter is other, too much or too little; "beach" is no slip of "beech": both are words."""
    if abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    place = next((n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    near = shorter[place:] == longer[place + 1 :] or shorter[place + 1 :] == longer[place + 1 :]
    return near and not (is_word(one) and is_word(other))
