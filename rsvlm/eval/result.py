"""What every evaluation gives: numbers, how sure they are, and all that decided them."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.errors import one_line
from rsvlm.files import atomic_write, write_json

from .errors import EvalError
from .statistics import Interval

FORMAT = 1
"""Rises when the meaning of the stored fields changes."""

_MARK = {b"rsvlm.eval": b"items"}
"""Metadata of every table of items. A parquet without it may be the user's own, such as the data set that is judged."""


@dataclass
class EvalResult:
    """The outcome of one evaluation.

    Attributes:
        task: "zero-shot", "classification", "probe", "retrieval", "captions", "factuality", "vqa", "agromind" or
            "geolocation".
        name: Data set or benchmark.
        metrics: By name, the headline first; shares are 0..1.
        n: Items, those unanswered or failed included: they count as wrong.
        n_unanswered: Items without an answer.
        n_failed: Items that could not be put at all, such as unreadable images.
        groups: The same metrics by part: {"type": {"yes/no": {"accuracy": 0.5, "n": 12}}}.
        intervals: 95 % bootstrap intervals by metric.
        config: All that decided the numbers: model, vocabulary, templates, protocol, seed, data with hashes, versions.
        comparable: Whether the numbers may be set beside published ones of the same name.
        notes: What a reader should know, a sentence each.
        items: One row an item: key, gold, answer, correct, scores, error.
        confusion: {"names": [...], "counts": [[...]]}, true class by row.
    """

    task: str
    name: str
    metrics: dict[str, float]
    n: int
    n_unanswered: int = 0
    n_failed: int = 0
    groups: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    comparable: bool = True
    notes: list[str] = field(default_factory=list)
    items: pa.Table | None = None
    confusion: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """All but the items, as plain data."""
        return {
            "format": FORMAT, "task": self.task, "name": self.name, "metrics": self.metrics,
            "metric_order": list(self.metrics), "n": self.n,
            "n_unanswered": self.n_unanswered, "n_failed": self.n_failed, "groups": self.groups,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()}, "config": self.config,
            "comparable": self.comparable, "notes": self.notes, "confusion": self.confusion,
        }  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `path` (.json) and, where there are items, a .parquet of the same name beside it.

        Raises:
            EvalError: As of `check_place`; nothing is written then.
        """
        path = Path(path)
        check_place(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        items = _items_of(path)
        if self.items is None:
            path.unlink(missing_ok=True)
            items.unlink(missing_ok=True)  # those of an earlier result
        else:
            marked = self.items.replace_schema_metadata({**(self.items.schema.metadata or {}), **_MARK})
            with atomic_write(items) as temporary:
                pq.write_table(marked, temporary)
                path.unlink(
                    missing_ok=True
                )  # who is killed here leaves no result, and none with others' items
        write_json(path, self.to_dict(), indent=1)


def _items_of(path: Path) -> Path:
    """Where the items of a result lie: `run-0.1.parquet` of `run-0.1.json`, and of `run-0.1`."""
    is_json = path.suffix.casefold() == ".json"
    return path.with_suffix(".parquet") if is_json else path.with_name(f"{path.name}.parquet")


def check_place(path: str | os.PathLike[str]) -> None:
    """Refuse a place for a result that would take the place of a file that is none, itself or by its table of items.

    Args:
        path: The .json file; items are written to the .parquet of the same name.

    Raises:
        EvalError: One of the two is there, and no evaluation wrote it.
    """
    path = Path(path)
    if os.path.lexists(path) and not _is_result(path):
        raise EvalError(
            f"{path}: is there already, and is no result of `rsvlm eval`; name another file for the result"
        )
    items = _items_of(path)
    if os.path.lexists(items) and not _is_own(items, path):
        raise EvalError(
            f"{path}: its items would be written over {items.name}, which bears no mark that `rsvlm eval` wrote it; "
            "name another file for the result, or move that one away"
        )


def _is_own(items: Path, path: Path) -> bool:
    """Whether an evaluation wrote a table; those of earlier versions do not say so, and are not told from others.

    What is damaged says nothing; it is taken for its own where a result lies beside it.
    """
    try:
        metadata = pq.read_schema(items).metadata or {}
    except (OSError, pa.ArrowException):
        return _is_result(path)
    return all(metadata.get(name) == value for name, value in _MARK.items())


def _is_result(path: Path) -> bool:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stored, dict) and {"format", "metric_order"} <= stored.keys()


def load_result(path: str | os.PathLike[str]) -> EvalResult:
    """Read what `EvalResult.save` wrote.

    Raises:
        EvalError: It is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise EvalError(f"{path}: there is no such file")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("format") != FORMAT:
            raise EvalError(f"{path}: is of another format than this program's ({FORMAT})")
        # JSON files have their keys sorted; the headline comes first all the same
        stored["metrics"] = {name: stored["metrics"][name] for name in stored.pop("metric_order")}
        stored["intervals"] = {name: Interval(*ends) for name, ends in stored["intervals"].items()}
        items = _items_of(path)
        return EvalResult(**stored, items=pq.read_table(items) if items.exists() else None)
    except EvalError:
        raise
    except (OSError, KeyError, TypeError, AttributeError, ValueError, pa.ArrowException) as error:
        what = "it lacks a field" if isinstance(error, KeyError) else one_line(error)
        raise EvalError(f"{path}: is no result of an evaluation ({what})") from None
