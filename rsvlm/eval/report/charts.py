"""Curves, the reliability picture and bars."""

import math
from collections.abc import Iterable, Mapping, Sequence

from .picture import Box, Line, Picture, Words, cut, text_width

Points = Sequence[tuple[float, float]]
Shapes = list[Box | Line | Words]

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 26, 14, 46
_FIELD = (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)
BAR_LINE = 22


def curves_picture(
    series: Mapping[str, Points],
    x_label: str,
    y_label: str,
    alt: str,
    *,
    logarithmic: bool = False,
) -> Picture:
    """Draw curves of shares.

    Args:
        series: Up to four by name; points (x, share 0..1) in rising order of x, at least one each.
        x_label: What x is.
        y_label: What the share is.
        alt: The picture in words.
        logarithmic: Whether x has a logarithmic scale; it must then be above 0.
    """
    values = [x for points in series.values() for x, _ in points]
    low, high = min(values), max(values)
    ticks = _decades(low, high) if logarithmic else _ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    scale = math.log10 if logarithmic else float

    def x_of(value: float) -> float:
        span = scale(high) - scale(low) or 1
        return _FIELD[0] + (scale(value) - scale(low)) / span * (_FIELD[2] - _FIELD[0])

    lowest = min(share for points in series.values() for _, share in points)
    floor = 0.0 if lowest < 0.6 else math.floor(lowest * 10) / 10 if lowest < 1 else 0.9
    shapes = _share_axis(floor, y_label)
    for tick in ticks:
        shapes.append(Words(x_of(tick), _FIELD[3] + 17, _tick_text(tick), 11, "middle", colour="quiet"))
    shapes.append(Words((_FIELD[0] + _FIELD[2]) / 2, HEIGHT - 8, x_label, 12, "middle", colour="quiet"))
    for number, (name, points) in enumerate(series.items()):
        drawn = tuple((x_of(x), _y_of(share, floor)) for x, share in points)
        if len(drawn) == 1:
            drawn = (drawn[0], (_FIELD[2], drawn[0][1]))
        shapes.append(Line(drawn, f"series{number % 4}", 2.2))
        if len(series) > 1:
            shapes += _key(number, cut(name, 34), up=points[-1][1] < points[0][1])
    return Picture(WIDTH, HEIGHT, alt, shapes)


def lines_picture(
    series: Mapping[str, Points],
    x_label: str,
    y_label: str,
    alt: str,
    *,
    limit: float | None = None,
    measured: bool = False,
) -> Picture:
    """Draw curves of any numbers.

    Args:
        series: Up to four by name; points in rising order of x, at least one each.
        x_label: What x is.
        y_label: What y is.
        alt: The picture in words.
        limit: Where a dashed line is drawn across.
        measured: Whether the points themselves count: they are marked, and the names stand below the field.
    """
    across = _ticks(*_ends(x for points in series.values() for x, _ in points))
    limits = () if limit is None else (limit,)
    up = _ticks(*_ends([*limits, *(y for points in series.values() for _, y in points)]))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            _FIELD[0] + (x - across[0]) / (across[-1] - across[0]) * (_FIELD[2] - _FIELD[0]),
            _FIELD[3] - (y - up[0]) / (up[-1] - up[0]) * (_FIELD[3] - _FIELD[1]),
        )

    shapes: Shapes = []
    for tick in up:
        y = place(across[0], tick)[1]
        shapes.append(Line(((_FIELD[0], y), (_FIELD[2], y)), "line"))
        shapes.append(Words(_FIELD[0] - 6, y + 4, _tick_text(tick), 11, "end", colour="quiet"))
    shapes.append(Words(12, (_FIELD[1] + _FIELD[3]) / 2, y_label, 12, "middle", 90, "quiet"))
    for tick in across:
        shapes.append(
            Words(place(tick, up[0])[0], _FIELD[3] + 17, _tick_text(tick), 11, "middle", colour="quiet")
        )
    shapes.append(Words((_FIELD[0] + _FIELD[2]) / 2, HEIGHT - 8, x_label, 12, "middle", colour="quiet"))
    for number, (name, points) in enumerate(series.items()):
        drawn = tuple(place(x, y) for x, y in points)
        if len(drawn) > 1:
            shapes.append(Line(drawn, f"series{number % 4}", 2.2))
        if len(drawn) == 1 or measured:
            shapes += [Box(x - 3, y - 3, 6, 6, f"series{number % 4}") for x, y in drawn]
        if measured:
            shapes += _key_below(number, name)
        elif len(series) > 1:
            shapes += _key(number, cut(name, 34), up=points[-1][1] < points[0][1])
    if limit is not None:
        y = place(across[0], limit)[1]
        shapes.append(Line(((_FIELD[0], y), (_FIELD[2], y)), "ink", 1.2, dashed=True))
    return Picture(WIDTH, HEIGHT + (_below(len(series)) if measured else 0), alt, shapes)


def _ends(values: Iterable[float]) -> tuple[float, float]:
    known = list(values)
    return min(known), max(known)


def reliability_picture(bins: Sequence[Mapping[str, float]], error: float) -> Picture:
    """Draw how often answers of each confidence are right; on the dashed line they are as often as they claim.

    Args:
        bins: Rows of `rsvlm.eval.statistics.reliability_table`.
        error: The expected calibration error.
    """
    shapes = _share_axis(0.0, "right")
    width = _FIELD[2] - _FIELD[0]
    most = max(row["n"] for row in bins)
    for tick in (0, 0.25, 0.5, 0.75, 1):
        place = _FIELD[0] + tick * width
        shapes.append(Words(place, _FIELD[3] + 17, f"{tick:.0%}", 11, "middle", colour="quiet"))
    shapes.append(Words(_FIELD[0] + width / 2, HEIGHT - 8, "confidence", 12, "middle", colour="quiet"))
    for row in bins:
        x, wide = _FIELD[0] + row["low"] * width, (row["high"] - row["low"]) * width
        y = _y_of(row["accuracy"], 0)
        title = f"confidence {row['confidence']:.1%}: {row['accuracy']:.1%} right of {row['n']:,.0f} answers"
        shade = 0.3 + 0.7 * math.sqrt(row["n"] / most)  # few answers: pale
        shapes.append(Box(x + 1, y, wide - 2, _FIELD[3] - y, "value", shade, title))
    shapes.append(Line(((_FIELD[0], _FIELD[3]), (_FIELD[2], _FIELD[1])), "ink", 1.2, dashed=True))
    alt = (
        f"Reliability: expected calibration error {error:.3f}. "
        + "; ".join(
            f"at confidence {row['confidence']:.0%}, {row['accuracy']:.0%} right" for row in bins[-3:]
        )
        + "."
    )
    return Picture(WIDTH, HEIGHT, alt, shapes)


def bars_picture(values: Mapping[str, float], label: str, alt: str) -> Picture:
    """Draw shares 0..1 as bars, one below the other, each with its name and number."""
    names = {name: cut(name, 34) for name in values}
    left = 10 + max(text_width(name, 12) for name in names.values())
    field = 380
    shapes: Shapes = [Words(left, 14, label, 12, colour="quiet")]
    for number, (name, value) in enumerate(values.items()):
        y = 24 + number * BAR_LINE
        shapes += [
            Words(left - 8, y + 13, names[name], 12, "end"),
            Box(left, y + 2, field, BAR_LINE - 8, "line", 0.45),
            Box(left, y + 2, field * min(max(value, 0), 1), BAR_LINE - 8, "value"),
            Words(left + field + 8, y + 13, f"{100 * value:.1f}", 12),
        ]
    return Picture(left + field + 52, 32 + BAR_LINE * len(values), alt, shapes)


def _share_axis(floor: float, label: str) -> Shapes:
    """Lines at shares from `floor` to 1, and what they are."""
    shapes: Shapes = []
    for step in range(5):
        share = floor + (1 - floor) * step / 4
        y = _y_of(share, floor)
        shapes.append(Line(((_FIELD[0], y), (_FIELD[2], y)), "line"))
        shapes.append(Words(_FIELD[0] - 6, y + 4, f"{100 * share:.3g}", 11, "end", colour="quiet"))
    middle = (_FIELD[1] + _FIELD[3]) / 2
    shapes.append(Words(12, middle, f"{label}, %", 12, "middle", 90, "quiet"))
    return shapes


def _y_of(share: float, floor: float) -> float:
    return _FIELD[3] - (min(max(share, floor), 1) - floor) / (1 - floor) * (_FIELD[3] - _FIELD[1])


def _below(names: int) -> int:
    """Height that the legend needs below the field."""
    return 18 + 17 * (names - 1)


def _key_below(number: int, name: str) -> Shapes:
    y = HEIGHT + 12 + 17 * number
    return [
        Line(((_FIELD[0], y - 4), (_FIELD[0] + 20, y - 4)), f"series{number % 4}", 2.6),
        Words(_FIELD[0] + 28, y, cut(name, 56), 12),
    ]


def _key(number: int, name: str, up: bool) -> Shapes:
    """A line of the legend, in the corner that the curves leave free."""
    y = (_FIELD[1] if up else _FIELD[3] - 70) + 14 + 17 * number
    end = _FIELD[2] - 8
    return [
        Words(end - 26, y, name, 12, "end"),
        Line(((end - 20, y - 4), (end, y - 4)), f"series{number % 4}", 2.6),
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Four to six round numbers that hold the range."""
    span = (high - low) or 1
    power = 10 ** math.floor(math.log10(span / 4))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def _tick_text(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"
