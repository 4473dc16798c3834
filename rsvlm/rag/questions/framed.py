"""Questions out of the words that stand around them: "I've looked at three maps today: is there a bridge in this one?".

Where a text asks nothing but whether a thing is there, whether there is more of one thing than of another, or whether a
thing covers so much, and nothing around that says more of it, the question alone is read: numbers, quantifiers and
comparisons of the one who asks are none of the image's.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from rsvlm.captioning.english import article

from .amounts import line_of
from .framing import is_frame
from .hardwords import hard_words
from .reading import is_plural, table
from .rules import LONGEST_LINE
from .spelling import read
from .things import Found, find_things

_IN = re.compile(r"\b(?:in|at|near|of|from|around|over) (?:the )?[\"']?$", re.IGNORECASE)
"""Before the name of a place."""


class Core(NamedTuple):
    """What is asked by which words; which of three things is compared, where two are named before or after it."""

    asks: str
    pattern: re.Pattern[str]
    subject: int | None


@cache
def _cores() -> tuple[Core, ...]:
    """The `cores` of `framed.yaml`."""
    data = table("framed.yaml")
    lists = {name: "|".join(f"(?:{one})" for one in data[name].values()) for name in ("limits", "behind")}
    for name, words in data["lists"].items():
        lists[name] = _filled(words, lists)
    return tuple(
        Core(row["asks"], re.compile(_filled(row["pattern"], lists)), row.get("subject"))
        for row in data["cores"]
    )


def _filled(pattern: str, lists: dict[str, str]) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda match: f"(?:{lists[match[1]]})", pattern)


def without_frame(text: str) -> str:
    """Return the question alone where a text asks nothing but that; else the text as it is.

    >>> without_frame("I only have five minutes: can you see a bridge in this photo, or not?")
    'Is there a bridge in this image?'
    """
    words = read(text)
    known = [one for one in find_things(text, words) if one.thing.classes]
    if not known or len(text) > LONGEST_LINE:
        return text
    line, starts = line_of(text, words)
    for one in reversed(known):
        start, end = starts[one.first], starts[one.last - 1] + len(words[one.last - 1].text)
        line = f"{line[:start]}#{'s' * is_plural(words[one.last - 1].text)}{line[end:]}"
    hard = hard_words(text)
    if (
        hard.years
        or hard.months
        or hard.codes
        or any(_IN.search(text, 0, text.find(one)) for one in hard.names)
    ):
        return text
    for core in _cores():
        found = list(core.pattern.finditer(line))
        if len(found) != 1:
            continue
        [match] = found
        before, after = line[: match.start()], line[match.end() :]
        things = _compared(core, known[before.count("#") :][: match[0].count("#")])
        if things and is_frame(before, after, whole=core.asks != "presence"):
            return _plainly(core.asks, match, things, is_plural(words[things[0].last - 1].text))
    return text


def _compared(core: Core, things: Sequence[Found]) -> Sequence[Found]:
    """The things of a core, what is compared first; none where that is no one of the others."""
    if core.subject is None:
        return things
    first = things[core.subject]
    others = [one for place, one in enumerate(things) if place != core.subject]
    rest = [one for one in others if one.thing.name != first.thing.name]
    return [first, rest[0]] if len(rest) == 1 else []


def _plainly(asks: str, core: re.Match[str], things: Sequence[Found], plural: bool) -> str:
    """A question in plain words."""
    thing, be = things[0].thing.phrase, "Are" if plural else "Is"
    if asks == "share":
        return f"Is {_limit(core)} {core['percent']}% of this image {thing}?"
    if asks != "presence":
        return f"{be} there {asks} {thing} than {things[1].thing.phrase} in this image?"
    return f"{be} there {'any' if plural else article(thing)} {thing} in this image?"


def _limit(core: re.Match[str]) -> str:
    """Which limit the words around a number set: "at least"."""
    kind, words = next(
        (name, words) for name, words in core.groupdict().items() if name != "percent" and words
    )
    data: dict[str, str] = table("framed.yaml")["limits" if kind == "limit" else "behind"]
    return next(name for name, one in data.items() if re.fullmatch(one, words))
