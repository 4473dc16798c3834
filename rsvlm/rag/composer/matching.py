"""Whether a statement answers a question of fact: what it must share with it, word by word."""

import re

from rsvlm.rag.chunk import Chunk
from rsvlm.rag.questions import HardWords
from rsvlm.rag.questions.known import is_word

from .forms import can_answer
from .look import things_named
from .names import hard_words_of, has_word, is_among, is_named, names_in, raw_words, singular_words
from .numbers import NUMBER, plain
from .siblings import siblings_in
from .statements import Statement
from .subjects import is_about
from .times import day_months, days_in
from .values import value_of
from .wanted import Wanted
from .words import word_list, word_table

_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_WHEN = frozenset({"year", "month", "day"})
"""Names of values that say which time a row is of."""
_ASKING = frozenset({"what", "which", "who", "whose", "where", "when", "how"})
_TRUE = frozenset({"true", "false", "yes", "no"})
_SYNONYM = 0.6
"""What a word that means the same counts beside the word itself."""
_PLACED = re.compile(r"\b(?:in|at|on|near|along|beside|between|within|north|south|east|west)\b")
_MEASURES = frozenset({"tall", "elevation", "long", "wide", "deep", "large"})
_BESIDE = re.compile(
    r"\b(?:over|above|near|around|towards|through|beside|behind|past|below|under) (?:the )?(?:[A-Z][\w'-]* ?)+"
)
_ABOVE_SEA = (
    r",? \(?(?:(?:is|lies|rises|stands|at|to|about) ){0,3}\d[\d,. ]*(?:m|metres|meters|ft|feet) "
    r"above (?:the )?(?:mean )?sea\b"
)
_AREA = re.compile(r"\d ?(?:\w+ )?(?:by|x) \d|\d ?(?:k?m[²2]|ha|hectares|acres|square \w+)(?!\w)")
_SUBJECT = re.compile(r"(?:,| is| are| was| were| has| had| lies)\b")


def answers(wanted: Wanted, statement: Statement, chunk: Chunk) -> float | None:
    """Return how well a statement of a chunk answers: 0..1, more where it begins with what is asked about.

    None where it does not answer.

    Args:
        wanted: What must be in it.
        statement: What is tried.
        chunk: That it is from; its place in its source says what it is about.
    """
    # a file's name tells what its sentences are about; of what a row is, the row says
    where = chunk.where if statement.name else chunk.where.replace("_", " ")
    around = f"{where}\n{statement.context}"
    if statement.text.startswith("Sources:"):  # names who says so, not what
        return None
    if (
        _says_nothing(wanted, statement)
        or not can_answer(wanted, statement)
        or not is_about(wanted, statement)
    ):
        return None
    codes = (*wanted.hard.codes, *wanted.terms)
    if not all(_has_code(code, statement.text) or _is_of(code, around) for code in codes):
        return None
    if not _has_names(wanted, statement, around):
        return None
    if not _same_time(wanted, statement, around, chunk):
        return None
    years = {str(year) for year in wanted.hard.years}
    numbers = {*map(plain, NUMBER.findall(f"{statement.text}\n{around}\n{statement.row}"))}
    if not all(plain(number) in numbers for number in wanted.numbers if number not in years):
        return None
    full = frozenset(
        word_table()["short"][word]
        for word in raw_words(statement.name.replace("_", " ")) & word_table()["short"].keys()
    )
    own = singular_words(statement.text) | raw_words(statement.text) | full
    here = singular_words(f"{statement.text} {around}") | full
    told = siblings_in(wanted.said, own)
    if told is False or (told is None and siblings_in(wanted.said, raw_words(around)) is False):
        return None
    named = things_named(f"{around}. {statement.text}")
    same = {word for phrase, classes in wanted.things if classes & named for word in phrase}
    if any(
        re.search(rf"\bthe {re.escape(name)}\b", statement.text, re.IGNORECASE) for name in wanted.hard.names
    ):
        same |= word_list("streams")  # "the Lera" is a river: towns have no article
    is_told_apart = wanted.hard.names and wanted.hard.codes  # what else is said is only how it is asked
    if _is_other_field(wanted, statement):
        return None
    if wanted.asked and is_among(wanted.asked, singular_words(statement.name)):
        here |= singular_words(_told_of(statement.row))
    if not is_told_apart and not all(word in same or is_among(word, here) for word in wanted.words):
        return None
    if not _is_of_unit(wanted, statement) or (wanted.counted and not wanted.counted & own):
        return None
    heading = frozenset() if statement.name else singular_words(around) | raw_words(around.lower())
    topic = _on_topic(wanted, statement, own | heading)
    topic = 0.0 if topic is None and is_told_apart else topic
    if topic is None or value_of(wanted, statement) is None:
        return None
    near = sum(is_among(word, here) for word in wanted.words) / len(wanted.words) if wanted.words else 1.0
    first = _ARTICLE.sub("", statement.text)[:60].lower()
    begins = any(
        first.startswith(word) for word in (*wanted.words, *(code.lower() for code in wanted.hard.codes))
    )
    is_whole = bool(statement.name) and raw_words(statement.name.lower()) <= wanted.said
    return (near + topic) / 2 + 0.2 * begins + 0.1 * is_whole


def _says_nothing(wanted: Wanted, statement: Statement) -> bool:
    """Whether a statement says what the question says itself, or which row it is of.

    "name: Vaduz" and "year: 2019" are no level of Vaduz in 2019, nor is the heading "Level" what the level is.
    """
    if not statement.name:
        return raw_words(statement.text.lower()) <= wanted.said | word_list("beside")
    value = raw_words(statement.value.lower())
    if (
        statement.name.strip().lower() in _WHEN
        and not wanted.time
        and not {statement.name.lower()} & wanted.said
    ):
        return True
    return value <= wanted.said or (value <= _TRUE and bool(wanted.said & _ASKING))


def _is_other_field(wanted: Wanted, statement: Statement) -> bool:
    """Whether another value of the row is what "which" asks for, or none is, as nothing is asked of the row."""
    if not statement.name:
        return False
    if wanted.asked:
        if is_among(wanted.asked, singular_words(statement.name)):
            return False
        names = (field.rpartition(":")[0] for field in statement.row.split(";"))
        if any(is_among(wanted.asked, singular_words(name)) for name in names):
            return True
    if wanted.words or wanted.topics or any(_has_code(code, statement.text) for code in wanted.hard.codes):
        return False
    of_names = {word for name in wanted.hard.names for word in raw_words(name.lower())}
    return not (raw_words(statement.name.lower()) & wanted.said) - of_names


def _told_of(row: str) -> str:
    """The fields of a row, names and values, but those that say yes or no of it: "flooded: false"."""
    return "; ".join(
        field
        for field in row.split(";")
        if not raw_words(field.rpartition(":")[2].lower()) <= _TRUE | {"0", "1"}
    )


def _has_code(code: str, text: str) -> bool:
    """Whether a text has a variable, a word with digits, or a letter that tells things apart: "tower B"."""
    if len(code) == 1:
        return re.search(rf"(?<=\w )(?<![.!?] ){code}(?!\w)", text) is not None
    return has_word(code.replace("_", " "), text.replace("_", " "))


def _is_of(code: str, around: str) -> bool:
    """Whether what a statement stands under has a code, but not as the name of another value: "ALBEDO: 0.16"."""
    return any(_has_code(code, line.rpartition(": ")[2]) for line in around.splitlines())


def _has_names(wanted: Wanted, statement: Statement, around: str) -> bool:
    """Whether a statement, or what it stands under, has all names, and it is not about others."""
    names = wanted.hard.names
    own = statement.text
    if not statement.name and any(group & _MEASURES for group in wanted.topics):
        own = _BESIDE.sub(
            " ", own
        )  # what flies 80 m over it, or lies near it, says nothing of its own height
    inside = [is_named(name, own, wanted.said) for name in names]
    if not all(own or is_named(name, around, wanted.said) for own, name in zip(inside, names, strict=True)):
        return False
    if not names and (wanted.hard.months or wanted.hard.years):
        # a measured value of one place: a name that the question does not say is that of another
        others = hard_words_of(f"{around}\n{statement.text}").names
        others = tuple(name for name in others if not _only_begins(name, statement.text, bool(wanted.days)))
        return all(wanted.said & raw_words(name.lower()) for name in others)
    if not names or any(inside) or statement.name:
        return True
    lines = [
        line for line in statement.context.splitlines() if not any(is_named(name, line) for name in names)
    ]
    return not any(_is_of_another(wanted, text) for text in (statement.text, *lines))


def _only_begins(name: str, text: str, is_entry: bool) -> bool:
    """Whether a name is but the plain word that begins a sentence: "Herons nest here".

    Of what is told of a day, it may also be a part of what was seen: "Transect C: 28 godwits".
    """
    if not text.startswith(name):
        return False
    return is_word(name.lower()) or (is_entry and len(name.rpartition(" ")[2]) == 1)


def _is_of_another(wanted: Wanted, text: str) -> bool:
    """Whether a sentence that stands under a name is about another one: "Lake Birch is deep" under "Lake Alder"."""
    asked = frozenset(word for name in wanted.hard.names for word in raw_words(name.lower()))
    for other in names_in(text):
        words, place = raw_words(other.lower()), text.find(other)
        if words <= asked:
            continue
        before = text[:place].lower().split()
        if words & asked or (before and before[-1] in wanted.kinds):
            return True
        is_first = not [word for word in before if word != "the"]
        if is_first and _SUBJECT.match(text, place + len(other)):
            return True
    return False


def _is_of_unit(wanted: Wanted, statement: Statement) -> bool:
    """Whether a value is in the unit that is asked for, or its name says none."""
    last = statement.name.lower().replace("_", " ").strip(")] ").rpartition(" ")[2].strip("([")
    family = next((one.split(", ") for one in word_table()["units"] if last in one.split(", ")), None)
    return not wanted.units or family is None or last in wanted.units


def _on_topic(wanted: Wanted, statement: Statement, own: frozenset[str]) -> float | None:
    """How much of what is asked a statement is about, 0..1; None where it is about none of what it must be."""
    if not wanted.topics:
        return 1.0
    found = [
        1.0 if group & own & wanted.said else _SYNONYM if group & own else 0.0 for group in wanted.topics
    ]
    if not any(found) and "where" in wanted.said and not statement.name and _PLACED.search(statement.text):
        return _SYNONYM
    if not any(found) and (wanted.also & own or (wanted.also and _tells_elevation(wanted, statement.text))):
        return _SYNONYM / 2
    if not any(found) and not _tells_size(wanted, statement):
        return None
    return sum(found) / len(found)


def _tells_elevation(wanted: Wanted, text: str) -> bool:
    """Whether a sentence tells how high above the sea what is asked for is: "Mount Orr, 688 m above the sea"."""
    return any(re.search(rf"\b{re.escape(name)}{_ABOVE_SEA}", text) for name in wanted.hard.names)


def _tells_size(wanted: Wanted, statement: Statement) -> bool:
    """Whether a sentence gives an area where a size is asked for: "24 m by 11 m", "3 ha"."""
    return any("size" in group for group in wanted.topics) and _AREA.search(statement.text) is not None


def _same_time(wanted: Wanted, statement: Statement, around: str, chunk: Chunk) -> bool:
    """Whether days, months and years of a question are those of a statement, or else of what it stands under."""
    asked, dated = wanted.hard, chunk.datetime
    said: list[HardWords] = [hard_words_of(text) for text in (statement.text, around, statement.row)]
    if wanted.days:
        days = next(
            (found for text in (statement.text, around, statement.row) if (found := days_in(text))), None
        )
        return bool(wanted.days & days) if days else dated is not None and dated.date() in wanted.days
    if dates := day_months(wanted.text):  # of any year
        told = (day_months(text) for text in (statement.text, around, statement.row))
        if not dates & next(filter(None, told), frozenset()):
            return False
    # the first moment of a year stands for all of it where no month was told
    month_known = dated is not None and (dated.month, dated.day, dated.hour, dated.minute) != (1, 1, 0, 0)
    months = next((one.months for one in said if one.months), ())
    months = months or ((f"{dated:%Y-%m}",) if dated and month_known else ())
    years = next((one.years for one in said if one.years), ()) or ((dated.year,) if dated else ())
    for month in asked.months:
        year, number = month.rpartition("-")[::2]
        own = {one.rpartition("-")[0] for one in months if one.endswith(number)} - {""}
        if not any(one.endswith(number) for one in months):
            return False
        if year and year not in (own or {*map(str, years)}):
            return False
    return bool(asked.months) or all(year in years for year in asked.years)
