"""Why items of a result failed, counted."""

import re
from collections import Counter

from rsvlm.eval.result import EvalResult

_PLACES = re.compile(r"\S*[/\\]\S+")
"""Paths and addresses in a reason, which differ from item to item."""


def reasons_of(result: EvalResult) -> list[tuple[str, int]]:
    """Return why items failed, the most frequent reason first; what differs from item to item is left out of it."""
    if result.items is None or "error" not in result.items.column_names:
        return []
    said = (str(error) for error in result.items["error"].to_pylist() if error)
    return Counter(_PLACES.sub("...", reason) for reason in said).most_common()
