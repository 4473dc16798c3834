"""Plain text as sections: headings underlined as in reStructuredText, and lines that only a page's width ended."""

import re

from .sections import Section

_UNDERLINED = re.compile(r"^(?=\S)([^\n]{1,200})\n([=\-~^\"*+])\2{2,}[ \t]*$", re.MULTILINE)
_LIST = re.compile(r"\s*(?:[-*+\u2022\u2013]|\d{1,3}[.)])\s")
_NARROWEST = 40
"""Letters of a line that a page's width may have ended."""

_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_A-Z])")


def read_plain(text: str) -> list[Section]:
    """The sections of a plain text."""
    marks: list[str] = []  # the first that is met is the highest heading, as reStructuredText has it
    sections: list[Section] = []
    level, heading, start = 0, "", 0
    for found in _UNDERLINED.finditer(text):
        if len(found[0]) - len(found[1]) - 1 < len(found[1].strip()) - 1:
            continue
        sections.append(Section(level, heading, unwrapped(text[start : found.start()])))
        if found[2] not in marks:
            marks.append(found[2])
        level, heading, start = min(marks.index(found[2]) + 1, 6), found[1].strip(), found.end()
    sections.append(Section(level, heading, unwrapped(text[start:])))
    return [section for section in sections if section.heading or section.body]


def unwrapped(text: str) -> str:
    """A text whose paragraphs have no line ends but those that mean something: of lists, verses and tables."""
    return "\n\n".join(map(_unwrapped, re.split(r"\n\s*\n", text.strip())))


def _unwrapped(paragraph: str) -> str:
    lines = paragraph.split("\n")
    if any(len(line) < _NARROWEST for line in lines[:-1]) or any(map(_LIST.match, lines)):
        return paragraph
    return " ".join(_HYPHEN.sub("", paragraph).split())
