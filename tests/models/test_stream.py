"""Streams of images: in order, each once, errors as rows, memory bounded, no thread left behind."""

import io
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rsvlm.models import ModelError, encode_stream
from rsvlm.models.threads import work_ahead


class Plain:
    """An encoder with nothing but the protocol: the vector of a picture is its first pixel."""

    name, revision, dimension, image_size = "plain", "1", 3, 8

    def __init__(self) -> None:
        self.batches: list[int] = []

    def encode_images(self, images: Sequence[Any]) -> npt.NDArray[np.float32]:
        self.batches.append(len(images))
        return np.array([np.asarray(image)[0, 0] for image in images], np.float32).reshape(-1, 3)

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        raise NotImplementedError


class Prepared(Plain):
    """One that prepares in threads."""

    batch_size = 5

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()

    def prepare(self, image: Any) -> torch.Tensor:
        self.threads.add(threading.current_thread().name)
        return torch.from_numpy(np.asarray(image)[0, 0].astype(np.float32))

    def encode_prepared(self, prepared: Sequence[torch.Tensor]) -> npt.NDArray[np.float32]:
        self.batches.append(len(prepared))
        return torch.stack(list(prepared)).numpy()


def picture(number: int) -> Image.Image:
    """A picture whose first pixel is its number; the others are slow to read at random, multiples of 7 broken."""
    if number % 7 == 6:
        raise OSError(f"number {number}\nis broken")
    time.sleep(0.001 * (number % 3))
    return Image.new("RGB", (2, 2), (number % 256, number // 256, 1))


@settings(deadline=None, max_examples=25)
@given(count=st.integers(0, 40), size=st.integers(1, 9), threads=st.integers(1, 4), whole=st.booleans())
def test_in_order_each_once_errors_are_rows(count: int, size: int, threads: int, whole: bool) -> None:
    encoder = Prepared() if whole else Plain()
    rows = list(encode_stream(encoder, range(count), picture, batch_size=size, threads=threads))
    assert [row.item for row in rows] == list(range(count))
    for number, row in enumerate(rows):
        if number % 7 == 6:
            assert row.vector is None
            assert row.error == f"number {number} is broken"
        else:
            assert row.error is None
            assert row.vector is not None
            assert row.vector.tolist() == [number, 0, 1]
    assert sum(encoder.batches) == sum(row.error is None for row in rows)


def test_it_prepares_in_threads_and_takes_the_encoders_batch_size() -> None:
    encoder = Prepared()
    list(encode_stream(encoder, range(6), picture))
    assert encoder.batches == [5, 1]
    assert encoder.threads
    assert threading.main_thread().name not in encoder.threads


def test_a_batch_of_none_is_refused() -> None:
    with pytest.raises(ModelError, match=r"^a batch of 0 images cannot be encoded: take at least 1$"):
        list(encode_stream(Plain(), [1, 2], picture, batch_size=0))


def test_what_prepare_raises_is_a_row_too() -> None:
    class Picky(Prepared):
        def prepare(self, image: Any) -> torch.Tensor:
            raise ValueError("too dark")

    assert [row.error for row in encode_stream(Picky(), range(2), picture)] == ["too dark", "too dark"]


def test_an_exception_without_words_has_its_name() -> None:
    def load(item: int) -> Image.Image:
        raise MemoryError

    assert next(encode_stream(Plain(), [1], load)).error == "MemoryError"


def test_an_endless_source_is_read_no_further_than_the_bound() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    stream = encode_stream(Plain(), source(), lambda _: picture(0), batch_size=4, threads=2)
    for _ in range(9):
        next(stream)
    assert len(taken) <= 9 + 3 * 4
    stream.close()  # type: ignore[attr-defined]


def test_nothing_is_read_before_the_first_row_is_asked_for() -> None:
    read: list[int] = []
    stream = encode_stream(Plain(), [1, 2], lambda item: read.append(item) or picture(item))  # type: ignore[func-returns-value]
    assert not read
    assert next(stream).item == 1


def threads_of_ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("rsvlm")]


@pytest.mark.parametrize("end", ["close", "interrupt", "encoder fails", "source fails", "exhausted"])
def test_no_thread_is_left(end: str) -> None:
    class Failing(Plain):
        def encode_images(self, images: Sequence[Any]) -> npt.NDArray[np.float32]:
            if end == "encoder fails":
                raise RuntimeError("no more")
            return super().encode_images(images)

    def source() -> Iterator[int]:
        yield from range(5)
        if end == "source fails":
            raise RuntimeError("no more")
        yield from range(5, 5 if end == "exhausted" else 10_000)

    def use() -> None:
        for _ in encode_stream(Failing(), source(), picture, batch_size=2, threads=3):
            assert threads_of_ours() or end == "exhausted"
            if end == "interrupt":
                raise KeyboardInterrupt

    if end == "close":
        stream = encode_stream(Failing(), source(), picture, batch_size=2, threads=3)
        next(stream)
        stream.close()  # type: ignore[attr-defined]
    elif end == "exhausted":
        use()
    else:
        with pytest.raises(KeyboardInterrupt if end == "interrupt" else RuntimeError):
            use()
    assert not threads_of_ours()


def test_files_on_disk(tmp_path: Path) -> None:
    good = io.BytesIO()
    Image.new("RGB", (8, 8), (7, 8, 9)).save(good, "PNG")
    contents = {
        "a.png": good.getvalue(),
        "empty.png": b"",
        "cut.png": good.getvalue()[:40],
        "b.png": good.getvalue(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    def load(name: str) -> Image.Image:
        with Image.open(tmp_path / name) as image:
            return image.convert("RGB")

    rows = list(encode_stream(Plain(), [*contents, "absent.png"], load))
    assert [row.vector is None for row in rows] == [False, True, True, False, True]
    for row in rows:
        assert row.error is None or (row.error and "\n" not in row.error)


def test_work_ahead_raises_in_its_turn() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number * 10

    results = work_ahead(work, range(5), threads=3, ahead=4)
    assert [next(results), next(results)] == [0, 10]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert not threads_of_ours()
