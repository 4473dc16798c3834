"""Whether a statement is about the measure that a question asks for, and in its unit."""

import re

from .statements import Statement
from .wanted import Wanted
from .words import word_table

_SYNONYM = 0.6
"""What a word that means the same counts beside the word itself."""
_PLACED = re.compile(r"\b(?:in|at|on|near|along|beside|between|within|north|south|east|west)\b")
_ABOVE_SEA = (
    r",? \(?(?:(?:is|lies|rises|stands|at|to|about) ){0,3}\d[\d,. ]*(?:m|metres|meters|ft|feet) "
    r"above (?:the )?(?:mean )?sea\b"
)
_AREA = re.compile(r"\d ?(?:\w+ )?(?:by|x) \d|\d ?(?:k?m[²2]|ha|hectares|acres|square \w+)(?!\w)")


def on_topic(wanted: Wanted, statement: Statement, own: frozenset[str]) -> float | None:
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


def is_of_unit(wanted: Wanted, statement: Statement) -> bool:
    """Whether a value is in the unit that is asked for, or its name says none."""
    last = statement.name.lower().replace("_", " ").strip(")] ").rpartition(" ")[2].strip("([")
    family = next((one.split(", ") for one in word_table()["units"] if last in one.split(", ")), None)
    return not wanted.units or family is None or last in wanted.units


def _tells_elevation(wanted: Wanted, text: str) -> bool:
    """Whether a sentence tells how high above the sea what is asked for is: "Mount Orr, 688 m above the sea"."""
    return any(re.search(rf"\b{re.escape(name)}{_ABOVE_SEA}", text) for name in wanted.hard.names)


def _tells_size(wanted: Wanted, statement: Statement) -> bool:
    """Whether a sentence gives an area where a size is asked for: "24 m by 11 m", "3 ha"."""
    return any("size" in group for group in wanted.topics) and _AREA.search(statement.text) is not None
