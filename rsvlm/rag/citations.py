"""Citations in what a generator wrote: those of evidence that it was shown stay, all others go."""

import re
from collections.abc import Sequence

from .evidence import Evidence

_CITED = re.compile(r"\s*[\[【(](\d{1,4}(?:\s*[,;]\s*\d{1,4})*)[\]】)]")
_BRACKETS = re.compile(r"\s*[\[【]\s*\d[^\]】\n]{0,60}[\]】]")
_UNKNOWN = re.compile(
    r"\b(?:i|we) (?:do not|don't|cannot|can't) (?:know|tell|answer|determine|say)\b", re.IGNORECASE
)


def checked(text: str, evidence: Sequence[Evidence]) -> tuple[str, tuple[Evidence, ...], int]:
    """Return a text with the citations that it may have, what it cites, and how many citations were taken out.

    A citation is a number in square brackets, or several; in round ones it is taken for one where evidence has it.

    Args:
        text: What a generator wrote.
        evidence: What it was shown.
    """
    known = {one.number: one for one in evidence}
    cited: dict[int, Evidence] = {}
    removed = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal removed
        numbers = [int(one) for one in re.findall(r"\d+", match[1])]
        if match[0].lstrip()[0] == "(" and not set(numbers) <= set(known):
            return match[0]  # a number in brackets, no citation
        kept = [number for number in numbers if number in known]
        removed += len(numbers) - len(kept)
        cited.update((number, known[number]) for number in kept)
        return " " + "".join(f"[{number}]" for number in kept) if kept else ""

    found = _CITED.sub(mend, text)
    # "[3, page 2]", "[1-9]": what is none of ours would look like a citation
    ours = re.compile(r"\s*\[(?:" + "|".join(map(str, known)) + r")\]") if known else None

    def strip(match: re.Match[str]) -> str:
        nonlocal removed
        if ours is not None and ours.fullmatch(match[0]):
            return match[0]
        removed += 1
        return ""

    return _BRACKETS.sub(strip, found).strip(), tuple(cited.values()), removed


def is_unknown(text: str) -> bool:
    """Whether a text says that there is no answer."""
    return not text.strip() or _UNKNOWN.search(" ".join(text.replace("\u2019", "'").split())) is not None
