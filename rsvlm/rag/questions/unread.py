"""What a question asks for that nothing was made of: an answer that leaves it out would be one to another question."""

import re
from collections.abc import Sequence
from dataclasses import replace

from .amounts import DIGITS, FRACTION, SPELLED, line_of
from .asked import DIRECTIONS, Asked
from .measures import measure_in
from .parts import Part, part_of
from .regions import without_region

_COMPARED = ("more", "less", "equal")
_LABELS = re.compile(
    r"\b(?:tile|image|img|picture|photo|scene|frame|figure|patch|chip|sample|question|number|no|nr|id|zone|level|class|"
    r"sentinel|landsat|band|date|site|point|area|plot|block|map|row)s?\W{0,2}\d+\b|#\s?\d+\b|"
    r"\b\d+ ?x ?\d+\b|\b\d+(?:\.\d+)? ?(?:m|cm|meter|meters)(?: per pixel| ?/ ?px| resolution| pixels?| gsd|"
    r" tile| image)"
)
"""Numbers that only tell which image it is, and how it was taken."""
_DATES = re.compile(
    r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b(?:1[5-9]|20)\d\d(?:[-/]\d\d)?\b(?! ?percent)|"
    r"\b\d{1,2}(?:st|nd|rd|th)\b"
)
_NUMBERS = re.compile(
    rf"{FRACTION}|{DIGITS}|\b(?!one\b)(?:{SPELLED})|\b(?:twice|thrice|double|triple|\w+fold)\b"
)
_HALVES = re.compile(
    r"\b(?:left|right|top|bottom|upper|lower|north|south|east|west|northern|southern|eastern|western|hand) "
    r"(?:half|halves)\b"
)
_COMPARISONS = re.compile(
    r"\b(?:more|less|fewer|than|twice|equal(?:s|ly)?|same|(?:larg|bigg|small|long|short|wid|narrow|great|high|low|dens|"
    r"tall|clos|near|old|new|dri|wett|green|dark|bright)er|exceeds?|outweighs?|outnumbers?|"
    r"as (?:many|much|large|big|long|wide|high|small))\b"
)
_OF_UNKNOWN = re.compile(r"\b(?:more|less|fewer) \w+(?: \w+)? than\b")
"""What is compared though it is not known: "more land than water"; the answer tells so."""
_NO_COMPARISON = re.compile(r"\b(?:more or less|any ?more|once more|what is more|one or more|rather than)\b")
_QUANTIFIERS = re.compile(
    r"\b(?:most(?:ly)?|mainly|largely|predominant(?:ly)?|primarily|chiefly|majority|minority|main|dominant|dominat\w+|"
    r"largest|biggest|smallest|longest|widest|highest|lowest|least|"
    r"(?<!at )all(?! (?:present|visible|there|here|shown|seen|in all)\b)|whole|entire(?:ly)?|complete(?:ly)?|"
    r"full(?:y)?|wholly|total(?:ly)?|exclusive(?:ly)?|solely|only|purely|nothing but|everything|everywhere|throughout|"
    r"every|each|partly|partial(?:ly)?|in part|almost|nearly|hardly|barely|scarcely|"
    r"many|few|several|multiple|numerous|lots|plenty|dozens|hundreds|thousands|a couple|much|another|"
    r"(?:a|the) (?:second|third|fourth|fifth)|both(?! (?:sides|banks|ends|halves|corners)\b)(?! (?:\w+ ){1,4}and\b)"
    r"(?= \w+s\b)|average|"
    r"except|other than|apart from|aside from|anything but|but for|instead of|rather than|besides)\b"
)
_NO_QUANTIFIER = re.compile(
    r"\b(?:(?:yes|no) (?:or no )?only|only (?:with )?(?:an? |one )?(?:yes|no|one|single|brief|short|word|answer)|"
    r"(?:in|on|within) (?:the |this )?(?:whole|entire|full) \w+|in total|after all|most likely|too much|very much|"
    r"thanks? .*|pretty much|all (?:the )?(?:around|along|right)|each other|"
    r"(?:the|these|those|of) two\b(?! _)|two (?:land )?(?:covers?|classes|types|kinds|categories)|"
    r"main (?:road|street|square)|pretty full)\b"
)
_OF_SOME = re.compile(
    r"many|several|multiple|numerous|lots|plenty|dozens|hundreds|thousands|a couple|much|all|every|each|both"
)
"""Where there is none of a thing, there are not these of it, either."""
_PLACES = re.compile(
    r"\b(?:(?:left|right)(?: ?hand)? (?:of|from|side|half|part|corner|third|quarter|edge|margin|bank|end)|"
    r"(?:to|on|in|at|from|along) the (?:far |very )?(?:left|right|top|bottom|middle|center|back|front)|"
    r"upper|lower|top|bottom|"
    r"(?:north|south|east|west)(?:ern(?:most)?)?(?: ?(?:east|west)(?:ern)?)?(?: ?of)?|corners?|quadrants?|"
    r"halves|half|edges?|centered|(?:both|either|other|far|opposite|each|which) (?:sides?|banks?|ends?|halves|corners)|"
    r"behind|in between|between|above|below|underneath|beneath)\b"
)
_NO_PLACE = re.compile(
    r"\b(?:(?:from|as|seen) above|(?:image|picture|photo|scene) (?:above|below)|(?:above|below) (?:image|picture)|"
    r"top view|(?:river|stream|sea) ?bottom)\b"
)


def with_unread(asked: Asked) -> Asked:
    """Return a question with the words that nothing was made of, where an image is to answer it."""
    if asked.kind in ("fact", "describe", "compare"):
        return asked
    part = part_of(asked.text)
    line = _line(part, asked)
    whole = _HALVES.sub(" ", line)
    relation = asked.relation
    compared = relation is not None and relation.name in _COMPARED and relation.amount is None
    compared = compared or (relation is None and _OF_UNKNOWN.search(line) is not None)
    unread = ""
    if asked.kind == "yes-no":
        patterns = (_NUMBERS, _QUANTIFIERS) if compared else (_NUMBERS, _COMPARISONS, _QUANTIFIERS)
        unread = _first(whole, patterns)
    places = without_region(" ".join(re.findall(r"\w+", _NO_PLACE.sub(" ", line))))
    place = _first(places, (_PLACES,))
    if (compared and place == "between") or asked.options:
        place = ""
    judged = relation is not None and relation.name in DIRECTIONS and asked.kind in ("yes-no", "where")
    if judged and len(_PLACES.findall(places)) == 1:
        place = ""
    return replace(asked, unread=unread, unread_place=place) if unread or place else asked


def holds_of_none(unread: str) -> bool:
    """Whether it is not so where there is none of a thing: of "many" and "all", not of "few" nor of a number."""
    return _OF_SOME.fullmatch(unread) is not None


def _line(part: Part, asked: Asked) -> str:
    """The words of a question without those that are read: names of things, its amount, dates, numbers of images."""
    line, starts = line_of(part.text, part.words)
    relation = asked.relation
    spans = [
        (starts[one.first], starts[one.last - 1] + len(part.words[one.last - 1].text))
        for one in part.things
        if one.thing.classes
    ]
    if relation is not None and relation.amount is not None:
        measure = measure_in(part.text, part.words, part.things)
        spans += [(measure.start, measure.end)] if measure is not None else []
    for start, end in spans:
        line = line[:start] + "_" * (end - start) + line[end:]
    for pattern in (_LABELS, _DATES, _NO_COMPARISON, _NO_QUANTIFIER):
        line = pattern.sub(" ", line)
    return line


def _first(line: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """The words that the first of some patterns finds that finds any."""
    return next((match[0].strip() for pattern in patterns if (match := pattern.search(line)) is not None), "")
