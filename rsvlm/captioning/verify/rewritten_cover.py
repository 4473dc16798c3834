"""Captions of style `chatearthnet-rewritten`: land cover told by a language model (section 6.1 of the caption grammar).

What can be claimed: that a class is there, in the whole image or in one of five regions; in which order of area; how
large its part is, in ChatEarthNet's five sizes; which class is the first of its place; where most of a class lies; that
it is the first of all regions. Nothing else: no numbers, no shapes, no colours, no neighbours, no absence.
"""

from rsvlm.captioning.labels import OVERALL, REGIONS, Labels
from rsvlm.captioning.verify.chatearthnet import chatearthnet_problems
from rsvlm.captioning.verify.lexicon import not_held, unknown_word
from rsvlm.captioning.verify.regions import RegionCover, region_cover
from rsvlm.captioning.verify.rewritten import (
    SUBJECTS,
    Unread,
    Word,
    read,
    relation_problems,
    sentences_of,
    silent,
)
from rsvlm.captioning.verify.rewritten_cover_claims import place_problems
from rsvlm.captioning.verify.rewritten_cover_words import common_words, held_words

MOST_WORDS = 260
MOST_SENTENCES = 14

_CLAIMS = {"size", "leading", "leads", "dominates", "throughout"}
"""Kinds of words that say something of a class."""

_WHOLE = (SUBJECTS | {"overall"}) - {"it", "there", "here", "this", "they", "area", "areas"}


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
    lexicon = common_words().extended({**silent(labels), **held_words(landcover, cover)})
    problems: list[str] = []
    for number, sentence in enumerate(sentences):
        problems += _sentence_problems(read(sentence, lexicon), cover, opening=number == 0)
    return list(dict.fromkeys(problems))


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
        claims = regions or opening or _CLAIMS & {word.kind for word in words}
        return [*problems, "says how much or where, and of no class"] if claims else problems
    problems += [f"says '{word.text}' where it cannot be read" for word in words if word.kind == "dominates"]
    if not regions:
        return problems + _overall_problems(words, cover, opening)
    if regions[0] > classes[0]:
        return problems + _location_problems(words, classes, regions, cover, opening)
    return problems + _parts_problems(words, regions, cover, opening)


def _parts_problems(words: list[Word], regions: list[int], cover: RegionCover, opening: bool) -> list[str]:
    """`region: class, class`, for one region or several."""
    problems = []
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
        problems += place_problems(words[start + 1 : end], words[start].value, cover, first=True)
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
    problems = place_problems(words, OVERALL, cover, first=first)
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
    problems += place_problems(words, OVERALL, cover, first=True)
    rest = [Word("class", subject, subject), *words[regions[0] + 1 :]]
    if len(rest) > 1 and any(word.kind == "class" for word in rest[1:]):
        problems += place_problems(rest, region, cover, first=False)
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
