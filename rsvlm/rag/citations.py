"""Citations in what a generator wrote: those of evidence that it was shown stay, all others go.

A citation is a number in square brackets, or several. What else stands in brackets and looks like one ("[source: x]",
"[^3]", "\u3010 3\u2020page\u3011", a link) would be taken for one, and goes too.
"""

import re
import unicodedata
from collections.abc import Sequence

from .evidence import Evidence
from .unseen import without_unseen

_OPEN, _CLOSE = r"\[\uff3b\u3010\u3014\u27e6", r"\]\uff3d\u3011\u3015\u27e7"
_CLOSING = tuple("]\uff3d\u3011\u3015\u27e7")
_LINK = r"\((?:[^()\n]|\([^()\n]{0,100}\)){0,500}\)|: *\w+:\S+"
_BRACKETS = re.compile(
    rf"\s{{0,9}}[{_OPEN}]{{1,3}}(?P<said>[^{_OPEN}{_CLOSE}]{{0,200}})[{_CLOSE}]{{1,3}}(?P<target>{_LINK})?"
)
"""With what makes a link of it."""
_ROUND = re.compile(
    r"\s{0,9}[(\uff08](\d{1,4}(?:\s{0,9}[,;]\s{0,9}\d{1,4})*)[)\uff09](?P<end>\s{0,9}(?:[.!?;]|$))?",
    re.MULTILINE,
)
_RAISED = re.compile(r"<(sup|cite|ref)\b[^<>]{0,200}>([^<>]{0,100})</\1>", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,4}(?:\s*(?:[,;&]|and)\s*\d{1,4})*")
_SAYS_SO = re.compile(
    r"\W*(?:sources?|evidence|ref(?:erence)?s?|cit\w*|doc(?:ument)?s?|chunks?|notes?|pages?|pp?\.|see|from|via|https?|www)\b"
    r"|[#^*@\u2020]",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"[-+~]?\d+(?:[.,]\d+)?\s*(?:%|°|m|km|ha|px|m²|m2|km²|km2|metres?|meters?|kilomet(?:re|er)s?|hectares?|pixels?|"
    r"degrees?|acres?|square (?:kilo)?met(?:re|er)s?)",
    re.IGNORECASE,
)
_OURS = re.compile(r"\[(\d{1,4})\]")
_BLANKS = re.compile(r"\s{4,}")
_DEEPEST = 5
"""Brackets within brackets that are looked into; all those of a text that has more become round."""
_ROMAN = re.compile(r"[IVXLivxl]+")
_LETTER = re.compile(r"[A-Ha-h]")
"""An option that was chosen, not a citation."""
_COMMANDS = re.compile("\x1b\\[[0-?]{0,30}[ -/]{0,9}[@-~]|\x1b\\][^\x07\x1b]{0,200}(?:\x07|\x1b\\\\)")
"""Of a terminal."""
_DECIMAL = re.compile(r"-?\d{1,6}(?:\.\d{1,9})?")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_UNKNOWN = re.compile(
    r"\b(?:i|we) (?:do not|don't|cannot|can't) (?:know|tell|answer|determine|say)\b", re.IGNORECASE
)


def checked(text: str, evidence: Sequence[Evidence]) -> tuple[str, tuple[Evidence, ...], int]:
    """Return a text with the citations that it may have, what it cites, and how many citations were taken out.

    A number in round brackets is taken for a citation where evidence has it, or where a sentence ends with it. The box
    of a thing, or a value with its unit, is none, and stands in round brackets.

    Args:
        text: What a generator wrote.
        evidence: What it was shown.
    """
    known = {one.number: one for one in evidence}
    removed = 0

    def kept(numbers: Sequence[int], match: re.Match[str]) -> str:
        nonlocal removed
        ours = [number for number in numbers if number in known]
        removed += len(numbers) - len(ours)
        before = match.string[max(0, match.start() - 1) : match.start()]
        blank = "" if before in _CLOSING and not match[0][0].isspace() else " "
        return blank + "".join(f"[{number}]" for number in ours) if ours else ""

    def in_square(match: re.Match[str]) -> str:
        nonlocal removed
        said = _plain(match["said"])
        if _is_data(said):
            return f"{match[0][: -len(match[0].lstrip())]}({said})"
        if _NUMBERS.fullmatch(said):
            return kept(_numbers(said), match)
        if _is_like_a_citation(said):
            removed += 1
            return ""
        return f" {match['said']}" if match["target"] else match[0]

    def in_round(match: re.Match[str]) -> str:
        numbers = _numbers(match[1])
        unknown = not set(numbers) & set(known)
        if _is_data(match[1]) or (unknown and (match["end"] is None or max(numbers) >= 100)):
            return match[0]  # a number in brackets, no citation
        return kept(numbers, match) + (match["end"] or "")

    plain = _BLANKS.sub(lambda match: match[0][:3], without_unseen(_COMMANDS.sub("", text)))
    before, found = "", _RAISED.sub(r"[\2]", plain)
    for _ in range(_DEEPEST):  # what is left of "[1[7]2]" is a citation again
        before, found = found, _ROUND.sub(in_round, _BRACKETS.sub(in_square, found))
        if found == before:
            break
    else:
        found = found.translate(_ROUNDED)
    cited = dict.fromkeys(int(one) for one in _OURS.findall(found))
    return found.strip(), tuple(known[number] for number in cited), removed


def without_citations(text: str) -> str:
    """A text that is quoted: its own citations, which are none of ours, in round brackets."""
    return _BRACKETS.sub(
        lambda match: (
            match[0].translate(_ROUNDED) if _is_like_a_citation(_plain(match["said"])) else match[0]
        ),
        text,
    )


_ROUNDED = str.maketrans("[\uff3b\u3010\u3014\u27e6]\uff3d\u3011\u3015\u27e7", "((((()))))")


def is_unknown(text: str) -> bool:
    """Whether a text begins by saying that there is no answer: what it does not know besides, is told with one."""
    first = _SENTENCE_END.split(" ".join(text.replace("\u2019", "'").split()), maxsplit=1)[0]
    return not first or _UNKNOWN.search(first) is not None


def _is_data(said: str) -> bool:
    """Whether what is in brackets is the corners of a box or of several, or a value with its unit."""
    numbers = [one.strip() for one in said.split(",")]
    if len(numbers) >= 4 and all(_DECIMAL.fullmatch(one) for one in numbers):
        return any("." in one or len(one) > 2 for one in numbers)
    return _VALUE.fullmatch(said) is not None


def _plain(said: str) -> str:
    """What is in brackets, as it looks: without letters that are not seen, digits and letters in their usual form."""
    seen = "".join(letter for letter in said if unicodedata.category(letter) not in ("Cf", "Mn"))
    return unicodedata.normalize("NFKC", seen).strip()


def _numbers(text: str) -> list[int]:
    return [int(one) for one in re.findall(r"\d+", text)]


def _is_like_a_citation(said: str) -> bool:
    """Whether what is in brackets has a number, says that it is a source, or is so short that it may be a numeral."""
    if _LETTER.fullmatch(said):
        return False
    is_number = any(map(str.isnumeric, said)) or _ROMAN.fullmatch(said) is not None
    return len(said) <= 2 or is_number or _SAYS_SO.match(said) is not None
