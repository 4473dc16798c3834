"""Questions of fact: the retrieved statement that answers, quoted, or none.

A statement answers when it has all that the question names: the place, the month, the year, the variable, and every
word that is no mere way of asking. What is about another place or month, however near the search puts it, does not. A
line of data ("ALBEDO: 0.45; NDVI: 0.2") is read value by value.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked

from .finding import Finding, Scene, unknown
from .frames import changing, frame
from .matching import answers
from .nearest import nearest
from .statements import Statement, statements_of
from .values import value_of
from .wanted import Wanted, wanted_of
from .words import word_table

DEPTH = 30
"""Chunks that are read for an answer."""
_ENOUGH = 0.5
"""How well a statement must answer."""


class _Told(NamedTuple):
    """A statement that answers, how well, and what it is from."""

    fit: float
    evidence: Evidence
    statement: Statement


def fact(asked: Asked, scene: Scene) -> Finding:
    """Answer a question of fact by quoting what holds the answer."""
    wanted = wanted_of(asked)
    if wanted.is_empty:
        return unknown("the question names nothing that I could look up")
    evidence = scene.find(asked.text, DEPTH)
    found: list[_Told] = []
    for one in evidence:
        for statement in statements_of(one.chunk.text, one.chunk.where):
            fit = answers(wanted, statement, one.chunk)
            if fit is not None and fit >= _ENOUGH:
                found.append(_Told(fit, one, statement))
    if not found:
        return unknown("nothing that I found says so", nearest(asked.text, evidence, scene))
    best = max(found, key=lambda one: one.fit + one.evidence.score)
    if (others := _others(best, found)) is not None:
        return others
    return _quoted(wanted, best.statement, replace(best.evidence, quote=best.statement.text))


def _others(best: _Told, found: Sequence[_Told]) -> Finding | None:
    """Say that several values answer as well as the best; None: none does."""
    if best.statement.name:
        same = [one for one in found if one.statement.name and one.fit >= best.fit - 1e-9]
        values = {one.statement.value: one for one in reversed(same)}
    else:
        same = [one for one in found if frame(one.statement.text) == frame(best.statement.text)]
        values = {" ".join(changing(one.statement.text)): one for one in reversed(same)}
    if len(values) == 1:
        return None
    told = list(reversed(values.values()))
    listed = ", ".join(one.statement.text.rstrip(".") for one in told[:3]) + (
        ", ..." if len(told) > 3 else ""
    )
    quoted = [replace(one.evidence, quote=one.statement.text) for one in told[:3]]
    return unknown(f"{len(told)} values answer this as well ({listed}); say which, or when", quoted)


def _quoted(wanted: Wanted, statement: Statement, source: Evidence) -> Finding:
    value = value_of(wanted, statement)
    short = value or statement.text
    text = (
        f"{value}{_unit_of(statement)}: \u201c{statement.text}\u201d{_row_of(wanted, statement)}"
        if value and value != statement.text
        else f"\u201c{statement.text}\u201d"
    )
    return Finding(text, short, 0.9, (source,))


def _unit_of(statement: Statement) -> str:
    """The unit that the name of a number ends with, as it stands behind one: " cm" of "water level cm: 318"."""
    last = statement.name.rstrip(")] ").rpartition(" ")[2].lstrip("([")
    is_unit = any(last.lower() in names.split(", ") for names in word_table()["units"])
    return f" {last}" if is_unit and statement.value.replace(",", "").replace(".", "", 1).isdigit() else ""


def _row_of(wanted: Wanted, statement: Statement) -> str:
    """What the row of a value is of, and the fields of it that have the year that is asked for."""
    if not statement.name:
        return ""
    years = {str(year) for year in wanted.hard.years}
    timed = [
        field.strip()
        for field in statement.row.split(";")
        if (value := field.rpartition(": ")[2].strip())[:1].isdigit()
        and years & set(value.replace("-", " ").split())
    ]
    told = [line.rpartition(" > ")[2] for line in statement.context.splitlines()]
    named = [line for line in told if not line.rpartition(": ")[2][:1].isdigit()]
    of = [one for one in dict.fromkeys((*(named or told), *timed)) if one != statement.text]
    return f" ({'; '.join(of)})" if of else ""
