"""What an encoder gave, looked at before it is used: one of one's own may give too few vectors, or too short ones."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.models.errors import ModelError


def given_vectors(encoder: Any, given: Any, n: int, what: str) -> npt.NDArray[np.float32]:
    """Return vectors as an array, (n, dimension) float32.

    Args:
        encoder: What gave them.
        given: An array, nested lists, or a tensor of torch, on any device and with a gradient or not.
        n: How many there must be.
        what: Of what: "images" or "texts".

    Raises:
        ModelError: They have another shape.
    """
    if hasattr(given, "detach"):
        given = given.detach().float().cpu()
    vectors = np.asarray(given, np.float32)
    if vectors.shape != (n, encoder.dimension):
        raise ModelError(
            f"encoder {encoder.name} gave vectors of shape {vectors.shape} for {n} {what}: by its `dimension` "
            f"they must be ({n}, {encoder.dimension}), one each"
        )
    return vectors
