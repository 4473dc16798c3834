"""Captions of style `chatearthnet` (arXiv 2402.11325): land cover, region by region (section 4 of the grammar)."""

import re
from functools import lru_cache

from rsvlm.captioning.labels import REGIONS, Labels
from rsvlm.captioning.verify.amounts import amounts_problems
from rsvlm.captioning.verify.lexicon import Phrases, class_words, not_held, unknown_word
from rsvlm.captioning.verify.regions import RegionCover, region_cover
from rsvlm.captioning.verify.words import tokens

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
_WORDS = """
the image is are dominated by which lie lies lying mainly mostly in part extend extends extending throughout this shows
main land cover found followed together along with and contains holds made up of there turning to as for it has a an
fraction portion amount quantity extra small medium large overall depicts landscape area theme top bottom left right
middle , . ;
"""
_KNOWN_WORDS = frozenset(_WORDS.split())


def chatearthnet_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a caption of style `chatearthnet`."""
    if labels["landcover"] is None:
        return ["the labels hold no land cover"]
    cover = region_cover(labels["landcover"])
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


def _overall_problems(sentence: str, cover: RegionCover) -> list[str]:
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
    elif not throughout and match["region"] != cover.main_region():
        problems.append(
            f"says '{match['region']}' of '{dominant}'; most of it is in the {cover.main_region()} part"
        )
    return problems


def _listed(text: str | None, words: list[str]) -> str | None:
    """What is wrong with the list of the other classes: `c {', ' c} [' and ' c]`."""
    expected = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else None
    if text == expected:
        return None
    return (
        f"lists '{text or 'no class'}'; the labels hold {', '.join(words) or 'no other class'}, in this order"
    )


def _regions_problems(sentences: list[str], cover: RegionCover) -> list[str]:
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
        problems += amounts_problems(region, match["amounts"], cover)
    held = [region for region in REGIONS if cover.regions[region]]
    return problems + [f"the {region} part is not told of" for region in held if region not in told]


def _theme_problems(sentence: str, cover: RegionCover) -> list[str]:
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


def _explain(caption: str, cover: RegionCover) -> list[str]:
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
