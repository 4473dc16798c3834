"""Texts cut into statements: sentences, and the single values of lines of data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .times import is_date

_END = re.compile(r"(?<=[.!?])(?:[\"')\]]|[(\[]\d{1,2}[)\]])*\s+(?=[\"'(\[]?[^\W_a-z])")
"""Between sentences, behind the marks of footnotes, too: "of stone.(2) The"."""
_OF_A_LIST = re.compile(r"\s*\d{1,3}\.")
"""What numbers a heading or an item: "1. Population"."""
_ABBREVIATION = re.compile(
    r"\b(?:et al|cf|e\.g|i\.e|approx|ca|c|vs|no|fig|st|mt|dr|prof|mr|mrs|ms|jr|sr|(?-i:[A-Z]))\.$",
    re.IGNORECASE,
)
_LONGEST = 12
"""Words of the name of a value."""
_VERB = re.compile(r"\s(?:is|are|was|were|has|have|had|shows?|lies|means)\s")
_GOES_ON = re.compile(r"(?:it|its|they|their|he|his|she|her|this|these|those)\b", re.IGNORECASE)
_FIELD = re.compile(r"\s*([^;\n]{1,160}?)\s*[:=]\s+(\S[^;\n]*?)\s*$")
_IN_SENTENCES = re.compile(r"(?:the|it|they|he|she|we|there)\b", re.IGNORECASE)
"""How sentences begin whose verb is none of the common ones."""
_LONG = 100
"""Letters from which a place in a source may be cut: it then says only how a heading begins."""
_LONGEST_HEADING = 1000
"""Letters."""
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
        context: What it stands under: a heading, the date of an entry, the line that ends in a colon, the first of a
            line of data; and, of a sentence that begins with "it", the one before that says what "it" is.
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
    title, body = headed(text, where)
    head = subject = ""
    for given in body.splitlines():
        line = _BULLET.sub("", given)
        fields = [field for field in line.split(";") if field.strip()]
        pairs = [_LAST_FIELD.match(field) or _FIELD.match(field) for field in fields]
        are_named = bool(fields) and all(pair is not None and _is_name(pair[1]) for pair in pairs)
        lead, said = (_lead(fields, pairs) if are_named else None) or ("", line)
        if are_named and not lead:
            leads = _leads(fields, pairs)
            if (
                fields[0].partition(":")[0].strip() == head.partition(":")[0]
            ):  # another of what was told before
                head = ""
            for field, pair in zip(fields, pairs, strict=True):
                assert pair is not None
                context = [title, head, *(told.strip() for told in leads if told is not field)]
                found.append(Statement(field.strip(), _joined(context), pair[1], pair[2], line.strip()))
            head = head or fields[0].strip()
            continue
        if line.strip().endswith(":"):
            head = line.strip()
        entry = ""
        for sentence in _sentences(said):
            entry = sentence if is_date(sentence) else entry
            goes_on = _GOES_ON.match(sentence) is not None
            before = subject if goes_on else ""
            context = [title, lead, "" if sentence == entry else entry, before]
            found.append(Statement(sentence, _joined(context), before=before))
            subject = subject if goes_on else sentence
    return found


def headed(text: str, where: str) -> tuple[str, str]:
    """The heading of a text, "" where it has none, and what stands below it.

    Args:
        text: Of a chunk: a heading, a colon and the words; the heading may have colons, too.
        where: Of it: a heading stands there, and one that is long may be cut.
    """
    line = text[:_LONGEST_HEADING].partition("\n")[0]
    for colon in reversed([match.start() for match in re.finditer(": ", line)]):
        heading = line[:colon]
        if heading in where or (len(where) > _LONG and heading.startswith(where)):
            return heading, text[colon + 2 :]
    return "", text


def _lead(fields: list[str], pairs: list[re.Match[str] | None]) -> tuple[str, str] | None:
    """A paragraph in two: "5 October", and "It rained. The river rose."; None: what goes before a colon has a value."""
    if len(fields) != 1 or pairs[0] is None:
        return None
    name, value = pairs[0].groups()
    are_whole = len(list(_sentences(value))) > 1 or (
        value.endswith((".", "!", "?")) and bool(_VERB.search(value) or _IN_SENTENCES.match(value))
    )
    return (name, value) if are_whole else None


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
        said = line[begin : match.start()]
        if not _ABBREVIATION.search(said) and not _OF_A_LIST.fullmatch(said):
            yield line[begin : match.start()].strip()
            begin = match.end()
    if rest := line[begin:].strip():
        yield rest
