"""A small map of where hits lie: footprints and a grid of degrees, drawn without any map server."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from rsvlm.imagery.grid import BBox

from .rows import EDGES

WIDTH, MOST_HEIGHT = 640, 420
_MARGIN = 34
_LEAST_SPAN = 0.01
"""Degrees that the map shows at least: some kilometre."""
_NUMBERED = 30
"""Hits that are numbered on it; more would hide one another."""
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45, 90)


class _Frame(NamedTuple):
    west: float
    north: float
    across: float
    """Pixels a degree of longitude, and down, of latitude."""
    down: float
    width: float
    height: float

    def x(self, longitude: float) -> float:
        return _MARGIN + (longitude - self.west) * self.across

    def y(self, latitude: float) -> float:
        return _MARGIN + (self.north - latitude) * self.down


def minimap(
    rows: Sequence[Mapping[str, Any]],
    *,
    here: BBox | None = None,
    anchor: str = "hit",
    label: str = "Where the hits lie",
) -> str | None:
    """Return an SVG of the footprints of hits, each a link to `#hit-RANK`; None where none has a place.

    North is up, and a degree of longitude as wide as it is in the middle of the map.

    Args:
        rows: The hits.
        here: West, south, east, north of what was asked about, drawn without a number; None: it has no place.
        anchor: What links begin with, in place of "hit".
        label: What the map shows, for those who do not see it.
    """
    placed = [row for row in rows if row["west"] is not None]
    own = [] if here is None else [dict(zip(EDGES, here, strict=True))]
    if not placed and not own:
        return None
    boxes = _unwrapped([*own, *placed])
    frame = _frame(boxes)
    shapes = "".join(_here(frame, box) for box in boxes[: len(own)]) + "".join(
        _shape(frame, row["rank"], row["key"], box, anchor)
        for row, box in reversed(list(zip(placed, boxes[len(own) :], strict=True)))
    )
    width, height = frame.width + 2 * _MARGIN, frame.height + 2 * _MARGIN
    return (
        f'<svg class="map" viewBox="0 0 {width:.0f} {height:.0f}" role="group" '
        f'aria-label="{escape(label)}">{_grid(frame)}{shapes}</svg>'
    )


def _unwrapped(rows: Sequence[Mapping[str, Any]]) -> list[tuple[float, float, float, float]]:
    """Footprints with longitudes that go on beyond 180, so that neighbours across the antimeridian are neighbours."""
    middles = []
    for row in rows:
        east = row["east"] + (360 if row["east"] < row["west"] else 0)
        middles.append(math.radians((row["west"] + east) / 2))
    centre = math.degrees(math.atan2(sum(map(math.sin, middles)), sum(map(math.cos, middles))))
    found = []
    for row, middle in zip(rows, middles, strict=True):
        width = row["east"] - row["west"]
        width = 360.0 if width >= 360 else width % 360
        away = (math.degrees(middle) - centre + 180) % 360 - 180
        west = centre + away - width / 2
        found.append((west, row["south"], west + width, row["north"]))
    return found


def _frame(boxes: Sequence[tuple[float, float, float, float]]) -> _Frame:
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    middle = (south + north) / 2
    shrink = max(math.cos(math.radians(middle)), 0.05)
    wide = max((east - west) * 1.1, _LEAST_SPAN / shrink)
    high = max((north - south) * 1.1, _LEAST_SPAN)
    down = min(WIDTH / (wide * shrink), MOST_HEIGHT / high)
    high, wide = max(high, 0.35 * WIDTH / down), WIDTH / (down * shrink)
    return _Frame(
        west=(west + east - wide) / 2, north=middle + high / 2, across=down * shrink, down=down,
        width=WIDTH, height=high * down,
    )  # fmt: skip


def _grid(frame: _Frame) -> str:
    lines = [
        f'<rect class="ground" x="{_MARGIN}" y="{_MARGIN}" width="{frame.width:.1f}" height="{frame.height:.1f}"/>'
    ]
    east, south = frame.west + frame.width / frame.across, frame.north - frame.height / frame.down
    for degree in _ticks(frame.west, east):
        x, text = frame.x(degree), _degrees((degree + 180) % 360 - 180, "E", "W")
        lines.append(f'<path d="M{x:.1f} {_MARGIN}v{frame.height:.1f}"/>')
        lines.append(
            f'<text x="{x:.1f}" y="{frame.height + _MARGIN + 16:.1f}" text-anchor="middle">{text}</text>'
        )
    for degree in _ticks(max(south, -90), min(frame.north, 90)):
        y, text = frame.y(degree), _degrees(degree, "N", "S")
        lines.append(f'<path d="M{_MARGIN} {y:.1f}h{frame.width:.1f}"/>')
        lines.append(f'<text x="{_MARGIN + 4}" y="{y - 4:.1f}">{text}</text>')
    return f'<g class="grid">{"".join(lines)}</g>'


def _ticks(low: float, high: float) -> list[float]:
    step = next((step for step in _STEPS if (high - low) / step <= 6), _STEPS[-1])
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]


def _degrees(value: float, above: str, below: str) -> str:
    text = f"{abs(value):.3f}".rstrip("0").rstrip(".")
    either = float(text) in (0, 180)  # the equator, and the two meridians that lie neither east nor west
    return f"{text}\u00b0{'' if either else above if value > 0 else below}"


def _here(frame: _Frame, box: tuple[float, float, float, float]) -> str:
    """What was asked about: its outline, in a ring that shows it where it is small."""
    x, y = frame.x((box[0] + box[2]) / 2), frame.y((box[1] + box[3]) / 2)
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="18"/>'
    return f'<g class="here"><title>the image</title>{_outline(frame, box)}{ring}</g>'


def _outline(frame: _Frame, box: tuple[float, float, float, float]) -> str:
    left, top, right, bottom = frame.x(box[0]), frame.y(box[3]), frame.x(box[2]), frame.y(box[1])
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"/>'


def _shape(frame: _Frame, rank: int, key: str, box: tuple[float, float, float, float], anchor: str) -> str:
    x, y = frame.x((box[0] + box[2]) / 2), frame.y((box[1] + box[3]) / 2)
    marks = _outline(frame, box)
    if rank <= _NUMBERED:
        marks += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9"/><text x="{x:.1f}" y="{y + 4:.1f}">{rank}</text>'
    else:
        marks += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    return f'<a class="hit" href="#{anchor}-{rank}"><title>{escape(key)}</title>{marks}</a>'
