"""The Porter stemmer in the form that caption metrics were computed with.

Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the departures that nltk's stemmer has by
default (irregular forms, "ies" and "ied" of four letters, "y" only after a consonant, "bli", "fulli", "logi", cvc of
two letters). METEOR and ROUGE-L of the literature rest on it; equal here to nltk's, and without the seconds that
importing nltk takes.
"""

from functools import lru_cache

IRREGULAR = {
    "skies": "sky", "sky": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news", "innings": "inning",
    "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning", "canning": "canning",
    "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
}  # fmt: skip

STEP_2 = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
)  # fmt: skip
STEP_3 = (
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
)  # fmt: skip
STEP_4 = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti",
    "ous", "ive", "ize",
)  # fmt: skip

Rules = tuple[tuple[str, str], ...]

ENDINGS: dict[Rules, tuple[str, ...]] = {rules: tuple(old for old, _ in rules) for rules in (STEP_2, STEP_3)}

_VOWELS = frozenset("aeiou")


@lru_cache(maxsize=1 << 18)
def stem(word: str) -> str:
    """The stem of a word, lower case.

    >>> stem("Relational"), stem("buildings"), stem("skies")
    ('relat', 'build', 'sky')
    """
    lowered = word.lower()
    if lowered in IRREGULAR:
        return IRREGULAR[lowered]
    if len(word) <= 2:
        return lowered
    found = _step_1c(_step_1b(_step_1a(lowered)))
    found = _step_4(_replace(_step_2(found), STEP_3))
    return _step_5(found)


def _shape(word: str) -> str:
    """By letter `c` for a consonant and `v` for a vowel: aeiou, and "y" after a consonant."""
    shape = ""
    for letter in word:
        vowel = letter in _VOWELS or (letter == "y" and shape.endswith("c"))
        shape += "v" if vowel else "c"
    return shape


def _measure(word: str) -> int:
    """The paper's m: how often a vowel is followed by a consonant."""
    return _shape(word).count("vc")


def _ends_cvc(word: str) -> bool:
    """The paper's *o, and words of a vowel and a consonant."""
    shape = _shape(word)
    return shape == "vc" or (shape.endswith("cvc") and word[-1] not in "wxy")


def _replace(word: str, rules: Rules) -> str:
    """Put in the ending of the first rule that fits, where what stands before it has m > 0."""
    if not word.endswith(ENDINGS[rules]):  # most words: a single look at all endings
        return word
    suffix, replacement = next(rule for rule in rules if word.endswith(rule[0]))
    start = word[: -len(suffix)]
    return start + replacement if _measure(start) > 0 else word


def _step_1a(word: str) -> str:
    if word.endswith("ies"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _step_1b(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    start = word[:-2] if word.endswith("ed") else word[:-3] if word.endswith("ing") else ""
    if "v" not in _shape(start):
        return word
    if start.endswith(("at", "bl", "iz")):
        return start + "e"
    if len(start) >= 2 and start[-1] == start[-2] and _shape(start).endswith("c"):
        return start if start[-1] in "lsz" else start[:-1]
    return start + "e" if _measure(start) == 1 and _ends_cvc(start) else start


def _step_1c(word: str) -> str:
    turns = word.endswith("y") and len(word) > 2 and _shape(word[:-1]).endswith("c")
    return word[:-1] + "i" if turns else word


def _step_2(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _step_2(word[:-2])
    replaced = _replace(word, STEP_2)
    if replaced == word and word.endswith("logi") and _measure(word[:-3]) > 0:
        return word[:-1]
    return replaced


def _step_4(word: str) -> str:
    if not word.endswith(STEP_4):
        return word
    suffix = next(suffix for suffix in STEP_4 if word.endswith(suffix))
    start = word[: -len(suffix)]
    fits = _measure(start) > 1 and (suffix != "ion" or start[-1] in "st")
    return start if fits else word


def _step_5(word: str) -> str:
    if word.endswith("e"):
        start = word[:-1]
        m = _measure(start)
        if m > 1 or (m == 1 and not _ends_cvc(start)):
            word = start
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word
