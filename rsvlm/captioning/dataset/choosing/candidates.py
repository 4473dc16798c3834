"""What is chosen from: every pair's score and group, a few bytes each, and why those are left out that are."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from rsvlm.shards import shard_name

from ...errors import CaptioningError
from ..problems import Problem
from ..reader import PairsDataset, Row
from ..row import labels_from_row
from .mainlabel import main_label
from .rule import Rule
from .scores import ScoreSet

TOO_LOW = "score too low"


@dataclass(frozen=True)
class Group:
    """Pairs that are ranked with one another.

    Attributes:
        style: The one of their captions; None for all.
        label: Their main label; None for all.
    """

    style: str | None
    label: str | None

    def __str__(self) -> str:
        parts = [f"style {self.style}" if self.style else "", self.label or ""]
        return ", ".join(filter(None, parts)) or "all pairs"


@dataclass(frozen=True)
class Candidates:
    """All pairs of a dataset, by number.

    Attributes:
        scores: (pairs,) float32, NaN where there is none.
        groups: (pairs,) the group of each.
        names: The groups.
    """

    scores: npt.NDArray[np.float32]
    groups: npt.NDArray[np.int32]
    names: list[Group]


def read_candidates(dataset: PairsDataset, scores: ScoreSet, rule: Rule) -> Candidates:
    """Read what is needed to choose; images stay where they are.

    Raises:
        CaptioningError: Scores and pairs do not belong together, or one of them cannot be read.
    """
    found, groups = array("f"), array("i")
    names: dict[Group, int] = {}
    columns = ["key", "style", *(["labels"] if rule.balanced else [])]
    for shard in range(dataset.manifest.counts.shards):
        for row, score, _ in _joined(dataset, scores, shard, columns):
            found.append(score)
            groups.append(names.setdefault(_group(row, rule), len(names)))
    return Candidates(np.array(found, np.float32), np.array(groups, np.int32), list(names))


def _group(row: Row, rule: Rule) -> Group:
    label = main_label(labels_from_row(row), row["style"]) if rule.balanced else None
    return Group(row["style"] if rule.per == "style" else None, label)


def _joined(
    dataset: PairsDataset, scores: ScoreSet, shard: int, columns: list[str]
) -> Iterator[tuple[Row, float, str | None]]:
    """The rows of a shard with their scores, and the reasons of those without."""
    known = scores.shard(shard)
    rows = dataset.shard_rows(shard, columns)
    for row, key, score, error in zip_longest(rows, known.keys, known.scores.tolist(), known.errors):
        if row is None or row["key"] != key:
            raise CaptioningError(
                f"{scores.folder}: the scores of shard {shard_name(shard)} are not those of its pairs; delete the "
                "folder and score the dataset again: rsvlm pairs score"
            )
        yield row, score, error


def left_out(
    dataset: PairsDataset,
    scores: ScoreSet,
    candidates: Candidates,
    kept: npt.NDArray[np.bool_],
    begins: npt.NDArray[np.float32],
    rule: Rule,
) -> Iterator[Problem]:
    """The pairs that are not kept, each with its reason, in order.

    Args:
        dataset: All pairs.
        scores: Theirs.
        candidates: The same, as it was chosen from.
        kept: (pairs,) which are kept.
        begins: (groups,) the lowest score among the best of each group.
        rule: What was asked for.
    """
    number = -1
    for shard in range(dataset.manifest.counts.shards):
        for row, score, error in _joined(dataset, scores, shard, ["key", "sources"]):
            number += 1
            if kept[number]:
                continue
            source = row["sources"][0]["name"] if row["sources"] else ""
            if error is not None:
                yield Problem(source, row["key"], error.partition(":")[0], error)
                continue
            group = candidates.groups[number]
            reason = rule.reason(score, float(begins[group]), str(candidates.names[group]))
            yield Problem(source, row["key"], TOO_LOW, reason)
