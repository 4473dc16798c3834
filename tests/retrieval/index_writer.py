"""Changes an index again and again, until it is killed: every change is one of a known sequence.

After change c (from 0, the index as it was made) the keys are `keys_after(c)`, and the vector of key k is
`vector_of(k, c)`: upserts give some keys a new one.
"""

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rsvlm.retrieval import Index

DIMENSION = 16
CHANGES = 48


def vector_of(key: str, version: int) -> NDArray[np.float64]:
    return np.random.default_rng([int(key), version]).normal(size=DIMENSION)


def states() -> Iterator[dict[str, int]]:
    """What the index holds after each change: keys, and the version of each one's vector."""
    state = {str(n): 0 for n in range(50)}
    yield dict(state)
    for change in range(1, CHANGES + 1):
        if change % 3 == 1:  # new rows, and two that take the place of older ones
            for n in (*range(50 + 10 * change, 60 + 10 * change), 40, 41):
                state[str(n)] = change
        elif change % 3 == 2:
            del state[str(change)]
        else:
            state["45"] = change
        yield dict(state)


def main(folder: str) -> None:
    before: dict[str, int] | None = None
    for state in states():
        if before is None:
            keys = list(state)
            Index.from_vectors(
                folder, [vector_of(key, 0) for key in keys], [{"key": key} for key in keys], encoder="x"
            )
        else:
            index = Index(folder)
            if gone := [key for key in before if key not in state]:
                index.remove(gone)
            elif new := [key for key in state if state[key] != before.get(key)]:
                index.add_vectors([vector_of(key, state[key]) for key in new], [{"key": key} for key in new])
        before = state
        sys.stdout.write("changed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
