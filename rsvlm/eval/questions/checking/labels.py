"""The labels of sources, read for one run of checks: each file once, and none kept for a later run."""

from collections.abc import Sequence
from functools import lru_cache

from ..sources import ClassMap, Objects, Scenes, Source
from .mapview import MapView, label_files, rasters_of
from .objectview import ObjectView, read_outlines
from .sceneview import read_table, scene_labels


class Labels:
    """What the sources of questions say by now.

    Args:
        sources: Where the labels are.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = list(sources)
        self.map = lru_cache(maxsize=512)(self._map)
        self.things = lru_cache(maxsize=512)(self._things)
        self._rasters = lru_cache(maxsize=64)(rasters_of)
        self._outlines = lru_cache(maxsize=8)(read_outlines)
        self._table = lru_cache(maxsize=4)(read_table)

    def _map(self, number: int, image: str, window: tuple[int, ...]) -> MapView:
        """The classes in a window of an image of a class map, by the number of the source."""
        source = self.sources[number]
        assert isinstance(source, ClassMap)
        return MapView(source, image, window, label_files(source, image, self._rasters))

    def _things(self, number: int, window: tuple[int, ...], turn: int) -> ObjectView:
        """The outlines in a window, which may be turned, of the image of a source."""
        source = self.sources[number]
        assert isinstance(source, Objects)
        return ObjectView(source, window, turn, self._outlines)

    def scene(self, number: int, key: str) -> set[str]:
        """The classes of an image."""
        source = self.sources[number]
        assert isinstance(source, Scenes)
        return scene_labels(source, key, self._table)
