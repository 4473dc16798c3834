"""Land cover in `natural`: shares of the classes, and where they lie (caption grammar, section 2.5)."""

import random

from rsvlm.captioning.english import is_plural, joined, sentence
from rsvlm.captioning.labels import OVERALL, LandCover
from rsvlm.captioning.natural.classes import LEAST_SHARE, MOST_CLASSES, Cover, class_pixels, covers
from rsvlm.captioning.natural.shares import ALMOST_ALL, MOST, fraction, percent

LARGEST_PLACED = 0.8
LEAST_LABELLED = 0.5
"""Share of a quadrant that must be labelled, or nothing is said of it."""

_QUADRANTS = {"top left": "nw", "top right": "ne", "bottom left": "sw", "bottom right": "se"}
_COMPASS = {"nw": "north-west", "ne": "north-east", "sw": "south-west", "se": "south-east"}
_IMAGE = {"nw": "upper left", "ne": "upper right", "sw": "lower left", "se": "lower right"}
_HALVES = {
    ("nw", "ne"): ("northern", "upper"),
    ("sw", "se"): ("southern", "lower"),
    ("nw", "sw"): ("western", "left"),
    ("ne", "se"): ("eastern", "right"),
}


def cover_sentence(landcover: LandCover, rng: random.Random, most: int = MOST_CLASSES, least: int = 1) -> str:
    """Return one sentence on the shares of the classes, the largest first, at least and at most so many."""
    classes = covers(landcover)
    told = classes[: max(least, min(most, rng.choice((2, 3, 3, MOST_CLASSES))))]
    base = "the image" if landcover["coverage"] >= ALMOST_ALL else "the labelled area"
    forms = [_listed_shares(told, base, rng)]
    first = told[0]
    tied = len(classes) > 1 and classes[1].share == first.share
    # what names no base speaks of the image
    if base == "the image" and not tied and (first.share < ALMOST_ALL or len(told) > 1):
        forms.append(_dominating(told, rng))
    if first.share >= MOST:
        mostly = "almost entirely" if first.share >= ALMOST_ALL else "mostly"
        forms += [f"{base} is {mostly} {first.words}{_tail(', with ', told[1:])}"] * 2
        if base == "the image" and first.share < ALMOST_ALL:
            forms.append(f"mostly {first.words}{_tail(', with ', told[1:])}")
    return sentence(rng.choice(forms))


def place_sentence(landcover: LandCover, north_up: bool, rng: random.Random) -> str:
    """Say where one class lies ("Cropland dominates the north-west."), "" where none stands out."""
    compass = north_up and rng.random() < 0.6
    pixels = class_pixels(landcover, OVERALL)
    total = sum(pixels.values())
    # A class that is almost everywhere has no place of its own, and one that is hardly there dominates nothing.
    by_class = {
        words: _held(landcover, words) for words, count in [*pixels.items()][:MOST_CLASSES]
        if LEAST_SHARE * total <= count <= LARGEST_PLACED * total
    }  # fmt: skip
    placed = [(words, held) for words, held in by_class.items() if 1 <= len(held) <= 2]
    if not placed:
        return ""
    words, held = rng.choice(placed)
    halves = _HALVES.get((held[0], held[-1]))
    if halves and rng.random() < 0.7:
        where = f"the {halves[0 if compass else 1]} half"
    else:
        where = " and ".join(f"the {(_COMPASS if compass else _IMAGE)[q]}" for q in held)
    return sentence(f"{words} {'dominate' if is_plural(words) else 'dominates'} {where}")


def _held(landcover: LandCover, words: str) -> list[str]:
    """Return the quadrants that are half labelled or more, and of which a class has more than half of the labelled."""
    overall = sum(class_pixels(landcover, OVERALL).values())
    quarter = overall / landcover["coverage"] / 4 if landcover["coverage"] < 1 else 0
    held = []
    for region, quadrant in _QUADRANTS.items():
        pixels = class_pixels(landcover, region)
        total = sum(pixels.values())
        if total >= LEAST_LABELLED * quarter and 2 * pixels.get(words, 0) > total:
            held.append(quadrant)
    return held


def _verb(words: str, singular: str, plural: str) -> str:
    return plural if is_plural(words) else singular


def _share_words(share: float, rng: random.Random) -> str:
    words = fraction(share)
    exact = f"{percent(share)}%"
    if share >= ALMOST_ALL:
        return words
    return exact if not words or words == "part" or rng.random() < 0.4 else words


def _listed_shares(told: list[Cover], base: str, rng: random.Random) -> str:
    first, *rest = told
    verb = _verb(first.words, *rng.choice((("covers", "cover"), ("takes up", "take up"))))
    if "cover" in first.words:
        verb = _verb(first.words, "takes up", "take up")
    if (
        len(rest) == 1
        and rng.random() < 0.5
        and fraction(first.share)
        and fraction(rest[0].share) not in ("", "part")
    ):
        first_part, second_part = fraction(first.share), fraction(rest[0].share)
        return (
            f"{first_part} of {base} {_verb(first.words, 'is', 'are')} {first.words}"
            f" and {second_part} {_verb(rest[0].words, 'is', 'are')} {rest[0].words}"
        )
    amount = f"{percent(first.share)}%" if rest else _share_words(first.share, rng)
    text = f"{first.words} {verb} {amount} of {base}"
    if len(rest) == 1:
        return f"{text} and {rest[0].words} {percent(rest[0].share)}%"
    return text + ("".join((", ", joined([f"{c.words} {percent(c.share)}%" for c in rest]))) if rest else "")


def _dominating(told: list[Cover], rng: random.Random) -> str:
    first, *rest = told
    plural = is_plural(first.words)
    if first.share >= 0.5:
        head = f"{first.words} {'dominate' if plural else 'dominates'}"
    else:
        head = f"{first.words} {'are' if plural else 'is'} the largest cover"
    return f"{head} ({percent(first.share)}%){_tail(rng.choice((', followed by ', ', followed by ')), rest)}"


def _tail(link: str, rest: list[Cover]) -> str:
    return link + joined([f"{c.words} ({percent(c.share)}%)" for c in rest]) if rest else ""
