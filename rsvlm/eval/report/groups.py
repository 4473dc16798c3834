"""Tables of a result's groups: classes, types of question, files."""

from collections.abc import Mapping, Sequence

from ..result import EvalResult
from .drawings import main_metric
from .html import bar, cell, head_cell, row_head, table, text
from .numbers import is_count, is_share, metric_label, show, show_interval, unit

MOST_ROWS = 120
MOST_COLUMNS = 9
MOST_NAMED = 12
SORTED = ("class",)
"""Groups without an order of their own: shown by value, the best first."""
_ENDS = ("low", "high")
_CHANCE = "chance"

Part = Mapping[str, float]


def group_table(result: EvalResult, group: str) -> str:
    """A table of a group's parts with a bar for the metric that they are compared by, as HTML."""
    parts = ordered_parts(result, group)
    main = main_metric(result, group)
    columns = shown_columns(parts, main)
    chance = main is not None and any(_CHANCE in part for part in parts.values())
    head = [head_cell(text(group))]
    if main is not None:
        head += [head_cell(text(metric_label(main)) + unit(main), number=True), head_cell("")]
    head += [head_cell(text(metric_label(name)) + unit(name), number=True) for name in columns]
    n = max((part.get("n", 0) for part in parts.values()), default=0) or result.n
    rows = [_row(name, part, main, columns, n) for name, part in list(parts.items())[:MOST_ROWS]]
    caption = "The orange stroke is what guessing gets." if chance else ""
    more = len(parts) - MOST_ROWS
    rest = f'<p class="note">{more:,} more are in the result\'s JSON file.</p>' if more > 0 else ""
    absent = absent_note(result, group)
    rest += f'<p class="note">{text(absent, 600)}</p>' if absent else ""
    return table(caption, head, rows, wide=True) + rest


def ordered_parts(result: EvalResult, group: str) -> dict[str, Part]:
    """The parts of a group: classes that have items by value, the best first; numbers by size; all else as it comes."""
    parts = result.groups[group]
    main = main_metric(result, group)
    if all(name.isdecimal() for name in parts):  # 1, 2, 4, 8, 16 shots
        return dict(sorted(parts.items(), key=lambda part: int(part[0])))
    if group not in SORTED or main is None:
        return dict(parts)
    there = {name: part for name, part in parts.items() if part.get("n", 1)}
    return dict(sorted(there.items(), key=lambda part: (-part[1].get(main, 0), part[0])))


def absent_note(result: EvalResult, group: str) -> str:
    """Which classes have no item, in words; they have no row."""
    absent = [name for name, part in result.groups[group].items() if group in SORTED and not part.get("n", 1)]
    if not absent:
        return ""
    more = f" and {len(absent) - MOST_NAMED:,} more" if len(absent) > MOST_NAMED else ""
    return f"Without an item: {', '.join(absent[:MOST_NAMED])}{more}."


def shown_columns(parts: Mapping[str, Part], main: str | None) -> list[str]:
    """Figures beside the main one: n first, counts that are all 0 and ends of intervals left out."""
    names = dict.fromkeys(name for part in parts.values() for name in part)
    kept = [name for name in names if name not in (main, "n", *_ENDS)]
    kept = [
        name
        for name in kept
        if not is_count(name) or any(part.get(name) for part in parts.values()) or name == "n"
    ]
    return [*(["n"] if "n" in names else []), *kept][:MOST_COLUMNS]


def _row(name: str, part: Part, main: str | None, columns: Sequence[str], n: float) -> list[str]:
    cells = [row_head(text(name, 80))]
    if main is not None:
        value = part.get(main)
        ends = (part["low"], part["high"]) if all(end in part for end in _ENDS) else None
        small = f"<small>{show_interval(main, ends, n)}</small>" if ends else ""
        cells.append(cell(show(main, value, n) + small, number=True))
        drawn = (
            ""
            if value is None or not is_share(main)
            else bar(value, ends=ends, chance=part.get(_CHANCE), label=f"{show(main, value, n)} %")
        )
        cells.append(cell(drawn, kind="bar"))
    return [*cells, *(cell(show(column, part.get(column), n), number=True) for column in columns)]
