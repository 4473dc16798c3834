"""Texts cut into statements: sentences, and the single values of lines of data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"(?<=[.!?])(?:\[\d+\])*[\"')\]]*\s+(?=[\"'(\[]?[^\W_a-z])")
_ABBREVIATION = re.compile(
    r"\b(?:et al|cf|e\.g|i\.e|approx|ca|c|vs|no|fig|st|mt|dr|prof|mr|mrs|ms|jr|sr|(?-i:[A-Z]))\.$",
    re.IGNORECASE,
)
_LONGEST = 12
"""Words of the name of a value."""
_VERB = re.compile(r"\s(?:is|are|was|were|has|have|had|shows?|lies|means)\s")
_GOES_ON = re.compile(r"(?:it|its|they|their|he|his|she|her|this|these|those)\b", re.IGNORECASE)
_FIELD = re.compile(r"\s*([^;\n]{1,160}?)\s*[:=]\s+(\S[^;\n]*?)\s*$")
_BULLET = re.compile(r"^\s*[-*\u2022] (?=\S)")
_NAMES = re.compile(
    r"(?:^|[\s_])(?:name|site|station|place|id|code|species|plot|title|scene|tile|sample|sensor|satellite|city|town|lake"
    r"|river|country)$",
    re.IGNORECASE,
)
"""Names of values that say what a row is of."""
_IS_NUMBER = re.compile(r"[-+]?\d")
_LAST_FIELD = re.compile(r"\s*([^;\n]{1,160})[:=]\s+([-+]?\d[^;:\n]{0,40}?)\s*$")
"""Of "Piazza Navona: NDVI in May 2019: 0.2" the value is the number."""


@dataclass(frozen=True)
class Statement:
    """A part of a text that says one thing.

    Attributes:
        text: As it stands.
        context: What it stands under: a heading, the line that ends in a colon, the first of a line of data; and, of a
            sentence that begins with "it", the one before that says what "it" is.
        name: Of a line of data: what has the value; "" of a sentence.
        value: Of a line of data: the value.
        row: Of a line of data: all of it.
        before: Of a sentence that begins with "it": the one before that says what "it" is.
    """

    text: str
    context: str = ""
    name: str = ""
    value: str = ""
    row: str = ""
    before: str = ""


def statements_of(text: str, where: str = "") -> list[Statement]:
    """Return the statements of a text, in order.

    Args:
        text: Of a chunk.
        where: Of it: a heading that stands in it, and before the text, is context of all statements.
    """
    found: list[Statement] = []
    heading, colon, rest = text.partition(": ")
    title = heading if colon and "\n" not in heading and heading in where else ""
    head = subject = ""
    for given in (rest if title else text).splitlines():
        line = _BULLET.sub("", given)
        fields = [field for field in line.split(";") if field.strip()]
        pairs = [_LAST_FIELD.match(field) or _FIELD.match(field) for field in fields]
        if fields and all(pair is not None and _is_name(pair[1]) for pair in pairs):
            leads = _leads(fields, pairs)
            if (
                fields[0].partition(":")[0].strip() == head.partition(":")[0]
            ):  # another of what was told before
                head = ""
            for field, pair in zip(fields, pairs, strict=True):
                assert pair is not None
                context = [title, head, *(lead.strip() for lead in leads if lead is not field)]
                found.append(Statement(field.strip(), _joined(context), pair[1], pair[2], line.strip()))
            head = head or fields[0].strip()
            continue
        if line.strip().endswith(":"):
            head = line.strip()
        for sentence in _sentences(line):
            goes_on = _GOES_ON.match(sentence) is not None
            before = subject if goes_on else ""
            found.append(Statement(sentence, _joined([title, before]), before=before))
            subject = subject if goes_on else sentence
    return found


def _leads(fields: list[str], pairs: list[re.Match[str] | None]) -> list[str]:
    """The fields of a line that say what the others are of: the first, the first that is no number, names."""
    told = [(field, pair) for field, pair in zip(fields, pairs, strict=True) if pair]
    words = next((field for field, pair in told if not _IS_NUMBER.match(pair[2])), fields[0])
    named = [field for field, pair in told if _NAMES.search(pair[1])]
    return list(dict.fromkeys([fields[0], words, *named]))


def _is_name(text: str) -> bool:
    """Whether what stands before a colon names a value, and is no sentence."""
    return len(text.split()) <= _LONGEST and not _END.search(text) and not _VERB.search(text)


def _joined(parts: list[str]) -> str:
    return "\n".join(part for part in parts if part)


def _sentences(line: str) -> Iterator[str]:
    begin = 0
    for match in _END.finditer(line):
        if not _ABBREVIATION.search(line[begin : match.start()]):
            yield line[begin : match.start()].strip()
            begin = match.end()
    if rest := line[begin:].strip():
        yield rest
