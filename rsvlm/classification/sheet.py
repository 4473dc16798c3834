"""A contact sheet of predictions: chips in a grid with what they were taken for, as one picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

CELL = 208
"""Pixels along a side of a chip in the sheet."""
GAP = 24
BAR = 6
TITLE, LABEL, SMALL = 20, 15, 12
"""Sizes of text."""
GROUND, LINE = (240, 240, 238), (200, 200, 198)
FAILURES = 6
"""Failed chips that are listed by name."""

_COLUMNS = ("key", "label", "score", "labels", "calibrated", "top_labels", "top_scores", "error")


@dataclass(frozen=True)
class _Band:
    """Chips side by side, under a heading or none."""

    heading: str
    rows: tuple[int, ...]
    cut: int = 0
    """Where a line stands between the chips."""


def write_contact_sheet(
    table: pa.Table,
    picture: Callable[[int], Picture],
    out: Path,
    colors: Mapping[str, Color],
    *,
    title: str = "",
    count: int = 24,
    seed: int = 0,
    by_class: bool = False,
    columns: int = 6,
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
        by_class: Instead of a choice by the seed: a line for each class, the commonest first, with the chips of its
            highest scores on the left and those of its lowest ones on the right.
        columns: How many side by side.

    Returns:
        How many chips it shows.

    Raises:
        rsvlm.imagery.ImageryError: The ending of `out` is another one.
    """
    empty = pc.is_null(table["error"]).to_numpy()
    answered, failed = np.flatnonzero(empty).tolist(), np.flatnonzero(~empty).tolist()
    bands = _by_class(table, count, columns) if by_class else _chosen(answered, count, seed, columns)
    rows = _rows(table, [number for band in bands for number in band.rows])
    failures = list(_rows(table, failed[:FAILURES]).values())
    letters = lettering(_texts(title, list(rows.values()), failures))
    columns = max(min(columns, max((len(band.rows) for band in bands), default=0)), 3)
    width = GAP + columns * (CELL + GAP)
    lines = _failures(failures, len(failed), letters, width - 2 * GAP)
    tops, height = _layout(bands, bool(title), len(lines))
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    _draw_head(draw, title, _summary(table, len(rows), len(failed)), letters, width)
    for band, top in zip(bands, tops, strict=True):
        if band.heading:
            draw.text(
                (GAP, top - 26),
                letters.shorten(band.heading, width - 2 * GAP, LABEL),
                INK,
                letters.font(LABEL),
            )
        if band.cut:
            x = GAP // 2 + band.cut * (CELL + GAP)
            draw.line((x, top, x, top + CELL - 1), LINE)
        for place, number in enumerate(band.rows):
            corner = (GAP + place * (CELL + GAP), top)
            sheet.paste(_chip(picture, number, letters), corner)
            _draw_words(draw, corner, rows[number], colors, letters)
    for number, line in enumerate(lines):
        at = (GAP, height - GAP - 18 * (len(lines) - number))
        draw.text(at, line, INK if number == 0 else QUIET, letters.font(LABEL if number == 0 else SMALL))
    save_picture(sheet, out)
    return len(rows)


def _chosen(answered: Sequence[int], count: int, seed: int, columns: int) -> list[_Band]:
    """A seeded choice, in the order of the table."""
    numbers = np.sort(np.random.default_rng(seed).permutation(answered)[:count]).astype(int).tolist()
    starts = range(0, len(numbers), columns)
    return [_Band("", tuple(numbers[start : start + columns])) for start in starts]


def _rows(table: pa.Table, numbers: Sequence[int]) -> dict[int, Row]:
    """Some rows of a table, by their number."""
    found = table.select(_COLUMNS).take(pa.array(numbers, pa.int64())).to_pylist()
    return dict(zip(numbers, found, strict=True))


def _by_class(table: pa.Table, count: int, columns: int) -> list[_Band]:
    """For each class its chips of the highest scores, then those of the lowest."""
    groups: dict[str, list[tuple[float, int]]] = {}
    number = 0
    for batch in table.select(["label", "labels", "top_scores", "error"]).to_batches():
        for row in batch.to_pylist():
            if row["error"] is None:
                groups.setdefault(_label(row), []).append((-(row["top_scores"] or [0.0])[0], number))
            number += 1
    bands = []
    for label, numbers in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        ranked = [number for _, number in sorted(numbers)]
        best = columns // 2 if len(ranked) > columns else 0
        if best:
            ranked = ranked[:best] + ranked[best - columns :]
            heading = f"{label}: {len(numbers):,} chips, highest {best} and lowest {columns - best}"
        else:
            heading = f"{label}: {len(numbers):,} chip{'s' if len(numbers) > 1 else ''}"
        bands.append(_Band(heading, tuple(ranked), best))
    return bands[: max(count // columns, 1)]


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


def _layout(bands: Sequence[_Band], titled: bool, lines: int) -> tuple[list[int], int]:
    """Upper edges of the bands, and the height of the sheet."""
    top = GAP + (30 if titled else 0) + 28
    tops = []
    for band in bands:
        top += 28 if band.heading else 0
        tops.append(top)
        top += CELL + BAR + 66 + GAP // 2
    return tops, top + (18 * lines + GAP if lines else GAP // 2)


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
