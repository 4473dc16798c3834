"""The captions of an image index, found as texts: beside the index, made when they are first asked for.

    index/captions/          a `TextIndex` with a row for each caption of each image
    index/captions/of.json   what the index and the captions were when they were last brought together

Of images that are added, changed or removed later, captions are encoded or removed before the next search.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rsvlm.files import write_json
from rsvlm.imagery.items import PathLike
from rsvlm.models import Encoder, Reranker, TextEncoder
from rsvlm.models.sentences import SENTENCES

from .asking import By
from .building import Progress
from .changes import locked
from .errors import RetrievalError
from .exact import Found
from .filters import Filter, mask_of
from .fusion import depths_of, hits_of, one_of
from .hits import Hits
from .manifest import CAPTIONS, NAME, Manifest, rows_digest
from .paging import paged
from .rows import unbounded
from .snapshot import Snapshot, open_snapshot
from .stored import Ints
from .textindex import TextIndex, checked_queries, loaded_reranker, loaded_sentences

STAMP = "of.json"
_LOCK = ".captions.lock"
_BLOCK = 8192
"""Captions that are encoded between two stops: what a killed run loses at most."""


class CaptionReport(NamedTuple):
    """What became of the captions of an index.

    Attributes:
        captions: How many there are now.
        images: Images that have some.
        encoded: How many were encoded for that.
        removed: How many belonged to images that are no more, or have others.
    """

    captions: int
    images: int
    encoded: int
    removed: int


class Captions:
    """Captions of an index, as both were at one moment.

    Args:
        images: The index.
        texts: Its captions.
    """

    def __init__(self, images: Snapshot, texts: TextIndex) -> None:
        self._images, self._texts = images, texts

    @cached_property
    def _image_of(self) -> Ints:
        """(captions,) row of the image that each belongs to; -1: to none that counts."""
        live = np.flatnonzero(self._images.live)
        keys = unbounded(self._images.column("key").filter(pa.array(self._images.live)))
        owners = pc.list_element(pc.split_pattern(self._texts.snapshot.column("key"), " ", max_splits=1), 1)
        place = pc.fill_null(pc.index_in(unbounded(owners), value_set=keys), -1).to_numpy()
        rows: Ints = np.append(live, -1)[place]
        return np.where(self._texts.snapshot.live, rows, -1)

    def search(
        self,
        text: str | Sequence[str],
        *,
        k: int,
        offset: int,
        by: By,
        filter: Filter | None,
        pictures: Encoder | None,
        reranker: Reranker | PathLike | None,
    ) -> Hits | list[Hits]:
        """Find images by their captions; the arguments are those of `Index.search_captions`.

        Args:
            text: As there.
            k: As there.
            offset: As there.
            by: As there.
            filter: As there.
            pictures: What made the vectors of the images, which are then searched, too.
            reranker: As there.
        """
        queries, judge = checked_queries(text, k, offset, by), loaded_reranker(reranker)
        mask = mask_of(filter, self._images)
        allowed = self._images.live if mask is None else mask & self._images.live
        owners = self._image_of
        of_allowed = (owners >= 0) & allowed[owners]
        depths = depths_of(k, offset)
        depth = depths[-1]
        most = max(int(np.bincount(owners[of_allowed], minlength=1).max()), 1)  # captions of one image
        of_captions = self._texts.rankings(queries, by, of_allowed, depth * most, depths[0] * most)
        rankings: list[dict[str, Found]] = [
            {name: _first_of_each(owners, ranking, depth) for name, ranking in one.items()}
            for one in of_captions
        ]
        total = len(np.unique(owners[of_allowed]))
        if pictures is not None:
            vectors = pictures.encode_texts(queries).astype(np.float64)
            near = paged(self._images, vectors, depths[0], depth, allowed, kind="words")
            rankings = [
                {"captions": one_of(captions, depths), "pictures": ranking}
                for captions, ranking in zip(rankings, near, strict=True)
            ]
            if judge is None:  # which leaves out images without captions
                total = int(np.count_nonzero(allowed))
        found = [
            hits_of(
                self._images, query, one, k=k, offset=offset, total=total, depths=depths, reranker=judge,
                captions=partial(self._found_by, one_of(captions, [one * most for one in depths])),
            )
            for query, one, captions in zip(queries, rankings, of_captions, strict=True)
        ]  # fmt: skip
        return found[0] if isinstance(text, str) else found

    def _found_by(self, ranking: Found, images: Ints) -> list[str | None]:
        """The best caption of each image by a ranking of captions; None where the ranking has none of it."""
        owners, first = np.unique(self._image_of[ranking.rows], return_index=True)
        best = dict(zip(owners.tolist(), ranking.rows[first].tolist(), strict=True))
        shown = [image for image in images.tolist() if image in best]
        found = self._texts.snapshot.rows([best[image] for image in shown], ["captions"])["captions"]
        texts = dict(zip(shown, pc.list_element(found, 0).to_pylist(), strict=True))
        return [texts.get(image) for image in images.tolist()]


def open_captions(
    images: Snapshot,
    encoder: TextEncoder | PathLike | None = None,
    progress: Progress | None = None,
    device: str = "auto",
) -> Captions:
    """Open the captions of an index, brought up to date where they are not.

    Args:
        images: The index.
        encoder: What made the vectors of captions, where its name does not say where that is to be found.
        progress: Called with captions encoded and captions to be encoded.
        device: For the encoder, where it is loaded here.

    Raises:
        RetrievalError: There are no captions, they are damaged, another encoder made them, or another process is
            bringing them up to date.
    """
    place = images.folder / CAPTIONS
    if (place / NAME).exists():
        texts = _opened(place, encoder, device)  # refused here, where making them anew was not asked for
        if _are_together(texts, images.manifest):
            return Captions(images, texts)
    update_captions(images.folder, encoder, progress, device)
    return Captions(images, _opened(place, encoder, device))


def update_captions(
    folder: Path,
    encoder: TextEncoder | PathLike | None = None,
    progress: Progress | None = None,
    device: str = "auto",
) -> CaptionReport:
    """Bring the captions of an index up to date. Stopped, it goes on when it is called again.

    Args:
        folder: Of the index.
        encoder: What makes the vectors of captions; those that another one made are made anew. None: what made them,
            or all-MiniLM-L6-v2.
        progress: Called with captions encoded and captions to be encoded.
        device: For the encoder, where it is loaded here.

    Raises:
        RetrievalError: There are no captions, they are damaged, or another process is at it.
        ModelError: There is no such device.
    """
    from rsvlm.models.runtime import pick_device

    place = folder / CAPTIONS
    pick_device(device)  # refused also where nothing is left to be encoded
    with locked(folder, _LOCK):
        images = open_snapshot(folder)
        wanted = dict(_captions_of(images))
        if not wanted:
            raise RetrievalError(f"{folder}: none of its {images.manifest.count:,} rows has a caption")
        made = None if encoder is None else loaded_sentences(encoder, device)
        texts = _kept(place, made, device)
        have = {} if texts is None else dict(_texts_of(texts.snapshot))
        gone = [key for key in have if key not in wanted]
        if texts is not None and gone:
            texts.remove(gone)
        new = [{"key": key, "text": text} for key, text in wanted.items() if have.get(key) != text]
        for first in range(0, len(new), _BLOCK):
            block, show = new[first : first + _BLOCK], _counting(progress, first, len(new))
            if texts is None:
                texts = TextIndex.build(block, place, made or SENTENCES, device=device, progress=show)
            else:
                texts.add(block, progress=show)
        texts = texts or _opened(place, made, device)
        _ = texts.words  # computed, and kept
        write_json(place / STAMP, _stamp(texts, images.manifest))
    images_with = len({key.partition(" ")[2] for key in wanted})
    return CaptionReport(len(wanted), images_with, len(new), len(gone))


def _captions_of(images: Snapshot) -> Iterator[tuple[str, str]]:
    """Captions of an index, equal ones of an image once, each with a key: its number, and the key of the image."""
    live = pa.array(images.live)
    keys, captions = (images.column(name).filter(live).to_pylist() for name in ("key", "captions"))
    for key, listed in zip(keys, captions, strict=True):
        different = dict.fromkeys(text for text in listed or () if text and text.strip())
        for number, text in enumerate(different):
            yield f"{number} {key}", text


def _texts_of(texts: Snapshot) -> Iterator[tuple[str, str]]:
    """Texts of a text index with their keys."""
    live = pa.array(texts.live)
    keys, captions = (texts.column(name).filter(live) for name in ("key", "captions"))
    yield from zip(keys.to_pylist(), pc.list_element(captions, 0).to_pylist(), strict=True)


def _first_of_each(owners: Ints, found: Found, most: int) -> Found:
    """A ranking of captions as one of images, each by its best caption; of equals the lower row first."""
    rows, first = np.unique(owners[found.rows], return_index=True)
    scores = found.scores[first]
    order = np.lexsort((rows, -scores))[:most]
    return Found(rows[order], scores[order])


def _kept(place: Path, encoder: TextEncoder | None, device: str) -> TextIndex | None:
    """The captions that can go on; None where there are none, or others' vectors, which are cleared away."""
    if (place / NAME).exists():
        texts = _opened(place, None, device)
        if encoder is None or encoder.revision == texts.manifest.encoder.revision:
            return _opened(place, encoder, device)
        (place / NAME).unlink()  # first, so that whoever is killed in between leaves nothing that looks whole
    shutil.rmtree(place, ignore_errors=True)
    return None


def _opened(place: Path, encoder: TextEncoder | PathLike | None, device: str) -> TextIndex:
    try:
        return TextIndex(place, encoder, device=device)
    except RetrievalError as error:
        raise RetrievalError(f"{error} (captions can be made again: remove {place})") from None


def _stamp(texts: TextIndex, images: Manifest) -> dict[str, str]:
    return {"captions": rows_digest(texts.manifest), "images": rows_digest(images)}


def _are_together(texts: TextIndex, images: Manifest) -> bool:
    """Whether captions are those of an index as it is."""
    try:
        stamp = json.loads((texts.folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return bool(stamp == _stamp(texts, images))


def _counting(progress: Progress | None, before: int, total: int) -> Progress | None:
    """A progress of a part as one of all."""
    return None if progress is None else lambda done, _: progress(before + done, total)
