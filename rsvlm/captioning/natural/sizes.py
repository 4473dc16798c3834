"""Sizes as people round them: square metres, hectares, metres, kilometres (caption grammar, section 1.2)."""

import math

from rsvlm.captioning.natural.facts import Thing

LEAST = 10.0
"""Square metres or metres; what is smaller has no size worth telling."""


def area(square_metres: float) -> str:
    """Say an area: two significant digits below a hectare, one decimal below ten hectares."""
    if square_metres < 10_000 and (rounded := _significant(square_metres)) < 10_000:
        return f"{rounded:,} square metres"
    hectares = square_metres / 10_000
    text = _one_decimal(hectares) if hectares < 10 else f"{_half_up(hectares):,}"
    return f"{text} hectare" + ("" if text == "1" else "s")


def length(metres: float) -> str:
    """Say a length: two significant digits below a kilometre, one decimal above."""
    if metres < 1_000 and (rounded := _significant(metres)) < 1_000:
        return f"{rounded} metres"
    text = _one_decimal(metres / 1_000)
    return f"{text} kilometre" + ("" if text == "1" else "s")


def size_words(thing: Thing) -> str:
    """Return "of about 240 square metres" or "about 60 metres long"; "" for what is cut off or too small."""
    label = thing.label
    if not label["whole"]:
        return ""
    if label["shape"] == "area" and (label["area_m2"] or 0) >= LEAST:
        return f"of about {area(label['area_m2'] or 0)}"
    if label["shape"] == "line" and (label["length_m"] or 0) >= LEAST:
        return f"about {length(label['length_m'] or 0)} long"
    return ""


def _half_up(value: float) -> int:
    return math.floor(value + 0.5)


def _significant(value: float) -> int:
    step: int = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return _half_up(value / step) * step


def _one_decimal(value: float) -> str:
    return f"{_half_up(value * 10) / 10:.1f}".removesuffix(".0")
