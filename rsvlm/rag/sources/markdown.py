"""Markdown as sections, and what stands between two lines `---` before it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rsvlm.vocabularies import VocabularyError
from rsvlm.vocabularies.yaml_files import load_yaml

from ..errors import RagError
from .grid import Cell, told
from .html import read_html
from .htmllists import heading
from .sections import Section

_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def front_matter(text: str) -> tuple[str, str]:
    """Return the YAML before a text ("" where there is none), and the text."""
    found = _FRONT.match(text)
    return (found[1] or "", text[found.end() :]) if found else ("", text)


def read_front_matter(text: str) -> Mapping[str, Any]:
    """What YAML before a text says, by names in lower case.

    Raises:
        RagError: It is no mapping in safe YAML.
    """
    try:
        found = load_yaml(text.encode(), "", "front matter") if text.strip() else {}
    except VocabularyError as error:
        raise RagError(str(error).replace("front matter  ", "front matter ")) from None
    if not isinstance(found, dict):
        raise RagError("front matter is no list of names and values")
    return {str(name).lower(): value for name, value in found.items()}


def read_markdown(text: str) -> list[Section]:
    """The sections of a text without front matter, in plain words."""
    level, title = 0, ""
    body: list[str] = []
    sections: list[Section] = []
    for kind, said in _blocks(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)):
        if kind:
            sections.append(Section(level, title, "".join(body).strip()))
            level, title, body = kind, said, []
        else:
            body.append(said)
    sections.append(Section(level, title, "".join(body).strip()))
    return [section for section in sections if section.heading or section.body]


def _blocks(tokens: list[Token]) -> Iterator[tuple[int, str]]:
    """Level and text of each block, in order; level 0: no heading. Texts have the white space that ends them."""
    level, bullet, end = 0, "", "\n\n"
    rows: list[list[Cell]] = []  # of the table that is open
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            level, end = int(token.tag[1]), ""
        elif token.type == "list_item_open":
            bullet = "- "
        elif token.type == "list_item_close":
            bullet = ""  # of an item without words
        elif token.type == "paragraph_open":
            end = "\n" if token.hidden else "\n\n"  # hidden: in a list without blank lines
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(Cell("", is_head=token.type == "th_open"))
        elif token.type == "inline" and rows:
            rows[-1][-1] = replace(rows[-1][-1], text=_words(token))
        elif token.type == "table_close":
            yield 0, told(rows) + "\n\n"
            rows = []
        elif token.type == "inline":
            said = _words(token)
            heads_others = bool(bullet) and tokens[number + 1 : number + 3][-1].type.endswith("list_open")
            yield level, bullet + (heading(said) if heads_others else said) + end
            level, bullet = 0, ""
        elif token.type in ("fence", "code_block"):
            yield 0, token.content + "\n"
        elif token.type == "html_block":
            yield 0, "\n\n".join(section.body for section in read_html(token.content)[1]) + "\n\n"
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            yield 0, "\n"


def _words(token: Token) -> str:
    """The text of a line without its marks, elements of HTML as a page shows them; pictures by what is said of them.

    What is struck out is left out: its author no longer says so.
    """
    children = token.children or ()
    has_elements = any(child.type == "html_inline" for child in children)
    said = []
    struck = 0
    for child in children:
        struck += (child.type == "s_open") - (child.type == "s_close")
        if struck:
            continue
        if child.type in ("text", "code_inline", "image"):
            said.append(escape(child.content, quote=False) if has_elements else child.content)
        elif child.type in ("softbreak", "hardbreak"):
            said.append(" ")
        elif child.type == "html_inline":
            said.append(child.content)
    text = "".join(said)
    return "\n".join(section.body for section in read_html(text)[1]) if has_elements else text
