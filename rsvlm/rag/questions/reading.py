"""A question as words: short forms and spellings made one, each word with its place in the text."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

LONGEST = 4000
"""Characters of a text that are read: so many that a page around a question fits, and few enough to be quick."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[%#]|[,:;]")
_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u00b4\u0060", "'") | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)
"""Quotation marks of all shapes, and the plain ones for them."""
_ENDINGS = {"'s": "is", "'re": "are", "'ve": "have", "'d": "would", "'ll": "will", "'m": "am"}
_ASKING = {"what", "where", "who", "when", "how", "that", "there", "it", "which", "why", "here", "he", "she"}


class Word(NamedTuple):
    """A word: as it is read, and from where to where it stands in the text."""

    text: str
    start: int
    end: int

    def moved(self, by: int) -> "Word":
        """Return the word as it stands in a longer text, so many characters later."""
        return self._replace(start=self.start + by, end=self.end + by)


@cache
def table(name: str) -> Any:
    """Return the data of one of the YAML files of this package."""
    return yaml.safe_load(files(__package__).joinpath(name).read_text(encoding="utf-8"))


@cache
def _readings() -> Mapping[str, tuple[str, ...]]:
    data = table("words.yaml")
    plurals = {f"{word}s": f"{text}s" for word, text in data["spelling"].items()}
    readings = {**plurals, **data["spelling"], **data["short"]}
    return {word: tuple(str(text).split()) for word, text in readings.items()}


@cache
def word_set(name: str) -> frozenset[str]:
    """Return one of the lists of `words.yaml`."""
    return frozenset(table("words.yaml")[name].split())


@cache
def stop_words() -> frozenset[str]:
    """Return the words of which no thing is named."""
    return word_set("stop") | word_set("noise")


def cleaned(text: str) -> str:
    """Return a text in one line without control characters; of a long one its beginning and its end."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    text = text.translate(_QUOTES)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


_MEDIUM = re.compile(
    r"\b(this|that|the|these|in|on|from) "
    r"(?:satell?ite|sattell?ite|aerial|drone|overhead|airborne|sentinel-?2?|bird's[- ]eye)"
    r"(?: (?=(?:image|photo|picture|pic|foto|shot|view|scene|tile|img|snapshot|capture)s?\b|imagery\b|photograph)"
    r"|(?=\W*$|,))",
    re.IGNORECASE,
)


_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)
_THEN = re.compile(
    r"\b((?:more|less|fewer|bigger|larger|smaller|greater)\b(?: \w+){0,4}) then\b", re.IGNORECASE
)


def normalised(text: str) -> str:
    """Return a text whose images are images, whatever took them, and whose "then" is "than" where that is meant.

    >>> normalised("Are there more lakes then roads in this satellite image?")
    'Are there more lakes than roads in this image?'
    """
    text = _PER_CENT.sub("percent", _THEN.sub(r"\1 than", text))
    return _MEDIUM.sub(lambda match: f"{match[1]} {'' if match[0].endswith(' ') else 'image'}", text)


def words_of(text: str) -> list[Word]:
    """Return the words of a text, lower case, commas, colons and semicolons among them.

    >>> [word.text for word in words_of("What's in the img?")]
    ['what', 'is', 'in', 'the', 'image']
    """
    found: list[Word] = []
    for match in _WORD.finditer(text):
        for word in _read(match[0].lower()):
            found.append(Word(word, match.start(), match.end()))
    return found


def _read(word: str) -> tuple[str, ...]:
    readings = _readings()
    if word in readings:
        return readings[word]
    stem, mark, ending = word.partition("'")
    if not mark:
        return (word,)
    if ending == "t" and stem.endswith("n"):
        return ("can", "n't") if stem == "can" else ("will", "n't") if stem == "won" else (stem[:-1], "n't")
    if ending == "s" and stem not in _ASKING:  # a genitive
        return readings.get(stem, (stem,))
    return (*readings.get(stem, (stem,)), _ENDINGS.get(mark + ending, ending))


_IRREGULAR = {
    "leaves": "leaf", "wharves": "wharf", "people": "person", "men": "man", "women": "woman", "children": "child",
    "oases": "oasis", "geese": "goose", "sheep": "sheep", "aircraft": "aircraft", "buses": "bus", "axes": "axis",
    "movies": "movie", "canoes": "canoe", "shoes": "shoe", "caves": "cave", "olives": "olive", "groves": "grove",
    "gas": "gas", "canvas": "canvas", "pampas": "pampas", "atlas": "atlas",
}  # fmt: skip
_SINGULAR_S = ("ss", "us", "is")


def singular(word: str) -> str:
    """Return the singular of a noun, and other words that end in s as if they were nouns.

    >>> [singular(word) for word in ("houses", "churches", "cities", "grass", "leaves", "beaches")]
    ['house', 'church', 'city', 'grass', 'leaf', 'beach']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(_SINGULAR_S):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def is_plural(word: str) -> bool:
    """Say whether a word is a plural by its form."""
    return singular(word) != word
