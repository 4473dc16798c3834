"""Scoring pairs: the cosine of image and caption by an encoder, shard by shard, beside the dataset."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from rsvlm.files import atomic_write, write_json
from rsvlm.models import Encoder, encode_stream
from rsvlm.models.pictures import rgb_picture
from rsvlm.shards import Run, ShardResult, do_shards, open_run, shard_name, stats_of_all

from ...errors import CaptioningError
from ..reader import PairsDataset, Row
from .records import FORMAT, ScoreRecord, encoder_identity, set_name
from .scores import FILE, FOLDER, SCHEMA, ScoreSet, read_shard
from .spread import spread, spread_by_style

PART = 1000
"""Pairs whose vectors are in memory at a time; a caption that many of them share is encoded once."""

NO_IMAGE = "no image"
UNREADABLE = "unreadable image"
NO_DIRECTION = "no similarity: a vector of the encoder is zero or not finite"

Progress = Callable[[int], None]


class _Seen(NamedTuple):
    """A pair whose image was encoded; the image itself is let go."""

    key: str
    caption: str
    vector: npt.NDArray[np.float32] | None
    error: str | None


def score_pairs(
    dataset: PairsDataset,
    encoder: Encoder,
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> ScoreSet:
    """Score how well each image and its caption agree, by an encoder.

    The scores lie in `scores/NAME/` of the dataset, whose own files stay as they are; NAME is made of the encoder's
    name and a digest of what decides its vectors. A killed run goes on when it is called again. A pair without an
    image, or with one that cannot be read, has no score, and the reason instead.

    Args:
        dataset: From `open_dataset`.
        encoder: What `rsvlm.load_encoder` gives, or any object like it.
        batch_size: Images a batch; the encoder's own, else 32.
        progress: Called with how many more pairs are done.

    Raises:
        CaptioningError: The encoder is none.
        rsvlm.shards.ShardError: Another run scores here, the disk is full, or shards failed.
    """
    identity = encoder_identity(encoder)
    name = set_name(identity)
    config = {"format": FORMAT, "dataset": dataset.manifest.processing_id, "encoder": identity}
    tell = progress or _nothing

    def note(result: ShardResult) -> None:
        if result.skipped:
            tell(result.stats["pairs"])

    with open_run(dataset.folder / FOLDER / name, config) as run:
        work = partial(_score_shard, dataset, encoder, batch_size, tell)
        shards = (
            {"shard": shard, "folder": str(run.shards)} for shard in range(dataset.manifest.counts.shards)
        )
        do_shards(work, shards, run, progress=note)
        record = _summary(dataset, run, name, identity)
        write_json(run.out / FILE, record.model_dump(mode="json"), indent=2)
    return ScoreSet(run.out, record)


def _nothing(count: int) -> None:
    """Nobody watches."""


def _score_shard(
    dataset: PairsDataset,
    encoder: Encoder,
    batch_size: int | None,
    progress: Progress,
    description: dict[str, Any],
) -> dict[str, Any]:
    """Write the scores of one shard; returns their counts."""
    shard = description["shard"]
    path = Path(description["folder"]) / f"{shard_name(shard)}.parquet"
    kinds: Counter[str] = Counter()
    pairs = 0
    rows = dataset.shard_rows(shard, ["key", "image", "caption"])
    seen = _see(encoder, rows, batch_size)
    with atomic_write(path) as temporary, pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as table:
        while part := list(islice(seen, PART)):
            scores = _similarities(part, encoder)
            lost = ~np.isfinite(scores)
            errors = [
                one.error or (NO_DIRECTION if bad else None) for one, bad in zip(part, lost, strict=True)
            ]
            keys = [one.key for one in part]
            columns = [pa.array(keys), pa.array(scores, mask=lost), pa.array(errors, pa.string())]
            table.write_batch(pa.record_batch(columns, schema=SCHEMA))
            kinds.update(error.partition(":")[0] for error in errors if error is not None)
            pairs += len(part)
            progress(len(part))
    files = {path.name: path.stat().st_size}
    return {"pairs": pairs, "unscored": dict(sorted(kinds.items())), "files": files}


def _see(encoder: Encoder, rows: Iterator[Row], batch_size: int | None) -> Iterator[_Seen]:
    for done in encode_stream(encoder, rows, _picture, batch_size=batch_size):
        yield _Seen(done.item["key"], done.item["caption"], done.vector, done.error)


def _picture(row: Row) -> Image.Image:
    """Decode the image of a row; what is raised becomes the pair's error, and says the same each time."""
    if row["image"] is None:
        raise CaptioningError(NO_IMAGE)
    try:
        with Image.open(io.BytesIO(row["image"]["bytes"]), formats=("JPEG", "PNG")) as image:
            return rgb_picture(image)
    except UnidentifiedImageError:  # its message names an address in memory
        raise CaptioningError(f"{UNREADABLE}: neither JPEG nor PNG") from None
    except Exception as error:  # Pillow has many
        raise CaptioningError(f"{UNREADABLE}: {error}") from error


def _similarities(part: Sequence[_Seen], encoder: Encoder) -> npt.NDArray[np.float32]:
    """The cosine of each pair of a part, NaN where there is none."""
    scores = np.full(len(part), np.nan, np.float32)
    vectors = [one.vector for one in part if one.vector is not None]
    if vectors:
        good = np.array([one.vector is not None for one in part])
        captions = [one.caption for one in part if one.vector is not None]
        distinct = list(dict.fromkeys(captions))
        row = {caption: number for number, caption in enumerate(distinct)}
        texts = np.asarray(encoder.encode_texts(distinct))[[row[caption] for caption in captions]]
        scores[good] = cosines(np.stack(vectors), texts)
    return scores


def cosines(images: npt.ArrayLike, texts: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The cosine of each row of `images` with its row of `texts`, (n,); vectors of any length, added up in float64."""
    one, other = np.asarray(images, np.float64), np.asarray(texts, np.float64)
    with np.errstate(all="ignore"):
        length = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        cosine: npt.NDArray[np.float32] = (np.einsum("ij,ij->i", one, other) / length).astype(np.float32)
    return cosine


def _summary(dataset: PairsDataset, run: Run, name: str, identity: dict[str, Any]) -> ScoreRecord:
    """Count and describe what the shards hold."""
    count = dataset.manifest.counts.shards
    unscored: Counter[str] = Counter()
    for stats in stats_of_all(run, count):
        unscored.update(stats["unscored"])
    scores = [read_shard(run.shards / f"{shard_name(shard)}.parquet").scores for shard in range(count)]
    together = np.concatenate(scores) if scores else np.empty(0, np.float32)
    return ScoreRecord(
        name=name,
        dataset=dataset.manifest.processing_id,
        encoder=identity,
        processing_id=run.processing_id,
        pairs=len(together),
        scored=len(together) - unscored.total(),
        unscored=dict(sorted(unscored.items())),
        all=spread(together),
        styles=spread_by_style(together, (row["style"] for row in dataset.rows(["style"]))),
    )
