"""The land-cover sentences of style `natural` (section 2.5 of the caption grammar)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rsvlm.captioning.labels import OVERALL, LandCover
from rsvlm.captioning.verify.lexicon import Phrases, class_words, cover_word, not_held, unknown_word
from rsvlm.captioning.verify.sizes import SHARES, percent, share_is
from rsvlm.captioning.verify.words import number, tokens

_QUADRANTS = ("top left", "top right", "bottom left", "bottom right")
_MOST_CLASSES = 4


class Piece(NamedTuple):
    """A class (C), share words (Q), N% (P), base (b), regions (R), other fixed words, or an unknown word (?)."""

    code: str
    value: Any
    text: str


def _fixed() -> dict[str, tuple[str, Any, str]]:
    found: dict[str, tuple[str, Any]] = {words: ("Q", words) for words in SHARES if not words.endswith("ly")}
    for be in ("is", "are"):
        found[be] = ("B", None)
        found[f"{be} the largest cover"] = ("L", None)
        found[f"{be} mostly"] = ("m", "mostly")
        found[f"{be} almost entirely"] = ("m", "almost entirely")
    found |= dict.fromkeys(("cover", "covers", "take up", "takes up"), ("v", None))
    found |= dict.fromkeys(("dominate", "dominates"), ("D", None))
    found |= {words: ("b", words) for words in ("the image", "the labelled area")}
    found |= {mark: (mark, None) for mark in ",()."}
    found |= {"mostly": ("y", "mostly"), "of": ("o", None), "and": ("&", None), "with": ("w", None)}
    found["followed by"] = ("F", None)
    return {words: (*value, words) for words, value in (found | _region_words()).items()}


def _region_words() -> dict[str, tuple[str, Any]]:
    """Words for one quadrant or half -> (its quadrants, whether they are compass words)."""
    found: dict[str, tuple[str, Any]] = {}
    compass = ("north-west", "north-east", "south-west", "south-east")
    image = ("upper left", "upper right", "lower left", "lower right")
    for n, quadrant in enumerate(_QUADRANTS):
        found[f"the {compass[n]}"] = ("R", (frozenset({quadrant}), True))
        found[f"the {image[n]}"] = ("R", (frozenset({quadrant}), False))
    halves = {
        "top": "northern upper",
        "bottom": "southern lower",
        "left": "western left",
        "right": "eastern right",
    }
    for side, names in halves.items():
        quadrants = frozenset(q for q in _QUADRANTS if side in q.split())
        for name, is_compass in zip(names.split(), (True, False), strict=True):
            found[f"the {name} half"] = ("H", (quadrants, is_compass))
    return found


_FIXED = Phrases(_fixed())
_KNOWN_WORDS = _FIXED.words()
_CLASS_LIST = r"C\(P\)(?:(?:,C\(P\))*&C\(P\))?"
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"Cv[QP]ob(?:(?:,CP)*&CP)?",
        rf"bmC(?:,w{_CLASS_LIST})?",
        rf"yC(?:,w{_CLASS_LIST})?",
        rf"C[DL]\(P\)(?:,F{_CLASS_LIST})?",
        r"[QP]obBC(?:&[QP]BC)?",
    )
)
_REGIONS_FORM = re.compile(r"CD(?:R(?:&R)?|H)")


class CoverReader:
    """Reads the land-cover sentences of one caption, and remembers whether the dominant class was named."""

    def __init__(self, cover: LandCover, north_up: bool) -> None:
        self.cover, self.north_up = cover, north_up
        self.pixels = {region: self._pixels(region) for region in (OVERALL, *_QUADRANTS)}
        self.words = list(self.pixels[OVERALL])
        self.total = sum(self.pixels[OVERALL].values())
        self.lexicon = _class_lexicon(frozenset(self.words))
        self.began = False

    def _pixels(self, region: str) -> dict[str, int]:
        """The pixels of each class word of a region, most first; classes with the same words are one."""
        pixels: dict[str, int] = {}
        for share in self.cover["regions"].get(region, []):
            word = cover_word(self.cover, share["name"])
            pixels[word] = pixels.get(word, 0) + share["pixels"]
        return dict(sorted(pixels.items(), key=lambda item: -item[1]))

    def read(self, words: list[str]) -> list[str] | None:
        """What is wrong with a sentence (its words without the full stop); None where it is in no form."""
        pieces = self._pieces(words)
        codes = "".join(piece.code for piece in pieces)
        if _REGIONS_FORM.fullmatch(codes):
            return self._read_regions(pieces)
        if not any(form.fullmatch(codes) for form in _FORMS):
            return None
        return [
            *self._class_problems(pieces),
            *self._share_problems(pieces, codes),
            *self._base_problems(pieces),
        ]

    def explain(self, words: list[str]) -> list[str]:
        """What is wrong with a sentence that is in no form."""
        problems = []
        for piece in self._pieces(words):
            if piece.code == "?" and piece.text not in _KNOWN_WORDS:
                problems.append(unknown_word(piece.text))
            elif piece.code == "C" and piece.value not in self.words:
                problems.append(not_held(piece.value))
        return problems

    def _pieces(self, words: list[str]) -> list[Piece]:
        found: list[Piece] = []
        at = 0
        while at < len(words):
            fixed, named = _FIXED.longest(words, at), self.lexicon.longest(words, at)
            if named is not None and (fixed is None or named[1] > fixed[1]):
                found.append(Piece("C", named[0], named[0]))
                at = named[1]
            elif fixed is not None:
                found.append(Piece(*fixed[0]))
                at = fixed[1]
            elif words[at + 1 : at + 2] == ["%"] and number(words[at]) is not None:
                found.append(Piece("P", words[at], f"{words[at]}%"))
                at += 2
            else:
                found.append(Piece("?", words[at], words[at]))
                at += 1
        return found

    def _class_problems(self, pieces: Sequence[Piece]) -> list[str]:
        named = [p.value for p in pieces if p.code == "C"]
        if len(named) > _MOST_CLASSES:
            return [f"names {len(named)} classes; at most {_MOST_CLASSES}"]
        problems = [
            f"names '{name}', which the labels do not hold" for name in named if name not in self.words
        ]
        if problems or named == self.words[: len(named)]:
            small = [name for name in named if self.pixels[OVERALL].get(name, 0) < 0.01 * self.total]
            return problems + [f"names '{name}', which covers less than 1 %" for name in small]
        if named[0] != self.words[0]:
            return [f"the dominant class '{self.words[0]}' is not named first, but '{named[0]}'"]
        return [f"names {', '.join(named)}; the order of the labels is {', '.join(self.words)}"]

    def _share_problems(self, pieces: Sequence[Piece], codes: str) -> list[str]:
        """Shares belong to classes in their order: the first said to the first named, and so on."""
        said = [p for p in pieces if p.code in "QPmy"]
        named = [p.value for p in pieces if p.code == "C"]
        problems = []
        for piece, name in zip(said, named, strict=False):
            share = self._share(name)
            if share is not None and not _is_share(piece, share):
                problems.append(f"says {piece.text} of '{name}'; the labels hold {100 * share:.1f} %")
        first = self._share(named[0])
        if "D" in codes and first is not None and first < 0.5:
            problems.append(f"says that '{named[0]}' dominates; the labels hold {100 * first:.1f} %")
        if set(codes) & {"D", "L"} and len(self.words) > 1 and named[0] in self.words[:2]:
            largest, second, *_ = self.pixels[OVERALL].values()
            if largest == second:
                problems.append(f"says that '{named[0]}' is the largest; '{self.words[1]}' is as large")
        return problems

    def _share(self, word: str) -> float | None:
        if word not in self.words or not self.total:
            return None
        return self.pixels[OVERALL][word] / self.total

    def _base_problems(self, pieces: Sequence[Piece]) -> list[str]:
        right = "the image" if self.cover["coverage"] >= 0.95 else "the labelled area"
        said = [p.text for p in pieces if p.code == "b"] or ["the image" for p in pieces if p.code in "yDL"]
        return [f"speaks of {base}; it is {right} that the labels cover" for base in said if base != right]

    def _read_regions(self, pieces: Sequence[Piece]) -> list[str]:
        problems = [] if self.began else ["tells of regions before it names the dominant class"]
        word = pieces[0].value
        said = frozenset[str]()
        for quadrants, compass in (p.value for p in pieces if p.code in "RH"):
            said |= quadrants
            if compass and not self.north_up:
                problems.append("uses compass words; up is not north in the image")
        true = frozenset(q for q in _QUADRANTS if self._dominates(word, q))
        if word not in self.words:
            problems.append(not_held(word))
        elif self.pixels[OVERALL][word] < 0.01 * self.total:
            problems.append(f"names '{word}', which covers less than 1 %")
        elif said != true:
            held = ", ".join(q for q in _QUADRANTS if q in true) or "no quadrant"
            problems.append(f"says in which regions '{word}' dominates; the labels hold {held}")
        return problems

    def _dominates(self, word: str, region: str) -> bool:
        """Whether a quadrant is half labelled or more, and more than half of that is of the class."""
        pixels, coverage = self.pixels[region], self.cover["coverage"]
        listed = sum(pixels.values())
        labelled = coverage >= 1 or listed >= self.total / coverage / 8
        return labelled and pixels.get(word, 0) > listed / 2


def is_class(words: str) -> bool:
    """Whether a sentence can tell the words for a class from a number and from its own: "part", "the image", "is"."""
    found = tokens(words)
    fixed = _FIXED.longest(found, 0)
    return not (len(found) == 1 and number(found[0]) is not None) and (fixed is None or fixed[1] < len(found))


def _is_share(piece: Piece, share: float) -> bool:
    if piece.code == "P":
        said = number(piece.value)
        return said == percent(share) and 1 <= said <= 100
    return share_is(piece.value, share)


@lru_cache(maxsize=256)
def _class_lexicon(words: frozenset[str]) -> Phrases[str]:
    return class_words().extended({word: word for word in words})
