"""Labels for rows of an index, from a csv of paths or from points and polygons."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from shapely.affinity import translate

from rsvlm.datasets.columns import IMAGE, LABEL, column_of
from rsvlm.datasets.csv_files import read_columns

from .areas import read_features
from .chiprows import absolute
from .errors import RetrievalError
from .laterlabels import Labels
from .snapshot import Snapshot

_POINTS = {"Point", "MultiPoint"}


def labels_from(file: Path, snapshot: Snapshot, column: str | None = None) -> Labels:
    """Return which rows get which labels.

    Args:
        file: A .csv with a path and a label a line; or points and polygons with a column of labels: .geojson, or
            .gpkg and others that pyogrio opens. A path labels its image, or all chips of it; a key labels one row. A
            point labels the footprints that hold it, a polygon those whose middle lies in it.
        snapshot: The index.
        column: The column of labels; None: `label`, `labels` or `class`.

    Raises:
        RetrievalError: It cannot be read, has no labels, or none of it belongs to a row.
    """
    if not file.is_file():
        raise RetrievalError(f"{file}: there is no such file")
    given = (
        _by_path(file, snapshot, column)
        if file.suffix.casefold() == ".csv"
        else _by_place(file, snapshot, column)
    )
    found: dict[int, list[str]] = {}
    live = snapshot.live
    for row, label in given:
        if live[row] and label not in found.setdefault(row, []):
            found[row].append(label)
    found = {row: labels for row, labels in sorted(found.items()) if labels}
    if not found:
        raise RetrievalError(f"{file}: nothing in it belongs to a row of {snapshot.folder}")
    labels = pa.array(list(found.values()), pa.list_(pa.string()))
    return Labels(np.fromiter(found, np.int64), labels)


def _by_path(file: Path, snapshot: Snapshot, column: str | None) -> Iterable[tuple[int, str]]:
    table = read_columns(file)
    path, label = column_of(list(table), ("key", *IMAGE)), column or column_of(list(table), LABEL)
    if path is None or label is None or label not in table:
        raise RetrievalError(
            f"{file}: has no column {'path' if path is None else label or 'label'}; it has {', '.join(table)}"
        )
    rows: dict[str, list[int]] = {}
    for name in ("image", "key"):
        for number, value in enumerate(snapshot.column(name).to_pylist()):
            if value and number not in rows.setdefault(value, []):
                rows[value].append(number)
    for value, text in zip(table[path], table[label], strict=True):
        if value and text:
            names = dict.fromkeys((value, absolute(value), absolute(file.parent / value)))
            for row in next((rows[name] for name in names if name in rows), []):
                yield row, text


def _by_place(file: Path, snapshot: Snapshot, column: str | None) -> Iterable[tuple[int, str]]:
    features = read_features(file)
    label = column or column_of(_columns(features), LABEL)
    if label is None or label not in _columns(features):
        raise RetrievalError(
            f"{file}: has no column {label or 'label'}; it has {', '.join(_columns(features)) or 'none'}"
        )
    west, south, east, north = (
        snapshot.column(name).to_numpy().astype(np.float64) for name in ("west", "south", "east", "north")
    )
    east = np.where(east < west, east + 360, east)  # across the antimeridian; NaN stays so
    known = np.flatnonzero(np.isfinite(west + south + east + north))
    boxes = shapely.box(west[known], south[known], east[known], north[known])
    middles = shapely.points((west[known] + east[known]) / 2, (south[known] + north[known]) / 2)
    trees = shapely.STRtree(boxes), shapely.STRtree(middles)
    for feature in features:
        text = feature["properties"].get(label)
        if text is None or not str(text).strip():
            continue
        geometry = feature["geometry"]
        tree = trees[0] if geometry.geom_type in _POINTS else trees[1]
        for turn in (0.0, 360.0):  # footprints across the antimeridian go on beyond 180
            moved = translate(geometry, turn)
            for place in tree.query(moved, predicate="intersects").tolist():
                yield int(known[place]), str(text)


def _columns(features: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for feature in features for name in feature["properties"]))
