"""Captions of style `chatearthnet-rewritten`: land cover told by a language model (section 6.1 of the caption grammar).

What can be claimed: that a class is there, in the whole image or in one of five regions; in which order of area; how
large its part is, in ChatEarthNet's five sizes; which class is the first of its place; where most of a class lies; that
it is the first of all regions. Nothing else: no numbers, no shapes, no colours, no neighbours, no absence.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Any

from rsvlm.captioning.labels import OVERALL, REGIONS, Labels, LandCover
from rsvlm.captioning.verify.chatearthnet import chatearthnet_problems
from rsvlm.captioning.verify.lexicon import (
    Phrases,
    chatearthnet_word,
    class_words,
    cover_word,
    not_held,
    unknown_word,
)
from rsvlm.captioning.verify.regions import RegionCover, region_cover
from rsvlm.captioning.verify.rewritten import (
    SUBJECTS,
    Unread,
    Word,
    phrases,
    read,
    relation_problems,
    sentences_of,
    silent,
)

MOST_WORDS = 260
MOST_SENTENCES = 14

_SIZES = ((10, "extra small"), (20, "small"), (50, "medium"), (80, "large"), (101, "extra large"))
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

_LINK_WORDS = (
    "a an of the is are being portion portions part parts fraction fractions amount amounts quantity"
)
_LINKS = frozenset(_LINK_WORDS.split())
"""What may stand between a size and its class."""

_WHOLE = (SUBJECTS | {"overall"}) - {"it", "there", "here", "this", "they", "area", "areas"}
_REGION_NOUNS = "part, portion, region, section, area, corner, quadrant"
_SAYS = """
portion portions part parts fraction fractions amount amounts quantity quantities region regions section sections
quadrant corner coverage type types theme in of to turning moving shifting some extends extend extending
"""
_SAYS_PHRASES = (
    "land cover", "land cover type", "land cover types", "land cover class", "followed by", "in descending order",
    "in descending order of area", "in descending order of content", "as for", "turning to", "moving to", "shifting to",
)  # fmt: skip
_SEVERAL = ("types", "covers", "classes", "parts", "portions", "areas", "regions")


def rewritten_cover_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a caption of style `chatearthnet-rewritten`; a right one of `chatearthnet` is right."""
    landcover = labels["landcover"]
    if landcover is None:
        return ["the labels hold no land cover"]
    if not chatearthnet_problems(caption, labels):
        return []
    cover = region_cover(landcover)
    if not cover.overall:
        return ["the labels hold no land cover of 20 pixels"]
    sentences = sentences_of(caption, most_words=MOST_WORDS, most_sentences=MOST_SENTENCES)
    if isinstance(sentences, Unread):
        return sentences.problems
    lexicon = _common().extended({**silent(labels), **_held(landcover, cover)})
    problems: list[str] = []
    for number, sentence in enumerate(sentences):
        problems += _sentence_problems(read(sentence, lexicon), cover, opening=number == 0)
    return list(dict.fromkeys(problems))


@lru_cache(maxsize=1)
def _common() -> Phrases[tuple[str, Any]]:
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


def _held(landcover: LandCover, cover: RegionCover) -> dict[str, tuple[str, Any]]:
    """The words for the classes that are spoken of: ChatEarthNet's, and those of the legend for the same class."""
    told = {word for region in cover.regions.values() for word, _ in region}
    names = {share["name"] for shares in landcover["regions"].values() for share in shares}
    found: dict[str, tuple[str, Any]] = {}
    for name in sorted(names):
        word, other = chatearthnet_word(landcover, name), cover_word(landcover, name)
        if word in told:
            found |= dict.fromkeys(_numbers_of(other), ("class", word))
    return found | {text: ("class", word) for word in told for text in _numbers_of(word)}


def _sentence_problems(words: list[Word], cover: RegionCover, *, opening: bool) -> list[str]:
    problems = [unknown_word(word.text) for word in words if word.kind == "unknown"]
    problems += [not_held(word.text) for word in words if word.kind == "foreign"]
    if problems:
        return problems
    problems += relation_problems(words, frozenset({"class"})) + _preposition_problems(words)
    words = _dominating(words)
    classes = [place for place, word in enumerate(words) if word.kind == "class"]
    regions = [place for place, word in enumerate(words) if word.kind == "region"]
    if not classes:
        claims = {"size", "leading", "leads", "dominates", "throughout"} & {word.kind for word in words}
        return (
            [*problems, "says how much or where, and of no class"]
            if claims or regions or opening
            else problems
        )
    problems += [f"says '{word.text}' where it cannot be read" for word in words if word.kind == "dominates"]
    if not regions:
        return problems + _overall_problems(words, cover, opening)
    if regions[0] > classes[0]:
        return problems + _location_problems(words, classes, regions, cover, opening)
    if any(word.kind == "throughout" for word in words):
        problems.append("says 'throughout the image' of a part of it")
    if opening:
        problems.append(f"does not open with the dominant class '{cover.overall[0]}'")
    if any(
        text in _WHOLE for word in words[regions[0] :] if word.kind == "silent" for text in word.text.split()
    ):
        problems.append("speaks of a part of the image and of the whole in one sentence")
    ends = [*regions[1:], len(words)]
    for start, end in zip(regions, ends, strict=True):
        problems += _place_problems(words[start + 1 : end], words[start].value, cover, first=True)
    return problems


def _dominating(words: list[Word]) -> list[Word]:
    """`class dominates [the] region` said the other way round, `region leading class`; else the class before leads."""
    found = list(words)
    for at, word in enumerate(words):
        if word.kind != "dominates" or not at or words[at - 1].kind != "class":
            continue
        there = next((n for n in range(at + 1, len(words)) if words[n].text != "the"), None)
        after = "" if there is None else words[there].kind
        if there is not None and after == "region":
            found[at - 1 : there + 1] = [words[there], Word("leading", None, word.text), words[at - 1]]
            return _dominating(found)
        if after != "class":
            found[at] = Word("leads", None, word.text)
    return found


def _overall_problems(words: list[Word], cover: RegionCover, opening: bool) -> list[str]:
    """A sentence on the image as a whole."""
    also = any(word.text in ("also", "additionally", "furthermore", "moreover") for word in words)
    first = opening or not also
    problems = _place_problems(words, OVERALL, cover, first=first)
    for at, word in enumerate(words):
        if word.kind == "throughout":
            before = [other.value for other in words[:at] if other.kind == "class"]
            if before != cover.overall[:1] or any(cover.first[region] != before[0] for region in REGIONS):
                problems.append(
                    f"says '{word.text}', and of no single class that is the first of all five regions"
                )
    return problems


def _location_problems(
    words: list[Word], classes: list[int], regions: list[int], cover: RegionCover, opening: bool
) -> list[str]:
    """`class lies in region`: most of it is there. What follows is held against both the image and the region."""
    subject, region = words[classes[0]].value, words[regions[0]].value
    if len(regions) > 1 or sum(place < regions[0] for place in classes) > 1:
        return ["cannot be read: several classes or regions, and which belongs to which"]
    problems = ["says how large in a sentence on where"] if _sized(words[: regions[0]]) else []
    most = max(REGIONS, key=lambda name: cover.all_pixels[name].get(subject, 0))
    if region != most:
        problems.append(f"says '{region}' of '{subject}'; most of it is in the {most} part")
    if any(word.kind == "throughout" for word in words):
        problems.append("says 'throughout the image' and a part of it")
    problems += _place_problems(words, OVERALL, cover, first=True)
    rest = [Word("class", subject, subject), *words[regions[0] + 1 :]]
    if len(rest) > 1 and any(word.kind == "class" for word in rest[1:]):
        problems += _place_problems(rest, region, cover, first=False)
    if opening and subject != cover.overall[0]:
        problems.append(f"does not open with the dominant class '{cover.overall[0]}'")
    return problems


def _sized(words: list[Word]) -> bool:
    return any(word.kind == "size" for word in words)


def _preposition_problems(words: list[Word]) -> list[str]:
    """`in` and `to` stand before regions, `of` after portions and the like: between classes they would relate them."""
    problems = []
    for at, word in enumerate(words):
        if word.kind != "silent" or word.text not in ("in", "to", "of"):
            continue
        after = next((other.kind for other in words[at + 1 :] if other.text not in ("the", "a")), "")
        before = words[at - 1].kind if at else ""
        if (word.text == "of" and before == "class") or (word.text != "of" and after != "region"):
            problems.append(f"says '{word.text}' where it could relate one class to another")
    return problems


def _place_problems(words: list[Word], place: str, cover: RegionCover, *, first: bool) -> list[str]:
    """The claims of some words on one place: which classes, in which order, how large, and which is first."""
    where = "the image" if place == OVERALL else f"the {place} part"
    order = [word for word, _ in cover.regions[place]]
    said = [word.value for word in words if word.kind == "class"]
    if not said:
        return [f"says nothing of {where}"] if place != OVERALL else []
    problems = [f"{where}: names '{word}', which is not there" for word in said if word not in order]
    if problems:
        return problems
    at = [order.index(word) for word in dict.fromkeys(said)]
    if at != sorted(at) or len(set(said)) != len(said):
        problems.append(f"{where}: names {', '.join(said)}; the order of area is {', '.join(order)}")
    if first and said[0] != order[0]:
        problems.append(f"{where}: names '{said[0]}' first, not '{order[0]}'")
    total = cover.totals[place]
    large = frozenset(
        word for word, pixels in cover.regions[place] if _size(pixels, total) not in ("small", "extra small")
    )
    problems += _size_problems(words, place, where, cover)
    return problems + _lead_problems(words, order[0], where, large)


def _size_problems(words: list[Word], place: str, where: str, cover: RegionCover) -> list[str]:
    """Each size is said right before a class; classes after it without one of their own share it."""
    problems: list[str] = []
    pixels, total = dict(cover.regions[place]), cover.totals[place]
    size: Word | None = None
    bound = True
    for word in words:
        if word.kind == "size":
            if not bound:
                break
            size, bound = word, False
        elif word.kind == "class":
            bound = True
            held = _size(pixels[word.value], total)
            if size is not None and size.value != held:
                problems.append(f"{where}: says '{size.text}' of '{word.value}'; the labels hold '{held}'")
        elif not bound and word.text not in _LINKS:
            break
    return (
        problems
        if bound
        else [*problems, f"{where}: says '{size.text if size else ''}' and not of which class"]
    )


def _size(pixels: int, total: int) -> str:
    share = int(round(pixels / total, 2) * 100)
    return next(size for limit, size in _SIZES if share < limit)


def _lead_problems(words: list[Word], first: str, where: str, large: frozenset[str]) -> list[str]:
    """Words of dominance belong to the first class of the place."""
    problems = []
    for at, word in enumerate(words):
        if word.kind not in ("leading", "leads"):
            continue
        before = _class_before(words, at) if word.kind == "leads" else None
        named = before or _next_class(words, at)
        if named is None and word.kind == "leading" and any(other.kind == "region" for other in words[at:]):
            continue  # "lies mainly in the top left part": where, not which
        if named != first:
            problems.append(
                f"{where}: says '{word.text}' of '{named or 'nothing'}'; the first class is '{first}'"
            )
        problems += _shared_lead(words, at, where, large, others=before is None)
    return problems


def _shared_lead(words: list[Word], at: int, where: str, large: frozenset[str], *, others: bool) -> list[str]:
    """Classes that share a word of dominance ("dominated by crop and tree") must all be at least of medium size."""
    if any(word.text.split()[-1] in _SEVERAL for word in words[at + 1 : at + 4] if word.kind == "silent"):
        return [f"{where}: says '{words[at].text}' of several"]
    named = [place for place in range(at + 1, len(words)) if words[place].kind == "class" and others]
    problems = []
    for one, other in pairwise(named):
        if any(word.text not in (",", "and") for word in words[one + 1 : other]):
            break
        if words[other].value not in large:
            problems.append(f"{where}: says '{words[at].text}' of '{words[other].value}', which is small")
    return problems


def _next_class(words: list[Word], at: int) -> str | None:
    for word in words[at + 1 :]:
        if word.kind == "class":
            return str(word.value)
        if word.kind in ("mark", "region"):
            return None
    return None


def _class_before(words: list[Word], at: int) -> str | None:
    """The class before `at`, with only a verb and articles between."""
    for word in reversed(words[:at]):
        if word.kind == "class":
            return str(word.value)
        if word.text not in ("is", "are", "being", "as", "the", "a", "well"):
            return None
    return None
