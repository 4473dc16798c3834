"""Features for probes: vectors of images and texts, places and times, one beside the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.datasets.times import day_first, moment
from rsvlm.eval.errors import EvalError

Float64s = NDArray[np.float64]
Blocks = Mapping[str, ArrayLike]

FREQUENCIES = 4
DEGREE = 10


@dataclass(frozen=True)
class Standardizer:
    """Brings blocks of features to one scale, as fitted on training items.

    Each column gets mean 0 and variance 1, and each block is divided by the root of its width, so that four numbers of
    a place count as much as a thousand of an image. What is missing (NaN) is the mean.

    Attributes:
        means, deviations: By block, (width,).
    """

    means: Mapping[str, Float64s]
    deviations: Mapping[str, Float64s]

    @classmethod
    def fit(cls, blocks: Blocks) -> "Standardizer":
        """Measure the columns of training items: {"image": (n, 512), "place": (n, 16)...}.

        Raises:
            EvalError: No blocks, or blocks of different lengths.
        """
        arrays = _checked(blocks)
        means, deviations = {}, {}
        for name, values in arrays.items():
            known = ~np.isnan(values)
            count = np.maximum(known.sum(axis=0), 1)
            means[name] = np.where(known, values, 0).sum(axis=0) / count
            spread = np.where(known, values - means[name], 0)
            deviation = np.sqrt((spread**2).sum(axis=0) / count)
            deviations[name] = np.where(deviation > 1e-12, deviation, 1.0)
        return cls(means, deviations)

    def __call__(self, blocks: Blocks) -> Float64s:
        """Return (n, width of all blocks) of items, the blocks in the order in which they were fitted."""
        arrays = _checked(blocks)
        if set(arrays) != set(self.means):
            raise EvalError(
                f"features {', '.join(arrays)} are not the {', '.join(self.means)} that were fitted"
            )
        scaled = [
            (arrays[name] - self.means[name]) / self.deviations[name] / np.sqrt(len(self.means[name]))
            for name in self.means
        ]
        return np.asarray(np.nan_to_num(np.concatenate(scaled, axis=1), nan=0.0))

    @property
    def record(self) -> dict[str, Any]:
        """Names and widths of the blocks, and what was done to them."""
        return {
            "blocks": {name: len(mean) for name, mean in self.means.items()},
            "scaling": "columns to mean 0 and variance 1 on the training items; blocks divided by the root of width",
        }


def place_waves(places: ArrayLike, frequencies: int = FREQUENCIES) -> Float64s:
    """Return sines and cosines of longitude and latitude (Mac Aodha et al. 2019, at several frequencies).

    Args:
        places: (n, 2) longitude, latitude in degrees.
        frequencies: f; the i-th is 2^i times the angle.

    Returns:
        (n, 4 f); NaN where a place is.
    """
    angles = np.radians(_places(places))
    waves = [function(angles * 2**i) for i in range(frequencies) for function in (np.sin, np.cos)]
    return np.concatenate(waves, axis=1)


def place_harmonics(places: ArrayLike, degree: int = DEGREE) -> Float64s:
    """Return real spherical harmonics up to a degree: smooth functions on the globe, without a seam at 180 degrees.

    Orthonormal over the sphere (Russwurm et al. 2024 use them as features of location).

    Args:
        places: (n, 2) longitude, latitude in degrees.
        degree: L; structures of some 180 / L degrees can be told apart.

    Returns:
        (n, (L + 1)^2), by degree l and then order m = -l..l; NaN where a place is.
    """
    longitude, latitude = np.radians(_places(places)).T
    legendre = _legendre(np.sin(latitude), degree)
    columns = []
    for l in range(degree + 1):  # noqa: E741 - l and m are what everybody calls them
        for m in range(-l, l + 1):
            size = legendre[l][abs(m)]
            turn = (
                np.ones_like(longitude)
                if m == 0
                else np.sqrt(2) * (np.cos if m > 0 else np.sin)(abs(m) * longitude)
            )
            columns.append(size * turn)
    return np.stack(columns, axis=1)


def time_waves(times: Sequence[str | None]) -> Float64s:
    """Return the season and the hour as waves, and the year.

    Args:
        times: As `rsvlm.datasets.times.moment` reads them; without a zone they are UTC. None or "" where unknown.

    Returns:
        (n, 5): sine and cosine of the day in the year, of the hour in the day, and the year with its fraction; NaN
        where unknown.

    Raises:
        EvalError: One is no time.
    """
    first = day_first(times)
    return np.array([_time(text, first) for text in times], np.float64).reshape(len(times), 5)


def _legendre(x: Float64s, degree: int) -> list[list[Float64s]]:
    """Legendre functions P_l^m(x), m >= 0, normalised over the sphere, without the sign (-1)^m."""
    root = np.sqrt(np.maximum(1 - x**2, 0))
    table: list[list[Float64s]] = [[np.full_like(x, np.sqrt(1 / (4 * np.pi)))]]
    for l in range(1, degree + 1):  # noqa: E741
        row = []
        for m in range(l - 1):
            a = np.sqrt((4 * l**2 - 1) / (l**2 - m**2))
            b = np.sqrt(((l - 1) ** 2 - m**2) / (4 * (l - 1) ** 2 - 1))
            row.append(a * (x * table[l - 1][m] - b * table[l - 2][m]))
        row.append(np.sqrt(2 * l + 1) * x * table[l - 1][l - 1])
        row.append(np.sqrt((2 * l + 1) / (2 * l)) * root * table[l - 1][l - 1])
        table.append(row)
    return table


def _time(text: str | None, is_day_first: bool | None) -> tuple[float, ...]:
    if not text:
        return (np.nan,) * 5
    time = moment(text, is_day_first)
    if time is None:
        why = "is no time, or may be read in two ways"
        raise EvalError(f"{text!r} {why}; write it like 2021-06-30 or 2021-06-30T10:15:00Z")
    start = datetime(time.year, 1, 1, tzinfo=UTC)
    year = (time - start) / (datetime(time.year + 1, 1, 1, tzinfo=UTC) - start) if time.year < 9999 else 0.0
    hour = (time.hour + time.minute / 60) / 24
    waves = (
        np.sin(2 * np.pi * year),
        np.cos(2 * np.pi * year),
        np.sin(2 * np.pi * hour),
        np.cos(2 * np.pi * hour),
    )
    return (*(float(wave) for wave in waves), time.year + year)


def _places(places: ArrayLike) -> Float64s:
    found = np.asarray(places, np.float64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise EvalError(f"places have the shape {found.shape}; give longitude and latitude, (n, 2)")
    # where one of the two is unknown, so is the place
    return np.where(np.isnan(found).any(axis=1, keepdims=True), np.nan, found)


def _checked(blocks: Blocks) -> dict[str, Float64s]:
    arrays = {name: np.asarray(values, np.float64) for name, values in blocks.items()}
    shapes = {name: values.shape for name, values in arrays.items()}
    if (
        not arrays
        or any(len(shape) != 2 for shape in shapes.values())
        or len({s[0] for s in shapes.values()}) > 1
    ):
        raise EvalError(f"features {shapes or '(none)'} must all be (items, columns), with the same items")
    return arrays
