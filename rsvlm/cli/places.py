"""Boxes, points and ranges as people type them."""

import typer


def bbox_of(text: str | None) -> tuple[float, float, float, float] | None:
    """What --bbox says: west, south, east, north."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"--bbox {text!r}: give west,south,east,north: 126,34,128,36") from None
    return west, south, east, north


def point_of(text: str | None) -> tuple[float, float] | None:
    """What --near says: longitude, latitude."""
    if text is None:
        return None
    try:
        longitude, latitude = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"--near {text!r}: give longitude,latitude: 9.98,53.54") from None
    return longitude, latitude


def gsd_of(text: str | None) -> tuple[float | None, float | None] | None:
    """What --gsd says: the least and the largest, None where there is no such end."""
    if text is None:
        return None
    low, dash, high = text.partition("-")
    try:
        if not dash or not (low or high):
            raise ValueError
        return float(low) if low else None, float(high) if high else None
    except ValueError:
        raise typer.BadParameter(f"--gsd {text!r}: give 0.1-1, -10 or 5-") from None
