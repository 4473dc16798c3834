"""How many tokens of CLIP's context a caption takes, without CLIP.

CLIP's tokenizer (Radford et al. 2021) cuts a text into runs of letters, single digits and runs of other
signs, and each of these into pieces by byte pair encoding. How many pieces a word has is written down in
`clip_words.txt` for the words of our vocabularies (made by captioning/clip_words.py from CLIP's own
merges). Any other word has at most as many pieces as UTF-8 bytes, for encoding starts from single bytes and
only ever merges: counts are exact, or too high.
"""

import html
import re
import unicodedata
from functools import cache
from importlib.resources import files

START_AND_END = 2


def count_tokens(text: str) -> int:
    """Return the number of CLIP tokens of a text with start and end: the true number or more."""
    clean = html.unescape(html.unescape(text)).lower()
    table = _table()
    return START_AND_END + sum(table.get(run) or len(run.encode("utf-8")) for run in _runs(clean))


@cache
def _table() -> dict[str, int]:
    table: dict[str, int] = {}
    content = files(__package__).joinpath("clip_words.txt").read_text(encoding="utf-8")
    for line in content.splitlines():
        count, *words = line.split(" ")
        table.update(dict.fromkeys(words, int(count)))
    return table


def _runs(text: str) -> list[str]:
    return [run for word in text.split() for run in (_plain(word) if word.isascii() else _any_script(word))]


_PLAIN = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[a-z]+|[0-9]|[^a-z0-9]+")


def _plain(word: str) -> list[str]:
    """Cut an ASCII word as CLIP does; what a run of signs swallows counts by its bytes either way."""
    return _PLAIN.findall(word)


def _any_script(word: str) -> list[str]:
    """Cut a word of any script: letters in runs, numerals one by one, other signs in runs."""
    runs: list[str] = []
    before = ""
    for letter in word:
        kind = unicodedata.category(letter)[0]
        if runs and kind == before and kind == "L":
            runs[-1] += letter
        else:
            runs.append(letter)
        before = kind
    return runs
