"""Plain text as sections, with headings underlined as in reStructuredText."""

import re

from .sections import Section
from .wrapping import unwrapped

_UNDERLINED = re.compile(r"^(?=\S)([^\n]{1,200})\n([=\-~^\"*+])\2{2,}[ \t]*$", re.MULTILINE)


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
