"""Sources brought into a base: only what is new or changed is encoded, and what is gone is dropped.

Texts come first, then pictures, and the record last. A base that was stopped in between still opens if it had a
record, and the same command goes on: what is there already is compared, not encoded again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import rsvlm
from rsvlm.imagery.items import PathLike
from rsvlm.models import Encoder, TextEncoder
from rsvlm.retrieval import Index, TextIndex
from rsvlm.retrieval.building import Progress
from rsvlm.retrieval.changes import locked
from rsvlm.retrieval.making import encoder_record
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.searchable import several
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot

from .chunk import PLACE, Chunk, chunk_of
from .errors import RagError
from .pictures import EXACT, add_vectors, drop_pictures, put_pictures
from .pieces import pieces_of
from .record import NAME, Record, SourceRecord, read_record, write_record
from .shippednotes import NAME as SHIPPED
from .shippednotes import shipped_notes
from .sources import Problem, Source, read_source

TEXTS, PICTURES, WORDS = "texts", "pictures", "words"
"""Folders of a base: chunks with their sentence vectors; pictures; texts of chunks without one, by the encoder of
pictures."""
_OWN = (NAME, TEXTS, PICTURES, WORDS)
_LOCK = ".knowledge.lock"
_BLOCK = 4096
"""Chunks that are encoded between two stops: what a killed run loses at most."""

Sources = PathLike | Sequence[PathLike]


@dataclass
class Report:
    """What became of sources.

    Attributes:
        chunks: In the base now.
        encoded: Chunks that were new or changed.
        removed: Chunks that are no more in their source.
        unchanged: Sources that were not read again.
        pictures: Pictures that were encoded, or taken from an index.
        problems: Files and rows that could not be read: what, and why.
    """

    chunks: int = 0
    encoded: int = 0
    removed: int = 0
    unchanged: int = 0
    pictures: int = 0
    problems: list[Problem] = field(default_factory=list)


def update(
    folder: Path,
    sources: Sources,
    encoder: Encoder | None,
    sentences: TextEncoder,
    *,
    licence: str | None,
    progress: Progress | None,
) -> Report:
    """Bring sources into a base; the arguments are those of `KnowledgeBase.build`.

    Raises:
        RagError: Nothing can be read, or the folder holds something else.
        rsvlm.retrieval.RetrievalError: Another process is writing there, the disk is full, or another encoder made
            what is there.
    """
    read = [
        read_source(shipped_notes() if one == SHIPPED else one, licence=licence) for one in several(sources)
    ]
    if not read:
        raise RagError("no sources: name files or folders with texts, pairs datasets or indexes")
    report = Report()
    _check_new(folder)
    with locked(folder, _LOCK):
        record = _record(folder, encoder)
        known = {one.name: one for one in record.sources}
        for source in read:
            before = known.get(source.name)
            if before and (before.digest, before.licence) == (source.digest, licence):
                report.unchanged += 1
                continue
            chunks = _put_texts(folder / TEXTS, source, sentences, report, progress)
            report.problems += source.problems
            if encoder is not None:
                count, unread = put_pictures(folder / PICTURES, source, encoder, progress)
                report.pictures += count
                report.problems += unread
            known[source.name] = SourceRecord(
                name=source.name, kind=source.kind, digest=source.digest, licence=licence, chunks=chunks,
                problems=len(source.problems),
            )  # fmt: skip
        if not (folder / TEXTS / INDEX).exists():
            why = f"; the first, {report.problems[0][0]}: {report.problems[0][1]}" if report.problems else ""
            raise RagError(f"{', '.join(map(str, several(sources)))}: holds no text that could be read{why}")
        texts = TextIndex(folder / TEXTS)
        if encoder is not None:
            drop_pictures(folder / PICTURES, texts.snapshot)
            _put_words(folder, texts.snapshot, encoder, progress)
        _ = texts.words  # computed, and kept
        write_record(folder, record.model_copy(update={"sources": tuple(known.values())}))
    report.chunks = len(texts)
    return report


def _check_new(folder: Path) -> None:
    """Refuse a folder with files of others; what a stopped run left is none of these.

    Raises:
        RagError: It has such.
    """
    foreign = [one.name for one in sorted(folder.iterdir())] if folder.is_dir() else []
    if foreign := [name for name in foreign if name not in _OWN and not name.startswith(".")]:
        raise RagError(f"{folder}: holds files of another origin ({foreign[0]}); name a new folder")


def _record(folder: Path, encoder: Encoder | None) -> Record:
    """What is there, or how it begins."""
    if (folder / NAME).exists():
        return read_record(folder)
    return Record(rsvlm=rsvlm.__version__, encoder=None if encoder is None else encoder_record(encoder))


def _put_texts(
    place: Path, source: Source, sentences: TextEncoder, report: Report, progress: Progress | None
) -> int:
    """Bring the chunks of a source into the index of texts; return how many it has."""
    texts = TextIndex(place, sentences) if (place / INDEX).exists() else None
    before = {} if texts is None else _rows_of_source(texts.snapshot, source.name)
    seen: set[str] = set()
    new: list[Chunk] = []
    for block in _blocks(source.chunks()):
        there = [chunk for chunk in block if chunk.key in before]
        old = {} if texts is None else _chunks(texts.snapshot, [before[chunk.key] for chunk in there])
        new += [chunk for chunk in block if old.get(chunk.key) != chunk]
        seen.update(chunk.key for chunk in block)
    gone = [key for key in before if key not in seen]
    if gone and texts is not None:
        report.removed += texts.remove(gone)
    for first in range(0, len(new), _BLOCK):
        rows, show = [one.row() for one in new[first : first + _BLOCK]], _counting(progress, first, len(new))
        if texts is None:
            texts = TextIndex.build(rows, place, sentences, plan=EXACT, progress=show)
        else:
            texts.add(rows, plan=EXACT, progress=show)
    report.encoded += len(new)
    return len(seen)


def _put_words(folder: Path, chunks: Snapshot, encoder: Encoder, progress: Progress | None) -> None:
    """Bring up to date what pictures are held against where a chunk has none: its text, in pieces, by their encoder."""
    place, pictures = folder / WORDS, folder / PICTURES
    tables = open_snapshot(pictures).live_rows() if (pictures / INDEX).exists() else ()
    have = {key for table in tables for key in table["key"].to_pylist()}
    wanted = {
        f"{number} {chunk.key}": piece
        for table in chunks.live_rows()
        for chunk in map(chunk_of, table.to_pylist())
        if chunk.type != PLACE and (chunk.image is None or chunk.image not in have)
        for number, piece in enumerate(pieces_of(chunk.text))
    }
    index = Index(place, encoder) if (place / INDEX).exists() else None
    there = {} if index is None else _texts_of(index)
    if index is not None and (gone := [key for key in there if key not in wanted]):
        index.remove(gone)
    new = [(key, piece) for key, piece in wanted.items() if there.get(key) != piece]
    for first in range(0, len(new), _BLOCK):
        block = new[first : first + _BLOCK]
        rows = pa.table({"key": [key for key, _ in block], "captions": [[piece] for _, piece in block]})
        add_vectors(place, encoder.encode_texts([piece for _, piece in block]), rows, encoder)
        if progress is not None:
            progress(first + len(block), len(new))


def _texts_of(index: Index) -> dict[str, str]:
    return {
        key: captions[0]
        for table in index.tables()
        for key, captions in zip(table["key"].to_pylist(), table["captions"].to_pylist(), strict=True)
    }


def _rows_of_source(snapshot: Snapshot, name: str) -> dict[str, int]:
    """Rows of the chunks of a source, by their keys."""
    keys = snapshot.column("key")
    own = pc.starts_with(keys, f"{name}#").to_numpy(zero_copy_only=False) & snapshot.live
    numbers = np.flatnonzero(own)
    found = zip(keys.take(pa.array(numbers)).to_pylist(), numbers.tolist(), strict=True)
    # the name of another source may have a "#", where a chunk's place in its source has none
    return {key: number for key, number in found if key.rpartition("#")[0] == name}


def _chunks(snapshot: Snapshot, numbers: Sequence[int]) -> dict[str, Chunk]:
    found = map(chunk_of, snapshot.rows(numbers).to_pylist())
    return {chunk.key: chunk for chunk in found}


def _blocks(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    some = iter(chunks)
    while block := list(islice(some, _BLOCK)):
        yield block


def _counting(progress: Progress | None, first: int, total: int) -> Progress | None:
    return None if progress is None else lambda done, _: progress(first + done, total)
