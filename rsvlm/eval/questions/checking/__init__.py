"""Whether answers follow from labels: worked out again from the label files, in another way than questions are made.

Class maps are measured as polygons (questions count pixels), outlines as fine rasters (questions use geometry), and
what is asked is read from the text of the question and the provenance of its pictures, not from the maker's numbers.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.eval.agromind.read import read_agromind
from rsvlm.eval.errors import EvalError
from rsvlm.files import sha256_of

from ..sources import Source, load_sources
from . import map_rules, other_rules
from .asked import RULES, UnfoundedError, WrittenQuestion
from .labels import Labels

_REGISTERED = (map_rules, other_rules)
Row = tuple[str, dict[str, Any], list[dict[str, Any]]]
"""Kind, item and pictures of a question."""


@dataclass
class CheckReport:
    """What checking came to.

    Attributes:
        count: Questions that were checked, and those that are missing.
        refused: Those whose answer does not follow from the labels: key and reason.
    """

    count: int
    refused: dict[str, str]

    def lines(self) -> list[str]:
        """The report for people."""
        said = [f"{self.count:,} questions checked, {len(self.refused):,} refused"]
        return said + [f"  {key}: {reason}" for key, reason in self.refused.items()]


def check_rows(rows: Sequence[Row], sources: Sequence[Source]) -> Iterator[str | None]:
    """Yield for each question why its answer does not follow from the labels, None where it does."""
    labels = Labels(sources)
    return (_reason(row, labels) for row in rows)


def check_questions(folder: str | Path, sources: Sequence[Source] | None = None) -> CheckReport:
    """Check the questions that `make_questions` wrote: their pictures, their label files and their answers.

    Args:
        folder: What it wrote.
        sources: Where the labels are now, in the same order; None: where they were.

    Raises:
        EvalError: The folder is no such one, or it was made from another number of sources.
    """
    place = Path(folder)
    own = place / "manifest.json"
    try:
        manifest = json.loads(own.read_text(encoding="utf-8"))
        table = pq.read_table(place / "provenance.parquet").to_pylist()
        written = load_sources(manifest["sources"], str(own))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, EvalError):
            raise
        raise EvalError(f"{place}: is no folder of made questions ({error})") from None
    known = written if sources is None else list(sources)
    if len(known) != len(written):
        raise EvalError(
            f"{place}: was made from {len(written)} sources, not {len(known)}; name all of them, in the same order"
        )
    read_agromind(place)  # what other programs read must be readable
    items = {
        f"{path.stem}/{item['item_id']}": item
        for path in sorted((place / "QA_Pairs").rglob("*.json"))
        for item in json.loads(path.read_text(encoding="utf-8"))
    }
    provenance = {row["key"]: row for row in table}
    files, labels = _Files(), Labels(known)
    refused = {key: "is in no file of questions" for key in provenance if key not in items}
    for key, item in items.items():
        row = provenance.get(key)
        if row is None:
            refused[key] = "has no provenance"
            continue
        pictures = json.loads(row["pictures"])
        reason = _changed(place, pictures, files, known) or _reason(
            (key.partition("/")[0], item, pictures), labels
        )
        if reason is None and sorted(_shown(item)) != sorted(picture["path"] for picture in pictures):
            reason = "shows other pictures than its provenance says"
        if reason is not None:
            refused[key] = reason
    return CheckReport(len(items.keys() | provenance.keys()), refused)


def _shown(item: dict[str, Any]) -> list[str]:
    names = [item[name] for name in ("image_path", "image1", "image2") if name in item]
    return names or list(item["options"].values())


def _reason(row: Row, labels: Labels) -> str | None:
    kind, item, pictures = row
    if kind not in RULES:
        return f"there is no rule for {kind}"
    try:
        RULES[kind](WrittenQuestion(kind, item, [picture["panels"] for picture in pictures], labels))
    except (UnfoundedError, EvalError) as error:
        return str(error)
    except (KeyError, IndexError, AttributeError, ValueError, TypeError, AssertionError) as error:
        return f"cannot be checked ({type(error).__name__}: {error})"
    return None


class _Files:
    """What lies below folders, and hashes of files, each found out once."""

    def __init__(self) -> None:
        self._hashes: dict[Path, str] = {}
        self._below: dict[Path, list[Path]] = {}

    def hash(self, path: Path) -> str:
        """SHA-256 of a file; "" where it cannot be read."""
        if path not in self._hashes:
            try:
                self._hashes[path] = sha256_of(path)
            except OSError:
                self._hashes[path] = ""
        return self._hashes[path]

    def named(self, source: Source, name: str) -> list[Path]:
        """The files of a name that a source has."""
        roots = [getattr(source, field, None) for field in ("labels", "features", "path", "before", "after")]
        return [path for root in roots if root is not None for path in self._all(root) if path.name == name]

    def _all(self, root: Path) -> list[Path]:
        if root not in self._below:
            every = [root] if root.is_file() else root.rglob("*")
            self._below[root] = sorted(path for path in every if path.is_file())
        return self._below[root]


def _changed(
    place: Path, pictures: list[dict[str, Any]], files: _Files, sources: Sequence[Source]
) -> str | None:
    """Say which picture or label file is not what it was."""
    for picture in pictures:
        if files.hash(place / picture["path"]) != picture["sha256"]:
            return f"the picture {picture['path']} is another one or gone"
        for panel in picture["panels"]:
            for labels in panel["labels"]:
                known = files.named(sources[panel["source"]], labels["file"])
                if not any(files.hash(path) == labels["sha256"] for path in known):
                    return f"the labels {labels['file']} are others by now or gone"
    return None
