"""How sure a share is that was counted in few or many cases."""

_Z = 1.959964
"""97.5 % quantile of the normal distribution."""


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of n independent cases, which holds for few and for shares near 0 and 1.

    E. B. Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22(158).

    >>> wilson(1.0, 75)
    (0.9512..., 1.0)
    """
    square = _Z**2 / n
    middle, half = share + square / 2, _Z * (share * (1 - share) / n + square / (4 * n)) ** 0.5
    return (
        max(0.0, (middle - half) / (1 + square)) if share > 0 else 0.0,
        min(1.0, (middle + half) / (1 + square)) if share < 1 else 1.0,
    )
