"""What must be in a statement that answers a question of fact."""

import re
from dataclasses import dataclass
from datetime import date

from rsvlm.rag.questions import Asked, HardWords, Thing, class_names
from rsvlm.rag.questions.hardwords import hard_words
from rsvlm.rag.questions.reading import singular, stop_words, words_of

from .counting import asks_how_long_it_took, counted_in
from .names import names_in, raw_words
from .times import DATE, days_in
from .words import months, phrases, topic_groups, word_list, word_table

_WITHIN = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+\b")
_CODE_OF = re.compile(r"([A-Z][A-Z0-9_]{1,}) (?:of|in|at|for|near) (.+)")
_CAPITALS = re.compile(r"(?<![\w-])[A-Z]{4,}(?![\w-])")
_TELL_ME = re.compile(r"\b(?:tell|give|show) (?:me|us)\b", re.IGNORECASE)
_SEA_LEVEL = re.compile(r"\babove (?:mean )?sea level\b", re.IGNORECASE)
_KIND_OF = re.compile(r"\b(?:kind|type|sort|category) of \w+")
_ASKED = re.compile(
    r"\b(?:which|what) (?:(?:kind|type|sort)s? of )?"
    r"(?!(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|the|an?|of|kind|type|sort)\b)([^\W\d_]+)\b"
)
TERM = re.compile(r"(?<![\w'-])(?:(?=\w*\d)(?=\w*[^\W\d])\w+|(?<=[a-z] )[A-HJ-Z])(?![\w'-])")
"""Words with digits in them, and single capitals: "no2", "b3_mean", "tower B"."""


@dataclass(frozen=True)
class Wanted:
    """What must be in a statement that answers.

    Attributes:
        text: The question.
        hard: Names, numbers, years, months, variables.
        words: All other words that are no mere way of asking, in the singular.
        topics: Groups of words: one word of one of them must be in it.
        number: Whether the answer is a number.
        time: Whether it is a time.
        said: All words of the question, in lower case.
        things: Words of the things that are asked about, with the classes that stand for them: "solar farm" is also
            there where a solar power plant is.
        terms: Words with digits, and single capitals.
        counted: What is counted, in the singular.
        asked: What "which" or "what" asks for, in the singular: "satellite"; "" where it is not said.
        also: Words that may stand for the topics where none of them is there: the elevation of what is high.
        kinds: Words before names: "lake" of "Lake Alder".
        units: Names of the unit that is asked for; none: any.
        days: Whole dates.
        took: Whether a span of time is asked for.
        numbers: Those of `hard` that are no parts of dates or of words.
    """

    text: str
    hard: HardWords
    words: frozenset[str]
    topics: tuple[frozenset[str], ...]
    number: bool
    time: bool
    said: frozenset[str]
    things: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    terms: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    asked: str = ""
    also: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    days: frozenset[date] = frozenset()
    took: bool = False
    numbers: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that an answer could be held against."""
        return not any((*self.hard, self.words, self.terms))


def wanted_of(asked: Asked) -> Wanted:
    """Return what an answer to a question must have."""
    asks = _SEA_LEVEL.sub("elevation", _TELL_ME.sub("", asked.text))
    text = asks.lower()
    hard = _apart(asked.hard._replace(names=_names(asked)), asked.text)
    terms = frozenset(
        word for word in TERM.findall(asked.text) if not any(word in name for name in hard.names)
    )
    hard = hard._replace(codes=tuple(code for code in hard.codes if code not in terms))
    taken = {word.text for one in (*hard.names, *hard.codes) for word in words_of(one)}
    plain = [word.text for word in words_of(asks) if word.text.isalpha() and word.text not in taken]
    # "the New tower": a capital within a sentence is a part of a name, whatever the word
    capitals = set() if asked.text.istitle() else {word.lower() for word in _WITHIN.findall(asked.text)}
    took = asks_how_long_it_took(text)
    topics = _topics_of(text, {*plain, *map(singular, plain)} - capitals, took=took)
    time = any(one in text for one in phrases("time"))
    units = _units(text)
    return Wanted(
        text=asks,
        hard=hard,
        words=_words_of(plain, units) | ((capitals & set(plain)) - months()),
        topics=topics,
        number=not time and _asks_number(text, hard),
        time=time,
        said=raw_words(text),
        things=tuple((_head_words(one), frozenset(one.classes)) for one in asked.things if one.classes),
        terms=terms,
        counted=counted_in(text, topics),
        asked=_asked_for(text),
        also=frozenset({"elevation", "altitude"} if "high" in plain else ()),
        kinds=_kinds_of(hard.names, asked.text),
        units=units,
        days=days_in(asked.text),
        took=took,
        numbers=hard_words(_without(asked.text, terms)).numbers,
    )


def _topics_of(text: str, words: set[str], *, took: bool) -> tuple[frozenset[str], ...]:
    """The groups of words that one of a question's words is in."""
    words = words - ({"kind", "type", "sort", "category"} if _KIND_OF.search(text) else set())
    return tuple(
        group for group in topic_groups() if group & words and not (took and {"long", "length"} & group)
    )


def _words_of(plain: list[str], units: frozenset[str]) -> frozenset[str]:
    """What is no mere way of asking, in the singular."""
    ways = (
        word_list("generic") | stop_words() | {word for group in topic_groups() for word in group} | months()
    )
    ways = (ways - word_list("telling")) | units
    return frozenset(singular(word) for word in plain if word not in ways and singular(word) not in ways)


def _asks_number(text: str, hard: HardWords) -> bool:
    """Whether a question asks for a number: in words, or for a variable at a time."""
    measured = bool(hard.codes) and bool(hard.months or hard.years)
    return measured or any(one in text for one in phrases("number"))


def _kinds_of(names: tuple[str, ...], text: str) -> frozenset[str]:
    """Words before names: "lake" of "Lake Alder"."""
    return frozenset(
        match[1].lower()
        for name in names
        for match in re.finditer(rf"(\w+) {re.escape(name)}", text)
        if match[1].lower() not in stop_words()
    )


def _without(text: str, terms: frozenset[str]) -> str:
    """A question without its dates and its words with digits."""
    text = DATE.sub(" ", text)
    return TERM.sub(lambda match: " " if match[0] in terms else match[0], text)


def _asked_for(text: str) -> str:
    match = _ASKED.search(text)
    return "" if match is None else singular(match[1])


def _units(text: str) -> frozenset[str]:
    """The unit that a question asks for: "in feet"."""
    for names in word_table()["units"]:
        if any(re.search(rf"\bin {re.escape(name)}\b", text) for name in names.split(", ")):
            return frozenset(names.split(", "))
    return frozenset()


def _head_words(thing: Thing) -> frozenset[str]:
    """The words of a thing that make it its class: of "big blue tower" only "tower"."""
    words = [singular(word.text) for word in words_of(thing.phrase)]
    ends = (
        place
        for place in range(len(words) - 1, -1, -1)
        if class_names(" ".join(words[place:]))[:1] == thing.classes[:1]
    )
    return frozenset(words[next(ends, 0) :])


def _names(asked: Asked) -> tuple[str, ...]:
    """The names in a question, and in the sentences before it."""
    first = asked.text.partition(" ")[0]  # has a capital anyway
    more = [
        name for name in names_in(asked.text) if name not in asked.hard.names and not name.startswith(first)
    ]
    return (*asked.hard.names, *(name for name in more if not any(one in name for one in asked.hard.names)))


def _apart(hard: HardWords, text: str) -> HardWords:
    """Tell variables from names: "SPEED of Gahirmatha Beach" is one and the other."""
    # "WELL" of "WELL-17" is a part of the name
    # "the mayor of Norhavn" and "Norhavn's mayor" ask the same
    hard = hard._replace(names=tuple(name.removesuffix("'s") for name in hard.names))
    names, codes = [], [code for code in hard.codes if not any(f"{code}-" in name for name in hard.names)]
    for name in hard.names:
        match = _CODE_OF.fullmatch(name)
        names.append(match[2] if match else name)
        if match:
            codes.append(match[1])
    if not text.isupper():
        codes += [word for word in _CAPITALS.findall(text) if not any(word in name for name in names)]
    return hard._replace(names=tuple(names), codes=tuple(dict.fromkeys(codes)))
