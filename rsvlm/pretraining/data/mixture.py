"""Several sources as one: which examples make up each batch, the same for the same seed wherever one begins."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.pretraining.errors import PretrainingError

from .examples import Example, mixed
from .schedule import exact_counts, spread
from .sources import PairsSource

Weighted = tuple[PairsSource, float | None]


class Draw(NamedTuple):
    """One place of a batch.

    Attributes:
        source: Number of the source: those of the mixture first, then those of the replay.
        visit: Which time the example is seen: what caption and augmentation hang on.
        row: Number of the example in its source; None for a stream.
        example: The example of a stream; None for a source on the disk, whose row is read later, in a thread.
    """

    source: int
    visit: int
    row: int | None
    example: Example | None


class Mixture:
    """Batches from several sources.

    Each source is gone through in an order of its own, anew once it is through: every example of it is seen before
    one is seen again. An epoch goes on where the one before ended, in streams, too: a pass through one may take several
    epochs, and the next pass has its files in another order.

    Args:
        sources: Sources and their weights: the shares of what is not replayed, exact over an epoch and even in it.
            Weights of None, for all, count each example once.
        replay: Sources and the share of every batch that each of them gets, on top: old knowledge to be kept.
        batch_size: Examples a batch; every batch is full.
        seed: Of the order.
        epoch_size: Examples of `sources` in an epoch; None: as many as they hold together.
        buffer: Examples that a stream is shuffled in.

    Attributes:
        sources: All sources: those of the mixture, then those of the replay.
        steps: Batches in an epoch.
        batch_size: Examples in each of them, those of the replay at its end.
        first_replay: Number of the first source of the replay.

    Raises:
        PretrainingError: Weights, shares or sizes that cannot be kept.
    """

    def __init__(
        self,
        sources: Sequence[Weighted],
        *,
        batch_size: int,
        replay: Sequence[tuple[PairsSource, float]] = (),
        seed: int = 0,
        epoch_size: int | None = None,
        buffer: int = 1000,
    ) -> None:
        self._seed, self._buffer = seed, buffer
        again = [round(share * batch_size) for _, share in replay]
        for count, (source, share) in zip(again, replay, strict=True):
            if count < 1:
                raise PretrainingError(
                    f"{source.name}: {share:g} of a batch of {batch_size} is no example to replay"
                )
        self.batch_size, self.first_replay = batch_size, len(sources)
        self._fresh = batch_size - sum(again)
        if not sources or self._fresh < 1:
            raise PretrainingError(
                f"a batch of {batch_size} has no place for new examples beside {sum(again)} that are replayed"
            )
        self.sources = [source for source, _ in (*sources, *replay)]
        weights, size = _weights(sources), epoch_size or sum(_length(source) for source, _ in sources)
        self.steps = size // self._fresh
        if self.steps < 1:
            raise PretrainingError(
                f"an epoch of {size} examples does not fill a batch of {self._fresh}: take a smaller batch"
            )
        counts = exact_counts(weights, self.steps * self._fresh)
        self._fresh_order = spread(counts)
        self._again_order = np.repeat(np.arange(len(again)) + len(sources), again)
        self._counts = counts + [self.steps * count for count in again]
        batches = self._fresh_order.reshape(self.steps, self._fresh)
        fresh = [int((batches == number).sum(axis=1).max()) for number in range(len(sources))]
        self._most = [*fresh, *again]  # of each source in a batch
        self._passes: dict[int, int] = {}  # examples of each stream that was read to its end
        # streams as the last epoch left them, and their next pick
        self._going: dict[int, tuple[int, Iterator[Draw]]] = {}
        _check_repeats(self.sources, self._most)

    def batches(self, epoch: int, start: int = 0) -> Iterator[list[Draw]]:
        """Yield the places of each batch of an epoch, from batch `start` on: what (epoch, start) resumes."""
        taken = np.bincount(self._fresh_order[: start * self._fresh], minlength=len(self.sources))
        taken += start * np.bincount(self._again_order, minlength=len(self.sources))
        picks = [epoch * count + int(begin) for count, begin in zip(self._counts, taken, strict=True)]
        streams = [self._draws(number, pick) for number, pick in enumerate(picks)]
        for step in range(start, self.steps):
            fresh = self._fresh_order[step * self._fresh : (step + 1) * self._fresh]
            batch = [next(streams[number]) for number in (*fresh.tolist(), *self._again_order.tolist())]
            if step == self.steps - 1:  # what a stream has shown need not be read again for the next epoch
                left = {
                    number: ((epoch + 1) * self._counts[number], draws)
                    for number, draws in enumerate(streams)
                }
                self._going = {
                    number: draws for number, draws in left.items() if self.sources[number].streaming
                }
            yield batch

    def _draws(self, number: int, pick: int) -> Iterator[Draw]:
        """From the pick of this number on, counted from the beginning of training."""
        if not self.sources[number].streaming:
            return self._from_disk(number, pick)
        at, draws = self._going.pop(number, (-1, iter(())))
        return draws if at == pick else self._from_stream(number, pick)

    def _from_disk(self, number: int, pick: int) -> Iterator[Draw]:
        first, place = divmod(pick, len(self.sources[number]))
        for visit, order in self._orders(number, first):
            if visit >= first:
                yield from (Draw(number, visit, row, None) for row in order[place:].tolist())
                place = 0

    def _orders(self, number: int, first: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Passes from this one or an earlier one on, and their orders.

        Where a batch takes the end of one pass and the beginning of the next, no row is in it twice. So an order hangs
        on the end of the one before, and in a small source that on its beginning, and so on.
        """
        size, most = len(self.sources[number]), self._most[number]
        last: list[int] = []
        for visit in itertools.count(max(first - 1, 0) if size >= 3 * most else 0):
            order: NDArray[np.int64] = np.random.default_rng(
                mixed(self._seed, "order", number, visit)
            ).permutation(size)
            soonest = {row: most - place for place, row in enumerate(reversed(last), start=1)}
            order[: 2 * most] = _delayed(order[: 2 * most].tolist(), soonest)
            last = order[max(size - most + 1, 0) :].tolist()
            yield visit, order

    def _from_stream(self, number: int, pick: int) -> Iterator[Draw]:
        """What comes before the pick is read and passed over, passes whose length is known are not."""
        source, size = self.sources[number], self._passes.get(number)
        visit, place = (0, pick) if size is None else divmod(pick, size)
        while True:
            size = 0
            for example in source.shuffled(mixed(self._seed, "order", number, visit), self._buffer):
                size += 1
                if size > place:
                    yield Draw(number, visit, None, example)
            if not size:
                raise PretrainingError(f"{source.name}: holds no pairs")
            self._passes[number] = size
            visit, place = divmod(visit * size + max(place, size), size)


def _weights(sources: Sequence[Weighted]) -> list[float]:
    given = [weight for _, weight in sources if weight is not None]
    if not given and len(sources) == 1:
        return [1.0]
    if not given:
        return [float(_length(source)) for source, _ in sources]
    if len(given) < len(sources) or min(given) <= 0:
        raise PretrainingError(f"weights {given} for {len(sources)} sources: give each one above 0, or none")
    return given


def _length(source: PairsSource) -> int:
    if source.streaming:
        raise PretrainingError(
            f"{source.name}: a stream has no length: say how many examples are an epoch (epoch_size, --epoch-size), "
            "and give each of several sources a weight (pairs/:1)"
        )
    return len(source)


def _delayed(rows: list[int], soonest: Mapping[int, int]) -> list[int]:
    """Rows in their order, but those that must not come before a place as soon as they may."""
    found: list[int] = []
    while rows:
        place = next((n for n, row in enumerate(rows) if soonest.get(row, 0) <= len(found)), 0)
        found.append(rows.pop(place))
    return found


def _check_repeats(sources: Sequence[PairsSource], a_batch: Sequence[int]) -> None:
    """A batch that shows an image twice would teach that its caption is wrong for it."""
    for source, count in zip(sources, a_batch, strict=True):
        if not source.streaming and count > len(source):
            raise PretrainingError(
                f"{source.name}: a batch takes {count} of its {len(source)} examples: "
                "take a smaller batch or weight"
            )
