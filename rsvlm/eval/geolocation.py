"""Where was it taken? Distances and Recall vs Area of places found by retrieval over embeddings with known places.

Recall vs Area is Bianco, Eigen, Gormish, "Enhancing Worldwide Image Geolocation by Ensembling Satellite-Based
Ground-Level Attribute Predictors", arXiv:2407.13862: regions are searched in the order of their score, and the measure
is the area (km2) that has been searched when the true place lies in a region searched; recall at an area is the share
of queries found within it. They rank cells that a model scores. Retrieval scores items, not regions, so here the Earth
is cut into cells of equal height and about equal width, a cell's score is that of its best item, and of equals the
cell further south, then west, comes first. A cell without an item has no score and is never searched.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from rsvlm.retrieval.distances import EARTH_RADIUS_KM, great_circle_km

from .errors import EvalError
from .intervals import FEWEST, mean_intervals
from .ranking import Ints, Mask, Rows, similarity_blocks, unit_rows
from .result import EvalResult
from .statistics import bootstrap_of

FARTHEST_KM = np.pi * EARTH_RADIUS_KM
"""The distance of antipodes: what an unanswered query is given."""

DISTANCES_KM = (1, 25, 200, 750, 2500)
"""Street, city, region, country, continent: the levels of the literature since IM2GPS (Hays and Efros 2008)."""

AREAS_KM2 = (100, 1_000, 10_000, 100_000, 1_000_000)

Float64s = NDArray[np.float64]


class Grid(NamedTuple):
    """The Earth in cells: bands of equal height in latitude, each cut into equal parts of about that width.

    Attributes:
        size_km: Height of a band.
        columns: (bands,) cells of each band, from the South Pole.
        first: (bands,) number of the first cell of each band.
        areas: (bands,) km2 of each cell of a band, exact on the sphere.
    """

    size_km: float
    columns: Ints
    first: Ints
    areas: Float64s

    def cells(self, places: Float64s) -> Ints:
        """Return the number of the cell of each place (n, 2) longitude, latitude; cells run south to north."""
        bands = len(self.columns)
        band = np.clip(((places[:, 1] + 90) / 180 * bands).astype(np.int64), 0, bands - 1)
        share = np.mod(places[:, 0] + 180, 360) / 360
        column = np.minimum((share * self.columns[band]).astype(np.int64), self.columns[band] - 1)
        return np.asarray(self.first[band] + column)

    def area_of(self, cells: Ints) -> Float64s:
        """Return the area of each cell in km2."""
        return np.asarray(self.areas[np.searchsorted(self.first, cells, side="right") - 1])


def make_grid(size_km: float) -> Grid:
    """Return the grid of cells about `size_km` high and wide.

    Raises:
        EvalError: The size is not between 0.01 and 20,000 km.
    """
    if not 0.01 <= size_km <= 20_000:
        raise EvalError(f"cells of {size_km} km make no grid; take 0.01 to 20,000 km")
    bands = max(1, round(FARTHEST_KM / size_km))
    edges = np.radians(np.linspace(-90, 90, bands + 1))
    middles = (edges[:-1] + edges[1:]) / 2
    around = 2 * np.pi * EARTH_RADIUS_KM * np.cos(middles)
    columns = np.maximum(1, np.rint(around / size_km)).astype(np.int64)
    areas = 2 * np.pi * EARTH_RADIUS_KM**2 * np.diff(np.sin(edges)) / columns
    return Grid(size_km, columns, np.concatenate([[0], np.cumsum(columns)[:-1]]), areas)


def distance_metrics(truth: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return median_km, mean_km and accuracy@k km (within that distance) for 1, 25, 200, 750 and 2,500 km.

    Args:
        truth: (n, 2) longitude, latitude.
        predicted: (n, 2); NaN: no answer, taken to lie at the antipode.

    Raises:
        EvalError: Lengths differ, no places, or a place off the Earth.
    """
    errors = _errors(truth, predicted)
    within = {f"accuracy@{reach}km": float((errors <= reach).mean()) for reach in DISTANCES_KM}
    return {"median_km": float(np.median(errors)), "mean_km": float(errors.mean()), **within}


def geolocate(
    query_vectors: ArrayLike,
    query_places: ArrayLike,
    vectors: ArrayLike,
    places: ArrayLike,
    *,
    cell_km: float = 10.0,
    same: bool = False,
    name: str = "custom",
    seed: int = 0,
) -> EvalResult:
    """Find the place of each query by its nearest items, and say how far off that is.

    Args:
        query_vectors: (q, d).
        query_places: (q, 2) longitude, latitude in degrees: the truth.
        vectors: (n, d), the items to search.
        places: (n, 2) of the items.
        cell_km: Size of the cells of Recall vs Area; no area below that of one cell can be told.
        same: Queries are the items themselves, and no query finds itself.
        name: The data set's.
        seed: Of the bootstrap.

    Returns:
        Of the place of the nearest item: `distance_metrics`. Of the cells in order: recall@Akm2 for A from 100 to
        1,000,000, and `covered`, the share of queries whose true cell holds an item (another than itself), which bounds
        them. A query that failed is never found.

    Raises:
        EvalError: Shapes that do not fit, no queries or items, or a place off the Earth.
    """
    queries, items = unit_rows(query_vectors), unit_rows(vectors)
    truth, known = _places(query_places, len(queries.vectors)), _places(places, len(items.vectors))
    if not len(truth) or not len(known) or (same and len(truth) != len(known)):
        raise EvalError(
            f"{len(truth)} queries for {len(known)} items; give at least 1, and as many where same"
        )
    grid = make_grid(cell_km)
    best, areas = _search(queries, items, grid, grid.cells(truth), grid.cells(known), same)
    found = np.where(best[:, None] >= 0, known[best], np.nan)
    errors = _errors(truth, found)
    held = np.sort(grid.cells(known[~items.failed]))
    covered = _count(held, grid.cells(truth)) - (same & ~queries.failed) > 0
    recalls = {f"recall@{limit:,}km2".replace(",", ""): areas <= limit for limit in AREAS_KM2}
    shares = {f"accuracy@{reach}km": errors <= reach for reach in DISTANCES_KM} | recalls
    median = bootstrap_of(lambda drawn: float(np.median(errors[drawn])), len(errors), seed=seed)
    return EvalResult(
        task="geolocation",
        name=name,
        metrics={
            **distance_metrics(truth, found),
            **{metric: float(hits.mean()) for metric, hits in recalls.items()},
            "covered": float(covered.mean()),
        },
        n=len(truth),
        n_failed=int((best < 0).sum()),
        intervals={
            **({} if len(errors) < FEWEST else {"median_km": median}),
            **mean_intervals(shares, seed=seed),
        },
        config={
            "cell_km": cell_km, "same": same, "n_items": len(known), "seed": seed, "recall_vs_area": "arXiv:2407.13862",
        },
        items=_table(truth, found, errors, areas),
    )  # fmt: skip


def _search(
    queries: Rows, items: Rows, grid: Grid, true_cells: Ints, item_cells: Ints, same: bool
) -> tuple[Ints, Float64s]:
    """Return the nearest item of each query (-1: failed), and the area searched until its true cell (inf: never)."""
    by_cell = np.argsort(item_cells, kind="stable")
    cells, starts = np.unique(item_cells[by_cell], return_index=True)
    cell_areas = grid.area_of(cells)
    best, areas = np.full(len(true_cells), -1), np.full(len(true_cells), np.inf)
    for start, scores in similarity_blocks(queries, items):
        rows = np.arange(len(scores))
        if same:
            scores[rows, start + rows] = -np.inf
        best[start + rows] = np.where(np.isfinite(scores.max(axis=1)), scores.argmax(axis=1), -1)
        cell_scores = np.maximum.reduceat(scores[:, by_cell], starts, axis=1)
        for row in rows.tolist():
            areas[start + row] = _area_searched(
                cell_scores[row], cells, cell_areas, int(true_cells[start + row])
            )
    return best, areas


def _area_searched(scores: NDArray[Any], cells: Ints, areas: Float64s, true_cell: int) -> float:
    place = int(np.searchsorted(cells, true_cell))
    if place == len(cells) or cells[place] != true_cell or not np.isfinite(scores[place]):
        return float("inf")
    before: Mask = scores > scores[place]
    before[:place] |= scores[:place] == scores[place]
    return float(areas[before].sum() + areas[place])


def _count(ordered: Ints, values: Ints) -> Ints:
    """Return how often each value is among ordered ones."""
    return np.searchsorted(ordered, values, side="right") - np.searchsorted(ordered, values, side="left")


def _table(truth: Float64s, found: Float64s, errors: Float64s, areas: Float64s) -> pa.Table:
    return pa.table(
        {
            "key": [str(row) for row in range(len(truth))],
            "longitude": truth[:, 0], "latitude": truth[:, 1],
            "found_longitude": pa.array(found[:, 0], from_pandas=True),
            "found_latitude": pa.array(found[:, 1], from_pandas=True),
            "error_km": errors,
            "area_km2": pa.array(np.where(np.isfinite(areas), areas, np.nan), from_pandas=True),
        }
    )  # fmt: skip


def _errors(truth: ArrayLike, predicted: ArrayLike) -> Float64s:
    true, said = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    if not len(true) or true.shape != said.shape:
        raise EvalError(f"{len(true)} true places for {len(said)} answers; give one each, at least 1")
    answered = ~np.isnan(said).any(axis=1)
    errors = np.full(len(true), FARTHEST_KM)
    errors[answered] = great_circle_km(_places(true, len(true))[answered], said[answered])
    return errors


def _places(places: ArrayLike, n: int) -> Float64s:
    rows = np.asarray(places, np.float64)
    if rows.shape != (n, 2):
        raise EvalError(f"places of shape {rows.shape} for {n} vectors; give (longitude, latitude) each")
    if n and not ((np.abs(rows[:, 1]) <= 90) & (np.abs(rows[:, 0]) <= 360)).all():
        raise EvalError("a place is not on the Earth; give longitude, then latitude, in degrees")
    return rows
