"""The page of two results compared."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ..compare import Comparison, MetricDifference
from .facts import model_name
from .html import cell, data_uri, head_cell, row_head, table, text
from .numbers import NOTHING, metric_label, show, show_difference, show_p, unit
from .picture import cut_middle
from .summary import task_title
from .thumbnails import ReportThumbnails
from .words import said


def names_of(comparison: Comparison) -> tuple[str, str]:
    """What the two results are called: their models, or first and second where these are the same or unknown."""
    one, other = (model_name(result.config) for result in (comparison.first, comparison.second))
    return (one, other) if one and other and one != other else ("first", "second")


def difference_text(row: MetricDifference) -> tuple[str, str, str]:
    """Difference, interval and p-value of a metric as they are shown."""
    interval = (
        "" if row.interval is None else " to ".join(show_difference(row.metric, end) for end in row.interval)
    )
    return show_difference(row.metric, row.difference), interval, NOTHING if row.p is None else _p_text(row)


def _p_text(row: MetricDifference) -> str:
    shown = show_p(row.p or 0.0)
    return f"\u2264 {shown}" if row.least and not shown.startswith("<") else shown


def comparison_sections(comparison: Comparison, thumbnails: ReportThumbnails) -> Iterator[str]:
    """All that the page says, as HTML."""
    one, other = names_of(comparison)
    yield f"<section><h2>Metrics</h2>\n{_metrics(comparison, one, other)}{_counts(comparison, one, other)}"
    notes = "".join(f"<li>{text(note, 400)}</li>" for note in comparison.notes)
    yield (f'<ul class="notes">{notes}</ul>' if notes else "") + "</section>\n"
    for rows, heading in (
        (comparison.won, f"Only {other} is right"),
        (comparison.lost, f"Only {one} is right"),
    ):
        if rows:
            yield _examples(comparison, rows, heading, (one, other), thumbnails)
    if comparison.changed:
        yield _changed(comparison, one, other)


def comparison_lead(comparison: Comparison) -> str:
    """The line below the title, as HTML."""
    one, other = names_of(comparison)
    first = comparison.first
    return (
        f"{text(task_title(first.task))} · {text(first.name)} · {first.n:,} items. Differences are {text(other)} "
        f"minus {text(one)}, those of shares in points, with 95 % bootstrap intervals of the items."
    )


def _metrics(comparison: Comparison, one: str, other: str) -> str:
    head = [
        head_cell("metric"),
        head_cell(text(one, 60), number=True),
        head_cell(text(other, 60), number=True),
    ]
    head += [head_cell("difference", number=True), head_cell("95 % interval", number=True)]
    head += [head_cell("p", number=True), head_cell("test")]
    rows = []
    for row in comparison.metrics:
        difference, interval, p = difference_text(row)
        sure = row.interval is not None and (row.interval.low > 0 or row.interval.high < 0)
        values = [show(row.metric, value, comparison.first.n) for value in (row.first, row.second)]
        rows.append([
            row_head(text(metric_label(row.metric), 80) + unit(row.metric)),
            *(cell(value, number=True) for value in values),
            cell(f"<b>{difference}</b>" if sure else difference, number=True), cell(interval, number=True),
            cell(escape(p), number=True), cell(text(row.test or "not a mean over items")),
        ])  # fmt: skip
    return table("Bold: the interval leaves out 0. No correction for several metrics.", head, rows)


def _counts(comparison: Comparison, one: str, other: str) -> str:
    if comparison.counts is None:
        return ""
    words = {"both": "both", "first": f"only {one}", "second": f"only {other}", "neither": "neither"}
    head = [head_cell(text(words[name], 60), number=True) for name in words]
    row = [cell(f"{comparison.counts[name]:,}", number=True) for name in words]
    return "<h3>Items answered right</h3>" + table("", head, [row])


def _examples(
    comparison: Comparison,
    rows: Sequence[Mapping[str, Any]],
    heading: str,
    names: tuple[str, str],
    thumbnails: ReportThumbnails,
) -> str:
    pictures = [thumbnails.of(comparison.first, row) for row in rows]
    entries = "".join(_entry(row, picture, names) for row, picture in zip(rows, pictures, strict=True))
    kind = "items" if any(pictures) else "items texts"
    return f'<section><h2>{text(heading)}</h2>\n<ol class="{kind}">\n{entries}</ol></section>\n'


def _entry(row: Mapping[str, Any], picture: bytes | None, names: tuple[str, str]) -> str:
    key = escape(cut_middle(str(row.get("key", "")), 60))
    image = f'<img src="{data_uri(picture)}" alt="{key}">' if picture else ""
    asked = f'<p class="asked">{text(row["question"], 240)}</p>' if row.get("question") else ""
    gold = (
        f'<dt>is</dt><dd class="right">{text(said(row["gold"]), 200)}</dd>'
        if row.get("gold") is not None
        else ""
    )
    answers = "".join(
        f"<dt>{text(name, 30)}</dt><dd>{text(said(row[field]), 200)}</dd>"
        for name, field in zip(names, ("first", "second"), strict=True)
        if field in row
    )
    return f'<li>{image}{asked}<dl>{gold}{answers}</dl><p class="key">{key}</p></li>\n'


def _changed(comparison: Comparison, one: str, other: str) -> str:
    head = [head_cell("entry"), head_cell(text(one, 60)), head_cell(text(other, 60))]
    rows = [
        [row_head(text(change.name, 80)), cell(text(change.first, 160)), cell(text(change.second, 160))]
        for change in comparison.changed
    ]
    return f"<section><h2>What differs in how they were made</h2>\n{table('', head, rows)}</section>\n"
