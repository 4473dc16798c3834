"""What a question counts or measures, and numbers that are written as words."""

import re

from rsvlm.rag.questions.reading import singular, stop_words

_VERBS = (
    "are|is|was|were|do|does|did|has|have|had|can|could|in|at|on|of|near|with|there|live|lives|lived|stand|lie|were|per|"
    "came|visit|visited|use|used"
)
_COUNTED = re.compile(rf"\bhow many ((?:[^\W\d_]+ ){{0,3}}?[^\W\d_]+)(?= (?:{_VERBS})\b|\W*$)")
_OF_THEM = re.compile(r"\bhow many of .+? (?:are|is|were|was|have|has|had) (.+)$")
_TOOK = re.compile(
    r"\bhow long (?:(?:did|does|do|has|have|had|will)\b"
    r"|(?:was|were|is|are) .*\b(?:\w+ed|shut|open|under|away|there)\W*$)"
)
_SPELLED = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|a hundred)"
)
DURATION = re.compile(
    rf"\b(?:\d[\d,.]*|{_SPELLED}|half an?|an?)(?: and a half)? "
    r"(?:second|minute|hour|night|day|week|month|year|decade|centur)\w*",
    re.IGNORECASE,
)
"""A span of time: "nine days"."""


def counted_in(text: str, topics: tuple[frozenset[str], ...]) -> frozenset[str]:
    """What "how many" asks for, in the singular, with the words that mean the same.

    >>> sorted(counted_in("how many of the boats built here were ferries?", ()))
    ['ferry']
    """
    of_them = _OF_THEM.search(text)
    if of_them is not None:
        words = (word for word in re.findall(r"[^\W\d_]+", of_them[1]) if word not in stop_words())
        noun = next(words, "")
    else:
        match = _COUNTED.search(text)
        noun = match[1].rpartition(" ")[2] if match else ""
    if not noun:
        return frozenset()
    same = next((group for group in topics if {singular(noun), noun} & group), frozenset())
    return frozenset({singular(noun), *map(singular, same)})


def asks_how_long_it_took(text: str) -> bool:
    """Whether a question asks for a span of time: "how long did the ferry run", not "how long is the ferry"."""
    return _TOOK.search(text) is not None


def spelled(text: str, counted: frozenset[str]) -> re.Match[str] | None:
    """A number in letters before what is counted: "one" in "has one runway"."""
    for match in re.finditer(rf"\b{_SPELLED}\b(?=((?: [^\W\d_]+){{1,3}}))", text, re.IGNORECASE):
        if any(singular(word.lower()) in counted for word in match[1].split()):
            return match
    return None
