"""A list of answers, wherever in a text it stands: "Our form has 0-25 %, 25-50 % or more. How much is forest?"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from .asked import Asked, Thing
from .classes import class_names
from .offers import options_of
from .options import trimmed

_OR = re.compile(r"\bor\b", re.IGNORECASE)
_EDGES = ";:?!()"
_END = re.compile(rf"[,{_EDGES}]")
_NUMBER = r"\d+(?:\.\d+)?\s*(?:%|per ?cent)?"
_RANGE = (
    rf"(?:{_NUMBER}\s*(?:-|\u2013|to)\s*{_NUMBER}|(?:more than|less than|over|under|above|below)\s+{_NUMBER})"
)
_SIDE = (
    r"(?:top|upper|bottom|lower|middle|centre|center|central|left|right|north(?:ern)?|south(?:ern)?|east(?:ern)?|"
    r"west(?:ern)?)"
)
_PLACE = rf"(?:the )?{_SIDE}(?:[- ]?{_SIDE})?(?: (?:corner|half|part|quarter|quadrant|side|edge|third))?"
_BEFORE_FIRST = re.compile(
    r".*\b(?:from|of|between|among|namely|named|called|are|is|be|only|say|says|enter|either|it|this|into|for|as|"
    r"shows?|choose|pick|select|classes|labels?)\s+",
    re.IGNORECASE | re.DOTALL,
)
_AFTER_LAST = re.compile(
    r"\s+(?:in|on|of|from|at|by|here|there|covers?|is|are|does|do|has|have|fits?|match(?:es)?|which|that|what|only|please|"
    r"takes?|comes?|best|the)\b.*|\.(?:\s.*)?$",
    re.IGNORECASE | re.DOTALL,
)
_ASKS = re.compile(r"\b(?:what|which|wich|where|who|how|when)\b", re.IGNORECASE)
_TELLS = re.compile(r"\W*(?:i|we|my|our|you)\b", re.IGNORECASE)
_MOST_WORDS, _MOST_ITEMS, _MOST_LISTS = 4, 14, 10

Sort = Literal["range", "place", "thing"]
Piece = tuple[int, str]
"""Where in the text it begins, and its words."""


class Enumeration(NamedTuple):
    """A list of answers.

    Attributes:
        sort: What they are.
        items: Their words.
        rest: The text without them.
    """

    sort: Sort
    items: tuple[str, ...]
    rest: str


def enumeration_in(text: str) -> Enumeration | None:
    """Return the last list of three or more short answers with "or" before the last one; None where there is none.

    >>> enumeration_in("We sort tiles into forest, water or road. Which is it?").items
    ('forest', 'water', 'road')
    """
    for match in reversed(list(_OR.finditer(text))[-_MOST_LISTS:]):
        pieces = _pieces(text, match)
        if len(pieces) < 3:
            continue
        found = _items_like(pieces, _RANGE) or _items_like(pieces, _PLACE)
        sort: Sort = (
            "thing" if not found else "range" if re.match(r"\d|\w+ (?:than )?\d", found[-1][1]) else "place"
        )
        found = found or _things(pieces)
        if len(found) < 3:
            continue
        begin, end = found[0][0], found[-1][0] + len(found[-1][1])
        rest = f"{text[:begin].rstrip(' ,:(')} {text[end:].lstrip(' )')}"
        return Enumeration(sort, tuple(_plain(item) for _, item in found), rest)
    return None


def _pieces(text: str, match: re.Match[str]) -> list[Piece]:
    """What commas part before an "or", back to another mark, and what follows it up to the next mark."""
    begin = max(text.rfind(edge, 0, match.start()) for edge in _EDGES) + 1
    before = text[begin : match.start()].rstrip(" ,")
    found = []
    for piece in before.split(","):
        found.append((begin, piece))
        begin += len(piece) + 1
    end = _END.search(text, match.end())
    return [*found[-_MOST_ITEMS:], (match.end(), text[match.end() : end.start() if end else len(text)])]


def _items_like(pieces: Sequence[Piece], pattern: str) -> list[Piece]:
    """The pieces of a list of ranges or parts of an image: of the first its end, of the last its beginning."""
    last = re.match(rf"\s*({pattern})", pieces[-1][1], re.IGNORECASE)
    if last is None:
        return []
    found = [(pieces[-1][0] + last.start(1), last[1])]
    for begin, piece in reversed(pieces[:-1]):
        own = re.search(rf"(?<![\w.])({pattern})\s*$", piece, re.IGNORECASE)
        if own is not None:
            found.insert(0, (begin + own.start(1), own[1]))
        if own is None or piece[: own.start(1)].strip():
            break
    return found


def _things(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces of a list of things: of the first what follows "from", "is it", of the last what precedes a verb."""
    *middle, (begin, text) = [(at + len(one) - len(one.lstrip()), one.strip()) for at, one in pieces[1:]]
    last = _AFTER_LAST.sub("", text)
    if not 0 < len(last.split()) <= _MOST_WORDS or any(len(one.split()) > _MOST_WORDS for _, one in middle):
        return []
    found = [*middle, (begin, last)]
    at, text = pieces[0]
    first = text[text.rfind(". ") + 2 :] if ". " in text else text
    if len(first.split()) > _MOST_WORDS or _ASKS.search(first) or _BEFORE_FIRST.match(first):
        first = _BEFORE_FIRST.sub("", first)
    first = first.strip()
    if first and len(first.split()) <= _MOST_WORDS and not _ASKS.search(first):
        found.insert(0, (at + text.rindex(first), first))
    return found


def _plain(item: str) -> str:
    return trimmed(item) if not item[0].isdigit() else item.strip()


def choosing(asked: Sequence[Asked], text: str, found: Enumeration, rest: Sequence[Asked]) -> list[Asked]:
    """Read a text with a list as a question that offers its items, unless it has been read so already.

    Args:
        asked: What was read of the text.
        text: All of it.
        found: The list.
        rest: What is read of the text without the list.
    """
    offered = options_of(("", item) for item in found.items)
    same = [
        one
        for one in asked
        if {option.text.lower() for option in one.options} == {*map(str.lower, found.items)}
    ]
    if not same and (any(_is_any_of(one, found) for one in asked) or not _is_sure(found, asked)):
        return list(asked)
    kinds = {"range": ("how-much", "count"), "place": ("where",), "thing": ("which", "what", "how-much")}[
        found.sort
    ]
    chosen = same[0] if same else _best(rest, kinds)
    things = _with_classes(chosen.things if chosen else ()) or _with_classes(
        [thing for one in rest for thing in one.things]
    )
    counts = (
        chosen is not None
        and chosen.kind == "count"
        and not any("%" in one or "cent" in one for one in found.items)
    )
    mode = {"range": "count" if counts else "how-much", "place": "where", "thing": "what"}[found.sort]
    others = [one for one in (asked if same else rest) if one is not chosen and _is_of_its_own(one, things)]
    base = chosen or Asked("which", text)
    whole = text if not others else base.text
    result = replace(
        base, kind="which", text=whole, mode=mode, options=offered, things=tuple(things),
        relation=None if found.sort != "thing" else base.relation,
    )  # fmt: skip
    return [*others, result]


def _best(rest: Sequence[Asked], kinds: Sequence[str]) -> Asked | None:
    """The question that a list belongs to: by its kind, or by having things."""
    fitting = [one for one in rest if one.kind in kinds] or [one for one in rest if _with_classes(one.things)]
    return fitting[-1] if fitting else (rest[-1] if rest else None)


def _is_any_of(asked: Asked, found: Enumeration) -> bool:
    """Whether it is about all of the items: "Are there ships, boats or rafts?", "Count the ships, boats or rafts"."""
    names = {name for item in found.items for name in class_names(item)[:1]}
    about = {one.name for one in asked.things} & names
    return found.sort == "thing" and asked.kind not in ("which", "what", "fact") and len(about) > 1


def _is_sure(found: Enumeration, asked: Sequence[Asked]) -> bool:
    if found.sort != "thing":
        return True
    known = sum(bool(class_names(item)) for item in found.items)
    return known == len(found.items) or (
        2 * known >= len(found.items) and not any(one.options for one in asked)
    )


def _is_of_its_own(asked: Asked, things: Sequence[Thing]) -> bool:
    """Whether a question beside that with the list asks for something else."""
    own = _with_classes(asked.things)
    if (
        asked.kind in ("what", "which", "fact")
        or _TELLS.match(asked.text)
        or not (own or asked.kind == "describe")
    ):
        return False
    return not {one.name for one in own} & {one.name for one in things}


def _with_classes(things: Sequence[Thing]) -> list[Thing]:
    return [one for one in things if one.classes]
