"""Arrow columns made from buffers.

`pa.array` looks whether its argument is a pandas object, and so loads pandas wherever it is installed: 0.3 s
in every worker process, for a package that does not use it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def number_column(values: npt.NDArray[np.number]) -> pa.Array:
    """Make a column of numbers (n,) without nulls, of the array's own type and without a copy."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def binary_column(values: Sequence[bytes]) -> pa.Array:
    """Make a large_binary column without nulls (64-bit offsets: a country's geometry is more than 2 GiB)."""
    return _column(pa.large_binary(), values, np.int64)


def text_column(values: Sequence[str]) -> pa.Array:
    """Make a string column without nulls."""
    return _column(pa.string(), [value.encode() for value in values], np.int32)


def name_column(places: npt.NDArray[np.int8], names: Sequence[str]) -> pa.Array:
    """Make a dictionary-encoded string column from places in `names` (n,)."""
    return pa.DictionaryArray.from_arrays(number_column(places), text_column(names))


def number_array(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column of numbers without nulls as an array (n,)."""
    chunks = [np.from_dlpack(chunk) for chunk in column.chunks if len(chunk)]
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate(chunks) if chunks else np.empty(0, column.type.to_pandas_dtype())


def _column(kind: pa.DataType, values: Sequence[bytes], offset: type[np.integer]) -> pa.Array:
    offsets = np.zeros(len(values) + 1, offset)
    np.cumsum([len(value) for value in values], out=offsets[1:])
    return pa.Array.from_buffers(
        kind, len(values), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))]
    )
