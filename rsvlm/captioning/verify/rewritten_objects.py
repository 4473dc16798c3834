"""Captions of style `natural-rewritten`: sentences on map objects by a language model (section 6.2 of the grammar).

What can be claimed: that things are there, how many, what they are like (adjectives and details of the labels), and
where all of them lie. Nothing else: no neighbours, no lines through the image, no shares, no land cover.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify.lexicon import Phrases, not_held, unknown_word
from rsvlm.captioning.verify.natural import natural_problems
from rsvlm.captioning.verify.phrases import NounPhrase, noun_phrase_at
from rsvlm.captioning.verify.places import PLACES, place_of
from rsvlm.captioning.verify.rewritten import Unread, Word, phrases, relation_problems, sentences_of, silent
from rsvlm.captioning.verify.state import form_problems
from rsvlm.captioning.verify.things import Group, Things, things_of
from rsvlm.captioning.verify.words import article_before

MOST_WORDS = 70
MOST_SENTENCES = 4

_HOW_MANY: dict[str, tuple[int, int]] = {
    "some": (2, 10**9), "several": (3, 30), "multiple": (2, 10**9), "a few": (3, 9), "many": (10, 10**9),
    "numerous": (10, 10**9),
}  # fmt: skip
"""Words for numbers that are not told, and from how many to how many things they may be said of."""

_SAYS = "stands stand standing sits sit sitting"
_STARTS = ("and", "while", "whereas")
"""Before a place that opens a clause."""


@dataclass
class _Named:
    """Things that a noun phrase names, and where it stands in its sentence."""

    group: Group
    at: int


def rewritten_objects_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a caption of style `natural-rewritten`; one in the form of `natural` is right too."""
    if not natural_problems(caption, labels, most_sentences=2):
        return []
    things = things_of(labels)
    if not things.groups:
        return ["the labels hold no map object that has a name"]
    sentences = sentences_of(caption, most_words=MOST_WORDS, most_sentences=MOST_SENTENCES)
    if isinstance(sentences, Unread):
        return sentences.problems
    problems: list[str] = []
    fixed = _common().extended(silent(labels))
    named: set[str] = set()
    for sentence in sentences:
        words = _read(sentence, things, fixed)
        problems += _sentence_problems(words, things)
        named |= {
            group.phrase
            for word in words
            if word.kind == "thing" and (group := word.value.group(things.groups))
        }
    if things.focus is not None and things.focus.group.phrase not in named:
        problems.append(f"does not name the focus, '{things.focus.group.phrase}'")
    if not named:
        problems.append("names nothing")
    return list(dict.fromkeys(problems))


@lru_cache(maxsize=1)
def _common() -> Phrases[tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = dict(phrases("silent", _SAYS.split()))
    found |= {text: ("many", span) for text, span in _HOW_MANY.items()}
    return Phrases(found)


def _read(sentence: list[str], things: Things, fixed: Phrases[tuple[str, Any]]) -> list[Word]:
    """The words of a sentence: at each place the longest of place words, noun phrases and fixed words."""
    found: list[Word] = []
    at = 0
    while at < len(sentence):
        word, end = _word_at(sentence, at, things, fixed)
        found.append(word)
        at = end
    return found


def _word_at(
    sentence: list[str], at: int, things: Things, fixed: Phrases[tuple[str, Any]]
) -> tuple[Word, int]:
    place = PLACES.longest(sentence, at)
    known = fixed.longest(sentence, at)
    thing = noun_phrase_at(sentence, at, things.groups)
    ends = [found[1] if found else at for found in (place, thing, known)]
    end = max(ends)
    text = " ".join(sentence[at:end])
    if end == at:
        return Word("unknown", None, sentence[at]), at + 1
    if thing is not None and thing[1] == end:
        return Word("thing", thing[0], text), end
    if place is not None and place[1] == end:
        return Word("place", place[0], text), end
    kind, value = known[0] if known else ("unknown", None)
    return Word(kind, value, text), end


def _sentence_problems(words: list[Word], things: Things) -> list[str]:
    problems = [unknown_word(word.text) for word in words if word.kind == "unknown"]
    problems += relation_problems(words, frozenset({"thing"}))
    named: list[_Named] = []
    for at, word in enumerate(words):
        if word.kind == "many" and (at + 1 == len(words) or words[at + 1].kind != "thing"):
            problems.append(f"says '{word.text}', and not of what")
        if word.kind != "thing":
            continue
        group = word.value.group(things.groups)
        if group is None:
            problems.append(not_held(word.value.noun.text))
            continue
        named.append(_Named(group, at))
        problems += _thing_problems(word.value, group, words[at - 1] if at else None)
    return problems + _place_problems(words, named, things)


def _thing_problems(phrase: NounPhrase, group: Group, before: Word | None) -> list[str]:
    """How many, what they are like, and the form of the words."""
    problems: list[str] = []
    members = group.members
    if phrase.other:
        problems.append(f"says '{phrase.text}': which others cannot be told")
    if before is not None and before.kind == "many":
        least, most = before.value
        if phrase.noun.plural != group.phrase or phrase.quantity or not least <= len(members) <= most:
            problems.append(f"says '{before.text} {phrase.text}'; the labels hold {len(members)}")
        if group.kind != "count":
            problems.append(f"says '{before.text}' of '{group.phrase}', which is not counted")
    elif before is not None and before.text in ("the", "this", "its", "these") and not phrase.quantity:
        one, several = phrase.noun.singular == group.phrase, phrase.noun.plural == group.phrase
        if not (group.kind == "mass" or (one and len(members) == 1) or (several and len(members) > 1)):
            problems.append(f"says 'the {phrase.text}'; the labels hold {len(members)}")
    else:
        problems += form_problems(phrase, group, members)
    if phrase.article is not None and phrase.article[0] != article_before(phrase.article[1]):
        problems.append(f"says '{phrase.article[0]} {phrase.article[1]}'")
    for member in members:
        lacking = [word for word in phrase.adjectives if word not in member.adjectives()]
        if lacking or (phrase.post is not None and member.details().get(phrase.post[0]) != phrase.post[1]):
            problems.append(f"says '{phrase.text}', which is not so of {member.label['id']}")
            break
    return problems


def _place_problems(words: list[Word], named: list[_Named], things: Things) -> list[str]:
    """Each thing of a clause lies where the next place after it says, else where the last one before it says."""
    problems: list[str] = []
    for start, end in _clauses(words):
        places = [at for at in range(start, end) if words[at].kind == "place"]
        inside = [item for item in named if start <= item.at < end]
        if places and not inside:
            problems.append(f"says '{words[places[0]].text}', and not of what")
        for item in inside:
            at = next((place for place in places if place > item.at), places[-1] if places else None)
            if at is None:
                continue
            said, place, compass = words[at].value
            if place_of(item.group.members, things) != place:
                problems.append(f"says '{said}' of '{item.group.phrase}', which is not so")
            if compass and not things.north_up:
                problems.append(f"says '{said}'; north is not up")
        told = {next((place for place in places if place > item.at), places[-1]) for item in inside if places}
        problems += [
            f"says '{words[at].text}', and not of what" for at in places if inside and at not in told
        ]
    return problems


def _clauses(words: list[Word]) -> list[tuple[int, int]]:
    """Where clauses begin and end: at a semicolon, and at "and" or "while" before a place and a comma."""
    starts = [0]
    for at, word in enumerate(words):
        if word.text == ";":
            starts.append(at + 1)
        elif word.kind == "place" and at and words[at - 1].text in _STARTS:
            after = words[at + 1] if at + 1 < len(words) else None
            if after is not None and after.text == ",":
                starts.append(at)
    return list(zip(starts, [*starts[1:], len(words)], strict=True))
