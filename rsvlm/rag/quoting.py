"""Texts of others as data in a prompt: they cannot close their own quotes, end a line or open another turn."""

import json
import re
import unicodedata

from rsvlm.models.storable import storable

_MARKS = re.compile(r"[<>&]|\[(?=/?\w{0,40}[A-Z]{2})|[^\x00-\x7e]")
"""Of HTML and chat templates ("<|im_start|>", "[/INST]"), and all that may be a letter that is not seen."""
_UNSEEN = ("Cc", "Cf", "Zl", "Zp")


def quoted(text: str) -> str:
    """A text as a JSON string that holds no mark of HTML or of a chat template, and no letter that is not seen."""
    found = json.dumps(storable(text), ensure_ascii=False)
    return _MARKS.sub(lambda match: _escaped(match[0]), found)


def _escaped(letter: str) -> str:
    """A letter as JSON writes it by its number; one that people see stays as it is."""
    if letter > "\x7e" and unicodedata.category(letter) not in _UNSEEN:
        return letter
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
