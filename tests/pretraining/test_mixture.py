"""Mixtures: exact shares, every example once before one comes again, and the same order wherever one begins."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.pretraining.data import Example, Mixture, PairsSource, read_pairs_source
from rsvlm.pretraining.data.mixture import Draw
from rsvlm.pretraining.data.schedule import exact_counts, spread
from rsvlm.pretraining.errors import PretrainingError

own_cache = pytest.fixture(autouse=True)(made.own_cache)


def source(folder: Path, n: int, name: str = "a", streaming: bool = False) -> PairsSource:
    return read_pairs_source(made.parquet(folder / f"{name}.parquet", made.rows(n)), streaming=streaming)


def seen(mixture: Mixture, epoch: int = 0, start: int = 0) -> list[list[tuple[int, str, int]]]:
    """Source, key and visit of every place."""

    def key(draw: Draw) -> str:
        if draw.row is None:
            assert draw.example is not None
            return draw.example.key
        return mixture.sources[draw.source][draw.row].key

    return [
        [(draw.source, key(draw), draw.visit) for draw in batch] for batch in mixture.batches(epoch, start)
    ]


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=6), st.integers(0, 500))
def test_counts_are_exact_and_evenly_spread(weights: list[float], total: int) -> None:
    counts = exact_counts(weights, total)
    assert sum(counts) == total
    shares = np.array(weights) / sum(weights)
    assert np.all(np.abs(np.array(counts) - shares * total) < 1)
    order = spread(counts)
    assert Counter(order.tolist()) == Counter({i: count for i, count in enumerate(counts) if count})
    for end in range(0, total, 7):  # at every point, each has had about its part
        had = np.bincount(order[:end], minlength=len(counts))
        assert np.all(np.abs(had - np.array(counts) * end / max(total, 1)) <= len(counts))


def test_without_weights_every_example_is_seen_once(tmp_path: Path) -> None:
    mixture = Mixture([(source(tmp_path, 12), None), (source(tmp_path, 4, "b"), None)], batch_size=4)
    batches = seen(mixture)
    assert mixture.steps == len(batches) == 4
    assert all(Counter(place[0] for place in batch) == {0: 3, 1: 1} for batch in batches)
    assert sorted((number, key) for batch in batches for number, key, _ in batch) == sorted(
        [(0, f"{n}.png") for n in range(12)] + [(1, f"{n}.png") for n in range(4)]
    )


def test_weights_are_shares_whatever_the_sizes(tmp_path: Path) -> None:
    mixture = Mixture([(source(tmp_path, 20), 3), (source(tmp_path, 40, "b"), 1)], batch_size=8)
    epochs = [[place for batch in seen(mixture, epoch) for place in batch] for epoch in range(4)]
    assert [Counter(place[0] for place in places) for places in epochs] == [{0: 42, 1: 14}] * 4
    for number, size in ((0, 20), (1, 40)):  # passes go on from one epoch into the next
        keys = [place for places in epochs for place in places if place[0] == number]
        for visit in range(len(keys) // size):
            part = keys[visit * size : (visit + 1) * size]
            assert {place[2] for place in part} == {visit}
            assert len({place[1] for place in part}) == size


@pytest.mark.parametrize("streaming", [False, True])
def test_replay_has_a_fixed_share_of_every_batch(streaming: bool, tmp_path: Path) -> None:
    old, older = source(tmp_path, 9, "old"), source(tmp_path, 5, "older", streaming)
    mixture = Mixture([(source(tmp_path, 30), None)], replay=[(old, 0.2), (older, 0.1)], batch_size=10)
    assert (mixture.steps, mixture.first_replay) == (4, 1)
    for batch in seen(mixture, 1):
        assert [place[0] for place in batch] == [0] * 7 + [1] * 2 + [2]


@pytest.mark.parametrize("streaming", [False, True])
def test_resuming_equals_the_uninterrupted_order(streaming: bool, tmp_path: Path) -> None:
    new = [(source(tmp_path, 20, "a", streaming), 2.0), (source(tmp_path, 7, "b"), 1.0)]
    old = [(source(tmp_path, 5, "c", streaming), 0.25)]

    def made_again() -> Mixture:
        return Mixture(new, replay=old, batch_size=8, seed=3, epoch_size=27, buffer=6)

    whole = [seen(made_again(), epoch) for epoch in range(2)]
    assert whole == [seen(made_again(), epoch) for epoch in range(2)]
    for epoch in range(2):
        for step in range(made_again().steps + 1):
            assert seen(made_again(), epoch, step) == whole[epoch][step:]
    assert whole[0] != whole[1]


@pytest.mark.parametrize(("n", "old"), [(22, 5), (9, 4), (50, 7), (8, 4)])
def test_no_batch_holds_an_image_twice(n: int, old: int, tmp_path: Path) -> None:
    """Also where a pass ends and the next begins within it; and each pass has every example once."""

    def made_again() -> Mixture:
        return Mixture(
            [(source(tmp_path, n), None)], replay=[(source(tmp_path, old, "old"), 0.34)], batch_size=12, epoch_size=24
        )  # fmt: skip

    whole = [seen(made_again(), epoch) for epoch in range(12)]
    for batch in (batch for batches in whole for batch in batches):
        assert len({place[:2] for place in batch}) == len(batch)
    for number, size in ((0, n), (1, old)):
        keys = [place[1] for batches in whole for batch in batches for place in batch if place[0] == number]
        for begin in range(0, len(keys) - size + 1, size):
            assert len(set(keys[begin : begin + size])) == size
    assert seen(made_again(), 7, 1) == whole[7][1:]


def test_another_seed_is_another_order(tmp_path: Path) -> None:
    one = source(tmp_path, 20)
    orders = [seen(Mixture([(one, None)], batch_size=4, seed=seed)) for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_resuming_reads_nothing_that_came_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    one = source(tmp_path, 20)
    get = PairsSource.__getitem__

    def told(self: PairsSource, row: int) -> Example:
        read.append(row)
        return get(self, row)

    monkeypatch.setattr(PairsSource, "__getitem__", told)
    mixture = Mixture([(one, None)], batch_size=4)
    assert len(seen(mixture, 0, 3)) == 2
    assert len(read) == 8


def test_a_stream_begins_anew_where_it_ends(tmp_path: Path) -> None:
    mixture = Mixture([(source(tmp_path, 5, streaming=True), 1)], batch_size=5, epoch_size=10, buffer=3)
    first, second = seen(mixture)
    assert {key for _, key, _ in first} == {key for _, key, _ in second} == {f"{n}.png" for n in range(5)}
    assert {visit for _, _, visit in first} != {visit for _, _, visit in second}


@pytest.mark.parametrize("keep", [lambda _: True, lambda example: example.key != "7.png"])
def test_a_stream_is_shown_whole_before_it_begins_anew(keep: Any, tmp_path: Path) -> None:
    """Also where it is longer than an epoch, and where a part of it is held out."""
    stream = source(tmp_path, 26, streaming=True).where(keep)
    wanted = {f"{n}.png" for n in range(26) if n != 7 or keep(Example("7.png", None, ()))}
    mixture = Mixture([(stream, 1)], batch_size=5, epoch_size=10, buffer=3)
    keys = [key for epoch in range(8) for batch in seen(mixture, epoch) for _, key, _ in batch]
    for begin in (0, len(wanted), 2 * len(wanted)):
        assert sorted(keys[begin : begin + len(wanted)]) == sorted(wanted)
    again = Mixture([(stream, 1)], batch_size=5, epoch_size=10, buffer=3)
    for epoch, start in (
        (6, 1),
        (3, 0),
        (1, 1),
        (7, 1),
    ):  # in any order, with and without what is known of it
        found = [key for batch in seen(again, epoch, start) for _, key, _ in batch]
        assert found == keys[epoch * 10 + start * 5 : (epoch + 1) * 10]


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    one, stream = source(tmp_path, 6), source(tmp_path, 6, "s", streaming=True)
    for sources, options, message in (
        ([], {}, "no place for new examples"),
        ([(one, None)], {"batch_size": 7}, "does not fill a batch of 7"),
        ([(one, 1), (one, None)], {}, "give each one above 0, or none"),
        ([(one, 0)], {}, "give each one above 0, or none"),
        ([(stream, None)], {}, "a stream has no length"),
        ([(stream, 1)], {}, "a stream has no length"),
        ([(one, 1)], {"batch_size": 8, "epoch_size": 80}, "a batch takes 8 of its 6 examples"),
        ([(one, 1)], {"replay": [(one, 0.01)]}, "is no example to replay"),
        ([(one, 1)], {"replay": [(one, 1.0)]}, "no place for new examples beside 4"),
    ):
        with pytest.raises(PretrainingError, match=message):
            Mixture(sources, **{"batch_size": 4, **options})  # type: ignore[arg-type] # also wrong ones
    empty = Mixture([(stream.where(lambda _: False), 1)], batch_size=4, epoch_size=4)
    with pytest.raises(PretrainingError, match="holds no pairs"):
        next(empty.batches(0))
