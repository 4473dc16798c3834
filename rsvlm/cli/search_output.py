"""What `rsvlm search` shows: a table of hits for people, rows for programs."""

from typing import Any

from rich.table import Table

from .common import counted, print_table, results, tell

_LONGEST = 200
"""Characters of a caption in the table; --json and --out have it whole."""


def print_hits(rows: list[dict[str, Any]], total: int, count: int, *, captions: bool, offset: int) -> None:
    """Print a table of hits, or why there are none.

    Args:
        rows: The hits.
        total: Rows that fit the filter.
        count: All rows of the index.
        captions: Whether captions were searched.
        offset: Hits that were passed over.
    """
    from rsvlm.retrieval.hits import short_names

    if not rows:
        none = ""
        if total and offset:
            none = f", and none comes after the first {offset:,}"
        elif total and captions:
            none = ", and no caption has a word of it"
        tell(f"Nothing: {total:,} of {count:,} rows fit the filter{none}", on=results)
        return
    table = Table(title=f"of {counted(total, 'row')}", title_justify="left")
    for name in ("", "score", "image", "where", "when", *(["caption"] if captions else [])):
        table.add_column(name)
    for row, name in zip(rows, short_names(rows), strict=True):
        place = _centre(row) if row["west"] is not None else ""
        if row.get("km") is not None:
            place += f", {row['km']:,.1f} km away"
        when = f"{row['datetime']:%Y-%m-%d}" if row["datetime"] else ""
        said = row["caption"] or next(filter(None, row["captions"] or ()), "") if captions else ""
        words = [said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."] if captions else []
        score = f"{row['score']:.4f}" if captions else f"{row['score']:.3f}"
        table.add_row(str(row["rank"]), score, name, place, when, *words)
    print_table(table)


def _centre(row: dict[str, Any]) -> str:
    """The middle of a footprint, of which the west may lie beyond the antimeridian, with the names of its numbers."""
    width = row["east"] - row["west"] + (360 if row["east"] < row["west"] else 0)
    longitude, latitude = (row["west"] + width / 2 + 180) % 360 - 180, (row["south"] + row["north"]) / 2
    return f"{abs(latitude):.3f}°{'NS'[latitude < 0]} {abs(longitude):.3f}°{'EW'[longitude < 0]}"


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A hit as JSON takes it."""
    return {name: value.isoformat() if name == "datetime" and value else value for name, value in row.items()}
