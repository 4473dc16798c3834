"""What covers an image, and how much of it: equal tiles, each for what it looks like most."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rsvlm.rag.questions import Box, Thing, class_names
from rsvlm.retrieval.exact import Floats

from .finding import Scene

TILES = 6
"""Along a side, for shares and places."""
COVERS = (
    "forest", "cropland", "grassland", "water", "built-up land", "bare land", "shrubland", "wetland", "snow and ice",
    "beach", "road",
)  # fmt: skip
"""What may cover most of an image."""


def share(scene: Scene, thing: Thing, region: Box | None = None) -> float:
    """Return the share of an image, or of a part of it, that looks like a thing, 0..1.

    Of equal tiles those that look like it, and more like it than like any other cover. Of 150 mosaics of EuroSAT's
    training tiles the shares so found were off by 0.09 on average; without the second condition by 0.25.
    """
    tiles, rivals = _tiles(scene, thing), _rivals(scene, thing)
    is_it = (tiles >= 0.5) & (tiles >= rivals)
    inside = _inside(len(tiles), region)
    return float(is_it[inside].mean()) if inside.any() else 0.0


def shares_among(scene: Scene, things: Sequence[Thing], region: Box | None = None) -> Floats:
    """Return (n,) shares of an image, or of a part of it, that look more like each thing than like the others.

    Of the mosaics it so found the cover that takes up most, of four, in 95 of 100; by `share` of each in 38.
    """
    tiles = np.stack([_tiles(scene, one) for one in things])
    best = tiles.argmax(axis=0)[_inside(tiles.shape[1], region)]
    found: Floats = np.bincount(best, minlength=len(things)) / max(1, len(best))
    return found


def most_of(scene: Scene, region: Box | None = None) -> tuple[str, float]:
    """Return the cover that takes up most of an image, or of a part, and its share."""
    things = [thing_of(name) for name in COVERS]
    if region is not None:
        found = np.array([_part(scene, one, region) for one in things])
        found = found / max(float(found.sum()), 1e-9)
    else:
        found = shares_among(scene, things)
    best = int(found.argmax())
    return COVERS[best], float(found[best])


@cache
def thing_of(name: str) -> Thing:
    """A class as a thing that may be asked about."""
    return Thing(name, class_names(name) or (name,))


def _part(scene: Scene, thing: Thing, region: Box) -> float:
    return scene.likelihood.of(scene.look, thing, region).probability


def _tiles(scene: Scene, thing: Thing) -> Floats:
    """(n, n) how likely each tile shows a thing."""
    return scene.likelihood.of_tiles(scene.look, thing, scene.look.finest(TILES))


def _rivals(scene: Scene, thing: Thing) -> Floats:
    """(n, n) how likely each tile shows the cover, other than the thing and its kinds, that it looks like most."""
    own = set(thing.classes or (thing.name,))
    others = [one for name in COVERS if not own & set((one := thing_of(name)).classes)]
    found: Floats = np.max([_tiles(scene, one) for one in others], axis=0)
    return found


def _inside(count: int, region: Box | None) -> NDArray[np.bool_]:
    """(n, n) the tiles whose middles are in a part."""
    if region is None:
        return np.ones((count, count), bool)
    middles = (np.arange(count) + 0.5) / count
    left, top, right, bottom = region
    return ((middles >= top) & (middles <= bottom))[:, None] & ((middles >= left) & (middles <= right))
