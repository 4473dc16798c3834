"""Texts cut into statements: sentences, and the single values of lines of data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[^\W_a-z])")
_ABBREVIATION = re.compile(
    r"\b(?:et al|e\.g|i\.e|approx|ca|c|vs|no|fig|st|mt|dr|prof|mr|mrs|ms|jr|sr|[A-Z])\.$", re.IGNORECASE
)
_FIELD = re.compile(r"\s*([^;\n]{1,160}?)\s*[:=]\s+(\S[^;\n]*?)\s*$")
_LAST_FIELD = re.compile(r"\s*([^;\n]{1,160})[:=]\s+([-+]?\d[^;:\n]{0,40}?)\s*$")
"""Of "Piazza Navona: NDVI in May 2019: 0.2" the value is the number."""


@dataclass(frozen=True)
class Statement:
    """A part of a text that says one thing.

    Attributes:
        text: As it stands.
        context: What stands before it in its text, and belongs to it: a heading, the first line of a list.
        name: Of a line of data: what has the value; "" of a sentence.
        value: Of a line of data: the value.
    """

    text: str
    context: str = ""
    name: str = ""
    value: str = ""


def statements_of(text: str, where: str = "") -> list[Statement]:
    """Return the statements of a text, in order.

    Args:
        text: Of a chunk.
        where: Of it: a heading that stands in it, and before the text, is context of all statements.
    """
    found: list[Statement] = []
    heading, colon, rest = text.partition(": ")
    context = heading if colon and "\n" not in heading and heading in where else ""
    text = rest if context else text
    for line in text.splitlines():
        fields = [field for field in line.split(";") if field.strip()]
        pairs = [_LAST_FIELD.match(field) or _FIELD.match(field) for field in fields]
        if fields and all(pairs):
            heading = context
            for field, pair in zip(fields, pairs, strict=True):
                assert pair is not None
                found.append(Statement(field.strip(), heading, pair[1], pair[2]))
                heading = f"{context} {fields[0].strip()}".strip()
        else:
            for sentence in _sentences(line):
                found.append(Statement(sentence, context))
                context = context or sentence
        context = context or line.strip()
    return found


def _sentences(line: str) -> Iterator[str]:
    begin = 0
    for match in _END.finditer(line):
        if not _ABBREVIATION.search(line[begin : match.start()]):
            yield line[begin : match.start()].strip()
            begin = match.end()
    if rest := line[begin:].strip():
        yield rest
