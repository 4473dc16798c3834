"""The part of a page that belongs to one result."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from ..result import EvalResult
from .drawings import confusion_drawing, curve_drawings
from .facts import NO_FIGURE, Facts, config_text, counts_line, published_line
from .groups import group_table
from .heatmap import common_mistakes, read_confusion
from .html import cell, data_uri, figure, head_cell, row_head, table, text
from .numbers import metric_label, show, show_interval, unit
from .picture import cut_middle
from .summary import task_title
from .thumbnails import ReportThumbnails
from .words import MOST_GROUPS, NOTES, measures, place_of, said
from .worst import Worst, answer_column, failures, worst_items

_SAID = {"retrieval": "found"}


def result_section(facts: Facts, thumbnails: ReportThumbnails, worst: int) -> Iterator[str]:
    """All that a page says of one result, as HTML.

    Args:
        facts: The result and what belongs beside it.
        thumbnails: Makes pictures of items.
        worst: How many of the worst items are shown.
    """
    result = facts.result
    parts = [task_title(result.task), facts.model, facts.protocol, counts_line(result)]
    under = " · ".join(part for part in parts if part)
    yield f'<section id="r{facts.number}">\n<h2>{text(facts.title, 80)}</h2>\n<p class="sub">{text(under)}</p>\n'
    yield _marks(facts)
    yield f"<h3>Metrics</h3>{_metrics(facts)}"
    drawing = confusion_drawing(result)
    if drawing is not None:
        yield figure(drawing, "field") + _common(result)
    curves = curve_drawings(result)
    if curves:
        yield f'<div class="pictures">{"".join(figure(curve) for curve in curves)}</div>\n'
    for group in list(result.groups)[:MOST_GROUPS]:
        if result.groups[group]:
            yield f"<h3>By {text(group, 60)}</h3>\n{group_table(result, group)}"
    found = worst_items(result, worst)
    if found is not None:
        yield _worst(result, found, thumbnails)
    yield _failed(result) + _config(result) + "</section>\n"


def _marks(facts: Facts) -> str:
    marks = "".join(
        f'<li><span class="mark">{text(mark.kind)}</span> {text(mark.why, 400)}</li>' for mark in facts.marks
    )
    notes = "".join(f"<li>{text(note, 400)}</li>" for note in facts.notes[:NOTES])
    more = len(facts.notes) - NOTES
    notes += f"<li>{more:,} more notes are in the result's JSON file</li>" if more > 0 else ""
    return (f'<ul class="marks">{marks}</ul>\n' if marks else "") + (
        f'<ul class="notes">{notes}</ul>\n' if notes else ""
    )


def _metrics(facts: Facts) -> str:
    result = facts.result
    with_published = bool(facts.published)
    head = [head_cell("metric"), head_cell("value", number=True), head_cell("95 % interval", number=True)]
    head += [head_cell("published")] if with_published else []
    rows = []
    for number, (metric, value) in enumerate(result.metrics.items()):
        shown = show(metric, value, result.n) + unit(metric)
        row = [
            row_head(text(metric_label(metric), 80)),
            cell(f"<b>{shown}</b>" if number == 0 else shown, number=True),
            cell(show_interval(metric, result.intervals.get(metric), result.n), number=True),
        ]
        if with_published:
            row.append(cell(text(published_line(facts, metric))))
        rows.append(row)
    return table("", head, rows) + f'<p class="note">{_sources(facts)}</p>'


def _sources(facts: Facts) -> str:
    """Where the published figures are printed, each place once."""
    figures = [row.figure for row in facts.published.values() if row.figure is not None]
    places = dict.fromkeys(
        f"{figure.source}{f' ({figure.note})' if figure.note else ''}" for figure in figures
    )
    return f"Published: {text('; '.join(places), 600)}." if places else f"{NO_FIGURE.capitalize()}."


def _common(result: EvalResult) -> str:
    """The largest mistakes in words: the heat map for those who cannot see it."""
    confusion = read_confusion(result.confusion)
    pairs = common_mistakes(confusion) if confusion is not None else []
    if not pairs:
        return ""
    head = [
        head_cell("true class"), head_cell("answer"), head_cell("items", number=True),
        head_cell("of the class", number=True),
    ]  # fmt: skip
    rows = [
        [
            row_head(text(pair.true, 80)),
            cell(text(pair.answer, 80)),
            cell(f"{pair.items:,}", number=True),
            cell(f"{pair.share:.1%}".replace("%", " %"), number=True),
        ]
        for pair in pairs
    ]
    return f"<h3>Most frequent mistakes</h3>{table('', head, rows)}"


def _worst(result: EvalResult, found: Worst, thumbnails: ReportThumbnails) -> str:
    pictures = [thumbnails.of(result, row) for row in found.rows]
    entries = "".join(_item(result, row, picture) for row, picture in zip(found.rows, pictures, strict=True))
    kind = "items" if any(pictures) else "items texts"
    count = f"{len(found.rows)} of {found.of:,}" if len(found.rows) < found.of else f"all {found.of:,}"
    return f'<h3>{found.heading}</h3>\n<p class="note">{count}</p>\n<ol class="{kind}">\n{entries}</ol>\n'


def _item(result: EvalResult, row: Mapping[str, Any], picture: bytes | None) -> str:
    key = cut_middle(str(row.get("key", "")), 60)
    image = f'<img src="{data_uri(picture)}" alt="{escape(key)}">' if picture else ""
    asked = f'<p class="asked">{text(row["question"], 240)}</p>' if row.get("question") else ""
    return f'<li>{image}{asked}<dl>{_lines(result, row)}</dl><p class="key">{escape(key)}</p></li>\n'


def _lines(result: EvalResult, row: Mapping[str, Any]) -> str:
    """What was right, what was answered, and the number that made it one of the worst."""
    lines = []
    if row.get("gold") is not None:
        lines.append(f'<dt>is</dt><dd class="right">{text(said(row["gold"]), 200)}</dd>')
    answer = answer_column(result.items) if result.items is not None else None
    if answer is not None:
        lines.append(
            f'<dt>{_SAID.get(result.task, "said")}</dt><dd class="wrong">{text(said(row.get(answer)), 200)}</dd>'
        )
    lines += [
        f"<dt>{name}</dt><dd>{text(place)}</dd>"
        for name, place in (("is", place_of(row, "")), ("found", place_of(row, "found_"))) if place
    ]  # fmt: skip
    lines += [f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in measures(result, row)]
    return "".join(lines)


def _failed(result: EvalResult) -> str:
    shown = failures(result)
    if not shown:
        return ""
    lines = "".join(f"<li>{escape(cut_middle(key, 80))}: {text(reason)}</li>" for key, reason in shown)
    more = result.n_failed - len(shown)
    lines += f"<li>and {more:,} more</li>" if more > 0 else ""
    return f'<h3>Failed</h3><ul class="notes">{lines}</ul>\n'


def _config(result: EvalResult) -> str:
    if not result.config:
        return ""
    return (
        "<details><summary>What decided the numbers</summary>"
        f"<pre>{escape(config_text(result.config))}</pre></details>\n"
    )
