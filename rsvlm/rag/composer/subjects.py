"""What a sentence is about, and whether that is what a question asks about."""

import re

from rsvlm.rag.questions import class_names
from rsvlm.rag.questions.known import is_word
from rsvlm.rag.questions.reading import singular, stop_words

from .names import is_among, is_named, names_in, raw_words, singular_words
from .statements import Statement
from .wanted import Wanted
from .words import topic_groups, word_list

_FINITE = r"(?:is|are|was|were|has|have|had|will|would|can|could|may|must|does|do|did|lies|stands|stood|lay)"
_VERB = re.compile(
    rf"\s{_FINITE}\b|(?<=\w )(?<!the )(?<!an )(?<!a )[a-z]+(?:s|ed)(?= (?:the|an?|its|their|[A-Z]))",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"\s(?:of|over|in|on|at|near|across|from|by|between|beside|along|behind|to|with|for|under|above)\s"
)
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_PRONOUN = re.compile(r"(?:it|its|he|his|she|her|they|their)\b", re.IGNORECASE)
_INVERTED = re.compile(r"(?:in|at|on|to|between|behind|beside|there|here)\b", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|does|do|did|will|can)\s+((?:the|an?|this|that)\s+)?(.+)$"
)
_ENDS = re.compile(
    r"\b(?:over|in|on|at|near|across|from|by|between|along|to|with|for|since|before|after|when|if)\b|[?,;]"
)
_PARTICIPLE = re.compile(r"[a-z]+ed|built|begun|laid|torn|lost|sold|shut|burnt")
_DOES = frozenset({"does", "do", "did"})
_SIZED = frozenset({"tall", "long", "wide", "deep", "large", "built"})


def subject_of(sentence: str) -> str:
    """What stands before the verb of a sentence.

    >>> subject_of("The old mill on the Lera was sold."), subject_of("The canal crosses the moor.")
    ('The old mill on the Lera', 'The canal')
    """
    match = _VERB.search(sentence)
    return sentence[: match.start()].strip() if match else sentence


def head_of(subject: str) -> str:
    """A subject without where that is: "The city of Brno" stays whole, "The old mill on the Lera" is a mill."""
    match = _PREPOSITION.search(subject)
    if match is None:
        return subject
    head = subject[: match.start()].strip()
    is_place = match[0].strip() == "of" and _noun(head) in word_list("settlements")
    return subject if is_place else head


def _noun(head: str) -> str:
    """The last word of a head, in the singular: "mill" of "The old mill, a ruin"."""
    words = re.findall(r"[^\W\d_]+", head.partition(",")[0])
    return singular(words[-1].lower()) if words else ""


def asked_of(wanted: Wanted) -> frozenset[str]:
    """The words for what a question is about, in the singular: of "When was the bus station built?" the bus station.

    Empty where its form does not tell.
    """
    words, _ = _asked(wanted.text)
    topical = {word for group in topic_groups() for word in group} | stop_words()
    return frozenset(singular(word.lower()) for word in words if word.lower() not in topical)


def _asked(question: str) -> tuple[list[str], str]:
    """The words behind the auxiliary of a question, and the verb at their end."""
    match = _AUXILIARY.search(question)
    if match is None:
        return [], ""
    words = re.findall(r"[^\W_]+", _ENDS.split(match[3], maxsplit=1)[0].replace("'s ", " "))
    is_verb = (
        len(words) > 1 and words[-1].islower() and (match[1] in _DOES or _PARTICIPLE.fullmatch(words[-1]))
    )
    return (words[:-1], words[-1]) if is_verb else (words, "")


def tells_another_act(wanted: Wanted, part: str, rest: str) -> bool:
    """Whether a clause has a verb of its own, but not that of the question, which the rest of the sentence has.

    "The fire of 1702 destroyed the inn, built in 1650" does not tell that it was destroyed in 1650.
    """
    _, verb = _asked(wanted.text)
    if not verb or re.search(rf"(?:^|\s)(?:{_FINITE}|{_PARTICIPLE.pattern})\b", part) is None:
        return False
    same = {verb}.union(*(group for group in topic_groups() if verb in group))
    here, there = (any(is_among(one, raw_words(text)) for one in same) for text in (part, rest))
    return there and not here


def is_about(wanted: Wanted, statement: Statement) -> bool:
    """Whether a sentence is about what is asked, as far as its subject tells; a line of data is."""
    if statement.name:
        return True
    if statement.before and _PRONOUN.match(statement.text):
        return _is_meant_by_it(wanted, statement)
    return not _is_only_placed(wanted, statement.text)


def _is_meant_by_it(wanted: Wanted, statement: Statement) -> bool:
    """Whether "it" stands for what is asked: the subject of the sentence before, and no other noun of it."""
    missing = [name for name in wanted.hard.names if not is_named(name, statement.text, wanted.said)]
    asked = {singular(word) for word in wanted.said}
    things = asked_of(wanted) - singular_words(statement.text)
    if not missing and (wanted.hard.names or not things):
        return True
    subject = subject_of(statement.before)
    if _INVERTED.match(subject):  # "To the north lies Lake Birch"
        subject = statement.before
    head = head_of(subject)
    if _noun(head) in asked:
        return True
    if missing:
        # "The highest peak is Mount Orr. It ..." is about the mountain
        called = re.search(r"\b(?:is|was|are|were|called|named) ((?:the )?[A-Z].*)", statement.before)
        return all(is_named(name, f"{head}. {called[1] if called else ''}", wanted.said) for name in missing)
    return not things & singular_words(statement.before) or bool(things & singular_words(head))


def _is_only_placed(wanted: Wanted, text: str) -> bool:
    """Whether a sentence tells when or how large something else at the place that is asked is.

    "The landfill at Grusdal was closed in 2009" does not say when Grusdal was.
    """
    asked = asked_of(wanted)
    names = {word for name in wanted.hard.names for word in raw_words(name.lower())}
    if not asked or not asked <= names | wanted.kinds | {singular(name) for name in names}:
        return False
    if not wanted.time and not any(group & _SIZED for group in wanted.topics):
        return False
    said = {singular(word) for word in wanted.said}
    if any(_is_part_of(name, text, said) for name in wanted.hard.names):
        return True
    subject = subject_of(text)
    head = head_of(subject)
    of_it = (
        {word for group in topic_groups() for word in group} | word_list("parts") | word_list("settlements")
    )
    is_other = _noun(head) not in said | of_it
    if not any(is_named(name, text, wanted.said) for name in wanted.hard.names):
        # what stands under the name: "The bird tower was built in 2012" does not tell when the moor was
        return is_other and subject != text and _ARTICLE.match(subject) is not None
    if head == subject or not any(is_named(name, subject, wanted.said) for name in wanted.hard.names):
        return False
    return is_other and not any(is_named(name, head, wanted.said) for name in wanted.hard.names)


def _is_part_of(name: str, text: str, said: set[str]) -> bool:
    """Whether a text has a name only before the noun for something else: "the Skogli waterworks"."""
    found = list(
        re.finditer(
            rf"\b(?:the|an?|new|old) {re.escape(name)}\b(?: ([a-z]+)(,| \(| {_FINITE}\b)?)?", text, re.I
        )
    )
    whole = re.findall(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
    return (
        bool(found)
        and len(found) == len(whole)
        and all(
            one[1] is not None and singular(one[1]) not in said and (one[2] or class_names(one[1]))
            for one in found
        )
    )


def other_subject(wanted: Wanted, part: str) -> bool:
    """Whether a clause is about something with a name that the question does not say."""
    if any(is_named(name, part, wanted.said) for name in wanted.hard.names):
        return False
    match = re.search(rf"\s{_FINITE}\b", part)
    subject = part[: match.start()] if match else ""
    first = _ARTICLE.sub("", subject.strip(" ,;")).partition(" ")[0]
    # a name that begins a sentence is told from other words by not being one
    named = [*names_in(subject), *([first] if first[:1].isupper() and not is_word(first.lower()) else [])]
    return any(not raw_words(name.lower()) & wanted.said for name in named)
