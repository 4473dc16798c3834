"""Windows of many scenes, read in many threads: files stay open from one window to the next."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from rsvlm.imagery.chip import Chip
from rsvlm.imagery.guard import raster_env
from rsvlm.imagery.pictures import Picture, cut_picture, fits, read_picture
from rsvlm.imagery.reader import SceneReader
from rsvlm.imagery.scene import Scene

Window = Sequence[int]
"""x, y, width, height in pixels of the scene; a row of `Windows` is one."""

_KEPT = 2  # scenes open in a thread, and pictures decoded: work goes through one image, then the next


class ChipReader(AbstractContextManager["ChipReader"]):
    """Reads windows of any scenes in any number of threads.

    Each thread has readers of its own and keeps its last two open, so that a raster of thousands of tiles is
    opened once a thread. A plain picture cannot be read in parts: where less than all of it is asked for, it is
    decoded once for all threads, and the last two stay in memory (at most 200 MB each).

    Close it when no thread reads any more. It is not picklable: each process makes its own.

    Example:
        with ChipReader() as reader, ThreadPoolExecutor(8) as pool:
            images = list(pool.map(lambda window: reader.rgb(scene, window), windows))
    """

    def __init__(self) -> None:
        self._local = threading.local()
        self._all: list[OrderedDict[Scene, SceneReader]] = []
        self._pictures: OrderedDict[Scene, Picture | None] = OrderedDict()
        self._lock = threading.Lock()
        self._decoding = threading.Lock()

    def read(self, scene: Scene, window: Window, bands: Sequence[str] | None = None) -> Chip:
        """Stored values of a window with their place and validity, as `SceneReader.read` gives them.

        Args:
            scene: The image.
            window: x, y, width, height.
            bands: Names of the bands, None = all; `bands_for` names those that views need.

        Raises:
            ImageryError: As `SceneReader.read` raises it.
        """
        x, y, width, height = (int(value) for value in window)
        return self._reader(scene).read(x, y, width, height, bands)

    def rgb(self, scene: Scene, window: Window) -> Picture:
        """A window as it is shown to models: (height, width, 3) uint8; see `pictures.read_rgb`.

        Raises:
            ImageryError: As `SceneReader.read` and `Chip.rgb` raise it.
        """
        picture = self.plain(scene, window)
        if picture is not None:
            return picture
        x, y, width, height = (int(value) for value in window)
        return self._reader(scene).read(x, y, width, height, scene.shown).rgb()

    def plain(self, scene: Scene, window: Window) -> Picture | None:
        """A window of a plain picture, of which every pixel is valid; None for every other scene."""
        x, y, width, height = (int(value) for value in window)
        if not fits(width, height):
            return None
        whole = (x, y, width, height) == (0, 0, scene.grid.width, scene.grid.height)
        picture = read_picture(scene) if whole else self._picture(scene)
        return None if picture is None else cut_picture(picture, x, y, width, height)

    def close(self) -> None:
        """Close the files of all threads; a later read opens them again."""
        with self._lock, raster_env():
            for readers in self._all:
                while readers:
                    readers.popitem()[1].close()
        with self._decoding:
            self._pictures.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _reader(self, scene: Scene) -> SceneReader:
        """This thread's reader of a scene."""
        if not hasattr(self._local, "readers"):
            self._local.readers = OrderedDict()
            with self._lock:
                self._all.append(self._local.readers)
        readers: OrderedDict[Scene, SceneReader] = self._local.readers
        if scene not in readers:
            while len(readers) >= _KEPT:
                readers.popitem(last=False)[1].close()
            readers[scene] = SceneReader(scene)
        readers.move_to_end(scene)
        return readers[scene]

    def _picture(self, scene: Scene) -> Picture | None:
        """A plain picture, decoded by the first thread that asks; None for every other scene."""
        with self._decoding:
            if scene not in self._pictures:
                while len(self._pictures) >= _KEPT:
                    self._pictures.popitem(last=False)
                self._pictures[scene] = read_picture(scene)
            self._pictures.move_to_end(scene)
            return self._pictures[scene]
