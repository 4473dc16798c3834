"""A contact sheet of predictions: chips in a grid with what they were taken for, as one picture."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image, ImageDraw

from rsvlm.imagery.drawing import INK, PAPER, QUIET, Lettering, lettering, save_picture
from rsvlm.models.pictures import rgb_picture

from .palette import NO_PREDICTION, Color

Picture = Image.Image | npt.NDArray[np.uint8]
Row = dict[str, Any]

COLUMNS = 6
"""Chips side by side."""
CELL = 208
"""Pixels along a side of a chip in the sheet."""
GAP = 24
BAR = 6
TITLE, LABEL, SMALL = 20, 15, 12
"""Sizes of text."""
GROUND = (240, 240, 238)
FAILURES = 6
"""Failed chips that are listed by name."""

_COLUMNS = ("key", "label", "score", "labels", "calibrated", "top_labels", "top_scores", "error")


def write_contact_sheet(
    table: pa.Table,
    picture: Callable[[int], Picture],
    out: Path,
    colors: Mapping[str, Color],
    *,
    title: str = "",
    count: int = 24,
    seed: int = 0,
) -> int:
    """Write a picture of classified chips: each with its label, the next best ones, and its class's colour.

    Scores are shown, in percent, where they were calibrated; otherwise only the order of the classes is, since it
    is all that uncalibrated scores tell. Chips that failed are counted and the first ones named.

    Args:
        table: Rows with the columns of `result.SCHEMA`.
        picture: Gives the chip of a row, by its number in the table; where it raises OSError or ValueError, the
            place in the sheet says why.
        out: A .png or .jpg file.
        colors: The colour of each class, by its name.
        title: What stands on top.
        count: How many chips at most.
        seed: Chooses them.

    Returns:
        How many chips it shows.

    Raises:
        rsvlm.imagery.ImageryError: The ending of `out` is another one.
    """
    empty = pc.is_null(table["error"]).to_numpy()
    answered, failed = np.flatnonzero(empty).tolist(), np.flatnonzero(~empty).tolist()
    shown = np.sort(np.random.default_rng(seed).permutation(answered)[:count]).astype(int).tolist()
    rows = _rows(table, shown)
    failures = list(_rows(table, failed[:FAILURES]).values())
    letters = lettering(_texts(title, list(rows.values()), failures))
    columns = max(min(COLUMNS, len(rows)), 3)
    width = GAP + columns * (CELL + GAP)
    lines = _failures(failures, len(failed), letters, width - 2 * GAP)
    top = GAP + (30 if title else 0) + 28
    line_height = CELL + BAR + 66 + GAP // 2
    height = top + -(-len(rows) // COLUMNS) * line_height + (18 * len(lines) + GAP if lines else GAP // 2)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    _draw_head(draw, title, _summary(table, len(rows), len(failed)), letters, width)
    for place, number in enumerate(shown):
        down, across = divmod(place, COLUMNS)
        corner = (GAP + across * (CELL + GAP), top + down * line_height)
        sheet.paste(_chip(picture, number, letters), corner)
        _draw_words(draw, corner, rows[number], colors, letters)
    for number, line in enumerate(lines):
        at = (GAP, height - GAP - 18 * (len(lines) - number))
        draw.text(at, line, INK if number == 0 else QUIET, letters.font(LABEL if number == 0 else SMALL))
    save_picture(sheet, out)
    return len(rows)


def _rows(table: pa.Table, numbers: Sequence[int]) -> dict[int, Row]:
    """Some rows of a table, by their number."""
    found = table.select(_COLUMNS).take(pa.array(numbers, pa.int64())).to_pylist()
    return dict(zip(numbers, found, strict=True))


def _label(row: Row) -> str:
    """What a chip was taken for, in words."""
    if row["label"] is not None:
        return str(row["label"])
    return ", ".join(row["labels"] or []) or "none of the classes"


def _sure(row: Row) -> str:
    """How sure the label is, where that is known."""
    score = row["score"]
    return _percent(score) if row["calibrated"] and score is not None else ""


def _then(row: Row) -> str:
    """The classes that come next, with their scores where those were calibrated."""
    found = {row["label"], *(row["labels"] or [])}
    ranked = list(zip(row["top_labels"] or [], row["top_scores"] or [], strict=True))
    others = [
        f"{name} {_percent(score)}" if row["calibrated"] else name
        for name, score in ranked
        if name not in found
    ]
    word = "then" if len(others) < len(ranked) else "nearest"
    return f"{word} {', '.join(others[:2])}" if others else ""


def _percent(score: float) -> str:
    return "< 1 %" if score < 0.01 else f"{score:.0%}".replace("%", " %")


def _summary(table: pa.Table, shown: int, failed: int) -> str:
    parts = [f"{shown:,} of {len(table):,} chips"]
    if failed:
        parts.append(f"{failed:,} failed")
    if len(table) and not table["calibrated"][0].as_py():
        parts.append("scores are uncalibrated: only the order of the classes is shown")
    return " · ".join(parts)


def _texts(title: str, rows: Sequence[Row], failed: Sequence[Row]) -> list[str]:
    """All that is written by others than this module."""
    return [title, *(f"{row['key']} {_label(row)} {_then(row)}" for row in rows), *(
        f"{row['key']} {row['error']}" for row in failed
    )]  # fmt: skip


def _failures(rows: Sequence[Row], count: int, letters: Lettering, width: int) -> list[str]:
    """The lines at the foot of the sheet."""
    if not count:
        return []
    lines = [f"{count:,} chip{'s' if count > 1 else ''} gave no answer"]
    lines += [letters.shorten(f"{row['key']}: {row['error']}", width, SMALL) for row in rows]
    return lines if count == len(rows) else [*lines, f"and {count - len(rows):,} more"]


def _draw_head(draw: ImageDraw.ImageDraw, title: str, summary: str, letters: Lettering, width: int) -> None:
    top = GAP
    if title:
        draw.text((GAP, top), letters.shorten(title, width - 2 * GAP, TITLE), INK, letters.font(TITLE))
        top += 30
    draw.text((GAP, top), letters.shorten(summary, width - 2 * GAP, SMALL), QUIET, letters.font(SMALL))


def _draw_words(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    row: Row,
    colors: Mapping[str, Color],
    letters: Lettering,
) -> None:
    x, y = corner[0], corner[1] + CELL + 4
    named = [row["label"]] if row["label"] is not None else (row["labels"] or [])
    bars = [colors.get(name, NO_PREDICTION) for name in named] or [NO_PREDICTION]
    for number, color in enumerate(bars):
        left, right = (x + CELL * at // len(bars) for at in (number, number + 1))
        draw.rectangle((left, y, right - 1, y + BAR - 1), fill=color)
    sure = _sure(row)
    room = CELL - (letters.width(sure, LABEL) + 10 if sure else 0)
    y += BAR + 5
    draw.text((x, y), letters.shorten(_label(row), room, LABEL), INK, letters.font(LABEL))
    draw.text((x + CELL, y), sure, INK, letters.font(LABEL), anchor="ra")
    draw.text((x, y + 21), letters.shorten(_then(row), CELL, SMALL), INK, letters.font(SMALL))
    draw.text((x, y + 38), letters.abridge(row["key"], CELL, SMALL), QUIET, letters.font(SMALL))


def _chip(picture: Callable[[int], Picture], number: int, letters: Lettering) -> Image.Image:
    """A chip fitted into its cell; grey with the reason where it cannot be read again."""
    cell = Image.new("RGB", (CELL, CELL), GROUND)
    try:
        given = picture(number)
        image = rgb_picture(given)
    except (OSError, ValueError) as error:
        draw = ImageDraw.Draw(cell)
        for line, text in enumerate(letters.wrap(str(error), CELL - 24, SMALL, 8)):
            draw.text((12, 12 + 17 * line), text, QUIET, letters.font(SMALL))
        return cell
    scale = CELL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    way = Image.Resampling.NEAREST if scale >= 8 else Image.Resampling.LANCZOS
    cell.paste(image.resize(size, way), ((CELL - size[0]) // 2, (CELL - size[1]) // 2))
    return cell
