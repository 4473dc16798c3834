"""The words of captions of style `chatearthnet-rewritten`, and what each of them may claim."""

from functools import lru_cache
from typing import Any

from rsvlm.captioning.labels import REGIONS, LandCover
from rsvlm.captioning.verify.lexicon import Phrases, chatearthnet_word, class_words, cover_word
from rsvlm.captioning.verify.regions import RegionCover
from rsvlm.captioning.verify.rewritten import phrases

_SIZE_WORDS = {
    "extra small": "extra small", "very small": "extra small", "tiny": "extra small", "small": "small",
    "medium": "medium", "medium-sized": "medium", "moderate": "medium", "large": "large",
    "extra large": "extra large", "very large": "extra large",
}  # fmt: skip

_LEADING = (
    "dominated by", "dominated primarily by", "dominated mainly by", "mainly", "mostly", "primarily", "predominantly",
    "chiefly", "mainly covered by", "mostly covered by", "primarily covered by", "predominantly covered by",
    "mainly covered with", "mostly covered with", "primarily covered with", "predominantly covered with",
)  # fmt: skip
"""The class after them is the first of its place."""

_LEADS = (
    "main", "dominant", "largest", "primary", "principal", "predominant", "prevalent", "most prominent", "main theme",
    "dominant theme", "primary theme",
)  # fmt: skip
"""The class before or after them is."""

_REGION_NOUNS = "part, portion, region, section, area, corner, quadrant"
_SAYS = """
portion portions part parts fraction fractions amount amounts quantity quantities region regions section sections
quadrant corner coverage type types theme in of to turning moving shifting some extends extend extending
"""
_SAYS_PHRASES = (
    "land cover", "land cover type", "land cover types", "land cover class", "followed by", "in descending order",
    "in descending order of area", "in descending order of content", "as for", "turning to", "moving to", "shifting to",
)  # fmt: skip


@lru_cache(maxsize=1)
def common_words() -> Phrases[tuple[str, Any]]:
    """Words of all captions; foreign classes first, so that words that say nothing take their place."""
    found: dict[str, tuple[str, Any]] = {}
    for word in class_words().texts():
        for text in _numbers_of(word):
            found[text] = ("foreign", word)
    found |= phrases("silent", _SAYS.split()) | phrases("silent", _SAYS_PHRASES)
    found |= phrases("leading", _LEADING) | phrases("leads", _LEADS)
    found |= {"dominates": ("dominates", None), "dominate": ("dominates", None)}
    throughout = ("throughout the image", "across the image", "throughout the scene")
    found |= dict.fromkeys(throughout, ("throughout", None))
    found |= {text: ("size", size) for text, size in _SIZE_WORDS.items()}
    for region in REGIONS:
        for name in _region_names(region):
            found[name] = ("region", region)
            found |= {f"{name} {noun}": ("region", region) for noun in _REGION_NOUNS.split(", ")}
            found |= {f"{name} {noun} of the image": ("region", region) for noun in _REGION_NOUNS.split(", ")}
    return Phrases(found)


def _region_names(region: str) -> list[str]:
    if region == "middle":
        return ["middle", "center", "centre", "central"]
    row, column = region.split()
    rows = {"top": ("top", "upper"), "bottom": ("bottom", "lower")}[row]
    return [f"{word}{joint}{column}" for word in rows for joint in (" ", "-")]


def _numbers_of(word: str) -> list[str]:
    """A class word in singular and plural."""
    return [word, word.removesuffix("s")] if word.endswith("s") else [word, f"{word}s"]


def held_words(landcover: LandCover, cover: RegionCover) -> dict[str, tuple[str, Any]]:
    """The words for the classes that are spoken of: ChatEarthNet's, and those of the legend for the same class."""
    told = {word for region in cover.regions.values() for word, _ in region}
    names = {share["name"] for shares in landcover["regions"].values() for share in shares}
    found: dict[str, tuple[str, Any]] = {}
    for name in sorted(names):
        word, other = chatearthnet_word(landcover, name), cover_word(landcover, name)
        if word in told:
            found |= dict.fromkeys(_numbers_of(other), ("class", word))
    return found | {text: ("class", word) for word in told for text in _numbers_of(word)}
