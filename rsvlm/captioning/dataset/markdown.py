"""Text of data in Markdown."""

import html
import re


def markdown_text(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line."""
    escaped = re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(" ".join(text.split()), quote=False))
    # what makes a heading or a list, at the start of a line alone
    return re.sub(r"^(\d*)([#+.-])", r"\1\\\2", escaped)
