"""Words that a sentence which answers a question of fact must share with it: names, numbers, times, variables."""

import re
from collections.abc import Iterator
from functools import cache

from rsvlm.datasets.times import MONTHS

from .asked import HardWords
from .classes import class_names, classes
from .reading import singular, stop_words, table, word_set
from .spelling import mended

_MONTH_NUMBER = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
_MONTH_NUMBER |= {name[:3]: number for name, number in _MONTH_NUMBER.items()} | {"sept": 9}
_NAMED = "|".join(sorted(_MONTH_NUMBER, key=len, reverse=True))
_YEAR = r"(?:1[5-9]|20)\d\d"
_MONTH_YEAR = re.compile(rf"\b({_NAMED})\.?,?(?: of)? ({_YEAR})\b", re.IGNORECASE)
_YEAR_MONTH = re.compile(rf"\b({_YEAR})[-/](1[0-2]|0[1-9])\b(?!\d)")
_SLASHED = re.compile(rf"\b(1[0-2]|0?[1-9])/({_YEAR})\b")
_MONTH = re.compile(
    rf"\b({'|'.join(MONTHS)}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b", re.IGNORECASE
)
_YEARS = re.compile(rf"(?<![\d.]){_YEAR}(?![\d%]|\.\d)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?")
_QUOTED = re.compile(r'"([^"]{2,80})"|(?<!\w)\'([^\']{2,80})\'(?!\w)')
_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Za-z0-9]+)+\b|\b[A-Z][A-Z0-9]{2,}\b|\bT[SP]\b|\bPS\b")
_WORD = re.compile(r"\w+(?:[-'.]\w+)*")


def hard_words(text: str) -> HardWords:
    """Find the hard words of a question, each once, in the order of the text."""
    shouting = _shouts(text)
    codes = () if shouting else _unique(match[0] for match in _CODE.finditer(text) if _is_code(match[0]))
    quoted = [(first or second).strip() for first, second in _QUOTED.findall(text)]
    names = [] if shouting else _capitalised(text, codes)
    years = tuple(dict.fromkeys(int(year) for year in _YEARS.findall(text)))
    return HardWords(
        names=_unique([*quoted, *(name for name in names if all(name not in one for one in quoted))]),
        numbers=_unique(_NUMBER.findall(text)),
        years=years,
        months=_unique(_months(text, years)),
        codes=codes,
    )


def _unique(words: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def _shouts(text: str) -> bool:
    """Whether the text is written in capitals, which then tell nothing."""
    words = [word for word in text.split() if any(letter.isalpha() for letter in word)]
    return len(words) > 2 and sum(word.isupper() for word in words) > 0.6 * len(words)


def _is_code(word: str) -> bool:
    return word not in word_set("not_codes") and not class_names(word)


def _months(text: str, years: tuple[int, ...]) -> Iterator[str]:
    dated = [f"{year}-{_MONTH_NUMBER[name.lower()]:02}" for name, year in _MONTH_YEAR.findall(text)]
    dated += [f"{year}-{month}" for year, month in _YEAR_MONTH.findall(text)]
    dated += [f"{year}-{int(month):02}" for month, year in _SLASHED.findall(text)]
    yield from dated
    said = {month[5:] for month in dated}
    for match in _MONTH.finditer(text):
        number = f"{_MONTH_NUMBER[match[0].lower()]:02}"
        if number in said or not _is_month(match[0], text, match.start()):
            continue
        yield f"{years[0]}-{number}" if len(years) == 1 else number


def _is_month(word: str, text: str, start: int) -> bool:
    """Whether "may" and "march" are months: written large, not first, or after words that go before a month."""
    if word.lower() not in ("may", "march", "mar"):
        return True
    return (word[0].isupper() and start > 0) or text[:start].lower().endswith(
        (" in ", " of ", " during ", " since ")
    )


def _capitalised(text: str, codes: tuple[str, ...]) -> list[str]:
    """Runs of words with capitals that are no ordinary words, with "of", "de" and the like between them."""
    words = [match for match in _WORD.finditer(text) if match[0] not in codes]
    names: list[str] = []
    place = 0
    while place < len(words):
        end = _run_end(text, words, place)
        first = next((one for one in range(place, end) if not _is_ordinary(words[one][0])), end)
        if first < end and _is_name(text, words[first:end]):
            names.append(text[words[first].start() : words[end - 1].end()])
        place = max(end, place + 1)
    return names


def _run_end(text: str, words: list[re.Match[str]], first: int) -> int:
    """Return the place after the last word of the run of capitals that begins at a place; the place: none does."""
    end = place = first
    while place < len(words) and (
        place == first or not text[words[place - 1].end() : words[place].start()].strip()
    ):
        word = words[place][0]
        if word[0].isupper() or (place > first and word.isdigit()):
            end = place + 1
        elif place == first or word.lower() not in word_set("name_joiners") or place - end >= 2:
            break
        place += 1
    return end


def _is_ordinary(word: str) -> bool:
    low = word.lower().partition("'")[0]
    if (
        len(word) == 1
        or low.isdigit()
        or low in stop_words()
        or low in _MONTH_NUMBER
        or low in _plain_words()
    ):
        return True
    return mended(low) != low


@cache
def _plain_words() -> frozenset[str]:
    data = table("words.yaml")
    return (
        frozenset(map(str, [*data["short"], *data["spelling"]])) | word_set("keywords") | word_set("weekdays")
    )


def _is_name(text: str, words: list[re.Match[str]]) -> bool:
    """Whether words with capitals name something: not classes alone, nor a word that only begins a sentence."""
    if all(singular(word[0].lower()) in classes().words for word in words):
        return False
    before = text[: words[0].start()].rstrip()
    return len(words) > 1 or not words[0][0].isascii() or bool(before and before[-1] not in ".?!:;")
