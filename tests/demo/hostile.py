"""Words that would run on a page, and a check that they do not."""

import re
from html.parser import HTMLParser

HOSTILE = "<img src=x onerror=alert(1)>\"'`${alert(2)}{{3}}</script>\u202egnp.exe"
"""A text that would run, close its quotes or be filled in, were it not escaped."""


class Reader(HTMLParser):
    """Tags, their attributes and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def check_harmless(html: str) -> Reader:
    """No tag, attribute or template mark that a text brought with it."""
    read = Reader(html)
    assert "script" not in read.tags
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert all(
        value.startswith("data:image/jpeg;base64,")
        for name, value in read.attributes
        if name == "src" and value
    )
    assert not re.search(r"[${}`\u202e]", html.replace("--turn", ""))
    return read
