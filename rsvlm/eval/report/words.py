"""What pages say of items in words, whatever form the page has."""

from collections.abc import Mapping
from typing import Any

from rsvlm.imagery.coordinates import in_words

from ..result import EvalResult
from .worst import DISTANCES, RANKS, confidence_column

MOST_GROUPS = 10
NOTES = 20
_MEASURES = {"gold_rank": "rank", "error_km": "km off", "absolute_error": "off by"}


def place_of(row: Mapping[str, Any], prefix: str) -> str:
    """Latitude and longitude of an item of geolocation, true or found; "" where there is none."""
    latitude, longitude = row.get(f"{prefix}latitude"), row.get(f"{prefix}longitude")
    if not isinstance(latitude, float) or not isinstance(longitude, float):
        return ""
    return in_words(longitude, latitude, digits=2)


def measures(result: EvalResult, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The numbers of an item that say how far off it was."""
    score = confidence_column(result)
    names = [name for name in (score, *RANKS, *DISTANCES) if name and name in row]
    names += [name for name in list(result.metrics)[:1] if name in row]
    found = []
    for name in names:
        value = row[name]
        if isinstance(value, int):
            found.append((_MEASURES.get(name, name), f"{value:,}"))
        elif isinstance(value, float):
            found.append((_MEASURES.get(name, name), f"{value:.4g}"))
    return found


def said(value: Any) -> str:
    """An answer or a gold as text; several are joined."""
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return " | ".join(str(entry) for entry in value[:6]) + (" | …" if len(value) > 6 else "")
    return f"{value:.4g}" if isinstance(value, float) else str(value)
