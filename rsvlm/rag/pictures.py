"""Pictures that the chunks of a base are about, brought into its index of pictures.

A picture is encoded again where its file is not as it was: of another size, or written since. Which it was is kept in a
file beside the index; without it, all are encoded again.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder
from rsvlm.retrieval import Index, Plan, RetrievalError
from rsvlm.retrieval.building import BuildReport, Progress
from rsvlm.retrieval.making import encoder_record
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.snapshot import Snapshot, numbers_of, open_snapshot
from rsvlm.retrieval.stored import Vectors
from rsvlm.shards import write_json

from .sources import Problem, Source
from .sources.source import PICTURES

EXACT = Plan(kind="exact")
"""Every vector is scored: a search that passes over some would not be the one that is promised."""
_STATES = ".pictures.json"
_WHOLE = ChipOptions(chips="whole", min_valid=0.0)
"""As the picture that is asked about is read: a chunk is about all of its picture."""

States = dict[str, list[int]]
"""Size and time of writing of the files that pictures are in, by their paths."""


def put_pictures(
    place: Path, source: Source, encoder: Encoder, progress: Progress | None
) -> tuple[int, list[Problem]]:
    """Bring the pictures that the chunks of a source are about into an index; only new and changed ones are encoded.

    Args:
        place: Of the index.
        source: Whose chunks have been read.
        encoder: What makes the vectors.
        progress: Called with pictures done and pictures to do.

    Returns:
        How many were put there, and which could not be read.
    """
    if source.kind == "index" and (index := _made_by(encoder, source.name)) is not None:
        for rows, vectors in index.batches():
            add_vectors(place, vectors, rows, encoder)
        return len(index), []
    is_there = (place / INDEX).exists()
    known = _read_states(place) if is_there else {}
    states = {path: _state(path) for path in source.images()}
    new = [path for path, state in states.items() if known.get(path) != state]
    if not new:
        return 0, []
    try:
        if is_there:
            done = Index(place, encoder).add(new, options=_WHOLE, plan=EXACT, progress=progress)
        else:
            index = Index.build(new, place, encoder, options=_WHOLE, plan=EXACT, progress=progress)
            done = index.report or BuildReport()
    except RetrievalError as error:  # none of them can be read: the texts are of use without
        return 0, [Problem(source.name, f"its pictures: {error}")]
    put = _put_copies(place, new, encoder)
    _write_states(place, {**known, **states})
    problems = [Problem(*one) for one in done.failures if one[0] not in put]
    return done.chips - done.failed + len(put), problems


def drop_pictures(place: Path, chunks: Snapshot) -> None:
    """Take out of an index the pictures that no chunk is about any more."""
    if not (place / INDEX).exists():
        return
    used = set(chunks.column("image").filter(pa.array(chunks.live)).to_pylist())
    index = Index(place)
    gone = [key for table in index.tables() for key in table["key"].to_pylist() if key not in used]
    if gone:
        files = {file for key in gone for file in (key, key.rpartition("#")[0])}
        _write_states(place, {path: one for path, one in _read_states(place).items() if path not in files})
        index.remove(gone)


def add_vectors(place: Path, vectors: Vectors, rows: pa.Table, encoder: Encoder) -> None:
    """Put vectors and their rows into an index, made where there is none."""
    if (place / INDEX).exists():
        Index(place).add_vectors(vectors, rows, plan=EXACT)
    else:
        record = encoder_record(encoder)
        Index.from_vectors(place, vectors, rows, encoder=record.name, revision=record.revision, plan=EXACT)


def _put_copies(place: Path, files: Sequence[str], encoder: Encoder) -> set[str]:
    """Give pictures that an index left out, because another has the same content, its vector; return which got one."""
    snapshot = open_snapshot(place)
    numbers = numbers_of(snapshot, files)
    left_out = [file for file in files if file not in numbers and file.lower().endswith(PICTURES)]
    if not left_out:
        return set()
    by_content = {_content(file): number for file, number in numbers.items()}
    found = {file: by_content[own] for file in left_out if (own := _content(file)) in by_content}
    if found:
        rows = pa.table({"key": list(found)})
        add_vectors(place, snapshot.stores.take(list(found.values())), rows, encoder)
    return set(found)


def _content(file: str) -> str:
    with Path(file).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _made_by(encoder: Encoder, folder: str) -> Index | None:
    """An index, if this encoder made its vectors."""
    index = Index(folder)
    made = index.made_by
    same = (made.revision, made.dimension) == (encoder.revision, encoder.dimension)
    return index if same and made.revision else None


def _state(path: str) -> list[int]:
    """What changes when a picture, or what holds it, does: of a pairs dataset, its manifest."""
    file = Path(path)
    told = (file / "manifest.json" if file.is_dir() else file).stat()
    return [told.st_size, told.st_mtime_ns]


def _read_states(place: Path) -> States:
    try:
        found = json.loads((place.parent / _STATES).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_states(place: Path, states: States) -> None:
    write_json(place.parent / _STATES, states)
