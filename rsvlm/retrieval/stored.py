"""Vectors on the disk: mapped, and read in float32 whatever they are stored in."""

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ints = NDArray[np.int64]

_MAPPED = 4 * 2**30
"""Bytes that may be looked at before what is mapped is given back: pages that were read count as the process's own."""
_PAGE = 4096
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
        with file.open("rb") as opened:
            self._map = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        kind = "<f4" if bits == 32 else "<i2"
        self._values = np.frombuffer(self._map, kind).reshape(rows, dimension)
        self._looked_at = 0

    def __len__(self) -> int:
        return len(self._values)

    def block(self, first: int, last: int) -> Vectors:
        """Those of a range of rows: (last - first, d)."""
        found = self._values[first:last]
        self._count(found.nbytes)
        return _singles(found)

    def take(self, rows: Ints) -> Vectors:
        """Those of some rows, in the order given."""
        found = self._values[rows]
        self._count(found.nbytes + len(rows) * _PAGE)
        return _singles(found)

    def _count(self, looked_at: int) -> None:
        self._looked_at += looked_at
        if self._looked_at > _MAPPED and hasattr(mmap, "MADV_DONTNEED"):
            self._looked_at = 0
            self._map.madvise(mmap.MADV_DONTNEED)


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
