"""Sources taken out of a base."""

import shlex
from pathlib import Path

import pyarrow as pa

from rsvlm.imagery.items import PathLike
from rsvlm.retrieval import Index, TextIndex
from rsvlm.retrieval.changes import locked
from rsvlm.retrieval.chiprows import absolute
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.searchable import several

from .errors import RagError
from .pictures import drop_pictures
from .record import LOCK, PICTURES, TEXTS, WORDS, read_record, write_record
from .report import Report
from .shippednotes import NAME as SHIPPED
from .shippednotes import shipped_notes
from .updating import Sources, drop_others, texts_of


def remove(folder: Path, sources: Sources) -> Report:
    """Take sources out of a base; what they are is not looked at, so that they need not be there any more.

    Raises:
        RagError: One is no source of the base, or none would be left.
        rsvlm.retrieval.RetrievalError: Another process is writing there, or the disk is full.
    """
    report, named = Report(), several(sources)
    if not named:
        raise RagError("no sources: name those that are to be taken out")
    with locked(folder, LOCK):
        record = read_record(folder)
        gone = {_named(one, folder, [own.name for own in record.sources]) for one in named}
        left = [one for one in record.sources if one.name not in gone]
        if not left:
            raise RagError(
                f"{folder}: has no other sources than these: remove the folder, or add others first"
            )
        # not to be known by what it was, should this be stopped and the source be added again
        stale = [one.model_copy(update={"digest": ""}) if one.name in gone else one for one in record.sources]
        write_record(folder, record.model_copy(update={"sources": tuple(stale)}))
        texts = TextIndex(folder / TEXTS)
        report.removed = drop_others(texts, {one.name for one in left})
        drop_pictures(folder / PICTURES, texts.snapshot)
        _drop_words(folder / WORDS, texts)
        _ = texts.words  # computed, and kept
        write_record(folder, record.model_copy(update={"sources": tuple(left)}))
    report.chunks = len(texts)
    return report


def _named(source: PathLike, folder: Path, known: list[str]) -> str:
    """What a source is called in a base.

    Raises:
        RagError: It has none that is called so.
    """
    names = [str(shipped_notes()) if source == SHIPPED else absolute(source), str(source)]
    if found := next((name for name in names if name in known), None):
        return found
    there = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
    inside = next((name for name in known if Path(names[0]).is_relative_to(name)), None)
    if inside is not None:
        raise RagError(f"{names[0]}: is part of the source {inside}: delete it there, and add that again")
    raise RagError(f"{names[0]}: is no source of {shlex.quote(str(folder))}, which has {there}")


def _drop_words(place: Path, texts: TextIndex) -> None:
    """Take out what pictures are held against of chunks that are gone."""
    if not (place / INDEX).exists():
        return
    live = set(texts.snapshot.column("key").filter(pa.array(texts.snapshot.live)).to_pylist())
    index = Index(place)
    if gone := [key for key in texts_of(index) if key.partition(" ")[2] not in live]:
        index.remove(gone)
