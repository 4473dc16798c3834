"""What the two readers of rewritten captions share: sentences, and words that claim nothing.

A language model does not keep to the forms of the caption grammar. Its captions are read by the words instead: each
word must be known, words that claim something are held against the labels, and where a claim could be read in two ways,
both must be true. What no list here explains is an error. So a caption that passes says nothing that its labels don't
hold; one that fails may be right all the same. Section 6 of docs/caption-grammar.md.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify.lexicon import Phrases
from rsvlm.captioning.verify.words import tokens

SATELLITE_GSD = 5.0
"""Metres a pixel from which an image may be called a satellite image, as in style `scene`."""

_SILENT = """
the this that these it its they a an
image picture scene view landscape area areas terrain
is are being were was has have having
and also both while whereas where which there here with
seen visible found located situated lies lie lying present observed identified can be
overall additionally furthermore moreover finally
"""
SILENT = frozenset(_SILENT.split())
"""Words that claim nothing by themselves."""

SILENT_PHRASES = (
    "in the image", "in this image", "of the image", "of this image", "in the scene", "in this scene", "of the scene",
    "an image of", "a view of", "an overhead image of", "an overhead view of", "a scene of", "a landscape of",
    "an area of", "a satellite image of", "satellite image", "overhead image", "overhead view", "accompanied by",
    "a combination of", "a mix of", "a mixture of", "as well as", "along with", "together with", "alongside with",
)  # fmt: skip

_HOLDING = """
shows show showing displays display displaying features feature featuring includes include including contains contain
containing holds hold holding presents depicts depict depicting exhibits exhibit reveals reveal captures comprises
comprise comprising
"""
HOLDING = frozenset(_HOLDING.split())
"""What images, scenes and regions do; what a thing does not do to another, for the labels know nothing of it."""

HOLDING_PHRASES = ("consists of", "consist of", "consisting of", "composed of", "made up of")

_SUBJECTS = "image picture scene view landscape area areas terrain it they there here this"
SUBJECTS = frozenset(_SUBJECTS.split())
"""Words for what can hold things."""

MARKS = frozenset(",;:")


class Word(NamedTuple):
    """A piece of a sentence: what kind of word it is, what it stands for, and its text."""

    kind: str
    value: Any
    text: str


class Unread(NamedTuple):
    """A caption that cannot be looked at word by word."""

    problems: list[str]


def sentences_of(caption: str, *, most_words: int, most_sentences: int) -> list[list[str]] | Unread:
    """The tokens of each sentence of a caption, without their full stops."""
    if "\n" in caption or not caption.endswith("."):
        return Unread(["is not one paragraph that ends in a full stop"])
    words = tokens(caption)
    if len(words) > most_words:
        return Unread([f"has {len(words)} words, more than {most_words}"])
    sentences: list[list[str]] = [[]]
    for word in words:
        if word == ".":
            sentences.append([])
        else:
            sentences[-1].append(word)
    found = [sentence for sentence in sentences if sentence]
    if not found or len(found) != len(sentences) - 1:
        return Unread(["has an empty sentence"])
    if len(found) > most_sentences:
        return Unread([f"has {len(found)} sentences, more than {most_sentences}"])
    return found


def phrases(kind: str, texts: Iterable[str]) -> dict[str, tuple[str, Any]]:
    """Phrases of one kind that stand for themselves."""
    return {text: (kind, text) for text in texts}


def silent(labels: Labels) -> dict[str, tuple[str, Any]]:
    """Everything that claims nothing of this chip."""
    coarse = labels["gsd"] is not None and labels["gsd"] >= SATELLITE_GSD
    told = [text for text in (*SILENT, *SILENT_PHRASES) if coarse or "satellite" not in text]
    return phrases("silent", told) | phrases("mark", MARKS) | phrases("holds", (*HOLDING, *HOLDING_PHRASES))


def read(sentence: list[str], lexicon: Phrases[tuple[str, Any]]) -> list[Word]:
    """The words of a sentence, the longest phrases first; what is not known has kind `unknown`."""
    found: list[Word] = []
    at = 0
    while at < len(sentence):
        match = lexicon.longest(sentence, at)
        if match is None:
            found.append(Word("unknown", None, sentence[at]))
            at += 1
            continue
        (kind, value), end = match
        found.append(Word(kind, value, " ".join(sentence[at:end])))
        at = end
    return found


def relation_problems(words: list[Word], named: frozenset[str]) -> list[str]:
    """Whether something is said to hold, or to be, something else: labels know of no such thing.

    Args:
        words: A sentence.
        named: The kinds of words that name things.
    """
    problems = []
    for at, word in enumerate(words):
        if word.kind == "holds" and _subject(words[:at]) in named:
            problems.append(f"says '{word.text}' of something that is no image and no part of one")
        before = words[at - 1].kind if at else ""
        after = next((other.kind for other in words[at + 1 :] if other.text not in ("a", "an", "the")), "")
        if word.text in ("is", "are", "was", "were", "being") and before in named and after in named:
            problems.append(f"says that one thing '{word.text}' another")
    return problems


def _subject(before: Sequence[Word]) -> str:
    """The kind of the last word that can be a subject."""
    for word in reversed(before):
        if word.kind not in ("silent", "mark", "holds"):
            return str(word.kind)
        if word.kind == "silent" and any(text in SUBJECTS for text in word.text.split()):
            return "image"
    return ""
