"""Reading scores: found beside the dataset that they are of, and checked when opened."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from rsvlm.errors import one_line
from rsvlm.shards import Run, done_stats, shard_name

from ...errors import CaptioningError
from ..reader import PairsDataset
from .records import ScoreRecord

FOLDER = "scores"
FILE = "scores.json"
SCHEMA = pa.schema({"key": pa.string(), "score": pa.float32(), "error": pa.string()})
"""The columns of `scores/NAME/shards/*.parquet`, one row for each row of the dataset's shard of the same number."""

_SCORE_AGAIN = "score the dataset again: rsvlm pairs score"


@dataclass(frozen=True)
class ShardScores:
    """The scores of one shard, in its order.

    Attributes:
        keys: Of the pairs.
        scores: float32, NaN where there is none.
        errors: Why there is none: a kind, and perhaps a colon and more; None where there is one.
    """

    keys: list[str]
    scores: npt.NDArray[np.float32]
    errors: list[str | None]


@dataclass(frozen=True)
class ScoreSet:
    """The scores of a dataset by one encoder.

    Attributes:
        folder: Where they lie.
        record: By what they were made, and how they spread.
    """

    folder: Path
    record: ScoreRecord

    def shard(self, number: int) -> ShardScores:
        """Read the scores of one shard."""
        return read_shard(self.folder / "shards" / f"{shard_name(number)}.parquet")


def read_shard(path: Path) -> ShardScores:
    """Read a file of scores.

    Raises:
        CaptioningError: It is missing or damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(SCHEMA.names)
    except (OSError, pa.ArrowException) as error:
        reason = one_line(error)
        raise CaptioningError(f"{path}: cannot be read ({reason}); delete it and {_SCORE_AGAIN}") from error
    scores = table["score"].to_numpy().astype(np.float32)  # nulls become NaN
    return ShardScores(table["key"].to_pylist(), scores, table["error"].to_pylist())


def open_scores(dataset: PairsDataset, name: str | None = None) -> ScoreSet:
    """Open the scores of a dataset.

    Args:
        dataset: From `open_dataset`.
        name: Which, where there are several: a folder's name under `scores/`.

    Raises:
        CaptioningError: There are none, none of this name, or several and none is named; or they are unfinished,
            damaged or of another dataset.
    """
    folder = _named(dataset.folder, name)
    try:
        record = ScoreRecord.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        raise CaptioningError(
            f"{folder}: is not finished; run the same rsvlm pairs score again to go on where it stopped"
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CaptioningError(
            f"{folder / FILE}: {first['msg']}; delete {folder} and {_SCORE_AGAIN}"
        ) from None
    if record.dataset != dataset.manifest.processing_id:
        raise CaptioningError(
            f"{folder}: are scores of another dataset ({record.dataset}, not {dataset.manifest.processing_id}); "
            f"delete it and {_SCORE_AGAIN}"
        )
    run = Run(folder, record.processing_id)
    for number in range(dataset.manifest.counts.shards):
        if done_stats(run, number) is None:
            raise CaptioningError(
                f"{folder}: the scores of shard {shard_name(number)} are missing or damaged; {_SCORE_AGAIN}"
            )
    return ScoreSet(folder, record)


def _named(dataset: Path, name: str | None) -> Path:
    """The folder of the set of this name, or of the only one."""
    folder = dataset / FOLDER
    found = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not found:
        raise CaptioningError(f"{dataset}: has no scores; make them: rsvlm pairs score {dataset} --encoder E")
    if name is None and len(found) > 1:
        raise CaptioningError(
            f"{dataset}: has several sets of scores; choose by --scores: {', '.join(found)}"
        )
    if name is not None and name not in found:
        raise CaptioningError(f"{dataset}: has no scores {name!r}; there are {', '.join(found)}")
    return folder / (name or found[0])
