"""Sources brought into a base: only what is new or changed is encoded, and what is gone is dropped.

Of each source texts come first, then pictures, and the record last. A base that was stopped in between still opens if
it had a record, and the same command goes on: what is there already is compared, not encoded again. What a stopped run
left of a source that neither the record nor the next command names is dropped.
"""

import shutil
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import replace
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
from rsvlm.retrieval.chiprows import absolute
from rsvlm.retrieval.making import encoder_record
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.searchable import several
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot

from .chunk import PLACE, Chunk, chunk_of
from .errors import RagError
from .pictures import EXACT, add_vectors, drop_pictures, forget_pictures, put_pictures, take_vectors
from .pieces import pieces_of
from .record import (
    LOCK,
    NAME,
    PICTURES,
    TEXTS,
    WORDS,
    Record,
    SourceRecord,
    read_record,
    write_record,
)
from .report import Report
from .shippednotes import NAME as SHIPPED
from .shippednotes import shipped_notes
from .sources import Source, read_source

_OWN = (NAME, TEXTS, PICTURES, WORDS)
_BLOCK = 4096
"""Chunks that are encoded between two stops: what a killed run loses at most."""

Sources = PathLike | Sequence[PathLike]


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
        RagError: None of them can be read, or the folder holds something else.
        rsvlm.retrieval.RetrievalError: Another process is writing there, the disk is full, or another encoder made
            what is there.
    """
    named = several(sources)
    if not named:
        raise RagError("no sources: name files or folders with texts, pairs datasets or indexes")
    report = Report()
    read = [source for one in named if (source := _opened(one, licence, report)) is not None]
    if not read:
        raise report.error()
    _check_new(folder)
    with locked(folder, LOCK):
        is_new = not (folder / NAME).exists()
        record = _record(folder, encoder)
        known = {one.name: one for one in record.sources}
        for source in read:
            try:
                before = known.get(source.name)
                known[source.name] = _put_source(folder, source, before, encoder, sentences, report, progress)
            except RagError as error:
                report.add_unread(source.name, error, source.problems)
                continue
            if not is_new:  # a new one gets it when it is whole: till then, the same command goes on with it
                record = record.model_copy(update={"sources": tuple(known.values())})
                write_record(folder, record)
        if report.unread == len(named):
            raise report.error()
        texts = TextIndex(folder / TEXTS)
        report.removed += drop_others(texts, known)
        if encoder is None:  # what a stopped run made that had one
            forget_pictures(folder / PICTURES)
            shutil.rmtree(folder / WORDS, ignore_errors=True)
        else:
            drop_pictures(folder / PICTURES, texts.snapshot)
            _put_words(folder, texts.snapshot, encoder, progress)
        _ = texts.words  # computed, and kept
        write_record(folder, record.model_copy(update={"sources": tuple(known.values())}))
    report.chunks = len(texts)
    return report


def _opened(source: PathLike, licence: str | None, report: Report) -> Source | None:
    try:
        return read_source(shipped_notes() if source == SHIPPED else source, licence=licence)
    except RagError as error:
        report.add_unread(absolute(source), error)
        return None


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


def _put_source(
    folder: Path,
    source: Source,
    before: SourceRecord | None,
    encoder: Encoder | None,
    sentences: TextEncoder,
    report: Report,
    progress: Progress | None,
) -> SourceRecord:
    """Bring a source into a base, and return what is recorded of it.

    What is unchanged, and was read without problems, is not read again; its pictures are files of their own, and may
    have changed. Those of an index are as it says.

    Raises:
        RagError: It cannot be read; the base is as it was.
    """
    if before is not None and source.licence is None:
        source = replace(source, licence=before.licence)
    is_same = before is not None and before.digest == source.digest
    if before is not None and is_same and not before.problems:
        report.unchanged += 1
        record = before
    else:
        chunks = _put_texts(folder / TEXTS, source, sentences, report, progress)
        report.problems += source.problems
        record = SourceRecord(
            name=source.name, kind=source.kind, digest=source.digest, licence=source.licence, chunks=chunks,
            problems=len(source.problems),
        )  # fmt: skip
    if encoder is not None and not (is_same and source.kind == "index"):
        report.pictures += _put_pictures(folder, source, encoder, report, progress)
    return record


def _put_pictures(
    folder: Path, source: Source, encoder: Encoder, report: Report, progress: Progress | None
) -> int:
    """Bring the pictures that the chunks of a source are about into the index of pictures; return how many."""
    place = folder / PICTURES
    if source.kind == "index" and (taken := take_vectors(place, source.name, encoder)) is not None:
        return taken
    chunks = open_snapshot(folder / TEXTS)
    rows = sorted(_rows_of_source(chunks, source.name).values())
    images = chunks.column("image").take(pa.array(rows, pa.int64())).drop_null().to_pylist()
    count, unread = put_pictures(place, source.name, images, encoder, progress)
    report.problems += unread
    return count


def drop_others(texts: TextIndex, names: Container[str]) -> int:
    """Remove the chunks of sources that a base does not have: a stopped run left them; return how many."""
    keys = texts.snapshot.column("key").filter(pa.array(texts.snapshot.live)).to_pylist()
    gone = [key for key in keys if key.rpartition("#")[0] not in names]
    return texts.remove(gone) if gone else 0


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
    kept = _of_unread_files(source, gone, seen)
    gone = [key for key in gone if key not in kept]
    if gone and texts is not None:
        report.removed += texts.remove(gone)
    for first in range(0, len(new), _BLOCK):
        rows, show = [one.row() for one in new[first : first + _BLOCK]], _counting(progress, first, len(new))
        if texts is None:
            texts = TextIndex.build(rows, place, sentences, plan=EXACT, progress=show)
        else:
            texts.add(rows, plan=EXACT, progress=show)
    report.encoded += len(new)
    return len(seen) + len(kept)


def _of_unread_files(source: Source, gone: Sequence[str], seen: Collection[str]) -> set[str]:
    """Of the chunks that a folder gives no more, those of files that are there and cannot be read now: they stay."""
    starts = [f"{source.name}#{part}{end}" for part in source.unread for end in (", ", "/")]
    lost = [start for start in starts if any(key.startswith(start) for key in gone)]
    # a file that was read with a remark ("is no UTF-8; read as cp1252") gives chunks: what it gives no more is gone
    lost = [start for start in lost if not any(key.startswith(start) for key in seen)]
    return {key for key in gone if key.startswith(tuple(lost))}


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
    there = {} if index is None else texts_of(index)
    if index is not None and (gone := [key for key in there if key not in wanted]):
        index.remove(gone)
    new = [(key, piece) for key, piece in wanted.items() if there.get(key) != piece]
    for first in range(0, len(new), _BLOCK):
        block = new[first : first + _BLOCK]
        rows = pa.table({"key": [key for key, _ in block], "captions": [[piece] for _, piece in block]})
        add_vectors(place, encoder.encode_texts([piece for _, piece in block]), rows, encoder)
        if progress is not None:
            progress(first + len(block), len(new))


def texts_of(index: Index) -> dict[str, str]:
    """The texts that pictures are held against, by "piece key-of-the-chunk"."""
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
