"""The images of results, found again in the data that they are of."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rsvlm.datasets.pictures import ImageRef, open_picture
from rsvlm.datasets.reading import read_eval_set
from rsvlm.datasets.sets import EvalSet
from rsvlm.imagery import ChipReader

from ..errors import EvalError
from ..layout import find_sets
from ..result import EvalResult


class DataImages:
    """Gives reports the image of an item, by its key in the data set that the result names.

    Args:
        data: A data set, or a folder of data sets, as `rsvlm eval` takes them, or the folder from which questions name
            their images. A result whose data are not there, or are others than those that were judged (by their
            fingerprint), has no images.

    Raises:
        EvalError: There is no such file or folder.
    """

    def __init__(self, data: Path) -> None:
        if not data.exists():
            raise EvalError(f"{data}: there is no such file or folder of data sets")
        self._data = data
        self._found: dict[str, Mapping[str, ImageRef]] = {}

    def __call__(self, result: EvalResult, row: Mapping[str, Any]) -> ImageRef | None:
        """Return the image of a row of a result's items; None where there is none."""
        record = result.config.get("data")
        fingerprint = record.get("fingerprint") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(fingerprint, str):
            return self._file(row.get("image"))
        if fingerprint not in self._found:
            self._found[fingerprint] = self._images(record, fingerprint)
        keys = (str(row.get(name)) for name in ("key", "image"))
        return next((self._found[fingerprint][key] for key in keys if key in self._found[fingerprint]), None)

    def _file(self, name: Any) -> str | None:
        """A file below the folder: questions name their images by path."""
        if not isinstance(name, str) or not name or "\0" in name or not self._data.is_dir():
            return None
        root, path = self._data.resolve(), (self._data / name).resolve()
        return str(path) if path.is_relative_to(root) and path.is_file() else None

    def _images(self, record: Mapping[str, Any], fingerprint: str) -> Mapping[str, ImageRef]:
        for read in self._readers(str(record.get("name")), record.get("split")):
            try:
                eval_set = read()
            except EvalError:
                continue
            if eval_set.fingerprint == fingerprint:
                images = [partial(_shown, image, eval_set.opening) for image in eval_set.images]
                return dict(zip(eval_set.keys, images, strict=True))
        return {}

    def _readers(self, name: str, split: Any) -> list[Callable[[], EvalSet]]:
        readers: list[Callable[[], EvalSet]] = []
        if self._data.is_dir():
            try:
                sets = [found for found in find_sets(self._data).sets if found.name == name]
            except EvalError:
                sets = []
            readers += [read for found in sets for read in (found.judged, found.train) if read is not None]
            folder = self._data / name
            readers += [lambda: read_eval_set(folder, split=split)] if folder.is_dir() else []
        return [*readers, lambda: read_eval_set(self._data, split=split)]


def _shown(image: ImageRef, opening: Mapping[str, Any]) -> Any:
    """The picture as it was judged, of files that need their bands named, too."""
    with ChipReader() as reader:
        return open_picture(image, reader, opening)
