"""Batches for a model: read, decoded, changed and prepared in threads ahead of it."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import torch

from rsvlm.errors import one_line
from rsvlm.imagery import ChipReader
from rsvlm.models.pictures import rgb_picture
from rsvlm.models.threads import usable_cores, work_ahead
from rsvlm.models.tower import Tower
from rsvlm.pretraining.errors import PretrainingError

from .augment import Augmentation
from .examples import caption_of, picture_of
from .mixture import Draw, Mixture

NAMED = 1000
"""Problems that are named; all are counted."""


@dataclass(frozen=True, eq=False)
class Batch:
    """What the model sees in one step.

    Attributes:
        epoch, step: Which batch it is; training goes on with step + 1.
        images: (n, ...) what `Tower.prepare` made of each image.
        tokens: What `Tower.tokenize` made of the captions.
        captions: The captions.
        keys: What the images are called in their sources.
        sources: Number of each one's source in `Mixture.sources`.
        replay: (n,) bool, true for what is replayed.
        cut: Captions that were longer than the model reads.
    """

    epoch: int
    step: int
    images: torch.Tensor
    tokens: Any
    captions: tuple[str, ...]
    keys: tuple[str, ...]
    sources: tuple[int, ...]
    replay: torch.Tensor
    cut: int

    def __len__(self) -> int:
        return len(self.keys)


class Problem(NamedTuple):
    """An example that was passed over: its source, its key (or row, where it could not be read), and why."""

    source: str
    key: str
    reason: str


class Tally(NamedTuple):
    """What a loader has counted: see the attributes of `PairLoader`."""

    passed_over: int = 0
    cut: int = 0
    problems: tuple[Problem, ...] = ()


class _Ready(NamedTuple):
    draw: Draw
    key: str
    image: torch.Tensor | None
    caption: str
    error: str | None


class PairLoader:
    """Gives the batches of a mixture to a model. What cannot be read is passed over: its batch is smaller by it.

    Args:
        mixture: Which examples.
        tower: The model, for its `prepare` and `tokenize`.
        augmentation: How images are changed; None: not at all.
        seed: Of captions and changes.
        threads: Threads that read; None: one for each core, at most 16.
        part: Number of this process, and how many there are: each reads its part of every batch.

    Attributes:
        passed_over: Times that an example was passed over.
        problems: Which and why, each once, the first 1,000.
        cut: Captions, of all that were given, that were longer than the model reads.
    """

    def __init__(
        self,
        mixture: Mixture,
        tower: Tower,
        *,
        augmentation: Augmentation | None = None,
        seed: int = 0,
        threads: int | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        if part[1] > mixture.batch_size:
            raise PretrainingError(
                f"a batch of {mixture.batch_size} cannot be shared by {part[1]} processes: take a larger one"
            )
        self._part = part
        self.mixture, self._tower, self._augmentation, self._seed = mixture, tower, augmentation, seed
        self._threads = threads or min(usable_cores(), 16)
        self.passed_over, self.cut = 0, 0
        self._problems: dict[Problem, None] = {}

    @property
    def problems(self) -> list[Problem]:
        """What was passed over."""
        return list(self._problems)

    @property
    def tally(self) -> Tally:
        """What was counted up to the last batch that was given."""
        return Tally(self.passed_over, self.cut, tuple(self._problems))

    def count_from(self, tally: Tally) -> None:
        """Go on counting from what a run before had counted."""
        self.passed_over, self.cut, problems = tally
        self._problems = dict.fromkeys(problems)

    def batches(self, epoch: int, start: int = 0) -> Generator[Batch]:
        """Yield the batches of an epoch from step `start` on: the same ones, whatever was given before.

        A batch of which nothing can be read is left out. Closing the generator ends its threads.

        Raises:
            PretrainingError: Nothing at all could be read in a whole epoch.
        """
        given = False
        with closing(self._assembled(epoch, start)) as assembled:
            for batch, problems in assembled:
                self.passed_over += len(problems)
                for problem in problems[: NAMED - len(self._problems)]:
                    self._problems[problem] = None
                if batch is not None:
                    given = True
                    self.cut += batch.cut
                    yield batch
        if not given and not start:  # a run that goes on may have read all that can be
            source, key, reason = next(iter(self._problems))
            raise PretrainingError(
                f"nothing could be read in epoch {epoch + 1}; the first problem: {source}: {key}: {reason}"
            )

    def _assembled(self, epoch: int, start: int) -> Generator[tuple[Batch | None, list[Problem]]]:
        """The batches, put together in a thread while the model is busy with the one before."""
        own = slice(self._part[0], None, self._part[1])
        size = len(range(self.mixture.batch_size)[own])
        with ChipReader() as reader:
            draws = (draw for batch in self.mixture.batches(epoch, start) for draw in batch[own])
            ready = work_ahead(
                lambda draw: self._ready(draw, reader), draws, threads=self._threads, ahead=2 * size
            )
            groups = ((step, list(islice(ready, size))) for step in range(start, self.mixture.steps))
            made = work_ahead(lambda group: self._together(epoch, *group), groups, threads=1, ahead=2)
            with closing(ready), closing(made):
                yield from made

    def _ready(self, draw: Draw, reader: ChipReader) -> _Ready:
        """Read one example, in a thread."""
        key = f"row {draw.row}"
        try:
            source = self.mixture.sources[draw.source]
            example = source[draw.row] if draw.row is not None else draw.example
            if example is None:
                raise PretrainingError("there is no example")
            key = example.key
            caption = caption_of(example, draw.visit, self._seed)
            if caption is None:
                raise PretrainingError("has no caption")
            image = rgb_picture(picture_of(example, reader))
            if self._augmentation is not None:
                image = self._augmentation.apply(
                    image, caption, self._tower.image_size, seed=self._seed, visit=draw.visit, key=key
                )
            return _Ready(draw, key, self._tower.prepare(image), caption, None)
        except Exception as error:  # a file may fail in any way; training goes on with the others
            return _Ready(draw, key, None, "", one_line(error))

    def _together(self, epoch: int, step: int, group: list[_Ready]) -> tuple[Batch | None, list[Problem]]:
        names = [source.name for source in self.mixture.sources]
        problems = [
            Problem(names[item.draw.source], item.key, item.error) for item in group if item.error is not None
        ]
        good = [item for item in group if item.error is None]
        images = [item.image for item in good if item.image is not None]
        if not images:
            return None, problems
        captions = tuple(item.caption for item in good)
        tokens, cut = self._tower.tokenize(captions)
        numbers = tuple(item.draw.source for item in good)
        return Batch(
            epoch=epoch,
            step=step,
            images=torch.stack(images),
            tokens=tokens,
            captions=captions,
            keys=tuple(item.key for item in good),
            sources=numbers,
            replay=torch.tensor([number >= self.mixture.first_replay for number in numbers]),
            cut=cut,
        ), problems
