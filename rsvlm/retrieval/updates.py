"""Rows put into an index that there is, in place of older ones with their keys, and rows taken out of it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .building import Encoded
from .changes import changing
from .errors import RetrievalError
from .kinds import Plan
from .making import checked_plan
from .manifest import read_manifest
from .rows import older_ones
from .snapshot import numbers_of, open_snapshot


def put_rows(folder: Path, encoded: Encoded, plan: Plan = Plan()) -> None:  # noqa: B008 - frozen
    """Add vectors and rows; a row whose key is there already takes the place of the older one.

    Args:
        folder: Of the index.
        encoded: What is added.
        plan: How it shall be searched.

    Raises:
        RetrievalError: Another process is writing.
    """
    plan = checked_plan(plan, read_manifest(folder).encoder.dimension)
    with changing(folder) as change:
        now = open_snapshot(folder)
        keys = encoded.table["key"].to_pylist()
        before = numbers_of(now, keys)
        if keys:
            start = change.manifest.size
            change.add(encoded.blocks(), encoded.table, plan)
            older = np.concatenate(
                [np.array(sorted(before.values()), np.int64), start + older_ones(encoded.table)]
            )
            change.remove(older)
            places = {key: start + place for place, key in enumerate(keys)}
            if now.labels and (kept := now.labels.moved({row: places[key] for key, row in before.items()})):
                change.label(kept)
            change.commit()


def remove_rows(folder: Path, keys: Iterable[str]) -> int:
    """Remove rows by their keys; return how many.

    Raises:
        RetrievalError: A key is not there (nothing is removed then), or another process is writing.
    """
    wanted = list(dict.fromkeys(keys))
    with changing(folder) as change:
        found = numbers_of(open_snapshot(folder), wanted)
        if missing := [key for key in wanted if key not in found]:
            raise RetrievalError(f"{folder}: has no row {missing[0]!r}; nothing was removed")
        if found:
            change.remove(np.array(sorted(found.values()), np.int64))
            change.commit()
    return len(found)
