"""The chips of a pairs dataset as images to be captioned."""

from rsvlm.captioning.dataset import PairsDataset
from rsvlm.eval.data.parquet_files import ImageColumn, StoredImage
from rsvlm.eval.data.sets import EvalSet
from rsvlm.eval.data.sources import records
from rsvlm.shards import shard_name


def chips_of(pairs: PairsDataset) -> EvalSet:
    """Return the images of a dataset under the keys of their pairs, without its captions and labels.

    An image is read from its shard when its turn comes. A pair without one fails then, as its own item.
    """
    shards = pairs.folder / "shards"
    columns = [
        ImageColumn(shards / f"{shard_name(shard)}.parquet") for shard in range(pairs.manifest.counts.shards)
    ]
    return EvalSet(
        name=pairs.folder.resolve().name,
        images=[StoredImage(column, row) for column in columns for row in range(column.n)],
        keys=tuple(row["key"] for row in pairs.rows(["key"])),
        sources=records([pairs.folder / "manifest.json"]),
    )
