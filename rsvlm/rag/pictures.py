"""Pictures that the chunks of a base are about, brought into its index of pictures.

A picture is encoded again where its file is not as it was: of another size, or written since. Which it was is kept in a
file beside the index; without it, all are encoded again.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from rsvlm.captioning import CaptioningError
from rsvlm.datasets import DatasetError
from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.files import sha256_of, write_json
from rsvlm.imagery import ImageryError
from rsvlm.imagery.items import ChipOptions
from rsvlm.imagery.scan import IMAGE_SUFFIXES
from rsvlm.models import Encoder
from rsvlm.retrieval import Index, Plan, RetrievalError
from rsvlm.retrieval.building import BuildReport, Progress
from rsvlm.retrieval.making import encoder_record
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.snapshot import Snapshot, numbers_of, open_snapshot
from rsvlm.retrieval.stored import Vectors

from .sources import Problem

PICTURE_ENDINGS = tuple(IMAGE_SUFFIXES)


EXACT = Plan(kind="exact")
"""Every vector is scored: a search that passes over some would not be the one that is promised."""
_STATES = ".pictures.json"
_WHOLE = ChipOptions(chips="whole", min_valid=0.0)
"""As the picture that is asked about is read: a chunk is about all of its picture."""

States = dict[str, list[int]]
"""Size and time of writing of the files that pictures are in, by their paths; and of what could not be read in them, by
what it is called."""


def put_pictures(
    place: Path, source: str, images: Iterable[str], encoder: Encoder, progress: Progress | None
) -> tuple[int, list[Problem]]:
    """Bring pictures that chunks are about into an index; only new and changed ones are encoded.

    Args:
        place: Of the index.
        source: Whose chunks they are.
        images: The pictures, as these have them.
        encoder: What makes the vectors.
        progress: Called with pictures done and pictures to do.

    Returns:
        How many were put there, and which could not be read.

    Raises:
        RetrievalError: Another encoder made the index.
    """
    index = Index(place, encoder) if (place / INDEX).exists() else None
    known = {} if index is None else _read_states(place)
    problems: list[Problem] = []
    files, states = files_of(images), States()
    for file in files:
        try:
            states[file] = _state(file)
        except OSError as error:
            problems.append(Problem(file, f"cannot be read ({error.strerror or error})"))
    count = 0
    for some in _together(_new(place, files, states, known)):
        try:
            put, unread = _encode(place, some, encoder, progress)
        except (CaptioningError, DatasetError, ImageryError, RetrievalError) as error:
            problems.append(Problem(source, f"its pictures: {error}"))
            continue
        keys = [key for file in some for key in files[file]]
        there = numbers_of(open_snapshot(place), keys)
        lost = {key: states[file] for file in some for key in files[file] if key not in there}
        known |= {file: states[file] for file in some} | lost
        _write_states(place, known)
        count += put
        problems += unread
    return count, problems


def take_vectors(place: Path, folder: str, encoder: Encoder) -> int | None:
    """Take the vectors of an index of images, and return how many; None: another encoder made them.

    Args:
        place: Of the index that they are put into.
        folder: Of the index that has them.
        encoder: What made those that are there.
    """
    index = Index(folder)
    made = index.made_by
    if not made.revision or (made.revision, made.dimension) != (encoder.revision, encoder.dimension):
        return None
    for rows, vectors in index.batches():
        add_vectors(place, vectors, rows, encoder)
    return len(index)


def files_of(images: Iterable[str]) -> dict[str, list[str]]:
    """The picture files, parquet files and pairs datasets that pictures are in, and which are in each.

    Pictures in files that are not there, or are none of these, are left out; so are chips, whose files are cut.
    """
    found: dict[str, list[str]] = {}
    for image in dict.fromkeys(images):
        holder, inside, part = image.rpartition("#")
        if image.lower().endswith(PICTURE_ENDINGS):
            found.setdefault(image, []).append(image)
        elif inside and "," not in part:
            found.setdefault(holder, []).append(image)
    return {file: keys for file, keys in found.items() if _holds_pictures(file)}


def drop_pictures(place: Path, chunks: Snapshot) -> None:
    """Take out of an index the pictures that no chunk is about any more."""
    if not (place / INDEX).exists():
        return
    used = set(chunks.column("image").filter(pa.array(chunks.live)).to_pylist())
    index = Index(place)
    gone = [key for table in index.tables() for key in table["key"].to_pylist() if key not in used]
    if gone:
        kept = {path for key in used if key for path in (key, key.rpartition("#")[0])}
        _write_states(place, {path: one for path, one in _read_states(place).items() if path in kept})
        index.remove(gone)


def forget_pictures(place: Path) -> None:
    """Remove an index of pictures, and what is known of their files."""
    shutil.rmtree(place, ignore_errors=True)
    (place.parent / _STATES).unlink(missing_ok=True)


def add_vectors(place: Path, vectors: Vectors, rows: pa.Table, encoder: Encoder) -> None:
    """Put vectors and their rows into an index, made where there is none."""
    if (place / INDEX).exists():
        Index(place).add_vectors(vectors, rows, plan=EXACT)
    else:
        record = encoder_record(encoder)
        Index.from_vectors(place, vectors, rows, encoder=record.name, revision=record.revision, plan=EXACT)


def _new(place: Path, files: Mapping[str, Sequence[str]], states: States, known: States) -> list[str]:
    """The files whose pictures have to be encoded: not as they were, or with a picture that is not in the index.

    What could not be read is not there either, and known by a state of its own, as long as its file stays as it is.
    """
    same = [file for file, state in states.items() if known.get(file) == state]
    doubtful = {key: file for file in same for key in files[file] if known.get(key) != states[file]}
    there = numbers_of(open_snapshot(place), doubtful) if doubtful else {}
    left = {file for key, file in doubtful.items() if key not in there}
    return [file for file, state in states.items() if known.get(file) != state or file in left]


def _together(files: Sequence[str]) -> Iterator[list[str]]:
    """Picture files at once; what holds several by itself, because a damaged one cannot even be opened."""
    if plain := [file for file in files if file.lower().endswith(PICTURE_ENDINGS)]:
        yield plain
    yield from ([file] for file in files if not file.lower().endswith(PICTURE_ENDINGS))


def _encode(
    place: Path, files: Sequence[str], encoder: Encoder, progress: Progress | None
) -> tuple[int, list[Problem]]:
    """Encode the pictures of files; return how many there are now, and which could not be read."""
    if (place / INDEX).exists():
        done = Index(place, encoder).add(files, options=_WHOLE, plan=EXACT, progress=progress)
    else:
        index = Index.build(files, place, encoder, options=_WHOLE, plan=EXACT, progress=progress)
        done = index.report or BuildReport()
    copies = _put_copies(place, files, encoder)
    problems = [Problem(*one) for one in done.failures if one[0] not in copies]
    return done.chips - done.failed + len(copies), problems


def _put_copies(place: Path, files: Sequence[str], encoder: Encoder) -> set[str]:
    """Give pictures that an index left out, because another has the same content, its vector; return which got one."""
    snapshot = open_snapshot(place)
    numbers = numbers_of(snapshot, files)
    left_out = [file for file in files if file not in numbers and file.lower().endswith(PICTURE_ENDINGS)]
    if not left_out:
        return set()
    by_content = {_content(file): number for file, number in numbers.items()}
    found = {file: by_content[own] for file in left_out if (own := _content(file)) in by_content}
    if found:
        rows = pa.table({"key": list(found)})
        add_vectors(place, snapshot.stores.take(list(found.values())), rows, encoder)
    return set(found)


def _content(file: str) -> str:
    """What two files with the same content have in common; of one that cannot be read, what no other has."""
    try:
        return sha256_of(file)
    except OSError:
        return file


def _holds_pictures(file: str) -> bool:
    if file.lower().endswith((*PICTURE_ENDINGS, ".parquet")):
        return os.path.isfile(file)  # noqa: PTH113 - Path raises for what can be no name
    return os.path.isdir(file) and is_pairs_dataset(Path(file))  # noqa: PTH112 - likewise


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
