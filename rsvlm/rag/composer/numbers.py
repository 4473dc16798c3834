"""Numbers in texts as people write them, with units, spans and thousands."""

import math
import re

_NO_QUANTITY = "band|bands|class|figure|landsat|level|no|page|sentinel|table|zone"
"""What numbers stand behind that are no quantity: "band 8 842 nm" has two."""
_MARKS = " \xa0\u2009\u202f'\u2019"
"""Between thousands, beside the comma."""
_GROUPED = (
    "".join(f"(?<!{word} )" for word in _NO_QUANTITY.split("|"))
    + rf"\d{{1,3}}(?:[{_MARKS}]\d{{3}})+(?![\d,])"
)
_POINTED = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?![\d.])"
"""1.234.567 and 1.094,5, as most of Europe writes."""
NUMBER = re.compile(
    rf"(?<![\w.,])(?:[-+\u2212]|\u2013\s?)?"
    rf"(?:\d+/\d+(?![\d/])|{_POINTED}|{_GROUPED}|\d(?:[\d,]*\d)?)(?:\.\d+)?(?:[eE][-+]?\d+)?",
    re.IGNORECASE,
)
_PLAIN = r"[-+]?\d[\d,]*(?:\.\d+)?"
RANGE = re.compile(
    rf"(?:{_PLAIN}(?: (?:to|by|x) |\s?[-\u2013\u2014]\s?)|(?<=between ){_PLAIN} and ){_PLAIN}(?![\d.,]*\d)"
)
_UNIT = re.compile(
    r"(?:\s(?:thousand|million|billion)\b)?"
    r"(?:\s?(?:%|\u2030|°\s?[CF]?|degC|(?:mm|cm|km|m|ft|hPa|Pa|kPa|K|kg|g|t|ha|kW|MW|W|s|h)(?:[²³]|\^?\d)?"
    r"(?:\s?/\s?(?:m|s|h|day|year)(?:[²³]|\^?\d)?)?"
    r"|metres|meters|feet|hectares|acres|inhabitants|people|square kilometres)"
    r"(?![\w]))?(?:\s(?:below|above) (?:mean )?sea level)?"
)


def plain(number: str) -> str:
    """A number without what is between thousands, with a plain sign, so that two of them can be compared."""
    return re.sub(f"[,{_MARKS}]", "", number.replace("\u2212", "-").replace("\u2013", "-")).lstrip("+")


def sizes_in(text: str) -> list[float]:
    """The numbers of a text without their signs: a dash stands between the ends of a span."""
    return [abs(_value(number)) for number in NUMBER.findall(text)]


def _value(number: str) -> float:
    if "/" in number:
        above, below = (float(part) for part in plain(number).split("/"))
        return above / below if below else math.inf
    if re.fullmatch(rf"\D*(?:{_POINTED}|\d+,\d\d?)", number):
        number = number.replace(".", "").replace(",", ".")
    return float(plain(number))


def unit_behind(text: str, end: int) -> str:
    """The unit that stands behind a number, with the white space before it; "" where none does."""
    match = _UNIT.match(text, end)
    return match[0] if match is not None else ""


def with_unit(text: str, match: re.Match[str]) -> str:
    """A number with its unit, and the whole range where it is an end of one: "30 to 60 m"."""
    start, end = match.span()
    for one in RANGE.finditer(text):
        if one.start() <= end and start < one.end():
            start, end = min(start, one.start()), max(end, one.end())
    return text[start:end].rstrip(",") + unit_behind(text, end)
