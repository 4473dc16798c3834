"""What people found when they looked: the share of captions that are right, and how sure that is."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rsvlm.shares import wilson

from ..errors import CaptioningError
from .reader import PairsDataset

FIELDS = ("key", "style", "source", "verdict")
VERDICTS = ("right", "wrong")


@dataclass(frozen=True)
class ReviewLine:
    """The verdicts on captions of one style and source; "" stands for all of them.

    Attributes:
        style: Of the captions.
        source: Of imagery and labels.
        right: Captions found right.
        total: Captions judged.
        share: right / total.
        low: Lower end of the 95 % interval of the share (Wilson score).
        high: Its upper end.
    """

    style: str
    source: str
    right: int
    total: int
    share: float
    low: float
    high: float


def summarise(file: Path, dataset: PairsDataset) -> list[ReviewLine]:
    """Count the verdicts of a csv saved on the page of `write_page`.

    A caption that was judged twice counts as judged last. Lines with another verdict than right or wrong are
    skipped.

    Returns:
        A line for each style and source, for each style where it has several sources, and for all.

    Raises:
        CaptioningError: The file is not such a csv, holds no verdict, or judges pairs that the dataset does
        not have.
    """
    verdicts = {(key, style): (source, verdict) for key, style, source, verdict in _read(file)}
    if not verdicts:
        raise CaptioningError(
            f"{file}: holds no verdict; on the page, press r (right) or w (wrong) and save again"
        )
    _check_keys(file, {key for key, _ in verdicts}, dataset)
    _check_styles(file, {style for _, style in verdicts}, dataset)
    counts: Counter[tuple[str, str, bool]] = Counter()
    for (_, style), (source, verdict) in verdicts.items():
        for group in {(style, source), (style, ""), ("", "")}:
            counts[(*group, verdict == "right")] += 1
    groups = sorted(
        {(style, source) for style, source, _ in counts},
        key=lambda group: tuple(x or "\uffff" for x in group),
    )
    sources = Counter(style for style, source in groups if source)
    return [
        _line(style, source, counts) for style, source in groups if source or not style or sources[style] > 1
    ]


def _line(style: str, source: str, counts: Counter[tuple[str, str, bool]]) -> ReviewLine:
    right = counts[(style, source, True)]
    total = right + counts[(style, source, False)]
    return ReviewLine(style, source, right, total, right / total, *wilson(right / total, total))


def _read(file: Path) -> Iterable[tuple[str, str, str, str]]:
    """The verdicts of a csv, also of one saved again by a spreadsheet (byte order mark, semicolons)."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaptioningError(f"{file}: cannot be read as UTF-8 text: {error}") from None
    first = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first and "," not in first else ",")
    missing = [name for name in FIELDS if name not in (table.fieldnames or ())]
    if missing:
        raise CaptioningError(f"{file}: has no column {missing[0]!r}; name a csv saved on the page of pairs")
    for row in table:
        key, style, source, verdict = ((row[name] or "").strip() for name in FIELDS)
        if verdict.lower() in VERDICTS:
            yield key, style, source, verdict.lower()


def _check_keys(file: Path, keys: set[str], dataset: PairsDataset) -> None:
    strange = keys - {row["key"] for row in dataset.rows(["key"]) if row["key"] in keys}
    if strange:
        raise CaptioningError(
            f"{file}: judges {len(strange)} pair{'' if len(strange) == 1 else 's'} that {dataset.folder} "
            f"does not have, as {min(strange)}; name the dataset that the page was made from"
        )


def _check_styles(file: Path, styles: set[str], dataset: PairsDataset) -> None:
    held = dataset.manifest.counts.styles
    if strange := styles - held.keys():
        raise CaptioningError(
            f"{file}: judges captions of style {min(strange)!r}, which {dataset.folder} does not have "
            f"({', '.join(sorted(held))}); name the dataset that the page was made from"
        )
