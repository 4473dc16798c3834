"""A task of lmms-eval over the questions beside this file: how they are asked, and which answers are right.

`rsvlm.eval.lmms_export` puts a copy of this file, as utils.py, beside the questions. It stands alone: where lmms-eval
runs, rsvlm need not be there.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

_LETTERS = re.compile(r"[A-Z](?: ?(?:,|;|and|&)? ?[A-Z])*")
_BEFORE = re.compile(r"\W*(?:(?:the |correct |right )*(?:answer|options?)(?: is)?\b\W*)*", re.IGNORECASE)
_LED = re.compile(r"([A-Z])[)\].:]\s*\S", re.IGNORECASE)
_MARKED = re.compile(r"(?<![^\s(\[*])([A-Z])[)\].:]")


def doc_to_visual(doc: Mapping[str, Any]) -> list[Image.Image]:
    """The images of a question, RGB."""
    folder = Path(__file__).parent
    pictures = []
    for name in doc["images"]:
        with Image.open(folder / name) as image:
            pictures.append(image.convert("RGB"))
    return pictures


def doc_to_text(doc: Mapping[str, Any], lmms_eval_specific_kwargs: Mapping[str, str] | None = None) -> str:
    """The question, its options by letter, and how to answer."""
    around = lmms_eval_specific_kwargs or {}
    lines = [doc["question"], *(f"{chr(65 + n)}. {option}" for n, option in enumerate(doc["options"]))]
    if doc["several"]:
        lines.append("Answer with the letters of all options that fit, separated by commas.")
    elif doc["options"]:
        lines.append("Answer with the letter of one option.")
    else:
        lines.append("Answer with a single word or phrase.")
    return around.get("pre_prompt", "") + "\n".join(lines) + around.get("post_prompt", "")


def process_results(doc: Mapping[str, Any], results: Sequence[str | None]) -> dict[str, float]:
    """1 for a right answer, else 0; no answer is wrong, and so is one that names more than was asked for."""
    answer = (results[0] or "").strip()
    if not doc["options"]:
        return {"accuracy": float(bool(answer) and _plain(answer) == _plain(doc["answer"]))}
    return {"accuracy": float(letters_of(answer, len(doc["options"])) == set(doc["answer"].split(",")))}


def letters_of(answer: str, options: int) -> set[str]:
    """The options that an answer names, empty where it names none: "B", "(b)", "A, C", "B. a river", "Answer: B".

    Reasons may follow on other lines. One that begins with an option and marks another ("A. and B. are right") names
    none.
    """
    rest = _BEFORE.sub("", answer, count=1).strip()  # it matches at the beginning, if only nothing
    first = rest.partition("\n")[0]
    for part in (rest, first):
        bare = " ".join(re.sub(r"[()\[\]*.:]", " ", part).split())
        bare = bare.upper() if len(bare) == 1 else bare
        if _LETTERS.fullmatch(bare):
            found = set(re.findall("[A-Z]", bare))
            break
    else:
        led = _LED.match(first)
        found = set() if led is None else {led[1].upper()}
    marked = {letter for letter in _MARKED.findall(rest) if ord(letter) - 65 < options}
    return found if marked <= found and all(ord(letter) - 65 < options for letter in found) else set()


def _plain(text: str) -> str:
    """A short answer without case, articles, punctuation at its ends and doubled blanks."""
    words = unicodedata.normalize("NFKC", text).casefold().split()
    kept = [word.strip(".,;:!?\"'()") for word in words if word not in ("a", "an", "the")]
    return " ".join(word for word in kept if word)
