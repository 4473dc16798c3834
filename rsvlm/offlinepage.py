"""The frame of a page that is complete in one file: it may load nothing from anywhere, nor run a script not its own."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from . import __version__

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(0x7F, 0xA0))}
"""Control characters but for tab and line end, and how they are shown: they are no HTML, and orders to a terminal."""


def offline_page(
    title: str, lead: str, style: str, body: Iterable[str], credit: str = "", bar: str = "", script: str = ""
) -> Iterator[str]:
    """Yield a page.

    Args:
        title: Its name, as text.
        lead: What stands below it, as HTML.
        style: Its CSS, beside that of all pages.
        body: What is in it, as HTML.
        credit: What its foot begins with, as HTML.
        bar: What stands between its head and its body, as HTML.
        script: Its JavaScript; "" for none. Whatever is in the page, the browser runs this alone.
    """
    style = files(__package__).joinpath("page.css").read_text("utf-8") + style
    allowed = f"img-src data:; style-src {_digest(style)}; " + (
        f"script-src {_digest(script)}; " if script else ""
    )
    policy = f"default-src 'none'; {allowed}base-uri 'none'; form-action 'none'"
    runs = f"<script>{script}</script>\n" if script else ""
    yield f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title.translate(CONTROLS))}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape(title.translate(CONTROLS))}</h1>
<p>{lead.translate(CONTROLS)}</p>
</header>
{bar}<main>
"""
    for part in body:
        yield part.translate(CONTROLS)
    yield f"""</main>
<footer>{credit.translate(CONTROLS)}Made by rsvlm {escape(__version__)}. The page is complete in this file and
asks no network for anything.</footer>
{runs}</body>
</html>
"""


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") + "'"
