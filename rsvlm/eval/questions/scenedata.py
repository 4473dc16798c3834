"""Scene labels and image pairs as sources of questions."""

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rsvlm.datasets import open_picture, read_eval_set
from rsvlm.datasets.folders import images_below
from rsvlm.eval.errors import EvalError
from rsvlm.imagery import ChipReader, ImageryError, open_scene
from rsvlm.vocabularies import VocabularyError, vocabulary
from rsvlm.vocabularies.legends import phrase_of

from .drafts import Panel
from .sources import Pairs, Scenes

_MOST_IMAGES = 3000


class SceneData:
    """Images with the names of their classes.

    Raises:
        EvalError: The set or its vocabulary cannot be read, or it has no labels.
    """

    def __init__(self, source: Scenes, number: int, rng: np.random.Generator) -> None:
        self.source = source
        self.number = number
        found = read_eval_set(source.path, split=source.split)
        if found.labels is None:
            raise EvalError(f"{source.path}: its images have no labels")
        order = rng.permutation(len(found))[:_MOST_IMAGES]
        self.set = found.take(np.sort(order))
        self.names = found.label_names
        try:
            self._words = vocabulary(source.vocabulary) if source.vocabulary else None
        except VocabularyError as error:
            raise EvalError(str(error)) from error
        self._reader = ChipReader()
        self._rows = {key: row for row, key in enumerate(self.set.keys)}

    @property
    def several(self) -> bool:
        """Whether an image may have several classes."""
        return self.set.multi_label

    def labels(self, row: int) -> tuple[str, ...]:
        """The classes of an image."""
        return (self.set.labels or ())[row]

    @cached_property
    def rows_of(self) -> dict[str, list[int]]:
        """The images of each class."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row in range(len(self.set)):
            for name in self.labels(row):
                rows[name].append(row)
        return dict(rows)

    @property
    def candidates(self) -> tuple[str, ...]:
        """All classes that may be asked for: the vocabulary's, else those of the set."""
        return self._words.names if self._words else self.names

    def word(self, name: str) -> str:
        """What a class is called."""
        known = self._words.by_name(name) if self._words else None
        return known.words[0] if known else phrase_of(name)

    def family(self, name: str) -> str:
        """The wider class of a class, itself where there is none; two of one family may look alike."""
        known = self._words.by_name(name) if self._words else None
        return (known.parent or known.name) if known else name

    def panel(self, row: int) -> Panel:
        """The whole of an image."""
        return Panel(self.number, self.set.keys[row], (0, 0, 0, 0))

    def pixels(self, panel: Panel) -> npt.NDArray[np.uint8]:
        """What a panel shows, (height, width, 3)."""
        image = self.set.images[self._rows[panel.image]]
        return np.asarray(open_picture(image, self._reader, self.set.opening), np.uint8)

    def label_files(self, panel: Panel) -> list[Path]:
        """The files that hold the labels; the image itself where its folder's name is its label."""
        patch = self.source.path / panel.image / f"{panel.image}_labels_metadata.json"
        if patch.is_file():
            return [patch]
        image = self.set.images[self._rows[panel.image]]
        if isinstance(image, str) and any("files" in record for record in self.set.sources):  # class folders
            return [Path(image)]
        if self.source.path.is_file():
            return [self.source.path]
        names = {record["name"] for record in self.set.sources}
        return sorted(path for path in self.source.path.iterdir() if path.name in names)

    def close(self) -> None:
        """Close all files."""
        self._reader.close()


class PairData:
    """The same places before and after an event.

    Raises:
        EvalError: A folder is none, or the two share no names.
    """

    def __init__(self, source: Pairs, number: int) -> None:
        self.source = source
        self.number = number
        self.event = source.event
        for folder in (source.before, source.after):
            if not folder.is_dir():
                raise EvalError(f"{folder}: there is no such folder")
        names: Callable[[Path], dict[str, Path]] = lambda folder: {  # noqa: E731
            path.relative_to(folder).as_posix(): path for path in images_below(folder)
        }
        before, after = names(source.before), names(source.after)
        self.names = [name for name in before if name in after]
        if not self.names:
            raise EvalError(
                f"{source.before} and {source.after}: share no file name, so nothing says what belongs together"
            )
        self._files = {("before", name): path for name, path in before.items()} | {
            ("after", name): path for name, path in after.items()
        }
        self._reader = ChipReader()

    def panel(self, name: str, when: str) -> Panel:
        """One of the two images of a place; `when` is "before" or "after"."""
        return Panel(self.number, f"{when}/{name}", (0, 0, 0, 0))

    def pixels(self, panel: Panel) -> npt.NDArray[np.uint8]:
        """What a panel shows, (height, width, 3)."""
        try:
            scene = open_scene(self._file(panel))
            return self._reader.rgb(scene, (0, 0, scene.grid.width, scene.grid.height))
        except ImageryError as error:
            raise EvalError(str(error)) from error

    def label_files(self, panel: Panel) -> list[Path]:
        """The image, whose folder is its label."""
        return [self._file(panel)]

    def close(self) -> None:
        """Close all files."""
        self._reader.close()

    def _file(self, panel: Panel) -> Path:
        when, _, name = panel.image.partition("/")
        return self._files[when, name]
