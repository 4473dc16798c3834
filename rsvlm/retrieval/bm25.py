"""Texts ranked by the words that they share with a query: BM25, by bm25s.

What is computed of the texts is kept beside them, below a name that says which texts they were:

    index/bm25/3f0c1d.../    what bm25s saves (arrays of numpy, and JSON), and record.json, which is written last

It can be lost: whoever misses it, or finds it damaged, computes it again.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from rsvlm.files import write_json

from .errors import RetrievalError
from .filerecords import check_size, record_of
from .manifest import FileRecord, Manifest, rows_digest
from .tokens import tokens

FOLDER, RECORD = "bm25", "record.json"
_K1, _B = 1.5, 0.75
_RECIPE = f"lucene k1={_K1} b={_B} tokens=2"
"""All but the texts that decides a score; what was computed by another one is not used."""
_FILES = {
    "data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy", "params.index.json", "vocab.index.json"
}  # fmt: skip


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, FileRecord]


class Words:
    """Scores of texts by BM25, as Lucene computes it (k1 1.5, b 0.75): every text, for any query.

    Args:
        bm25: Of bm25s; None: no text has a word.
        count: Texts.
    """

    def __init__(self, bm25: Any, count: int) -> None:
        self.bm25, self._count = bm25, count

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return (count,) scores; 0 where a text shares no word with the query."""
        asked = [] if self.bm25 is None else self.bm25.get_tokens_ids(tokens(query))
        if not asked:
            return np.zeros(self._count)
        found: NDArray[np.float64] = self.bm25.get_scores_from_ids(asked).astype(np.float64)
        return found


def words_of(texts: Sequence[str]) -> Words:
    """Compute what BM25 needs of texts.

    Raises:
        RetrievalError: bm25s is not installed.
    """
    bm25s = _needed()
    numbers: dict[str, int] = {}
    ids = [[numbers.setdefault(word, len(numbers)) for word in tokens(text)] for text in texts]
    if not numbers:
        return Words(None, len(texts))
    bm25 = bm25s.BM25(k1=_K1, b=_B, method="lucene")
    bm25.index((ids, numbers), show_progress=False)
    return Words(bm25, len(texts))


def stored_words(folder: Path, manifest: Manifest) -> Words | None:
    """Open what was computed of the rows of an index; None where there is nothing that can be used."""
    place = _place(folder, manifest)
    try:
        for name, written in _files_of(place).items():
            check_size(place / name, written)
        bm25 = _needed().BM25.load(place, mmap=True, allow_pickle=False)
        _check(bm25, manifest.count)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, EOFError, RecursionError):
        return None  # it is computed again
    return Words(bm25, manifest.count)


def store_words(folder: Path, manifest: Manifest, words: Words) -> None:
    """Keep what was computed of the rows of an index, in place of what was computed of earlier ones.

    Where that is not possible (a full disk, a folder that may only be read, another process that is at it) nothing is
    kept.
    """
    if words.bm25 is None:
        return
    try:
        with FileLock(folder / f".{FOLDER}.lock", timeout=0):
            place = _place(folder, manifest)
            for other in (folder / FOLDER).glob("*"):
                shutil.rmtree(other, ignore_errors=True)
            words.bm25.save(place, allow_pickle=False)
            for file in place.iterdir():
                with file.open("rb+") as opened:
                    os.fsync(opened.fileno())
            write_json(
                place / RECORD, {"files": {name: record_of(place / name).model_dump() for name in _FILES}}
            )
    except (OSError, Timeout):
        return


def verify_words(folder: Path, manifest: Manifest) -> list[str]:
    """Compare what is kept with what was written; return what is wrong, a line each."""
    place = _place(folder, manifest)
    if not (place / RECORD).exists():  # never computed, or whoever was at it was killed
        return []
    remedy = f"is damaged: remove {place}, it is made again"
    try:
        files = _files_of(place)
    except (OSError, ValueError) as error:
        return [f"{place / RECORD}: {remedy} ({error})"]
    return [
        f"{place / name}: {remedy}"
        for name, written in files.items()
        if not (place / name).is_file() or record_of(place / name) != written
    ]


def _place(folder: Path, manifest: Manifest) -> Path:
    named = hashlib.sha256(f"{_RECIPE} {rows_digest(manifest)}".encode()).hexdigest()
    return folder / FOLDER / named[:16]


def _files_of(place: Path) -> dict[str, FileRecord]:
    """Files that a record names.

    Raises:
        ValueError: It is no record, or one of other files.
    """
    try:
        files = _Record.model_validate(json.loads((place / RECORD).read_text(encoding="utf-8"))).files
    except ValidationError:
        raise ValueError("it is no record") from None
    if set(files) != _FILES:
        raise ValueError("it names other files")
    return files


def _check(bm25: Any, count: int) -> None:
    """Refuse arrays that do not fit together.

    Raises:
        ValueError: They do not.
    """
    data, indices, indptr = (bm25.scores[name] for name in ("data", "indices", "indptr"))
    ends = np.asarray(indptr, np.int64)
    fits = (
        bm25.scores["num_docs"] == count
        and (bm25.method, bm25.dtype, bm25.int_dtype) == ("lucene", "float32", "int32")
        and (str(data.dtype), str(indices.dtype)) == ("float32", "int32")
        and data.ndim == indices.ndim == ends.ndim == 1
        and len(data) == len(indices) == ends[-1]
        and ends[0] == 0
        and bool((np.diff(ends) >= 0).all())
        and (not len(indices) or (indices.min() >= 0 and indices.max() < count))
        and max(bm25.vocab_dict.values(), default=0) < len(ends)
        and min(bm25.vocab_dict.values(), default=0) >= 0
    )
    if not fits:
        raise ValueError("the arrays do not fit together")


def _needed() -> Any:
    try:
        import bm25s
    except ImportError:
        raise RetrievalError(
            'searching by words needs bm25s, which is not installed: pip install "rsvlm[cpu]" (or "rsvlm[gpu]")'
        ) from None
    # it tells what it does, whatever the level of others
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return bm25s
