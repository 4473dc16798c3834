"""How every evaluation ends: a table for people, a file, or JSON."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from .common import print_json, print_table, results, tell


def check_out(out: Path | None) -> Path | None:
    """Refuse a file that a result cannot be written to, before hours of work and not after them."""
    if out is None:
        return None
    if out.suffix.lower() != ".json":
        raise typer.BadParameter(f"{out}: a result is a .json file")
    from rsvlm.eval.result import check_place

    check_place(out)
    return out


Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="File for the result: .json, with every item in a .parquet beside it.",
        callback=check_out,
    ),
]

_COUNTS = ("n", "low", "high", "n_unanswered", "n_failed")
_GROUPS = 14
"""Lines of a group of results on the screen."""


def finish(result: Any, out: Path | None, as_json: bool) -> None:
    """Print a result, and write it where that was asked for; where nothing was answered, exit with 1."""
    if out is not None:
        result.save(out)
    if as_json:
        print_json(result.to_dict())
    else:
        print_result(result)
    if out is not None:
        tell(f"Written: {out}")
    if result.n and result.n_failed + result.n_unanswered == result.n:
        raise typer.Exit(1)


def print_result(result: Any) -> None:
    """A table of the metrics, one of the groups, and what a reader should know."""
    from rsvlm.eval.reasons import reasons_of

    table = Table("metric", "value", "95 % interval", title=title_of(result), title_justify="left")
    for name, value in result.metrics.items():
        low, high = result.intervals.get(name, (None, None))
        table.add_row(name, f"{value:.4f}", "" if low is None else f"{low:.4f} to {high:.4f}")
    print_table(table)
    counts = f"{result.n:,} items, {result.n_unanswered:,} unanswered and {result.n_failed:,} failed (counted as wrong)"
    tell(counts, on=results)
    for reason, n in reasons_of(result)[:3]:
        tell(f"  {n:,} failed: {reason}", on=results)
    for name, parts in result.groups.items():
        if len(parts) <= _GROUPS:
            _print_group(name, parts)
    for line in published_lines(result):
        tell(line, on=results)
    for note in result.notes:
        tell(note, "yellow", "note:", on=results)


def finish_comparison(comparison: Any, out: Path | None, second_out: Path | None, as_json: bool) -> None:
    """Print two results side by side, and write both where that was asked for; where all failed, exit with 1."""
    first, second = comparison.first, comparison.second
    for result, path in ((first, out), (second, second_out)):
        if path is not None:
            result.save(path)
    if as_json:
        print_json({"first": first.to_dict(), "second": second.to_dict(), "comparison": comparison.to_dict()})
    else:
        print_comparison(comparison)
        for name, parts in first.groups.items():
            if len(parts) <= _GROUPS:
                _print_groups(name, parts, second.groups[name])
        for note in dict.fromkeys([*first.notes, *second.notes]):
            tell(note, "yellow", "note:", on=results)
    if out is not None:
        tell(f"Written: {out}, {second_out}")
    if first.n_failed == second.n_failed == first.n:
        raise typer.Exit(1)


def print_comparison(comparison: Any) -> None:
    """A table of what both results measured, with differences, and what a reader should know."""
    from rsvlm.eval.report.numbers import metric_label, show, unit
    from rsvlm.eval.report.versus import difference_text, names_of

    for place, name in zip(("first", "second"), names_of(comparison), strict=True):
        if name != place:
            tell(f"{place}: {name}", on=results)
    table = Table(
        "metric", "first", "second", "difference", "95 % interval", "p", box=SIMPLE_HEAD, padding=(0, 1)
    )
    for row in comparison.metrics:
        values = [show(row.metric, value, comparison.first.n) for value in (row.first, row.second)]
        table.add_row(metric_label(row.metric) + unit(row.metric), *values, *difference_text(row))
    print_table(table)
    if comparison.changed:
        differ = ", ".join(changed.name for changed in comparison.changed)
        tell(f"They differ in: {differ}", on=results)
    for note in comparison.notes:
        tell(note, "yellow", "note:", on=results)


def _print_groups(name: str, first: dict[str, dict[str, float]], second: dict[str, dict[str, float]]) -> None:
    """The accuracy of each part in both results."""
    table = Table(name, "first", "second", "items", box=SIMPLE_HEAD, padding=(0, 1))
    for part, values in first.items():
        both = [f"{one['accuracy']:.1%}" for one in (values, second[part])]
        table.add_row(part, *both, f"{values['n']:,.0f}")
    print_table(table)


def title_of(result: Any) -> str:
    """What was measured, on what, how, and of whom."""
    from rsvlm.eval.report.facts import facts_of

    facts = facts_of(1, result)
    return ", ".join(part for part in (facts.title, result.task, facts.protocol, facts.model) if part)


def _print_group(name: str, parts: dict[str, dict[str, float]]) -> None:
    """A line for each part: its first metric, the interval where there is one, and its items."""
    metric = next((key for values in parts.values() for key in values if key not in _COUNTS), None)
    if metric is None:
        return
    with_ends = any({"low", "high"} <= values.keys() for values in parts.values())
    with_items = any("n" in values for values in parts.values())
    table = Table(name, metric, *(["95 % interval"] if with_ends else []), *(["items"] if with_items else []))
    for part, values in parts.items():
        ends = f"{values['low']:.4f} to {values['high']:.4f}" if {"low", "high"} <= values.keys() else ""
        row = [part, f"{values[metric]:.4f}"]
        row += [ends] if with_ends else []
        table.add_row(*row, *([f"{values.get('n', 0):,.0f}"] if with_items else []))
    print_table(table)


def published_lines(result: Any) -> list[str]:
    """What is published for the same model, set and protocol, a line each."""
    from rsvlm.eval.published import compare

    return [line.text for line in compare(result)]
