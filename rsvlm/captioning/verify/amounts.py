"""Amounts of a paragraph of style `chatearthnet`: "a large part of crop and a small amount of tree"."""

import re

from rsvlm.captioning.verify.regions import RegionCover

_MOST_CLASSES = 3
_SIZES = ((10, "extra small"), (20, "small"), (50, "medium"), (80, "large"), (101, "extra large"))
_AMOUNT = re.compile(
    r"(?P<article>an?) (?P<size>extra small|small|medium|large|extra large) "
    r"(?:fraction|part|portion|amount|quantity) of "
)


def amounts_problems(region: str, text: str, cover: RegionCover) -> list[str]:
    """Hold `amount {', ' amount} ', and ' amount` against the first three classes of a region."""
    expected = cover.regions[region][:_MOST_CLASSES]
    problems: list[str] = []
    at = 0
    for n, (word, pixels) in enumerate(expected):
        joint = _joint(n, len(expected))
        amount = _AMOUNT.match(text, at + len(joint)) if text.startswith(joint, at) else None
        if amount is None or not text.startswith(word, amount.end()):
            order = ", ".join(word for word, _ in expected)
            return [*problems, f"the {region} part: says '{text}'; the labels hold {order}, in this order"]
        size = _size(pixels, cover.totals[region])
        if amount["size"] != size:
            problems.append(
                f"the {region} part: says '{amount['size']}' of '{word}'; the labels hold '{size}'"
            )
        if amount["article"] != ("an" if amount["size"].startswith("extra") else "a"):
            problems.append(f"says '{amount['article']} {amount['size']}'")
        at = amount.end() + len(word)
    if at < len(text):
        problems.append(f"the {region} part: says '{text[at:]}' beyond its labels")
    return problems


def _joint(n: int, of: int) -> str:
    if n == 0:
        return ""
    if of == 2:
        return " and "
    return ", and " if n == of - 1 else ", "


def _size(pixels: int, total: int) -> str:
    share = int(round(pixels / total, 2) * 100)
    return next(size for limit, size in _SIZES if share < limit)
