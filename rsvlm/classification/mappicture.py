"""A class map as a picture with its legend, for people without a GIS."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pyproj import Geod
from rasterio.enums import Resampling

from rsvlm.imagery import Grid
from rsvlm.imagery.drawing import INK, PAPER, QUIET, Lettering, lettering, save_picture
from rsvlm.imagery.guard import open_raster

from .classmap import ClassMap
from .palette import NO_PREDICTION, Color

LONGEST = 900
"""Pixels along the longer side of the map in the picture."""
GAP = 28
LEGEND = 300
"""Width of the legend."""
LINE = 26
TITLE, TEXT, SMALL = 20, 14, 12
"""Sizes of text."""
LEAST, MOST = 10, 30
"""Lines of the legend: what a column of it holds at least, and all at most."""
EDGE = (150, 150, 148)


def write_map_picture(
    class_map: ClassMap, out: Path, *, title: str = "", image: Image.Image | None = None
) -> None:
    """Draw a class map with the names of its classes, their shares of its pixels, and a scale.

    Args:
        class_map: From `write_class_map`.
        out: A .png or .jpg file.
        title: What stands on top.
        image: The image that was classified, in any size; it is shown on the left of the map.

    Raises:
        rsvlm.imagery.ImageryError: The ending of `out` is another one, or the map is not there any more.
    """
    drawn = _colored(class_map)
    pictures = (
        [drawn]
        if image is None
        else [image.convert("RGB").resize(drawn.size, Image.Resampling.LANCZOS), drawn]
    )
    lines = _legend(class_map)
    letters = lettering([title, *(name for name, _, _ in lines)])
    top = GAP + (38 if title else 0)
    legend_at = GAP + len(pictures) * (drawn.width + GAP)
    columns = math.ceil(len(lines) / max(drawn.height // LINE, LEAST))
    down = math.ceil(len(lines) / columns)
    height = top + max(drawn.height + 40, LINE * down) + GAP // 2
    sheet = Image.new("RGB", (legend_at + columns * (LEGEND + GAP), height), PAPER)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text(
            (GAP, GAP - 4), letters.shorten(title, sheet.width - 2 * GAP, TITLE), INK, letters.font(TITLE)
        )
    for number, picture in enumerate(pictures):
        x = GAP + number * (drawn.width + GAP)
        sheet.paste(picture, (x, top))
        draw.rectangle((x - 1, top - 1, x + drawn.width, top + drawn.height), outline=EDGE)
    for number, (name, color, share) in enumerate(lines):
        corner = (legend_at + number // down * (LEGEND + GAP), top + LINE * (number % down))
        _draw_line(draw, corner, name, color, share, letters)
    _draw_scale(
        draw, (legend_at - GAP - drawn.width, top + drawn.height + 12), class_map.grid, drawn.width, letters
    )
    save_picture(sheet, out)


def _colored(class_map: ClassMap) -> Image.Image:
    """The map in its colours, every map pixel a square, or every few pixels one where there are too many."""
    grid = class_map.grid
    scale = LONGEST / max(grid.width, grid.height)
    if scale > 1:
        scale = math.floor(scale)  # whole, so that squares are equal
    width, height = max(1, round(grid.width * scale)), max(1, round(grid.height * scale))
    with open_raster(class_map.path) as raster:
        shape = (min(height, grid.height), min(width, grid.width))
        numbers: npt.NDArray[np.integer[npt.NBitBase]] = raster.read(
            1, out_shape=shape, resampling=Resampling.nearest
        )
    table = np.array([*class_map.colors, NO_PREDICTION], dtype=np.uint8)
    pixels = table[np.minimum(numbers, len(class_map.colors))]
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)


def _legend(class_map: ClassMap) -> list[tuple[str, Color | None, float]]:
    """Name, colour and share of what is on the map, the commonest class first."""
    pixels = max(sum(class_map.counts) + class_map.empty, 1)
    there = sorted(
        ((count, number) for number, count in enumerate(class_map.counts) if count),
        key=lambda one: (-one[0], one[1]),
    )
    shown = there if len(there) <= MOST else there[: MOST - 1]
    lines: list[tuple[str, Color | None, float]] = [
        (class_map.names[number], class_map.colors[number], count / pixels) for count, number in shown
    ]
    if len(shown) < len(there):
        rest = there[len(shown) :]
        lines.append((f"{len(rest)} other classes", None, sum(count for count, _ in rest) / pixels))
    if class_map.empty:
        lines.append(("no class", NO_PREDICTION, class_map.empty / pixels))
    return lines


def _draw_line(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    name: str,
    color: Color | None,
    share: float,
    letters: Lettering,
) -> None:
    x, y = corner
    if color is not None:
        draw.rectangle((x, y, x + 25, y + 17), fill=color, outline=EDGE)
    percent = "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"
    room = LEGEND - 36 - letters.width(percent, TEXT) - 12
    draw.text((x + 36, y), letters.shorten(name, room, TEXT), INK, letters.font(TEXT))
    draw.text((x + LEGEND, y), percent, QUIET, letters.font(TEXT), anchor="ra")


def _draw_scale(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], grid: Grid, width: int, letters: Lettering
) -> None:
    """A bar of a round length, at most a third of the map; nothing for a map without a place."""
    metres = _across(grid)
    if metres is None:
        return
    length = _round(metres * grid.width / 3)
    pixels = round(length / (metres * grid.width) * width)
    x, y = corner
    draw.line((x, y, x, y + 6, x + pixels, y + 6, x + pixels, y), INK, 2)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    if not grid.north_up:
        text += " · north is not up"
    draw.text((x + pixels + 8, y - 4), text, INK, letters.font(SMALL))


def _across(grid: Grid) -> float | None:
    """Metres from the left to the right edge of a map pixel in the middle of the map."""
    if grid.crs is None or grid.transform is None:
        return None
    x, y = grid.width / 2, grid.height / 2
    lon, lat = grid.to_lonlat([x - 0.5, x + 0.5], [y, y])
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    metres = float(Geod(ellps="WGS84").inv(lon[0], lat[0], lon[1], lat[1])[2])
    return metres or None


def _round(length: float) -> float:
    """The largest of 1, 2, 5, 10, ... that is not longer."""
    power = 10.0 ** math.floor(math.log10(length))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= length)
