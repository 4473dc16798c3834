"""How every evaluation ends: a table for people, a file, or JSON."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from .common import console, print_json


def _check_out(out: Path | None) -> Path | None:
    """Before hours of work, not after them."""
    if out is not None and out.suffix.lower() != ".json":
        raise typer.BadParameter(f"{out}: a result is a .json file")
    return out


Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="File for the result: .json, with every item in a .parquet beside it.",
        callback=_check_out,
    ),
]

_COUNTS = ("n", "low", "high", "n_unanswered", "n_failed")
_GROUPS = 14
"""Lines of a group of results on the screen."""


def finish(result: Any, out: Path | None, as_json: bool) -> None:
    """Print a result, and write it where that was asked for."""
    if out is not None:
        result.save(out)
    if as_json:
        print_json(result.to_dict())
    else:
        print_result(result)
    if out is not None:
        console.print(f"Written: {out}", highlight=False, soft_wrap=True)


def print_result(result: Any) -> None:
    """A table of the metrics, one of the groups, and what a reader should know."""
    table = Table(
        "metric",
        "value",
        "95 % interval",
        title=escape(f"{result.name}: {result.task}"),
        title_justify="left",
    )
    for name, value in result.metrics.items():
        low, high = result.intervals.get(name, (None, None))
        table.add_row(name, f"{value:.4f}", "" if low is None else f"{low:.4f} to {high:.4f}")
    console.print(table)
    counts = f"{result.n:,} items, {result.n_unanswered:,} unanswered and {result.n_failed:,} failed (counted as wrong)"
    console.print(counts, highlight=False)
    for name, parts in result.groups.items():
        if len(parts) <= _GROUPS:
            _print_group(name, parts)
    for line in published_lines(result):
        console.print(line, highlight=False, soft_wrap=True)
    for note in result.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False, soft_wrap=True)


def _print_group(name: str, parts: dict[str, dict[str, float]]) -> None:
    """A line for each part: its first metric, the interval where there is one, and its items."""
    metric = next((key for values in parts.values() for key in values if key not in _COUNTS), None)
    if metric is None:
        return
    table = Table(name, metric, "95 % interval", "items")
    for part, values in parts.items():
        ends = f"{values['low']:.4f} to {values['high']:.4f}" if {"low", "high"} <= values.keys() else ""
        table.add_row(escape(part), f"{values[metric]:.4f}", ends, f"{values.get('n', 0):,.0f}")
    console.print(table)


def published_lines(result: Any) -> list[str]:
    """What is published for the same model, set and protocol, a line each."""
    from rsvlm.eval.published import compare

    return [escape(line.text) for line in compare(result)]
