"""Reading answers as AgroMind's own program reads them (its `utils/check_func.py`), loopholes included.

These rules decided the published numbers, so they are followed to the letter, written anew and without their
quadratic searches: an answer of a megabyte takes as long as reading it. What they let pass is said at each rule, and
`extract_strict` lets none of it pass. Two things differ, where theirs cannot be followed: a letter that they draw at
random is drawn from a seed (`judging`), and options that are numbers, on which theirs stops with an error when several
are found in an answer, are taken as text.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from rsvlm.eval.agromind.boxes import Box

_STRIPPED = (",", ".", "!", "?", ";", ":", "'")
_FEW_WORDS = 5
"""Up to so many words, an answer is not searched for the texts of options."""

_ANY_OF = {"{}: ": ("{}: ",), "{}\n": ("{}\n",)}
_SINGLE = {"({})": ("({})",), " {} ": (" {} ",), **_ANY_OF}
_MULTIPLE = {"({})": ("({})",), " {}": ("{},", ",{}", " {}"), **_ANY_OF}

_NUMBER = re.compile(
    r"""-? (?: (?<!\d) \d++ (?: \.\d++ (?![eE][+-]?\d) | \b )   # 12.5 and 12; no part of 1.5e3 before its e
             | \.\d++ (?![eE][+-]?\d) )                         # .5""",
    re.VERBOSE,
)
_SCIENTIFIC = re.compile(r"-?(?<!\d)\d++(?:\.\d++)?[eE][+-]?\d++")

_COORDINATE = r"[-+]?(?>\d*+\.\d++|\d++)"
_LAST_COORDINATE = r"[-+]?(?:\d*+\.\d++\b|\d++\b)"
_BOX = re.compile(
    rf"\b({_COORDINATE})[,\s]++({_COORDINATE})[,\s]++({_COORDINATE})[,\s]++({_LAST_COORDINATE})"
)


def find_letter(answer: str, options: Mapping[str, str]) -> str | None:
    """Return the one letter that an answer names, None where the reference draws one at random.

    The first form that occurs decides: "(B)", " B ", "B: ", "B" before a line's end, else, in more than five words,
    the text of an option in any case. Of several letters the one named last wins, so that naming all of them and
    ending with a guess costs nothing; of the third and fourth form it is the first of the options.
    """
    text = _padded(answer)
    found, form = _first_form(text, options, _SINGLE)
    if form in ("({})", " {} "):
        return max(found, key=lambda letter: text.rfind(form.format(letter)))
    if found:
        return found[0]
    lowered = text.lower()
    found = _by_text(lowered, options)
    return max(found, key=lambda letter: lowered.rfind(options[letter].lower())) if found else None


def find_letters(answer: str, options: Mapping[str, str]) -> list[str]:
    """Return all letters that an answer names, in the order of the options; none where the reference draws one.

    As `find_letter`, but the second form is a letter with a comma on either side or a space before it, so that "And"
    names A.
    """
    text = _padded(answer)
    found, _ = _first_form(text, options, _MULTIPLE)
    return found or _by_text(text.lower(), options)


def read_fragments(text: str) -> frozenset[str | int]:
    """Return what an open answer says: its parts between commas and line ends, or the numbers in them.

    In lower case. A part with numbers in it is replaced by them, rounded to whole ones, halves to the even one: "about
    2.5 m" says 2. Single characters become two strings, with a space before and after. An answer is right that says
    all that the right one says, whatever it says beside that: "yes, no" always is.
    """
    said: set[str | int] = set()
    for part in re.split(r"[\n,]", text.strip().strip(".").lower()):
        part = part.strip()
        # theirs also looks for 1,234, which no part can hold, for it ends at the comma
        for piece in [*_SCIENTIFIC.findall(part), *_NUMBER.findall(part)] or [part]:
            said |= _plain(piece)
    return frozenset(said)


def find_box(answer: str) -> Box | None:
    """Return the first four numbers that only commas and spaces part; a sign before the first is lost.

    None where there are none, or where they are reversed.
    """
    match = _BOX.search(answer)
    if match is None:
        return None
    box = Box(*(float(number) for number in match.groups()))
    return None if box.left > box.right or box.top > box.bottom else box


def _padded(answer: str) -> str:
    """Strip marks from both ends, one kind after the other, and put a space at each end."""
    for mark in _STRIPPED:
        answer = answer.strip(mark)
    return f" {answer} "


def _first_form(
    text: str, options: Mapping[str, str], forms: Mapping[str, tuple[str, ...]]
) -> tuple[list[str], str]:
    """Return the letters that occur in the first form in which any does, and the form; none and "" else."""
    for form, spellings in forms.items():
        found = [letter for letter in options if any(map(text.__contains__, _spelt(spellings, letter)))]
        if found:
            return found, form
    return [], ""


@lru_cache(maxsize=1024)
def _spelt(spellings: tuple[str, ...], letter: str) -> tuple[str, ...]:
    return tuple(spelling.format(letter) for spelling in spellings)


def _by_text(lowered: str, options: Mapping[str, str]) -> list[str]:
    if len(lowered.split(maxsplit=_FEW_WORDS)) <= _FEW_WORDS:
        return []
    return [letter for letter, option in options.items() if option.lower() in lowered]


def _plain(piece: str) -> set[str | int]:
    try:
        return {round(float(piece))}
    except ValueError:  # no number, or nan
        return {f" {piece}", f"{piece} "} if len(piece) == 1 else {piece}
    except OverflowError:  # infinite
        return {piece}
