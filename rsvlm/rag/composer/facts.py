"""Questions of fact: the retrieved statement that answers, quoted, or none.

A statement answers when it has all that the question names: the place, the month, the year, the variable, and every
word that is no mere way of asking. What is about another place or month, however near the search puts it, does not. A
line of data ("ALBEDO: 0.45; NDVI: 0.2") is read value by value.
"""

from dataclasses import replace

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked

from .finding import Finding, Scene, unknown
from .matching import Wanted, answers, value_of, wanted_of
from .statements import Statement, statements_of

DEPTH = 30
"""Chunks that are read for an answer."""
_ENOUGH = 0.5
"""How well a statement must answer."""


def fact(asked: Asked, scene: Scene) -> Finding:
    """Answer a question of fact by quoting what holds the answer."""
    wanted = wanted_of(asked)
    if wanted.is_empty:
        return unknown("the question names nothing that I could look up")
    evidence = scene.find(asked.text, DEPTH)
    best: tuple[float, Evidence, Statement] | None = None
    for one in evidence:
        for statement in statements_of(one.chunk.text, one.chunk.where):
            fit = answers(wanted, statement, one.chunk)
            if fit is not None and fit >= _ENOUGH and (best is None or fit + one.score > best[0]):
                best = fit + one.score, one, statement
    if best is None:
        return unknown("nothing that I found says so")
    _, source, statement = best
    return _quoted(wanted, statement, replace(source, quote=statement.text))


def _quoted(wanted: Wanted, statement: Statement, source: Evidence) -> Finding:
    value = value_of(wanted, statement)
    short = value or statement.text
    text = (
        f"{value}: \u201c{statement.text}\u201d"
        if value and value != statement.text
        else f"\u201c{statement.text}\u201d"
    )
    return Finding(text, short, 0.9, (source,))
