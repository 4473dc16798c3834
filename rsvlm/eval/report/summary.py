"""The table on top of a report: every result in one row, a table for each task."""

from collections.abc import Iterator, Sequence

from ..result import EvalResult
from .facts import NO_FIGURE, Facts, first_published, published_line
from .html import cell, head_cell, row_head, table, text
from .numbers import metric_label, show, show_interval, unit

MOST = 5
"""Metrics side by side; each result's own section has all of them."""
TASKS = {
    "zero-shot": "Zero-shot classification",
    "classification": "Classification",
    "probe": "Probes",
    "retrieval": "Retrieval",
    "captions": "Captions",
    "factuality": "Facts of captions",
    "vqa": "Questions about images",
    "agromind": "AgroMind",
    "geolocation": "Geolocation",
}


def task_title(task: str) -> str:
    """A task in words."""
    return TASKS.get(task, task)


def summaries(all_facts: Sequence[Facts]) -> dict[str, list[Facts]]:
    """Results that stand in one table, by its title: those of one task with the same first metric.

    Of one data set and protocol they stand below each other, as they are to be compared.
    """
    tables: dict[tuple[str, str], list[Facts]] = {}
    for facts in all_facts:
        first = next(iter(facts.result.metrics), "")
        tables.setdefault((facts.result.task, first), []).append(facts)
    tasks = [task for task, _ in tables]
    return {
        task_title(task) if tasks.count(task) == 1 else f"{task_title(task)}: {metric_label(first)}": sorted(
            some, key=lambda facts: (facts.title, facts.protocol)
        )
        for (task, first), some in tables.items()
    }


def has_published(some: Sequence[Facts]) -> bool:
    """Whether there is a published figure for any of these results."""
    return any(facts.published for facts in some)


def shown_metrics(all_facts: Sequence[Facts], most: int = MOST) -> list[str]:
    """The metrics that a table has columns for: the headlines, then the others as the results order them."""
    headlines = [next(iter(facts.result.metrics)) for facts in all_facts if facts.result.metrics]
    others = [metric for facts in all_facts for metric in facts.result.metrics]
    return list(dict.fromkeys([*headlines, *others]))[:most]


def summary_tables(all_facts: Sequence[Facts]) -> Iterator[str]:
    """The tables of a report's results, as HTML."""
    for title, some in summaries(all_facts).items():
        metrics, published = shown_metrics(some), has_published(some)
        head = [head_cell("data set, model")]
        head += [head_cell(text(metric_label(metric)) + unit(metric), number=True) for metric in metrics]
        head += [head_cell("items", number=True), *([head_cell("published")] if published else [])]
        rows = [_row(facts, metrics, published=published) for facts in some]
        none = "" if published else f'<p class="note">{NO_FIGURE.capitalize()}.</p>'
        yield f"<section><h2>{text(title)}</h2>\n{table('', head, rows, wide=True)}{none}</section>\n"


def _row(facts: Facts, metrics: Sequence[str], *, published: bool) -> list[str]:
    result = facts.result
    marks = "".join(f' <span class="mark">{text(mark.kind)}</span>' for mark in facts.marks)
    under = " · ".join(part for part in (facts.model, facts.protocol) if part)
    small = f'<small class="wraps">{text(under)}</small>' if under else ""
    cells = [row_head(f'<a href="#r{facts.number}">{text(facts.title, 60)}</a>{marks}{small}')]
    cells += [
        cell(value_cell(result, metric, first=number == 0), number=True)
        for number, metric in enumerate(metrics)
    ]
    lost = [f"{count:,} {word}" for count, word in _lost(result) if count]
    small = f"<small>{'<br>'.join(lost)}</small>" if lost else ""
    beside = [cell(_published(facts), kind="published")] if published else []
    return [*cells, cell(f"{result.n:,}{small}", number=True), *beside]


def value_cell(result: EvalResult, metric: str, *, first: bool = False) -> str:
    """A value with its interval below."""
    value = show(metric, result.metrics.get(metric), result.n)
    ends = show_interval(metric, result.intervals.get(metric), result.n)
    return f"{f'<b>{value}</b>' if first else value}{f'<small>{ends}</small>' if ends else ''}"


def _published(facts: Facts) -> str:
    """The first published figure with its source, or that there is none."""
    metric = first_published(facts)
    row = facts.published[metric] if metric else None
    if metric is None or row is None or row.figure is None:
        return f'<span class="none">{NO_FIGURE}</span>'
    named = "" if metric == next(iter(facts.result.metrics)) else f"{text(metric_label(metric))} "
    note = f"; {text(row.figure.note)}" if row.figure.note else ""
    source = f'<small class="wraps">{text(row.figure.source)}{note}</small>'
    return f"{named}{text(published_line(facts, metric))}{source}"


def _lost(result: EvalResult) -> list[tuple[int, str]]:
    return [(result.n_unanswered, "unanswered"), (result.n_failed, "failed")]
