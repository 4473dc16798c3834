"""Captions of style `chatearthnet` (arXiv 2402.11325): land cover, region by region (section 4 of the grammar)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from rsvlm.captioning.labels import OVERALL, REGIONS, CoverShare, Labels
from rsvlm.captioning.verify.lexicon import Phrases, chatearthnet_word, class_words, not_held, unknown_word
from rsvlm.captioning.verify.words import tokens

_FEWEST_PIXELS = 20
_MOST_CLASSES = 3
_SIZES = ((10, "extra small"), (20, "small"), (50, "medium"), (80, "large"), (101, "extra large"))

_R = "(?P<region>" + "|".join(REGIONS) + ")"
_AMOUNTS = "(?P<amounts>.+)"
_REGION_FORMS = [
    re.compile(pattern)
    for pattern in (
        rf"the {_R} part (?:mainly contains|holds|is made up of) {_AMOUNTS}",
        rf"in the {_R} part, there (?:is|are) {_AMOUNTS}",
        rf"(?:turning to|as for) the {_R} part, it (?:has|contains) {_AMOUNTS}",
    )
]
_OVERALL_FORMS = [
    re.compile(
        rf"{pattern.format(r='(?P<region>' + '|'.join(REGIONS) + ')')}"
        r"(?:(?:, followed by|, together with|, along with) (?P<rest>.+))?"
    )
    for pattern in (
        r"the image is dominated by (?P<class>.+?), which "
        r"(?:lies? mainly in the {r} part|(?P<all>extends? throughout the image))",
        r"this image mainly shows (?P<class>.+?), (?:mostly in the {r} part|(?P<all>found throughout the image))",
        r"(?P<class>.+?) (?:is|are) the main land cover, "
        r"(?:lying mainly in the {r} part|(?P<all>extending throughout the image))",
    )
]
_AMOUNT = re.compile(
    r"(?P<article>an?) (?P<size>extra small|small|medium|large|extra large) "
    r"(?:fraction|part|portion|amount|quantity) of "
)
_WORDS = """
the image is are dominated by which lie lies lying mainly mostly in part extend extends extending throughout this shows
main land cover found followed together along with and contains holds made up of there turning to as for it has a an
fraction portion amount quantity extra small medium large overall depicts landscape area theme top bottom left right
middle , . ;
"""
_KNOWN_WORDS = frozenset(_WORDS.split())


@dataclass
class _Cover:
    """The land cover of one chip in words, by region.

    `regions`: the classes that are spoken of, with their pixels. `totals`: the pixels that a share is of. `all_pixels`:
    the pixels of every class. `first`: the first class that is spoken of.
    """

    regions: dict[str, list[tuple[str, int]]]
    totals: dict[str, int]
    all_pixels: dict[str, dict[str, int]]
    first: dict[str, str | None]

    @property
    def overall(self) -> list[str]:
        return [word for word, _ in self.regions[OVERALL]]


def chatearthnet_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a caption of style `chatearthnet`."""
    if labels["landcover"] is None:
        return ["the labels hold no land cover"]
    cover = _cover_of(labels["landcover"]["legend"], labels["landcover"]["regions"])
    if not cover.overall:
        return ["the labels hold no land cover of 20 pixels"]
    text = caption[:1].lower() + caption[1:]
    if not text.endswith(".") or "\n" in text:
        return ["is not one paragraph that ends in a full stop"]
    sentences = [s[:1].lower() + s[1:] for s in text[:-1].split(". ")]
    if len(sentences) < 2:
        return _explain(caption, cover) or ["has no closing sentence"]
    problems = _overall_problems(sentences[0], cover)
    problems += _regions_problems(sentences[1:-1], cover)
    problems += _theme_problems(sentences[-1], cover)
    return list(dict.fromkeys([*_explain(caption, cover), *problems])) if problems else []


def _cover_of(legend: str, regions: dict[str, list[CoverShare]]) -> _Cover:
    told: dict[str, list[tuple[str, int]]] = {}
    totals: dict[str, int] = {}
    all_pixels: dict[str, dict[str, int]] = {}
    first: dict[str, str | None] = {}
    for region in (OVERALL, *REGIONS):
        pixels: dict[str, int] = {}
        for share in regions.get(region, []):
            word = chatearthnet_word(legend, share["name"])
            pixels[word] = pixels.get(word, 0) + share["pixels"]
        order = sorted(pixels.items(), key=lambda item: -item[1])
        told[region] = [(word, n) for word, n in order if n >= _FEWEST_PIXELS]
        totals[region] = sum(pixels.values())
        all_pixels[region] = pixels
        first[region] = told[region][0][0] if told[region] else None
    return _Cover(told, totals, all_pixels, first)


def _overall_problems(sentence: str, cover: _Cover) -> list[str]:
    match = next((m for form in _OVERALL_FORMS if (m := form.fullmatch(sentence))), None)
    if match is None:
        return [f"cannot read the opening sentence '{sentence}'"]
    problems = []
    dominant = cover.overall[0]
    if match["class"] != dominant:
        problems.append(f"the dominant class '{dominant}' is not named, but '{match['class']}'")
    rest = _listed(match["rest"], cover.overall[1:])
    if rest is not None:
        problems.append(rest)
    throughout = all(cover.first[region] == dominant for region in REGIONS)
    if throughout != (match["all"] is not None):
        problems.append(f"'{dominant}' is {'' if throughout else 'not '}the first class of all five regions")
    elif not throughout and match["region"] != _main_region(cover):
        problems.append(
            f"says '{match['region']}' of '{dominant}'; most of it is in the {_main_region(cover)} part"
        )
    return problems


def _main_region(cover: _Cover) -> str:
    dominant = cover.overall[0]
    return max(REGIONS, key=lambda region: cover.all_pixels[region].get(dominant, 0))


def _listed(text: str | None, words: list[str]) -> str | None:
    """What is wrong with the list of the other classes: `c {', ' c} [' and ' c]`."""
    expected = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else None
    if text == expected:
        return None
    return (
        f"lists '{text or 'no class'}'; the labels hold {', '.join(words) or 'no other class'}, in this order"
    )


def _regions_problems(sentences: list[str], cover: _Cover) -> list[str]:
    problems: list[str] = []
    told: list[str] = []
    for sentence in sentences:
        match = next((m for form in _REGION_FORMS if (m := form.fullmatch(sentence))), None)
        if match is None:
            problems.append(f"cannot read '{sentence}'")
            continue
        region = match["region"]
        if region in told:
            problems.append(f"tells of the {region} part twice")
        elif told and REGIONS.index(region) < REGIONS.index(told[-1]):
            problems.append(f"region order: '{told[-1]}' before '{region}'")
        told.append(region)
        problems += _amounts_problems(region, match["amounts"], cover)
    held = [region for region in REGIONS if cover.regions[region]]
    return problems + [f"the {region} part is not told of" for region in held if region not in told]


def _amounts_problems(region: str, text: str, cover: _Cover) -> list[str]:
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


def _theme_problems(sentence: str, cover: _Cover) -> list[str]:
    first = cover.overall[0]
    second = cover.overall[1] if len(cover.overall) > 1 else None
    for form, ends in _theme_forms(first, second):
        if sentence.startswith(form) and sentence[len(form) :] in ends:
            return []
    if first not in sentence:
        return [f"the closing sentence does not name the dominant class '{first}'"]
    return [f"cannot read the closing sentence '{sentence}'; it may name {first} and {second or 'no other'}"]


def _theme_forms(first: str, second: str | None) -> list[tuple[str, tuple[str, ...]]]:
    """The beginnings of the closing sentence, and how each may end."""
    ends = ("", f" with {second}", f" and {second}") if second else ("",)
    forms = [
        (f"overall, the image {verb} {an} {first}", ends)
        for verb in ("depicts", "shows")
        for an in ("a landscape of", "an area of")
    ]
    followed = ("", f", followed by {second}") if second else ("",)
    return [
        *forms,
        *((f"overall, {first} {be} the main theme of the image", followed) for be in ("is", "are")),
    ]


def _explain(caption: str, cover: _Cover) -> list[str]:
    """Words of a wrong caption that no form knows, and classes that the labels do not hold."""
    held = frozenset(word for told in cover.regions.values() for word, _ in told)
    lexicon = _lexicon(held)
    words = tokens(caption)
    problems: list[str] = []
    at = 0
    while at < len(words):
        named = lexicon.longest(words, at)
        if named is not None:
            if named[0] not in held and not _is_part_of(words, at, named[1]):
                problems.append(not_held(named[0]))
            at = named[1]
            continue
        if words[at] not in _KNOWN_WORDS:
            problems.append(unknown_word(words[at]))
        at += 1
    return problems


def _is_part_of(words: list[str], start: int, end: int) -> bool:
    return all(word in _KNOWN_WORDS for word in words[start:end])


@lru_cache(maxsize=256)
def _lexicon(held: frozenset[str]) -> Phrases[str]:
    return class_words().extended({word: word for word in held})
