"""What may be said of a search beside what is searched for: for type checkers, by their names."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict

from rsvlm.imagery.grid import BBox
from rsvlm.imagery.items import PathLike
from rsvlm.models import Reranker

from .areas import Area
from .building import Progress
from .filters import Filter
from .nearness import Point
from .queries import Words

By = Literal["both", "words", "meaning"]
"""What texts are found by."""


class Asking(TypedDict, total=False):
    """Of a search among pictures: see `Searchable.search`."""

    k: int
    offset: int
    weight: float
    unlike: Words
    less: float
    fold: float | None
    variety: float
    bbox: BBox | None
    area: Area | None
    start: str | datetime | None
    end: str | datetime | None
    gsd: tuple[float | None, float | None] | None
    labels: Sequence[str]
    licences: Sequence[str]
    near: Point | None


class AskingTexts(TypedDict, total=False):
    """Of a search among texts: see `TextIndex.search`."""

    k: int
    offset: int
    by: By
    filter: Filter | None
    reranker: Reranker | PathLike | None


class AskingCaptions(AskingTexts, total=False):
    """Of a search among captions: see `Index.search_captions`."""

    pictures: bool
    device: str
    progress: Progress | None
