"""The frame of a page that is complete in one file: it runs no script, and may load nothing from anywhere."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from . import __version__


def offline_page(title: str, lead: str, style: str, body: Iterable[str], credit: str = "") -> Iterator[str]:
    """Yield a page.

    Args:
        title: Its name, as text.
        lead: What stands below it, as HTML.
        style: Its CSS.
        body: What is in it, as HTML.
        credit: What its foot begins with, as HTML.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    yield f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p>{lead}</p>
</header>
<main>
"""
    yield from body
    yield f"""</main>
<footer>{credit}Made by rsvlm {escape(__version__)}. The page is complete in this file and asks no network for
anything.</footer>
</body>
</html>
"""
