"""Style `chatearthnet`: a paragraph on land cover, part of the image by part.

The facts of the paragraph are the context that ChatEarthNet gave to GPT-3.5 (Yuan et al. 2025, ESSD 17,
1245, doi:10.5194/essd-17-1245-2025; script generate_description_chatgpt3_5_text.py): the classes of the
whole image, and for five regions the three largest, each with one of five size words. `context` builds that
text, `captions` the paragraph that its system prompt asks for, without a language model: an opening with
the dominant cover and where it lies, a sentence a region in a fixed order, a closing theme. Sentence forms:
docs/caption-grammar.md, section 4.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from rsvlm.captioning.classwords import chatearthnet_words
from rsvlm.captioning.english import article, is_plural, joined, sentence
from rsvlm.captioning.labels import OVERALL, REGIONS, Labels, LandCover

LEAST_PIXELS = 20
"""A class with fewer pixels in a region is not spoken of there."""
LEAST_LABELLED = 0.5
"""Share of a chip, and of a region of it, that must be labelled: sentences speak of all of them."""
MOST_CLASSES = 3
SIZES = ((80, "extra large"), (50, "large"), (20, "medium"), (10, "small"), (0, "extra small"))
"""Least percent of a region, and its size word."""
NOUNS = ("fraction", "part", "portion", "amount", "quantity")


class Part(NamedTuple):
    """A class in a region: its words, its pixels and all labelled pixels of the region."""

    words: str
    pixels: int
    of: int

    @property
    def size(self) -> str:
        """Size word, by the script's own arithmetic (which cuts 0.29 to 28 but never leaves a bin)."""
        whole = int(round(self.pixels / self.of, 2) * 100)
        return next(word for least, word in SIZES if whole >= least)


def captions(labels: Labels, rng: random.Random) -> list[str]:
    """Return the paragraph; nothing where no class has 20 pixels in the image, or less than half of it is labelled."""
    landcover = labels["landcover"]
    if landcover is None or landcover["coverage"] < LEAST_LABELLED:
        return []
    overall = parts(landcover, OVERALL)
    if not overall:
        return []
    regions = {region: parts(landcover, region) for region in REGIONS}
    told = [_overall(overall, landcover, rng)]
    told += [_region(region, found[:MOST_CLASSES], rng) for region, found in regions.items() if found]
    told.append(_theme(overall, rng))
    return [" ".join(told)]


def context(landcover: LandCover, rng: random.Random) -> str:
    """Return the text that ChatEarthNet's script put before the language model, with seeded nouns.

    A region without a class of 20 pixels, at which the script stops, has no sentence here.
    """
    overall = "".join(f"{part.words}; " for part in parts(landcover, OVERALL))
    lines = [f"overall land cover distributions from most to least are: {overall}".rstrip()]
    for region in REGIONS:
        found = parts(landcover, region)[:MOST_CLASSES]
        if found:
            amounts = joined(
                [f"{p.words} ({p.size} {rng.choice(NOUNS)})" for p in found], last=_last_link(found)
            )
            lines.append(
                f"The {region} mainly contains the following land cover types, "
                f"in descending order of content: {amounts}."
            )
    return "\n".join(lines)


def parts(landcover: LandCover, region: str) -> list[Part]:
    """Return the classes of a region with at least 20 pixels, the largest first; none where it is mostly unlabelled."""
    pixels = _pixels(landcover, region)
    total = sum(pixels.values())
    if region != OVERALL and total < LEAST_LABELLED * _size(landcover):
        return []
    found = [Part(words, n, total) for words, n in pixels.items() if n >= LEAST_PIXELS]
    return sorted(found, key=lambda part: -part.pixels)


def _size(landcover: LandCover) -> float:
    """Pixels of a quarter of a chip, as each region is one; 0 where all are labelled."""
    if landcover["coverage"] == 1:
        return 0.0
    return sum(_pixels(landcover, OVERALL).values()) / landcover["coverage"] / 4


def _pixels(landcover: LandCover, region: str) -> dict[str, int]:
    """Return pixels by class words; classes of the same words are one."""
    pixels: dict[str, int] = {}
    for share in landcover["regions"].get(region, []):
        words = chatearthnet_words(landcover, share["name"])
        pixels[words] = pixels.get(words, 0) + share["pixels"]
    return pixels


def _last_link(items: Sequence[object]) -> str:
    return ", and " if len(items) > 2 else " and "


def _overall(classes: list[Part], landcover: LandCover, rng: random.Random) -> str:
    first, *others = [part.words for part in classes]
    held = {region: parts(landcover, region) for region in REGIONS}
    throughout = all(found and found[0].words == first for found in held.values())
    most = {region: _pixels(landcover, region).get(first, 0) for region in REGIONS}
    place = f"in the {max(REGIONS, key=lambda region: most[region])} part"
    lies, lie = ("lies", "lying") if not is_plural(first) else ("lie", "lying")
    forms = (
        (
            f"the image is dominated by {first}",
            f"which {lies} mainly {place}",
            f"which {_extend(first)} throughout the image",
        ),
        (f"this image mainly shows {first}", f"mostly {place}", "found throughout the image"),
        (
            f"{first} {_be(first)} the main land cover",
            f"{lie} mainly {place}",
            "extending throughout the image",
        ),
    )
    opening, somewhere, everywhere = rng.choice(forms)
    rest = (
        f"{rng.choice((', followed by ', ', together with ', ', along with '))}{joined(others)}"
        if others
        else ""
    )
    return sentence(f"{opening}, {everywhere if throughout else somewhere}{rest}")


def _extend(words: str) -> str:
    return "extend" if is_plural(words) else "extends"


def _be(words: str) -> str:
    return "are" if is_plural(words) else "is"


def _region(region: str, found: list[Part], rng: random.Random) -> str:
    amounts = [f"{article(p.size)} {p.size} {rng.choice(NOUNS)} of {p.words}" for p in found]
    text = joined(amounts, last=_last_link(amounts))
    has = rng.choice(("has", "contains"))
    forms = (
        f"the {region} part {rng.choice(('mainly contains', 'holds', 'is made up of'))} {text}",
        f"in the {region} part, there is {text}",
        f"{rng.choice(('turning to', 'as for'))} the {region} part, it {has} {text}",
    )
    return sentence(rng.choice(forms))


def _theme(classes: list[Part], rng: random.Random) -> str:
    first, *others = [part.words for part in classes]
    second = others[0] if others else ""
    if rng.random() < 0.5:
        ground = rng.choice(("a landscape of", "an area of"))
        link = f" {rng.choice(('with', 'and'))} {second}" if second else ""
        return f"Overall, the image {rng.choice(('depicts', 'shows'))} {ground} {first}{link}."
    link = f", followed by {second}" if second else ""
    return f"Overall, {first} {_be(first)} the main theme of the image{link}."
