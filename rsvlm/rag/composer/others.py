"""Values of a sentence that are plainly not what is asked: of another thing, another time, planned or refuted."""

import re
from collections.abc import Sequence

from .claims import is_only_planned, is_refuted
from .clauses import clauses_of, time_of
from .names import is_named, singular_words
from .subjects import asked_of, other_subject, tells_another_act
from .wanted import Wanted

_BESIDES = re.compile(
    r"^[\s,;(]*(?:(?:which|who|that|where|whose)\b|(?:\w+ly )?\w+ed\b|(?:built|begun|part|then|now)\b)"
)
"""What begins a clause that only adds something: ", which was merged in 1971," and "(opened in 1990)"."""
_WHEN = re.compile(r"(?:in|by|from|after) \S+ ?\S*$", re.IGNORECASE)
"""A clause that only says when: "In 2031," before "a theatre will be built"."""
_OPENS = re.compile(r"(?:in|at|on|since|with|after|before|during|from|by|of|built|\w+ed)\b", re.IGNORECASE)
"""What begins a clause that leads to what the sentence is about: "Built in 1821, the library"."""
_SINCE = re.compile(r"\b(?:since|until|till)\b")
_AGO = re.compile(r"\bago\b")


def of_another(wanted: Wanted, text: str, found: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """The values of a text that are plainly not what is asked: of another thing, another time, planned or refuted."""
    clauses = clauses_of(text, [match.span() for match in found])
    parts = [text[start:end] for start, end in clauses]
    wrong = [span for n, span in enumerate(clauses) if _is_of_another(wanted, parts, n)]
    return [match for match in found if any(start <= match.start() < end for start, end in wrong)]


def _is_of_another(wanted: Wanted, parts: Sequence[str], place: int) -> bool:
    part = parts[place]
    rest = " ".join([*parts[:place], *parts[place + 1 :]])
    plan = " ".join(parts) if _WHEN.match(part) else part
    if is_refuted(parts, place) or is_only_planned(wanted.text, plan):
        return True
    if any(is_named(name, rest, wanted.said) for name in wanted.hard.names) and other_subject(wanted, part):
        return True
    if wanted.number and not _is_of_time(wanted, parts, place):
        return True
    if wanted.time and tells_another_act(wanted, part, rest):
        return True
    # "the old hall (built in 1790) stood where the station is" tells nothing of the station
    so_far, behind = (singular_words(" ".join(some)) for some in (parts[: place + 1], parts[place + 1 :]))
    things = asked_of(wanted) & (so_far | behind)
    return things <= behind and not things <= so_far and (place > 0 or _OPENS.match(part) is None)


def _is_of_time(wanted: Wanted, parts: Sequence[str], place: int) -> bool:
    """Whether a clause may be of the time that is asked: no other is said in it, nor does a mere aside say that one."""
    if _AGO.search(wanted.text) and not _AGO.search(parts[place]):
        return False
    own = time_of(wanted, parts[place])
    if own is not None or not wanted.hard.years:
        return own is not False
    told = [part for n, part in enumerate(parts) if n != place and time_of(wanted, part)]
    return not told or not all(_BESIDES.search(part) or _SINCE.search(part) for part in told)
