"""The forms of clauses as patterns over the codes of their lexemes, and how a clause is read by them."""

import re
from collections.abc import Callable, Sequence

from rsvlm.captioning.verify import clauses, spreads
from rsvlm.captioning.verify.clauses import Parts
from rsvlm.captioning.verify.lexemes import Lexeme
from rsvlm.captioning.verify.state import State

_ITEM = "NS?W?"
_LIST = f"{_ITEM}(?:(?:,{_ITEM})*&{_ITEM})?"
_PLAIN = f"(?:(?:,?T|,H)(?P<with_>{_LIST}))?"
_WITH_WORD = f",T(?P<with>{_LIST})(?P<word>R)"
_SECOND = f"(?:,T(?P<with2>{_LIST})(?P<word2>R)?)?"
_RELATION = f"(?:,?(?P<relation>K{_LIST})|(?P<relation_>iN)){_SECOND}|,(?P<relation__>A{_LIST})"
_TAIL = f"(?:{_WITH_WORD}|{_RELATION})"


_form = re.compile

FORMS: tuple[tuple[re.Pattern[str], Callable[[State, Parts], None]], ...] = (
    # 2.1 Presence: of a list, of the focus alone, and with relations, which only the focus can have
    (_form(f"(?:i(?P<lead>N),)?O?(?P<list>{_LIST}){_PLAIN}"), clauses.presence),
    (_form(f"(?:i(?P<lead>N),)?O?(?P<focus>{_ITEM})(?:{_TAIL}|{_PLAIN})"), clauses.presence),
    (_form(f"(?P<list>{_LIST})c"), clauses.presence),
    (_form(f"(?P<focus>{_ITEM})c"), clauses.presence),
    (_form(f"(?P<list>{_LIST})[VB](?P<where>W){_PLAIN}"), clauses.placed),
    (_form(f"(?P<focus>{_ITEM})[VB](?P<where>W)(?:{_TAIL}|{_PLAIN})"), clauses.placed),
    (_form(f"(?P<where>W)B(?P<list>{_LIST}){_PLAIN}"), clauses.placed),
    (_form(f"(?P<where>W)B(?P<focus>{_ITEM})(?:{_TAIL}|{_PLAIN})"), clauses.placed),
    (_form(f"(?P<where>W),(?P<focus>NS?)[VB](?P<relation>[KA]{_LIST})"), clauses.placed),
    # 2.2 Relations
    (_form(f"(?P<word0>R)B(?P<list>{_LIST})"), clauses.around_it),
    (_form(f"(?P<relation1>K)(?P<focus>{_ITEM})B(?P<relation>{_LIST})"), clauses.beside_focus),
    (_form(f"(?P<list>{_LIST})u(?:(?P<focus>NS?W?)|t)"), clauses.surrounds),
    (_form(f"(?P<relation>U{_LIST})"), clauses.around_it),
    (_form(f"I(?P<relation>K{_LIST})(?:(?:,?T|,H)(?P<with2>{_LIST})(?P<word2>R)?)?"), clauses.around_it),
    (_form("I(?P<where>W)"), clauses.it_is),
    (_form("(?P<size>Z)"), clauses.it_is),
    # 2.3 Cover by objects
    (_form(f"(?P<list>N)v(?P<share>[Qq]){_PLAIN}"), spreads.covers),
    (_form(f"(?P<share>Q)Bb?(?P<list>N){_PLAIN}"), spreads.covers),
    (_form(f"(?P<share>m)b?(?P<list>N){_PLAIN}"), spreads.covers),
    (_form(f"(?P<share>y)(?P<list>N),T(?P<with>{_LIST})"), spreads.covers),
    # 2.4 Lines
    (_form(f"(?P<list>NS?)(?P<verb>x)(?P<way>f)?{_PLAIN}"), spreads.crosses),
    (_form(f"(?P<list>NS?)(?P<verb>g){_PLAIN}"), spreads.runs_through),
    (_form(f"(?P<list>NS?)(?P<verb>E){_PLAIN}"), spreads.runs_along_edge),
    (_form(f"(?P<list>NS?)(?P<verb>a){_PLAIN}"), spreads.runs_along_it),
)

_NAMES = "lead list where with word relation with2 word2 word0 relation1 focus size share verb way"


def read_clause(state: State, lexemes: Sequence[Lexeme], first: bool) -> State | None:
    """Read one clause by the first form of which it is true, else by the first that fits; None where no form fits.

    Returns:
        The state after it; its `problems` are those of the clause. `first`: whether it opens a sentence.
    """
    codes = "".join(lexeme.code for lexeme in lexemes)
    skip = 2 if first and codes.startswith("e,") else 0
    fitting: State | None = None
    for pattern, check in FORMS:
        match = pattern.fullmatch(codes, skip)
        if match is None:
            continue
        trial = state.copy()
        check(trial, _parts(match, lexemes))
        if not trial.problems:
            return trial
        fitting = fitting or trial
    return fitting


def _parts(match: re.Match[str], lexemes: Sequence[Lexeme]) -> Parts:
    parts: Parts = {name: [] for name in _NAMES.split()}
    for name, codes in match.groupdict().items():
        if codes is not None:
            parts[name.rstrip("_")] = list(lexemes[match.start(name) : match.end(name)])
    if parts["relation1"]:  # "beside a church are two houses": the relation word stands before the focus
        parts["relation"] = parts["relation1"] + parts["relation"]
    return parts
