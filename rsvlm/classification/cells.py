"""Cells of a table made fit for text: lists item by item, no NaN."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def finite(values: pa.Array) -> pa.Array:
    """Numbers with nothing in the place of NaN."""
    return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)


def map_items(column: pa.ChunkedArray, function: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    """A column of lists whose items went through a function that takes and gives an array of them all."""
    chunks = []
    for chunk in column.chunks:
        lengths = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(zero_copy_only=False)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        chunks.append(pa.ListArray.from_arrays(offsets, function(chunk.flatten()), mask=pc.is_null(chunk)))
    return pa.chunked_array(chunks)
