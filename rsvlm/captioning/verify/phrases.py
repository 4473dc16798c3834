"""Noun phrases of captions: "two asphalt car parks", "a road with two lanes" (section 1.2 of the grammar)."""

from collections.abc import Iterator
from dataclasses import dataclass

from rsvlm.captioning.verify.lexicon import Noun, Phrases, adjectives, detail_openings, nouns
from rsvlm.captioning.verify.things import Group
from rsvlm.captioning.verify.words import number

_QUANTIFIERS = Phrases(
    {
        "a": "article",
        "an": "article",
        "a single": "single",
        "another": "another",
        "one other": "another",
        "other": "other",
        "a pair of": "pair",
        "dozens of": "dozens",
        "hundreds of": "hundreds",
        "a patch of": "patch",
        "patches of": "patches",
    }
)

_COUNTS = ("number", "more than", "pair", "dozens", "hundreds")
"""Of a noun that is a mass noun and a plural, these speak of the plural."""


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun phrase as read. `quantity` is one of the names above, `number`, `more than`, `number patches` or empty.

    `post` is the detail said after the noun: its key and words.
    """

    text: str
    quantity: str
    number: float | None
    other: bool
    article: tuple[str, str] | None
    adjectives: tuple[str, ...]
    noun: Noun
    post: tuple[str, tuple[str, ...]] | None

    def group(self, groups: dict[str, Group]) -> Group | None:
        """The group of that noun, None where the labels hold none."""
        phrases = (self.noun.singular, self.noun.plural)
        for phrase in reversed(phrases) if self.quantity in _COUNTS else phrases:
            if phrase is not None and phrase in groups:
                return groups[phrase]
        return None


def noun_phrase_at(words: list[str], at: int, groups: dict[str, Group]) -> tuple[NounPhrase, int] | None:
    """The noun phrase at `at` and the index after it; of several readings the first whose noun the labels hold."""
    first: tuple[NounPhrase, int] | None = None
    for quantity, count, other, start in _quantities(words, at):
        for said, noun, end in _nominals(words, start):
            article = (words[at], words[start]) if quantity == "article" else None
            found = NounPhrase(
                " ".join(words[at:end]), quantity, count, other, article, tuple(said), noun, None
            )
            group = found.group(groups)
            if group is not None:
                return _with_post(found, group, words, end)
            first = first or (found, end)
    return first


def _quantities(words: list[str], at: int) -> Iterator[tuple[str, float | None, bool, int]]:
    """Every way to read how many: (quantity, number, whether "other" is said, index after it), nothing said last."""
    for quantity, end in _QUANTIFIERS.matches(words, at):
        if quantity == "other":
            yield "", None, True, end
        else:
            if quantity in ("dozens", "hundreds") and words[end : end + 1] == ["other"]:
                yield quantity, None, True, end + 1
            yield quantity, None, quantity == "another", end
    more = words[at : at + 2] == ["more", "than"]
    start = at + 2 if more else at
    count = number(words[start]) if start < len(words) else None
    if count is not None:
        after = words[start + 1 : start + 3]
        if after[:1] == ["other"]:
            yield "more than" if more else "number", count, True, start + 2
        elif after == ["patches", "of"] and not more:
            yield "number patches", count, False, start + 3
        yield "more than" if more else "number", count, False, start + 1
    yield "", None, False, at


def _nominals(
    words: list[str], at: int, said: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Noun, int]]:
    """Every way to read up to two adjectives and a noun: (adjectives, noun, index after it)."""
    for noun, end in nouns().matches(words, at):
        yield said, noun, end
    if len(said) < 2:
        for adjective, end in adjectives().matches(words, at):
            yield from _nominals(words, end, (*said, adjective))


def _with_post(found: NounPhrase, group: Group, words: list[str], end: int) -> tuple[NounPhrase, int]:
    if end < len(words) and words[end] in detail_openings():
        for detail, key in group.details:
            after = end + len(detail)
            if tuple(words[end:after]) == detail:
                text = f"{found.text} {' '.join(detail)}"
                return (
                    NounPhrase(
                        text,
                        found.quantity,
                        found.number,
                        found.other,
                        found.article,
                        found.adjectives,
                        found.noun,
                        (key, detail),
                    ),
                    after,
                )
    return found, end
