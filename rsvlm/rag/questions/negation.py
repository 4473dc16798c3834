"""Whether "yes" to a question says that something is not so."""

import re

from .asked import Kind

_NEVER = re.compile(
    r"\b(?:no one|no (?!(?:more|less|fewer) than\b)|without|never|none|nothing (?!but\b|else\b)|lacks?|lacking|"
    r"absent|absence|missing|devoid|neither|free (?:of|from)|cloudless|treeless)\b"
)
_FREE = re.compile(r"[^\W\d_]-free\b|\bcloud free\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|n't)\b(?! (?:more|less|fewer) than\b)")
_UNSURE = re.compile(
    r"\b(?:whether )?or (?:not?|none)\b|\byes or no\b|\bnot (?:just|only)\b|\bno (?:idea|doubt|problem)\b|"
    r"\bno (?:text|words?|explanations?|speculation|comments?|details|numbers|decimals)\b|"
    r"\bnot (?:the ones?|those|that|these)\b.*$| (?:no|not)$"
)
_RHETORICAL = re.compile(
    r"^(?:\w+) (?:n't|(?:this|that|it|these|those|they|there|you|we|i|he|she) (?:not|n't))\b"
)
_ASKING = re.compile(r"\b(?:what|which|how|where|whereabouts|count|number|share|percentage)\b")
_OTHERS = re.compile(r"\b(?:not|n't|non|without|no)\b")


def is_negated(kind: Kind, line: str, text: str) -> bool:
    """Say whether a question asks for what is not.

    "Isn't this farmland?" and "Is this not farmland?" are answered as if they had no "not"; "Is there no water?" and
    "This isn't farmland, right?" are not.

    Args:
        kind: Kind of the question.
        line: Its words without what leads in.
        text: As asked.
    """
    if kind in ("describe", "compare", "fact"):
        return False
    line = _UNSURE.sub(" ", line)
    if kind != "yes-no":
        asking = _ASKING.search(line)
        return bool(_OTHERS.search(line, asking.start() if asking else 0))
    if _NEVER.search(line) or _FREE.search(text):
        return True
    rest = _RHETORICAL.sub("", line, count=1)
    return bool(_NOT.search(_untagged(rest)))


def _untagged(line: str) -> str:
    """Cut a tag: "isn't it"."""
    return re.sub(r" (?:is|are|does|do|was|were) n't (?:it|this|that|they|there|you|so)$", "", line)
