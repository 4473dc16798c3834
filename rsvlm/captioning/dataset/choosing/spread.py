"""How scores spread: mean and quantiles, of all and by style."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from .records import Spread

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_DIGITS = 6

Scores = npt.NDArray[np.float32]


def spread(scores: Scores) -> Spread:
    """Return the mean and the quantiles of scores; NaN is left out."""
    known = scores[np.isfinite(scores)].astype(np.float64)
    if not len(known):
        return Spread(pairs=0, mean=None, quantiles={})
    values = np.quantile(known, QUANTILES).round(_DIGITS).tolist()
    return Spread(
        pairs=len(known),
        mean=round(float(known.mean()), _DIGITS),
        quantiles={str(share): value for share, value in zip(QUANTILES, values, strict=True)},
    )


def spread_by_style(scores: Scores, styles: Iterable[str]) -> dict[str, Spread]:
    """Return the spread of each style; `styles` says that of each score."""
    codes: dict[str, int] = {}
    of_pair = np.fromiter((codes.setdefault(style, len(codes)) for style in styles), np.int32, len(scores))
    return {style: spread(scores[of_pair == code]) for style, code in sorted(codes.items())}
