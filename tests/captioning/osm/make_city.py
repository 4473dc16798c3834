"""Make an OpenStreetMap extract of a city that never was: a square full of buildings, for measuring what size
costs.

    python tests/captioning/osm/make_city.py city.osm.pbf --buildings 5000000

Buildings of five nodes stand in rows, 30 m apart, from 10 E 50 N to the north-east: 5,000,000 of them take 67
by 67 km. The script takes some 30 seconds and writes some 17 MB a million.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import osmium

WEST, SOUTH = 10.0, 50.0
SPACING = 30.0  # metres
DEGREE = 111_320.0  # metres
KINDS = ("yes", "yes", "yes", "yes", "house", "house", "apartments", "garage", "industrial", "shed")
CORNERS = np.array([(-6, -4), (6, -4), (6, 4), (0, 5), (-6, 4)], float)  # metres from the middle


class Thing:
    """What `SimpleWriter` takes for a node or a way: an object with these attributes."""

    def __init__(self) -> None:
        self.id = 0
        self.tags: dict[str, str] = {}


class Node(Thing):
    """A node, without tags."""

    location = (0.0, 0.0)


class Way(Thing):
    """A way of node ids."""

    nodes: Sequence[int] = ()


def side_of(buildings: int) -> tuple[float, float]:
    """Return how far the city reaches, degrees of longitude and of latitude."""
    rows = math.isqrt(buildings - 1) + 1
    return rows * SPACING / (DEGREE * math.cos(math.radians(SOUTH))), rows * SPACING / DEGREE


def make_city(path: Path, buildings: int, seed: int = 0) -> None:
    """Write the city; the same numbers give the same city."""
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for node in _nodes(buildings, seed):
            writer.add_node(node)
        kinds = np.random.default_rng(seed + 1).integers(len(KINDS), size=buildings)
        way = Way()
        for number, kind in enumerate(kinds.tolist(), 1):
            first = (number - 1) * len(CORNERS) + 1
            way.id = number
            way.nodes = [*range(first, first + len(CORNERS)), first]
            way.tags = {"building": KINDS[kind], "source": "drawn"}
            writer.add_way(way)


def _nodes(buildings: int, seed: int) -> Iterator[Node]:
    random = np.random.default_rng(seed)
    rows = math.isqrt(buildings - 1) + 1
    metres = np.array([1 / (DEGREE * math.cos(math.radians(SOUTH))), 1 / DEGREE])
    node = Node()
    for start in range(0, buildings, 100_000):
        places = np.arange(start, min(start + 100_000, buildings))
        middle = np.column_stack([places % rows, places // rows]) * SPACING + SPACING / 2
        size = random.uniform(0.5, 1.5, (len(places), 1, 1))
        corners = (WEST, SOUTH) + (middle[:, None] + CORNERS * size) * metres
        for number, place in enumerate(corners.reshape(-1, 2).tolist(), start * len(CORNERS) + 1):
            node.id, node.location = number, tuple(place)
            yield node


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--buildings", type=int, default=5_000_000)
    options = parser.parse_args()
    make_city(options.path, options.buildings)
