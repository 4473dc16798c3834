"""The sentence that names a whole image's labels (section 5 of the caption grammar; 2.6 within style `natural`)."""

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify.lexicon import Phrases, class_words, not_held, scene_word, unknown_word
from rsvlm.captioning.verify.words import tokens

OPENERS = (
    "a satellite image with",
    "a satellite image of",
    "an overhead image with",
    "an overhead image of",
    "a view of",
    "the image shows",
    "the image contains",
    "the scene contains",
)
AFTER_OTHERS = ("the image includes", "the scene includes", "it includes")
"""Openers of the sentence at the end of a `natural` caption; "it" not where it is the only sentence."""

_COARSE = 5.0
"""Metres a pixel from which an image may be called a satellite image."""


def scene_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a caption of style `scene`."""
    words = tokens(caption)
    names = names_words(labels)
    opener = next((o for o in OPENERS if words[: len(o.split())] == o.split()), None)
    if opener is None or not names:
        return _explain(words, labels) or ["opens in no form of style scene"]
    problems = []
    if "satellite" in opener and (labels["gsd"] is None or labels["gsd"] < _COARSE):
        problems.append(f"speaks of a satellite image; the ground sample distance is {labels['gsd']} m")
    rest = words[len(opener.split()) :]
    if rest != [*names, "."]:
        problems += _explain(rest, labels) or ["does not name all labels once, in their order"]
    return problems


def names_words(labels: Labels) -> list[str]:
    """The words in which all names of a whole image are told, without the opener and the full stop."""
    phrases = list(dict.fromkeys(scene_word(name) for name in labels["scene"]))
    if not phrases:
        return []
    complex_ = any("," in phrase or "and" in tokens(phrase) for phrase in phrases)
    text = ("; " if complex_ else ", ").join(phrases[:-1])
    joint = "; and " if complex_ else " and "
    return tokens(f"{text}{joint}{phrases[-1]}" if text else phrases[-1])


def _explain(words: list[str], labels: Labels) -> list[str]:
    """Which names are missing, which the labels do not hold, and which words are no names."""
    held = {scene_word(name): True for name in labels["scene"]}
    lexicon: Phrases[str] = class_words().extended({phrase: phrase for phrase in held})
    known = set(" ".join(OPENERS + AFTER_OTHERS).split()) | {",", ";", "and", "."}
    found: list[str] = []
    problems: list[str] = []
    at = 0
    while at < len(words):
        name = lexicon.longest(words, at)
        if name is not None:
            found.append(name[0])
            at = name[1]
            continue
        if words[at] not in known:
            problems.append(unknown_word(words[at]))
        at += 1
    problems += [not_held(name) for name in found if name not in held]
    problems += [f"'{name}' of the labels is not named" for name in held if name not in found]
    return problems
