"""The pictures of questions: windows enlarged to be seen, marks on them, two of them side by side."""

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from rsvlm.imagery.drawing import Lettering

from .drafts import Mark, Panel, Picture

SIDE = 512
"""Pixels that the longer side of a panel comes near to."""
GAP = 8
RED, BLACK, WHITE = (255, 0, 0), (0, 0, 0), (255, 255, 255)
LETTER = 20

Pixels = Callable[[Panel], npt.NDArray[np.uint8]]
"""What a panel shows, (height, width, 3), whatever source it is of."""


def scale_of(side: int) -> int:
    """How many times a window of this longer side is enlarged."""
    return max(1, round(SIDE / side))


def draw_picture(picture: Picture, pixels: Pixels, sharp: bool) -> bytes:
    """Return a picture as PNG: panels side by side with a white gap between them, each enlarged, with its marks.

    Args:
        picture: One panel, or two.
        pixels: What each shows.
        sharp: Keep the edges of pixels, as a map has them; else they are interpolated.
    """
    panels = [_draw_panel(panel, pixels(panel), sharp) for panel in picture]
    height = max(panel.height for panel in panels)
    sheet = Image.new("RGB", (sum(panel.width for panel in panels) + GAP * (len(panels) - 1), height), WHITE)
    x = 0
    for panel in panels:
        sheet.paste(panel, (x, 0))
        x += panel.width + GAP
    content = io.BytesIO()
    sheet.save(content, "PNG", compress_level=2)
    return content.getvalue()


def _draw_panel(panel: Panel, pixels: npt.NDArray[np.uint8], sharp: bool) -> Image.Image:
    image = Image.fromarray(pixels)
    scale = scale_of(max(image.size))
    resampling = Image.Resampling.NEAREST if sharp else Image.Resampling.BICUBIC
    image = image.resize((image.width * scale, image.height * scale), resampling)
    draw = ImageDraw.Draw(image)
    for mark in panel.marks:
        _draw_mark(draw, mark, scale, image.height)
    return image


def _draw_mark(draw: ImageDraw.ImageDraw, mark: Mark, scale: int, height: int) -> None:
    left, top, right, bottom = (side * scale for side in mark.box)
    if mark.shape == "dot":
        x, y = (left + right) / 2, (top + bottom) / 2
        for radius, colour in ((8, WHITE), (6.5, BLACK), (5, RED)):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        return
    right, bottom = right - 1, bottom - 1
    # black and white around the red, so that it is seen on any ground, red included; all of it outside of the box
    for away, colour, width in ((6, BLACK, 1), (5, WHITE, 1), (4, RED, 2), (2, WHITE, 1), (1, BLACK, 1)):
        draw.rectangle((left - away, top - away, right + away, bottom + away), outline=colour, width=width)
    if mark.name:
        y = top - LETTER - 6 if top > LETTER + 8 else min(bottom + 7, height - LETTER)
        draw.rectangle((left - 3, y, left + LETTER - 3, y + LETTER), fill=WHITE, outline=BLACK)
        draw.text(
            (left + LETTER / 2 - 3, y + LETTER / 2),
            mark.name,
            fill=BLACK,
            font=Lettering().font(16),
            anchor="mm",
        )
