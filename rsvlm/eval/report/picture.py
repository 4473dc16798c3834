"""Diagrams as lists of shapes, drawn as SVG for pages and as PNG beside Markdown: one description, two drawings.

Colours are named by what they mean, so that a page can show the same diagram on a light and on a dark ground. Right
and wrong are blue and orange, which colour-blind readers tell apart.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from PIL import Image, ImageDraw

from rsvlm.imagery.drawing import lettering

Anchor = Literal["start", "middle", "end"]
Colour = tuple[int, int, int]

LIGHT: dict[str, Colour] = {
    "paper": (255, 255, 255),
    "ink": (29, 31, 34),
    "quiet": (98, 102, 109),
    "line": (223, 220, 212),
    "right": (0, 98, 160),
    "wrong": (200, 84, 0),
    "value": (0, 98, 160),
    "series0": (0, 98, 160),
    "series1": (200, 84, 0),
    "series2": (0, 128, 96),
    "series3": (150, 72, 130),
}
"""What a name looks like on paper; pages have the same names, light and dark, in their style sheet."""

_JOINERS = "\u200c\u200d"
"""Without them words of some scripts are written wrongly."""
_SCALE = 2
"""Pixels of a PNG for each unit."""


@dataclass(frozen=True)
class Box:
    """A filled rectangle; `share` is its opacity, `title` what shows when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    share: float = 1.0
    title: str = ""


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class Words:
    """Text at its base line; `angle` turns it anticlockwise around its anchor, in degrees."""

    x: float
    y: float
    text: str
    size: float = 12
    anchor: Anchor = "start"
    angle: float = 0
    colour: str = "ink"


@dataclass(frozen=True)
class Picture:
    """A diagram, and in words what it shows."""

    width: float
    height: float
    alt: str
    shapes: Sequence[Box | Line | Words]


def text_width(text: str, size: float) -> float:
    """About how wide a text is; the same on every machine, whatever fonts it has."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (0.56 * (len(text) - wide) + wide)


def cut(text: str, most: int) -> str:
    """A text in one line of so many letters, with `…` where something was left out; no control characters."""
    shown = _one_line(text[: 4 * most + 100])  # an answer may be megabytes
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


def cut_middle(text: str, most: int) -> str:
    """A name cut in its middle, since names of files mostly differ at their end."""
    if len(text) > 8 * most:
        text = text[: 4 * most] + text[-4 * most :]
    shown = _one_line(text)
    if len(shown) <= most:
        return shown
    start = most // 3
    return f"{shown[:start]}…{shown[len(shown) - (most - start - 1) :]}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return "".join(
        letter for letter in line if letter in _JOINERS or not unicodedata.category(letter).startswith("C")
    )


def to_svg(picture: Picture) -> str:
    """The diagram as an SVG element; its colours are classes of the page's style sheet."""
    shapes = "".join(_svg(shape) for shape in picture.shapes)
    size = f'width="{_n(picture.width)}" height="{_n(picture.height)}"'
    box = f'viewBox="0 0 {_n(picture.width)} {_n(picture.height)}"'
    return f'<svg role="img" aria-label="{escape(picture.alt)}" {size} {box}>{shapes}</svg>'


def _svg(shape: Box | Line | Words) -> str:
    match shape:
        case Box():
            share = "" if shape.share >= 1 else f' fill-opacity="{shape.share:.2g}"'
            place = (
                f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
            )
            if not shape.title:
                return f'<rect class="{shape.colour}" {place}{share}/>'
            return f'<rect class="{shape.colour}" {place}{share}><title>{escape(shape.title)}</title></rect>'
        case Line():
            points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
            dashes = ' stroke-dasharray="4 4"' if shape.dashed else ""
            return f'<polyline class="{shape.colour}" points="{points}" stroke-width="{_n(shape.width)}"{dashes}/>'
        case Words():
            turn = f' transform="rotate({-shape.angle:g} {_n(shape.x)} {_n(shape.y)})"' if shape.angle else ""
            anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}"'
            return f'<text class="{shape.colour}" {place}{anchor}{turn}>{escape(shape.text)}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def to_image(picture: Picture) -> Image.Image:
    """The diagram as pixels on white, two for each unit."""
    size = (round(picture.width * _SCALE), round(picture.height * _SCALE))
    image = Image.new("RGB", size, LIGHT["paper"])
    draw = ImageDraw.Draw(image)
    for shape in picture.shapes:
        match shape:
            case Box():
                _draw_box(draw, shape)
            case Line():
                _draw_line(draw, shape)
            case Words():
                _draw_words(image, draw, shape)
    return image


def _draw_box(draw: ImageDraw.ImageDraw, box: Box) -> None:
    colour = _mix(LIGHT[box.colour], box.share)
    right, bottom = (box.x + box.width) * _SCALE - 1, (box.y + box.height) * _SCALE - 1
    if right >= box.x * _SCALE and bottom >= box.y * _SCALE:
        draw.rectangle((box.x * _SCALE, box.y * _SCALE, right, bottom), fill=colour)


def _draw_line(draw: ImageDraw.ImageDraw, line: Line) -> None:
    points = [(x * _SCALE, y * _SCALE) for x, y in line.points]
    width = max(1, round(line.width * _SCALE))
    if not line.dashed:
        draw.line(points, fill=LIGHT[line.colour], width=width, joint="curve")
        return
    (x0, y0), (x1, y1) = points[0], points[-1]  # only straight lines are dashed
    steps = max(1, round(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 / (8 * _SCALE)))
    for step in range(steps):
        start, end = step / steps, (step + 0.5) / steps
        ends = (x0 + start * (x1 - x0), y0 + start * (y1 - y0), x0 + end * (x1 - x0), y0 + end * (y1 - y0))
        draw.line(ends, fill=LIGHT[line.colour], width=width)


def _draw_words(image: Image.Image, draw: ImageDraw.ImageDraw, words: Words) -> None:
    letters = lettering([words.text])
    font, text = letters.font(round(words.size * _SCALE)), letters.drawable(words.text)
    place, anchor = (
        (words.x * _SCALE, words.y * _SCALE),
        {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor],
    )
    if not words.angle:
        draw.text(place, text, LIGHT[words.colour], font, anchor=anchor)
        return
    half = round(letters.width(text, round(words.size * _SCALE)) + 2 * _SCALE * words.size)
    stencil = Image.new("L", (2 * half, 2 * half))
    ImageDraw.Draw(stencil).text((half, half), text, 255, font, anchor=anchor)
    turned = stencil.rotate(words.angle, Image.Resampling.BICUBIC)
    image.paste(LIGHT[words.colour], (round(place[0]) - half, round(place[1]) - half), turned)


def _mix(colour: Colour, share: float) -> Colour:
    red, green, blue = (
        round(paper + min(share, 1) * (own - paper))
        for own, paper in zip(colour, LIGHT["paper"], strict=True)
    )
    return red, green, blue
