"""Labels for rows of an index, from a csv of paths or from points and polygons."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from shapely.affinity import translate

from rsvlm.datasets.columns import IMAGE, LABEL, column_of
from rsvlm.datasets.csv_files import read_columns
from rsvlm.datasets.labels import parts_of
from rsvlm.datasets.textfiles import CSV

from .chiprows import absolute
from .errors import RetrievalError
from .exact import Floats
from .features import read_features
from .laterlabels import Labels
from .snapshot import Snapshot
from .stored import Ints

LOG = logging.getLogger(__name__)

Given = tuple[str, Sequence[int], tuple[str, ...]]
"""What a line or a feature is called, its rows, and its labels."""


def labels_from(file: Path, snapshot: Snapshot, column: str | None = None) -> Labels:
    """Return which rows get which labels.

    Args:
        file: A .csv with a path and a label a line; or points and polygons with a column of labels: .geojson,
            .parquet (GeoParquet), or .gpkg and others that pyogrio opens. A path labels its image, or all chips of it;
            a key, of features too, labels one row. A point labels the footprints that hold it, of several chips of an
            image the one whose middle is nearest; a polygon labels those whose middle lies in it. Several
            labels have ";" between them; "none of these" takes labels away.
        snapshot: The index.
        column: The column of labels; None: `label`, `labels` or `class`. What belongs to no row is counted and
            logged, with the first.

    Raises:
        RetrievalError: It cannot be read, has no labels, or none of it belongs to a row.
    """
    if not file.is_file():
        raise RetrievalError(f"{file}: there is no such file")
    given = (
        _by_path(file, snapshot, column)
        if file.suffix.casefold() in CSV
        else _by_place(file, snapshot, column)
    )
    found: dict[int, dict[str, None]] = {}
    live, homeless, blank = snapshot.live, [], True
    for name, rows, labels in given:
        blank = False
        there = [row for row in rows if live[row]]
        for row in there:
            found.setdefault(row, {}).update(dict.fromkeys(labels))
        if not there:
            homeless.append(name)
    if blank:
        raise RetrievalError(f"{file}: none of its lines or features has a label")
    if not found:
        raise RetrievalError(f"{file}: nothing in it belongs to a row of {snapshot.folder}")
    if homeless:
        LOG.warning(
            "%s: %d of its labels belong to no row, the first is that of %s", file, len(homeless), homeless[0]
        )
    numbers = sorted(found)
    _tell(file, found, snapshot)
    return Labels(
        np.array(numbers, np.int64), pa.array([list(found[row]) for row in numbers], pa.list_(pa.string()))
    )


def _tell(file: Path, found: Mapping[int, Mapping[str, None]], snapshot: Snapshot) -> None:
    """Log what a person may not have meant: several labels of a row, and rows that have none any more."""
    several = [row for row, labels in found.items() if len(labels) > 1]
    if several:
        [key] = snapshot.rows(several[:1], ["key"])["key"].to_pylist()
        LOG.warning(
            "%s: %d of %d rows have several labels, the first is %s (%s); --memory of classify leaves them out",
            file, len(several), len(found), key, "; ".join(found[several[0]]),
        )  # fmt: skip
    if taken := sum(not labels for labels in found.values()):
        LOG.warning("%s: %d rows have no label any more", file, taken)


def _names(value: Any) -> tuple[str, ...] | None:
    """Labels as csv files, GeoJSON and GeoPackages have them, those that were exported from an index included.

    Returns:
        The labels; none where they shall be taken away; None where nothing is said, as by NaN.
    """
    if isinstance(value, float) and value.is_integer():
        return (str(int(value)),)  # a column of numbers with gaps comes as floats
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):
            value = json.loads(value)
    if value is None or not str(value).strip():
        return None
    parts = parts_of(value)
    names = tuple(part for part in parts if part.lower() != "nan")
    return None if parts and not names else names


def _by_path(file: Path, snapshot: Snapshot, column: str | None) -> Iterator[Given]:
    table = read_columns(file)
    if not table:
        raise RetrievalError(f"{file}: is empty: give columns path and label")
    path, label = column_of(list(table), ("key", *IMAGE)), column or column_of(list(table), LABEL)
    if path is None or label is None or label not in table:
        raise RetrievalError(
            f"{file}: has no column {'path' if path is None else label or 'label'}; it has {', '.join(table)}"
        )
    rows: dict[str, dict[int, None]] = {}
    for name in ("image", "key"):
        for number, value in enumerate(snapshot.column(name).to_pylist()):
            if value:
                rows.setdefault(value, {})[number] = None
    done = set()
    for value, text in zip(table[path], table[label], strict=True):
        labels = _names(text)
        if not value or labels is None or (value, labels) in done:
            continue
        names = dict.fromkeys((value, absolute(value), absolute(file.parent / value)))
        own = next((rows[name] for name in names if name in rows), None)
        if own:  # a line a chip that names the image labels all of its chips: once is enough
            done.add((value, labels))
        yield value, list(own or ()), labels


def _by_place(file: Path, snapshot: Snapshot, column: str | None) -> Iterator[Given]:
    features = read_features(file, unplaced=True)
    label = column or column_of(_columns(features), LABEL)
    if label is None or label not in _columns(features):
        raise RetrievalError(
            f"{file}: has no column {label or 'label'}; it has {', '.join(_columns(features)) or 'none'}"
        )
    west, south, east, north = (
        snapshot.column(name).to_numpy().astype(np.float64) for name in ("west", "south", "east", "north")
    )
    east = np.where(east < west, east + 360, east)  # across the antimeridian; NaN stays so
    known = np.flatnonzero(np.isfinite(west + south + east + north) & snapshot.live)
    boxes = shapely.box(west[known], south[known], east[known], north[known])
    middles = shapely.points((west[known] + east[known]) / 2, (south[known] + north[known]) / 2)
    trees = shapely.STRtree(boxes), shapely.STRtree(middles)
    images, windows = (snapshot.column(name) for name in ("image", "window"))
    chip_of = np.array(
        [
            image if window else None
            for image, window in zip(images.to_pylist(), windows.to_pylist(), strict=True)
        ]
    )
    keys = {key: row for row, key in enumerate(snapshot.column("key").to_pylist())}
    for number, feature in enumerate(features):
        labels = _names(feature["properties"].get(label))
        if labels is None:
            continue
        key = feature["properties"].get("key")  # of what was exported from an index, perhaps without a place
        own = keys.get(key) if isinstance(key, str) else None
        rows: list[int] = [] if own is None else [own]
        for geometry in shapely.get_parts(feature["geometry"]) if own is None else ():
            if geometry is None or geometry.is_empty:
                continue
            is_point = geometry.geom_type == "Point"
            for turn in (0.0, 360.0):  # footprints across the antimeridian go on beyond 180
                moved = translate(geometry, turn)
                places = trees[0 if is_point else 1].query(moved, predicate="intersects")
                if is_point:
                    away = shapely.get_coordinates(middles[places]) - shapely.get_coordinates(moved)
                    away[:, 0] *= np.cos(np.radians(geometry.y))
                    places = _nearest_chips(places, chip_of[known[places]], np.hypot(*away.T))
                rows += known[places].tolist()
        yield f"feature {number}", rows, labels


def _nearest_chips(places: Ints, chip_of: Any, away: Floats) -> Ints:
    """Places without those of chips of an image of which another chip is nearer.

    Boxes in degrees around chips that stand askew overlap, where the chips themselves do not.
    """
    kept: dict[Any, int] = {}
    for place in np.argsort(away, kind="stable").tolist():
        kept.setdefault(chip_of[place] or (place,), place)
    return places[sorted(kept.values())]


def _columns(features: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for feature in features for name in feature["properties"]))
