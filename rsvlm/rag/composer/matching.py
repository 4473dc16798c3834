"""Whether a statement answers a question of fact: what it must share with it, word by word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from rsvlm.rag.chunk import Chunk
from rsvlm.rag.questions import Asked, HardWords, Thing, class_names
from rsvlm.rag.questions.hardwords import hard_words
from rsvlm.rag.questions.reading import singular, stop_words, words_of

from .look import things_named
from .statements import Statement

_COUNTED = "band|bands|class|classes|figure|landsat|level|no|page|sentinel|table|zone"
"""What numbers stand behind that are no quantity: "band 8 842 nm" has two."""
_MARKS = " \xa0\u2009\u202f'\u2019"
"""Between thousands, beside the comma."""
_GROUPED = (
    "".join(f"(?<!{word} )" for word in _COUNTED.split("|")) + rf"\d{{1,3}}(?:[{_MARKS}]\d{{3}})+(?![\d,])"
)
_NUMBER = re.compile(rf"(?<![\w.,])[-+]?(?:{_GROUPED}|\d[\d,]*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_DEFINES = re.compile(
    r"\b(?:is|are|means|stands for) (?:an?|the)\b|\b(?:means|stands for)\b|^[\w-]+, (?:an?|the)\b"
)
_WHEN = frozenset({"year", "month", "day"})
"""Names of values that say which time a row is of."""
_LETTERS = 5
"""Of a word, from which on a slip of one letter is forgiven."""


@dataclass(frozen=True)
class Wanted:
    """What must be in a statement that answers.

    Attributes:
        hard: Names, numbers, years, months, variables.
        words: All other words that are no mere way of asking, in the singular.
        topics: Groups of words: one word of one of them must be in it.
        number: Whether the answer is a number.
        time: Whether it is a time.
        said: All words of the question, in lower case.
        things: Words of the things that are asked about, with the classes that stand for them: "solar farm" is also
            there where a solar power plant is.
    """

    hard: HardWords
    words: frozenset[str]
    topics: tuple[frozenset[str], ...]
    number: bool
    time: bool
    said: frozenset[str]
    things: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that an answer could be held against."""
        return not any((*self.hard, self.words))


def wanted_of(asked: Asked) -> Wanted:
    """Return what an answer to a question must have."""
    text, data = asked.text.lower(), _data()
    hard = _apart(asked.hard, asked.text)
    taken = {word.text for one in (*hard.names, *hard.codes) for word in words_of(one)}
    plain = [word.text for word in words_of(asked.text) if word.text.isalpha() and word.text not in taken]
    topics = tuple(group for group in data.topics if group & {*plain, *map(singular, plain)})
    ways = data.generic | stop_words() | {word for group in data.topics for word in group} | data.months
    words = {singular(word) for word in plain if word not in ways and singular(word) not in ways}
    # "the New tower": a capital within a sentence is a part of a name, whatever the word
    words |= (
        set()
        if asked.text.istitle()
        else {word.lower() for word in _WITHIN.findall(asked.text)} & set(plain) - data.months
    )
    return Wanted(
        hard,
        frozenset(words),
        topics,
        number=(bool(hard.codes) and bool(hard.months or hard.years))
        or any(one in text for one in data.number),
        time=any(one in text for one in data.time),
        said=_raw_words(text),
        things=tuple((_head_words(one), frozenset(one.classes)) for one in asked.things if one.classes),
    )


def _head_words(thing: Thing) -> frozenset[str]:
    """The words of a thing that make it its class: of "big blue tower" only "tower"."""
    words = [singular(word.text) for word in words_of(thing.phrase)]
    ends = (
        place
        for place in range(len(words) - 1, -1, -1)
        if class_names(" ".join(words[place:]))[:1] == thing.classes[:1]
    )
    return frozenset(words[next(ends, 0) :])


_WITHIN = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+\b")
_CODE_OF = re.compile(r"([A-Z][A-Z0-9_]{1,}) (?:of|in|at|for|near) (.+)")
_CAPITALS = re.compile(r"(?<![\w-])[A-Z]{4,}(?![\w-])")


def _apart(hard: HardWords, text: str) -> HardWords:
    """Tell variables from names: "SPEED of Gahirmatha Beach" is one and the other."""
    # "WELL" of "WELL-17" is a part of the name
    names, codes = [], [code for code in hard.codes if not any(f"{code}-" in name for name in hard.names)]
    for name in hard.names:
        match = _CODE_OF.fullmatch(name)
        names.append(match[2] if match else name)
        if match:
            codes.append(match[1])
    if not text.isupper():
        codes += [word for word in _CAPITALS.findall(text) if not any(word in name for name in names)]
    return hard._replace(names=tuple(names), codes=tuple(dict.fromkeys(codes)))


def answers(wanted: Wanted, statement: Statement, chunk: Chunk) -> float | None:
    """Return how well a statement of a chunk answers: 0..1, more where it begins with what is asked about.

    None where it does not answer.

    Args:
        wanted: What must be in it.
        statement: What is tried.
        chunk: That it is from; its place in its source says what it is about.
    """
    around = f"{chunk.where}\n{statement.context}"
    if statement.text.startswith("Sources:"):  # names who says so, not what
        return None
    if _only_repeats(wanted, statement):
        return None
    if not all(_has_word(code, statement.text) for code in wanted.hard.codes):
        return None
    if not all(_names(name, wanted.said, statement, around) for name in wanted.hard.names):
        return None
    if not wanted.hard.names and (wanted.hard.months or wanted.hard.years):
        # a measured value of one place: a name that the question does not say is that of another
        others = _hard_words(f"{around}\n{statement.text}").names
        if any(not wanted.said & _raw_words(name.lower()) for name in others):
            return None
    if not _same_time(wanted.hard, _hard_words(statement.text), _hard_words(around), chunk):
        return None
    years = {str(year) for year in wanted.hard.years}
    numbers = {*map(_plain, _NUMBER.findall(f"{statement.text}\n{around}"))}
    if not all(_plain(number) in numbers for number in wanted.hard.numbers if number not in years):
        return None
    here = _singular_words(f"{statement.text} {around}")
    named = things_named(f"{around}. {statement.text}")
    same = {word for phrase, classes in wanted.things if classes & named for word in phrase}
    is_told_apart = wanted.hard.names and wanted.hard.codes  # what else is said is only how it is asked
    if not is_told_apart and not all(word in same or _is_among(word, here) for word in wanted.words):
        return None
    if (wanted.number or wanted.time) and not value_of(wanted, statement):
        return None
    on_topic = [
        bool(group & (_singular_words(statement.text) | _raw_words(statement.text)))
        for group in wanted.topics
    ]
    near = sum(_is_among(word, here) for word in wanted.words) / max(1, len(wanted.words))
    first = _ARTICLE.sub("", statement.text)[:60].lower()
    begins = any(
        first.startswith(word) for word in (*wanted.words, *(code.lower() for code in wanted.hard.codes))
    )
    return (near + (sum(on_topic) / len(on_topic) if on_topic else 1.0)) / 2 + 0.2 * begins


def _only_repeats(wanted: Wanted, statement: Statement) -> bool:
    """Whether a value, that the question does not name, says what the question says itself, or which row it is of.

    "name: Vaduz" and "year: 2019" are no level of Vaduz in 2019.
    """
    if not statement.name or _raw_words(statement.name.lower()) & wanted.said:
        return False
    is_time = statement.name.strip().lower() in _WHEN and not wanted.time
    return is_time or _raw_words(statement.value.lower()) <= wanted.said


def value_of(wanted: Wanted, statement: Statement) -> str:
    """Return what a statement says of what is asked: the value of a line of data, or a number not of the question.

    "" where it says none.
    """
    if statement.value and (not (wanted.number or wanted.time) or _NUMBER.search(statement.value)):
        return statement.value
    if not (wanted.number or wanted.time):
        return ""
    known = {*map(_plain, wanted.hard.numbers), *map(str, wanted.hard.years)}
    known |= {_plain(number) for name in wanted.hard.names for number in _NUMBER.findall(name)}
    found = [
        match
        for match in _NUMBER.finditer(statement.text)
        if _plain(match[0]) not in known and (wanted.time or not _is_date(statement.text, match))
    ]
    if not found:
        return ""
    places = _places(wanted, statement.text)
    # a value stands behind what has it, or else near the word for what was measured: "2 km long"
    best = min(found, key=lambda match: _distance(statement.text, match, places)) if places else found[0]
    return _with_unit(statement.text, best)


def _places(wanted: Wanted, text: str) -> list[re.Match[str]]:
    """Where in a text the variables stand, or else words of the topics."""
    words = wanted.hard.codes or tuple(word for group in wanted.topics for word in group)
    return [match for word in words for match in re.finditer(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)]


def _distance(text: str, number: re.Match[str], places: list[re.Match[str]]) -> float:
    """From a number to the nearest of some places in a text; what is before one is twice as far as what is behind it.

    What is right before one, as in "12 km long", is nearest of all.
    """
    unit = _UNIT.match(text, number.end())
    end = number.end() if unit is None else unit.end()
    return min(
        number.start() - place.end() if number.start() >= place.end() else 2.0 * (place.start() - end - 1)
        for place in places
    )


def _with_unit(text: str, match: re.Match[str]) -> str:
    """A number with its unit, and the whole range where it is an end of one: "30 to 60 m"."""
    start, end = match.span()
    for one in _RANGE.finditer(text):
        if one.start() <= start < one.end():
            start, end = one.span()
    unit = _UNIT.match(text, end)
    return text[start:end].rstrip(",") + (unit[0] if unit else "")


_RANGE = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)? (?:to|and|by|x) [-+]?\d[\d,]*(?:\.\d+)?(?![\d.,]*\d)")
_UNIT = re.compile(
    r"\s?(?:%|°\s?[CF]?|degC|(?:mm|cm|km|m|hPa|Pa|kPa|K|kg|g|ha|W|MW|s|h)(?:[²³]|\^?\d)?(?:\s?/\s?(?:m|s|h|day|year)(?:[²³]|\^?\d)?)?"
    r"|metres|meters|feet|hectares|inhabitants|people|square kilometres)(?![\w])"
)
_MONTH_BEFORE = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+$",
    re.IGNORECASE,
)


def _is_date(text: str, match: re.Match[str]) -> bool:
    """Whether a number is a year, or stands behind a month."""
    year = re.fullmatch(r"1[5-9]\d\d|20\d\d", match[0]) is not None and _UNIT.match(text, match.end()) is None
    return year or _MONTH_BEFORE.search(text[: match.start()]) is not None


@lru_cache(maxsize=4096)
def _hard_words(text: str) -> HardWords:
    return hard_words(text)


def _names(name: str, said: frozenset[str], statement: Statement, around: str) -> bool:
    """Whether a statement, or what it stands under, has a name, and not a longer one."""
    return is_named(name, statement.text, said) or is_named(name, around, said)


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
        if all(word in said or word in _data().beside for word in longer):
            return True
    return False


_AFTER = re.compile(r"[ -](?:(?:of|de|du|des|la|and|&) )?([^\W\d_a-zß-öø-ÿ][\w']*)")
"""A word with a capital that goes on with a name: "Forest" after "White River", "Artemis" after "Temple"."""
_BEFORE = re.compile(r"([^\W\d_a-zß-öø-ÿ][\w']*)(?: of(?: the)?)?[ -]$")


def _folded(text: str) -> str:
    """Lower case of the same length."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def _same_time(wanted: HardWords, own: HardWords, context: HardWords, chunk: Chunk) -> bool:
    """Whether months and years of a question are those of a statement, or else of what it stands under."""
    dated = chunk.datetime
    # the first moment of a year stands for all of it where no month was told
    month_known = dated is not None and (dated.month, dated.day, dated.hour, dated.minute) != (1, 1, 0, 0)
    for month in wanted.months:
        year, number = month.rpartition("-")[::2]
        said = own.months or context.months or ((f"{dated:%Y-%m}",) if dated and month_known else ())
        years = {one.rpartition("-")[0] for one in said if one.endswith(number)} - {""}
        years = years or {*map(str, own.years or context.years)} or ({f"{dated:%Y}"} if dated else set())
        if not any(one.endswith(number) for one in said) or (year and year not in years):
            return False
    if wanted.months:
        return True
    said_years = own.years or context.years or ((dated.year,) if dated else ())
    return all(year in said_years for year in wanted.years)


def _has_word(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", text, re.IGNORECASE) is not None


def _plain(number: str) -> str:
    return re.sub(f"[,{_MARKS}]", "", number).lstrip("+")


def _singular_words(text: str) -> frozenset[str]:
    return frozenset(singular(word.text) for word in words_of(text))


def _raw_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def _is_among(word: str, words: Iterable[str]) -> bool:
    """Whether a word is there, or one that differs in a letter, or in its ending."""
    return any(
        word == one
        or (len(word) >= _LETTERS and len(one) >= _LETTERS and (_common(word, one) or _off_by_one(word, one)))
        for one in words
    )


def _common(one: str, other: str) -> bool:
    """Whether two words have the same stem: all but the last letters."""
    return one[: max(_LETTERS, len(one) - 3)] == other[: max(_LETTERS, len(one) - 3)]


def _off_by_one(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    place = next((n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    return shorter[place:] == longer[place + 1 :] or shorter[place + 1 :] == longer[place + 1 :]


@dataclass(frozen=True)
class _Data:
    topics: tuple[frozenset[str], ...]
    generic: frozenset[str]
    number: tuple[str, ...]
    time: tuple[str, ...]
    months: frozenset[str]
    beside: frozenset[str]


@cache
def _data() -> _Data:
    found: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text("utf-8"))
    months = "january february march april may june july august september october november december"
    short = {month[:3] for month in months.split()} | {"sept"}
    return _Data(
        tuple(frozenset(group) for group in found["topics"]),
        frozenset(found["generic"].split()),
        tuple(found["number"]),
        tuple(found["time"]),
        frozenset(months.split()) | short,
        frozenset([*months.split(), *found["beside"].split()]),
    )
