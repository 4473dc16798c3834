"""A contact sheet of hits, as one picture for reports and papers."""

from pathlib import Path

from PIL import Image, ImageDraw

from rsvlm.imagery.drawing import INK, PAPER, QUIET, lettering, save_picture

from .hits import Hits, short_names
from .thumbnails import SIDE, Thumbnails

GAP = 24
TITLE, TEXT, SMALL = 20, 15, 12
_GROUND = (240, 240, 238)


def write_contact_sheet(hits: Hits, out: Path, title: str = "", columns: int = 5) -> None:
    """Write a picture of hits, the best first: rank, score, and what the image is called.

    Args:
        hits: Of a search.
        out: A .png or .jpg file.
        title: What was asked.
        columns: How many side by side.

    Raises:
        rsvlm.imagery.ImageryError: The ending of `out` is another one.
    """
    rows = hits.to_list()
    names = short_names(rows)
    letters = lettering([title, *names])
    columns = max(1, min(columns, len(rows)))
    head = GAP + (TITLE + GAP if title else 0)
    step = SIDE + TEXT + SMALL + GAP + 12
    height = head + -(-len(rows) // columns) * step
    sheet = Image.new("RGB", (GAP + columns * (SIDE + GAP), height), PAPER)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((GAP, GAP), letters.shorten(title, sheet.width - 2 * GAP, TITLE), INK, letters.font(TITLE))
    with Thumbnails() as thumbnails:
        for number, row in enumerate(rows):
            x, y = GAP + number % columns * (SIDE + GAP), head + number // columns * step
            cell = Image.new("RGB", (SIDE, SIDE), _GROUND)
            picture = thumbnails.picture(row)
            if picture is not None:
                cell.paste(picture, ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
            sheet.paste(cell, (x, y))
            if picture is None:
                draw.text((x + 8, y + 8), "its image cannot be opened", QUIET, letters.font(SMALL))
            line = f"{row['rank']} \u00b7 {row['score']:.3f}"
            draw.text((x, y + SIDE + 6), line, INK, letters.font(TEXT))
            name = letters.abridge(names[number], SIDE, SMALL)
            draw.text((x, y + SIDE + 10 + TEXT), name, QUIET, letters.font(SMALL))
    save_picture(sheet, out)
