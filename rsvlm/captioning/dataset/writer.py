"""Writing one shard: a WebDataset tar and a parquet file with the same pairs, both put in place together."""

import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.files import atomic_write
from rsvlm.shards import shard_name

from ..errors import CaptioningError
from .credits import Credits
from .row import SCHEMA, Pair, to_record, to_row

ROW_GROUP = 100
"""Pairs that a reader holds in memory at a time; the Hugging Face viewer wants as few with images."""

# ustar names hold 100 characters; a dot would end WebDataset's key
_KEY = re.compile(r"[A-Za-z0-9_-]{1,90}")


class ShardWriter(AbstractContextManager["ShardWriter"]):
    """Writes the pairs of one shard.

        with ShardWriter(run.shards, 0) as writer:
            writer.add(pair)
        return writer.stats()

    Both files appear when the context is left without an error, else neither. The same pairs give the
    same bytes.

    Args:
        folder: The folder of the shards.
        shard: The number of this one, which names its files.
    """

    def __init__(self, folder: Path, shard: int) -> None:
        self._paths = [folder / f"{shard_name(shard)}{suffix}" for suffix in (".tar", ".parquet")]
        self._writing = self._write()
        self._keys: set[str] = set()
        self._rows: list[dict[str, Any]] = []
        self._counts: Counter[str] = Counter()
        self._styles: Counter[str] = Counter()
        self._credits = Credits()

    def __enter__(self) -> Self:
        self._writing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._writing.__exit__(kind, error, trace)

    @contextmanager
    def _write(self) -> Iterator[None]:
        with (
            atomic_write(self._paths[0]) as tar_path,
            atomic_write(self._paths[1]) as table_path,
            tarfile.open(tar_path, "w", format=tarfile.USTAR_FORMAT) as self._tar,
            pq.ParquetWriter(table_path, SCHEMA, **_layout()) as self._table,
        ):
            yield
            self._flush()

    def add(self, pair: Pair) -> None:
        """Add a pair.

        Raises:
            CaptioningError: The key cannot name a file or is there already, the format of the image is not
                named, or text or numbers cannot be stored (a lone surrogate, NaN). Nothing is written of it.
        """
        if not _KEY.fullmatch(pair.key):
            raise CaptioningError(f"key {pair.key!r}: use 1 to 90 ASCII letters, digits, - and _")
        # file names that differ by case alone are one file on Windows and macOS
        if pair.key.lower() in self._keys:
            raise CaptioningError(f"key {pair.key!r}: is in the shard already; keys must be unique")
        if pair.image is not None and pair.format not in ("jpg", "png"):
            raise CaptioningError(f"{pair.key}: image format {pair.format!r}: use 'jpg' or 'png'")
        try:
            text = pair.caption.encode("utf-8")
            record = json.dumps(to_record(pair), ensure_ascii=False, allow_nan=False).encode("utf-8")
        except ValueError as error:
            raise CaptioningError(f"{pair.key}: cannot be stored: {error}") from None
        self._keys.add(pair.key.lower())
        if pair.image is not None:
            self._add_file(f"{pair.key}.{pair.format}", pair.image)
        self._add_file(f"{pair.key}.json", record)
        self._add_file(f"{pair.key}.txt", text)
        self._rows.append(to_row(pair))
        self._count(pair)
        if len(self._rows) == ROW_GROUP:
            self._flush()

    def stats(self) -> dict[str, Any]:
        """Counts of what was written and sizes of the files: the shard's stats, once the context is left."""
        return {
            **{name: self._counts[name] for name in ("pairs", "images", "verified")},
            "styles": dict(sorted(self._styles.items())),
            "credits": self._credits.to_list(),
            "files": {path.name: path.stat().st_size for path in self._paths},
        }

    def _add_file(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)  # owner 0, time 0, mode 644: nothing of this machine
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))

    def _count(self, pair: Pair) -> None:
        # as numbers: the first of each would be kept as True, which is no count in JSON
        self._counts.update(pairs=1, images=int(pair.image is not None), verified=int(pair.verified))
        self._styles.update({caption["style"] for caption in pair.captions})
        self._credits.add(pair.sources)

    def _flush(self) -> None:
        if self._rows:
            self._table.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []


@cache
def _layout() -> dict[str, Any]:
    """Options of the parquet file: text compressed, images (which are so already) stored as they are."""
    empty = io.BytesIO()
    pq.write_table(SCHEMA.empty_table(), empty)
    schema = pq.ParquetFile(empty).schema
    columns = [schema.column(index).path for index in range(len(schema))]
    packed = [name for name in columns if name != "image.bytes"]
    return {
        "compression": {name: "none" if name == "image.bytes" else "zstd" for name in columns},
        "use_dictionary": packed,
        "write_statistics": packed,
    }
