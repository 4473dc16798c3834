"""What every index does, wherever its vectors are: it has queries made into vectors, and checks them."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Unpack, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.imagery.grid import BBox
from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder, load_encoder

from .areas import Area
from .asking import Asking
from .errors import RetrievalError
from .filters import Filter
from .hits import Hits, check_count
from .kinds import Asked
from .making import check_encoder
from .manifest import EncoderRecord
from .nearness import POOL, Point, check_point, near_first
from .queries import One, Pictures, Words, is_single, query_vectors

PathLike = str | os.PathLike[str]


class Searchable(ABC):
    """An index of images that is searched by words and by example with the encoder that made it.

    Args:
        encoder: What made its vectors, where its name does not say where that is to be found.

    Raises:
        RetrievalError: Another encoder made it.
    """

    most_hits = sys.maxsize
    """That one search can give."""

    def __init__(self, encoder: Encoder | PathLike | None = None) -> None:
        self._encoder = None if encoder is None else self._own(encoder)

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it is, as people write it."""

    @property
    @abstractmethod
    def made_by(self) -> EncoderRecord:
        """What made the vectors."""

    @property
    @abstractmethod
    def cut(self) -> ChipOptions:
        """How the images were read and cut that it was made of."""

    @property
    def encoder(self) -> Encoder:
        """What made the vectors, loaded when it is first asked for.

        Raises:
            RetrievalError: What its name leads to now has other weights.
            rsvlm.models.ModelError: It cannot be loaded.
        """
        if self._encoder is None:
            self._encoder = self._own(self.made_by.name)
        return self._encoder

    @overload
    def search(self, text: str | None = None, image: One | None = None, **how: Unpack[Asking]) -> Hits: ...
    @overload
    def search(
        self, text: list[str] | tuple[str, ...], image: Pictures = None, **how: Unpack[Asking]
    ) -> list[Hits]: ...
    @overload
    def search(
        self, text: str | None, image: list[Any] | tuple[Any, ...], **how: Unpack[Asking]
    ) -> list[Hits]: ...
    @overload
    def search(
        self, text: str | None = None, *, image: list[Any] | tuple[Any, ...], **how: Unpack[Asking]
    ) -> list[Hits]: ...
    @overload
    def search(
        self, text: Words = None, image: Pictures = None, **how: Unpack[Asking]
    ) -> Hits | list[Hits]: ...

    def search(
        self,
        text: Words = None,
        image: Pictures = None,
        *,
        k: int = 10,
        offset: int = 0,
        weight: float = 0.5,
        unlike: Words = None,
        less: float = 0.5,
        fold: float | None = None,
        variety: float = 0.0,
        bbox: BBox | None = None,
        area: Area | None = None,
        start: str | datetime | None = None,
        end: str | datetime | None = None,
        gsd: tuple[float | None, float | None] | None = None,
        labels: Sequence[str] = (),
        licences: Sequence[str] = (),
        near: Point | None = None,
    ) -> Hits | list[Hits]:
        """Find images by words, by example or by both, where and when they shall be.

        Args:
            text: Words, or a list of them for several searches at once.
            image: A picture, or a list: files, PIL images, (H, W, 3) uint8 arrays, chips.
            k: How many hits.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            weight: How much the image counts where there is text, too: 0..1.
            unlike: What hits shall not be like.
            less: How much of the likeness to that is taken off the score.
            fold: Leave out what is as like a better hit as this, such as 0.98.
            variety: 0..1: prefer hits that are unlike one another.
            bbox: West, south, east, north in degrees; west > east crosses the antimeridian.
            area: What footprints touch: a shapely geometry in degrees, one of GeoJSON as a dict, or a GeoSeries or
                GeoDataFrame.
            start: Not before: "2023", "2023-09-14" ...
            end: Not after; "2023" lasts to the end of the year.
            gsd: Least and largest ground sample distance in metres; None: any.
            labels: One of these.
            licences: One of these.
            near: Longitude and latitude: of ten times as many hits those that are also near come first (`near_first`).

        Returns:
            The hits, the best first; a list of them where text or image is one.

        Raises:
            RetrievalError: Nothing is asked, or what there cannot be.
        """
        check_count("k", k, 1)
        check_count("offset", offset, 0)
        filter = Filter(bbox, area, start, end, gsd, labels, licences)
        if near is not None:
            check_point(near)
            if offset:
                raise RetrievalError(f"offset {offset}: near has no pages: ask for more hits at once (k)")
            if variety:
                raise RetrievalError("near and variety each put hits in an order of their own: leave out one")
        vectors = query_vectors(
            self.encoder, text, image, weight=weight, unlike=unlike, less=less, options=self.cut
        )
        pool = k if near is None else max(k, min(POOL * k, self.most_hits))
        found = self.search_vectors(
            vectors, k=pool, offset=offset, filter=filter, fold=fold, variety=variety,
            asked=_asked(text, image, unlike),
        )  # fmt: skip
        if near is not None:
            found = [near_first(hits, near, k) for hits in found]
        return found[0] if is_single(text, image) else found

    @abstractmethod
    def search_vectors(
        self,
        queries: ArrayLike,
        *,
        k: int = 10,
        offset: int = 0,
        filter: Filter | None = None,
        fold: float | None = None,
        variety: float = 0.0,
        asked: Asked = "both",
    ) -> list[Hits]:
        """Find the rows whose vectors have the highest dot product with each query; see `Index.search_vectors`."""

    def _checked(
        self, queries: ArrayLike, k: int, offset: int = 0, variety: float = 0.0, asked: Asked = "both"
    ) -> NDArray[np.float64]:
        vectors = np.asarray(queries, np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != self.made_by.dimension:
            raise RetrievalError(
                f"queries have the shape {vectors.shape}; give (n, {self.made_by.dimension})"
            )
        if not np.isfinite(vectors).all():
            raise RetrievalError("a query holds NaN or infinity")
        if len(blank := np.flatnonzero(~vectors.any(axis=1))):
            raise RetrievalError(f"query {blank[0]} has no direction: all of its numbers are 0")
        check_count("k", k, 1)
        check_count("offset", offset, 0)
        if asked not in get_args(Asked):
            raise RetrievalError(f"asked {asked!r}: give {', '.join(get_args(Asked))}")
        if variety and offset:
            raise RetrievalError(f"offset {offset}: variety has no pages: ask for more hits at once (k)")
        return vectors

    def _own(self, encoder: Encoder | PathLike) -> Encoder:
        """An encoder, refused unless it is what made the vectors."""
        made = loaded(encoder)
        check_encoder(self.place, self.made_by, made)
        return made


def _asked(text: Words, image: Pictures, unlike: Words) -> Asked:
    if text is None and unlike is None:
        return "pictures"
    return "words" if image is None else "both"


def loaded(encoder: Encoder | PathLike) -> Encoder:
    """An encoder, or what `load_encoder` makes of a name."""
    return load_encoder(encoder) if isinstance(encoder, str | os.PathLike) else encoder


def keys_of(keys: PathLike | Iterable[PathLike]) -> list[str]:
    """Keys or paths, where one may have been named."""
    return [os.fspath(key) for key in ([keys] if isinstance(keys, str | os.PathLike) else keys)]


def several(images: PathLike | Sequence[PathLike]) -> Sequence[PathLike]:
    """Images, where one may have been named.

    Raises:
        RetrievalError: One is no file, but a picture in memory.
    """
    listed = [images] if isinstance(images, str | os.PathLike) else list(images)
    for one in listed:
        if not isinstance(one, str | os.PathLike):
            raise RetrievalError(
                f"an image is a {type(one).__name__}: an index is made of files, which it shows again; save it first, "
                "or give its vector to from_vectors"
            )
    return listed
