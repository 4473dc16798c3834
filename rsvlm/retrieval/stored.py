"""Vectors on the disk: mapped or read, in float32 whatever they are stored in."""

import mmap
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import RetrievalError

Vectors = NDArray[np.float32]
Ints = NDArray[np.int64]

_MAPPED = 4 * 2**30
"""Bytes up to which a file is mapped. What is mapped counts as the process's own memory, and around each row that is
looked at the kernel maps up to megabytes: of a larger file what is wanted is read."""
_SIGN_EXPONENT_FRACTION = np.array(0x8FFFE000, np.uint32).view(np.int32)
_BIAS = np.float32(2.0**112)
"""By which exponents of float16 and float32 differ."""


class StoredVectors:
    """Vectors of a part, (n, d) unit length, in float32 or float16.

    Args:
        file: Row after row, little-endian.
        rows: How many.
        dimension: Numbers each.
        bits: 32 or 16.
    """

    def __init__(self, file: Path, rows: int, dimension: int, bits: int) -> None:
        self._rows, self._dimension, self._kind = rows, dimension, np.dtype("<f4" if bits == 32 else "<i2")
        self._values: NDArray[Any] | None = None
        if file.stat().st_size <= _MAPPED or not hasattr(os, "pread"):
            with file.open("rb") as opened:
                mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            self._values = np.frombuffer(mapped, self._kind).reshape(rows, dimension)
            return
        self._file = os.open(file, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self._rows

    def block(self, first: int, last: int) -> Vectors:
        """Those of a range of rows: (last - first, d)."""
        first, last, _ = slice(first, last).indices(self._rows)
        if self._values is not None:
            return _singles(self._values[first:last])
        return self._read([first], last - first)

    def take(self, rows: Ints) -> Vectors:
        """Those of some rows, in the order given."""
        if self._values is not None:
            return _singles(self._values[rows])
        return self._read(rows.tolist(), 1)

    def _read(self, starts: Sequence[int], rows: int) -> Vectors:
        """So many rows from each of these on."""
        width = self._dimension * self._kind.itemsize
        found = b"".join([os.pread(self._file, rows * width, start * width) for start in starts])
        return _singles(np.frombuffer(found, self._kind).reshape(len(starts) * rows, self._dimension))


def _singles(values: NDArray[Any]) -> Vectors:
    """Numbers in float32; of float16, given as the integers of their bits, several times as fast as numpy does it."""
    if values.dtype == np.float32:
        return values
    bits = values.astype(np.int32)
    bits <<= 13  # the sign fills what is above the exponent
    bits &= _SIGN_EXPONENT_FRACTION
    singles = bits.view(np.float32)
    singles *= _BIAS
    return singles


def row_numbers(given: Sequence[int] | Ints | NDArray[np.bool_], size: int) -> Ints:
    """Numbers of rows, of which a mask may tell, too.

    Args:
        given: Numbers, or True and False for each row.
        size: Rows that there are.

    Raises:
        RetrievalError: They are neither, or there are no such rows.
    """
    numbers = np.asarray(given)
    if numbers.ndim == 1 and numbers.dtype == bool:
        if len(numbers) != size:
            raise RetrievalError(f"a mask of {len(numbers)} for {size} rows: give one for each row")
        return np.flatnonzero(numbers)
    if numbers.shape == (0,):
        return np.empty(0, np.int64)
    if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer):
        raise RetrievalError(
            f"row numbers are {numbers.dtype} of shape {numbers.shape}: give a list of integers"
        )
    if len(wrong := numbers[(numbers < 0) | (numbers >= size)]):
        raise RetrievalError(f"there is no row {wrong[0]}: rows have the numbers 0 to {size - 1}")
    return numbers.astype(np.int64)


class Stores:
    """Vectors of several parts, one after the other.

    Args:
        parts: In the order of the rows' numbers.
        dimension: Of the vectors.
    """

    def __init__(self, parts: Sequence[StoredVectors], dimension: int) -> None:
        self.parts, self._dimension = parts, dimension
        self.starts: Ints = np.cumsum([0, *(len(part) for part in parts)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def take(self, rows: Sequence[int] | Ints) -> Vectors:
        """Vectors by their rows' numbers, in the order given: (n, d)."""
        wanted = np.asarray(rows, np.int64)
        if len(self.parts) == 1:
            return self.parts[0].take(wanted)
        found = np.empty((len(wanted), self._dimension), np.float32)
        part_of = np.searchsorted(self.starts, wanted, side="right") - 1
        for number in np.unique(part_of).tolist():
            own = part_of == number
            found[own] = self.parts[number].take(wanted[own] - self.starts[number])
        return found
