"""A result as people see it: one line, and a table for notebooks."""

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .result import ClassificationResult

_NAMED = 5
"""Labels that the line shows."""
_ROWS = 10
"""Rows of the table."""
_COLUMNS = ("key", "label", "score", "then")


def line_of(result: "ClassificationResult") -> str:
    """Counts, and the first labels."""
    more = ", ..." if len(result) > _NAMED else ""
    counts = f"{_count(len(result), 'image')}, {_count(len(result.names), 'class', 'classes')}"
    sure = "" if result.calibrated else ", uncalibrated"
    return f"<ClassificationResult: {counts}{sure}; {', '.join(map(repr, result.labels[:_NAMED]))}{more}>"


def html_of(result: "ClassificationResult") -> str:
    """The first rows as a table: what a chip was taken for and what comes next, or why there is no answer."""
    score = "score" if result.calibrated else "score, uncalibrated"
    head = "".join(f"<th>{name if name != 'score' else score}</th>" for name in _COLUMNS)
    rows = (_cells(result[row]) for row in range(min(len(result), _ROWS)))
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in cells)}</tr>" for cells in rows)
    rest = f"<p>... and {len(result) - _ROWS:,} more</p>" if len(result) > _ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["error"] is not None:
        return row["key"], "", "", row["error"]
    given = row["labels"] if row["label"] is None else [row["label"]]
    top = list(zip(row["top_labels"], row["top_scores"], strict=True))
    own = [f"{score:.2f}" for name, score in top if name in given]
    then = [f"{name} {score:.2f}" for name, score in top if name not in given]
    return row["key"], ", ".join(given), ", ".join(own), ", ".join(then)


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
