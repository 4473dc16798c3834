"""A contact sheet: samples in a grid, caption under image, as one picture for reports and papers."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from rsvlm.imagery.drawing import INK, PAPER, QUIET, Lettering, lettering, save_picture

from ..labels import Labels
from .reader import PairsDataset, Row
from .row import labels_from_row

CELL = 288
GAP = 28
LINE = 19
TEXT_SIZE = 14
LONGEST = 9
"""Lines of a caption that are shown."""

FOCUS, OBJECT = (255, 192, 46), (127, 227, 255)


def write_contact_sheet(
    dataset: PairsDataset, out: Path, count: int = 12, seed: int = 0, columns: int = 4
) -> int:
    """Write a picture of pairs chosen by the seed: image, labelled objects, caption.

    Args:
        dataset: From `open_dataset`.
        out: A .png or .jpg file.
        count: How many pairs at most.
        seed: Chooses them.
        columns: How many side by side.

    Returns:
        How many pairs it shows.
    """
    rows = dataset.sample(count, seed)
    letters = lettering([row["caption"] for row in rows])
    captions = [letters.wrap(row["caption"], CELL, TEXT_SIZE, LONGEST) for row in rows]
    bands = [range(start, min(start + columns, len(rows))) for start in range(0, len(rows), columns)]
    heights = [_band_height(rows, captions, band) for band in bands]
    width = GAP + min(columns, max(len(rows), 1)) * (CELL + GAP)
    sheet = Image.new("RGB", (width, GAP + sum(heights)), PAPER)
    top = GAP
    for band, height in zip(bands, heights, strict=True):
        for place, number in enumerate(band):
            _draw_cell(sheet, (GAP + place * (CELL + GAP), top), rows[number], captions[number], letters)
        top += height
    save_picture(sheet, out)
    return len(rows)


def _band_height(rows: list[Row], captions: list[list[str]], band: range) -> int:
    images = CELL + 8 if any(rows[number]["image"] for number in band) else 0
    return images + LINE * (1 + max(len(captions[number]) for number in band)) + GAP


def _draw_cell(
    sheet: Image.Image, corner: tuple[int, int], row: Row, caption: list[str], letters: Lettering
) -> None:
    draw = ImageDraw.Draw(sheet)
    x, y = corner
    if row["image"]:
        sheet.paste(_picture(row, labels_from_row(row)), corner)
        y += CELL + 8
    small = TEXT_SIZE - 3
    draw.text(
        (x, y), letters.shorten(f"{row['key']} · {row['style']}", CELL, small), QUIET, letters.font(small)
    )
    for number, line in enumerate(caption):
        draw.text((x, y + LINE * (number + 1)), line, INK, letters.font(TEXT_SIZE))


def _picture(row: Row, labels: Labels) -> Image.Image:
    """A row's image fitted into a square cell, with its objects."""
    with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
        scale = CELL / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        way = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
        small = image.convert("RGB").resize(size, way)
    draw = ImageDraw.Draw(small)
    across, down = size[0] / labels["width"], size[1] / labels["height"]
    for item in reversed(labels["objects"]):
        x0, y0, x1, y1 = item["box"]
        box = (x0 * across, y0 * down, max(x1, x0) * across, max(y1, y0) * down)
        focus = item["role"] == "focus"
        colour = FOCUS if focus else OBJECT
        if item["shape"] == "point":
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), outline=colour, width=2)
        else:
            draw.rectangle(box, outline=colour, width=2 if focus else 1)
    cell = Image.new("RGB", (CELL, CELL), PAPER)
    cell.paste(small, ((CELL - size[0]) // 2, (CELL - size[1]) // 2))
    return cell
