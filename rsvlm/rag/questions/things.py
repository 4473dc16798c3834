"""The things that a question is about: noun phrases, and the classes that their words stand for."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from .asked import Thing
from .classes import LONGEST_NAME, classes
from .reading import Word, is_plural, singular, stop_words, word_set


class Found(NamedTuple):
    """A thing, and which words name it: from the first to before the last."""

    thing: Thing
    first: int
    last: int


class _Match(NamedTuple):
    """Words that stand for a class."""

    first: int
    last: int
    name: str


def find_things(text: str, words: Sequence[Word]) -> tuple[Found, ...]:
    """Find the things that a question names, in order.

    Args:
        text: What the words were read from.
        words: Its words, mended.
    """
    found: list[Found] = []
    for first, last in _runs(words, matches := _matches(words)):
        inside = [match for match in matches if first <= match.first < last]
        found += _things(text, words, (first, last), inside)
    return tuple(found)


def _matches(words: Sequence[Word]) -> list[_Match]:
    """Find the longest names of classes, from left to right."""
    plain = [singular(word.text) for word in words]
    found: list[_Match] = []
    place = 0
    while place < len(plain):
        match = _longest(words, plain, place)
        if match:
            found.append(match)
        place = match.last if match else place + 1
    return found


def _longest(words: Sequence[Word], plain: Sequence[str], first: int) -> _Match | None:
    if plain[first] not in classes().words:
        return None
    for last in range(min(len(plain), first + LONGEST_NAME), first, -1):
        if all(word.text in stop_words() for word in words[first:last]):
            continue
        key = " ".join(
            [word.text for word in words[first : last - 1] if word.text.isalnum()] + [plain[last - 1]]
        )
        name = classes().names.get(key)
        if name and plain[last - 1].isalnum() and plain[first].isalnum():
            return _Match(first, last, name)
    return None


def _runs(words: Sequence[Word], matches: Sequence[_Match]) -> Iterator[tuple[int, int]]:
    """Words that follow each other and can name a thing."""
    named = {place for match in matches for place in range(match.first, match.last)}
    named |= {
        match.last
        for match in matches
        if match.last < len(words) and words[match.last].text in word_set("tails")
    }
    first = None
    for place, word in enumerate([*words, Word(",", 0, 0)]):
        content = place in named or (
            word.text.isalpha()
            and word.text not in stop_words()
            and word.text not in word_set("number_words")
        )
        if content and first is None:
            first = place
        elif not content and first is not None:
            yield first, place
            first = None


def _things(
    text: str,
    words: Sequence[Word],
    run: tuple[int, int],
    matches: Sequence[_Match],
) -> Iterator[Found]:
    """The things of a run: each class with the words before it, which tell more of it, and what is left over."""
    first, end = run
    for match, following in zip_longest(matches, matches[1:]):
        last = match.last + (match.last < end and words[match.last].text in word_set("tails"))
        said = last < end and words[last].text in word_set("participles")  # "the stadium built here"
        if (
            following is not None
            and following.first == last
            and not said
            and not is_plural(words[last - 1].text)
        ):
            continue  # "highway bridge" is a bridge
        yield _found(text, words, (first, last), match)
        first = last
    if first < end:
        yield Found(Thing(_phrase(text, words, first, end)), first, end)


def _found(text: str, words: Sequence[Word], span: tuple[int, int], match: _Match) -> Found:
    sized = span[0] > 0 and words[span[0] - 1].text in word_set("sizes")
    phrase = _phrase(text, words, span[0] - sized, span[1])
    return Found(Thing(phrase, classes().with_kinds(match.name)), *span)


def _phrase(text: str, words: Sequence[Word], first: int, last: int) -> str:
    return text[words[first].start : words[last - 1].end]
