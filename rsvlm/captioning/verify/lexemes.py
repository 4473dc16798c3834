"""The sentences of style `natural` as a row of lexemes: noun phrases, places, sizes and the fixed words between them.

Every lexeme has a code of one letter, so that the forms of the grammar can be told as patterns of codes.
"""

from typing import Any, NamedTuple

from rsvlm.captioning.verify.lexicon import Phrases
from rsvlm.captioning.verify.phrases import noun_phrase_at
from rsvlm.captioning.verify.places import PLACES, place_words
from rsvlm.captioning.verify.sizes import SHARES, measure_at
from rsvlm.captioning.verify.things import Things


class Lexeme(NamedTuple):
    """A piece of a caption: code (see `FIXED`; N noun phrase, S size, Z "it covers about ...", W place, ? unknown)."""

    code: str
    value: Any
    text: str


def _fixed() -> dict[str, tuple[str, Any]]:
    """Fixed words -> (code, value)."""
    found: dict[str, tuple[str, Any]] = {
        "mostly": ("y", "mostly"),
        "the image is mostly": ("m", "mostly"),
        "the image is almost entirely": ("m", "almost entirely"),
        "covered by": ("b", None),
        "seen from above": ("e", None),
        "with": ("T", None),
        "along with": ("H", None),
        "together with": ("H", None),
        "surrounded by": ("A", "around"),
        "it is surrounded by": ("U", "around"),
        "near": ("K", "near"),
        "in": ("i", "in"),
        "nearby": ("R", ("near", False)),
        "close by": ("R", ("near", False)),
        "around it": ("R", ("around", False)),
        "above it": ("R", ("up", False)),
        "below it": ("R", ("down", False)),
        "it": ("t", None),
        ",": (",", None),
        ";": (";", None),
        "and": ("&", None),
        "while": ("w", None),
        ".": (".", None),
    }
    openers = (
        "there is, there are, there is also, there are also, the image shows, the scene shows, a view of, this is, "
        "also visible is, also visible are, the image also shows"
    )
    found |= dict.fromkeys(openers.split(", "), ("O", None))
    found |= dict.fromkeys(("can be seen", "completes the scene", "complete the scene"), ("c", None))
    found |= dict.fromkeys(("lie", "lies", "stand", "stands"), ("V", None))
    found |= dict.fromkeys(("is", "are"), ("B", None))
    found |= {f"it {words}": ("I", None) for words in ("lies", "stands", "is")}
    found |= dict.fromkeys(("surround", "surrounds"), ("u", "around"))
    found |= dict.fromkeys(("cover", "covers", "take up", "takes up"), ("v", None))
    found |= {words: ("q", words) for words in SHARES if not words.endswith("ly")}
    found |= {f"{words} of the image": ("Q", words) for words in SHARES if not words.endswith("ly")}
    for words in ("next to", "beside"):
        found[words] = ("K", "beside")
        found[f"{words} it"] = ("R", ("beside", False))
    for side in ("north", "east", "south", "west"):
        found[f"to the {side} of it"] = ("R", (side, True))
    for side in ("left", "right"):
        found[f"to the {side} of it"] = ("R", (side, False))
    return found | _line_words()


_PARTS = {
    "northern": ("rows", 0, True),
    "southern": ("rows", 2, True),
    "western": ("columns", 0, True),
    "eastern": ("columns", 2, True),
    "upper": ("rows", 0, False),
    "lower": ("rows", 2, False),
    "left": ("columns", 0, False),
    "right": ("columns", 2, False),
    "central": ("either", 1, True),
    "middle": ("either", 1, False),
}
"""Part of the image -> (of its rows or its columns, which third, whether it is a compass word)."""

_EDGES = {
    "northern": ("north", True),
    "southern": ("south", True),
    "western": ("west", True),
    "eastern": ("east", True),
    "upper": ("north", False),
    "lower": ("south", False),
    "left": ("west", False),
    "right": ("east", False),
}
"""Edge or side -> (its name, whether it is a compass word)."""


def _line_words() -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {
        "from west to east": ("f", ("across", True)),
        "from left to right": ("f", ("across", False)),
        "from north to south": ("f", ("down", True)),
        "from top to bottom": ("f", ("down", False)),
    }
    for verb in ("crosses", "runs across"):
        found[f"{verb} the image"] = ("x", None)
        found |= {f"{verb} the {part} part of the image": ("x", value) for part, value in _PARTS.items()}
    for words, (place, compass) in place_words().items():
        bare = words.split("the ", 1)[1]
        if place[0] != "scattered":
            found |= {f"{verb} through the {bare}": ("g", (place, compass)) for verb in ("runs", "run")}
    for edge, value in _EDGES.items():
        found[f"runs along the {edge} edge"] = found[f"runs along the {edge} edge of the image"] = (
            "E",
            value,
        )
        found[f"runs along its {edge} side"] = ("a", value)
    return found


FIXED = Phrases({words: (*value, words) for words, value in _fixed().items()})
_MEASURES = Phrases(
    {
        "of about": ("S", True),
        "covering about": ("S", True),
        "about": ("S", False),
        "it covers about": ("Z", True),
        "it is about": ("Z", False),
    }
)
KNOWN_WORDS = FIXED.words() | PLACES.words() | _MEASURES.words()
"""The words of the grammar. Where one of them is left over, it is the form that is wrong, not the word."""


def lexemes(words: list[str], things: Things) -> list[Lexeme]:
    """All lexemes of a caption: at each word a size, else the longest of fixed words, places and noun phrases."""
    found: list[Lexeme] = []
    at = 0
    while at < len(words):
        lexeme, at = _lexeme_at(words, at, things)
        found.append(lexeme)
    return found


def _lexeme_at(words: list[str], at: int, things: Things) -> tuple[Lexeme, int]:
    size = _size_at(words, at)
    if size is not None:
        return size
    place, fixed = PLACES.longest(words, at), FIXED.longest(words, at)
    noun_phrase = noun_phrase_at(words, at, things.groups)
    ends = (place[1] if place else at, fixed[1] if fixed else at, noun_phrase[1] if noun_phrase else at)
    longest = max(ends)
    if fixed is not None and fixed[1] == longest:
        return Lexeme(*fixed[0]), longest
    if place is not None and place[1] == longest:
        return Lexeme("W", place[0], place[0][0]), longest
    if noun_phrase is not None:
        return Lexeme("N", noun_phrase[0], noun_phrase[0].text), longest
    return Lexeme("?", words[at], words[at]), at + 1


def _size_at(words: list[str], at: int) -> tuple[Lexeme, int] | None:
    """A size: lengths end in "long"; the value is (text, whether it is an area)."""
    opening = _MEASURES.longest(words, at)
    if opening is None:
        return None
    (code, wants_area), start = opening
    measure = measure_at(words, start)
    if measure is None or measure[1] != wants_area:
        return None
    text, is_area, end = measure
    if not is_area:
        if words[end : end + 1] != ["long"]:
            return None
        end += 1
    return Lexeme(code, (text, is_area), text), end
