"""Things that a map holds twice: a node inside its own area, an area inside a larger one that is called the same."""

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.captioning.osm.shapes import AREA, LINE, Geometries
from rsvlm.vocabularies.osm import TagVocabulary

WITHIN = 0.9
"""Share of an area that must lie in another one: borders that were drawn twice do not agree to the metre."""


def repeats(
    geometries: Geometries,
    sets: npt.NDArray[np.int64],
    tags: list[dict[str, str]],
    vocabulary: TagVocabulary,
) -> npt.NDArray[np.bool_]:
    """Say which points and areas only say again what an area says that holds them.

    A school's node in the school's area, the church's `amenity=place_of_worship` in its `building=church`, and a
    campus drawn inside of its university are no second school, church or university. Lines repeat nothing: a street
    runs over its own square.

    Args:
        geometries: The objects in WGS84, valid (n,).
        sets: For each, the place of its tags in `tags` (n,).
        tags: Visible tags, the main one first.
        vocabulary: What the tags are called.
    """
    dimensions = shapely.get_dimensions(geometries)
    members = defaultdict(list)
    for place in np.flatnonzero(dimensions != LINE).tolist():
        members[int(sets[place])].append(place)
    inner: dict[tuple[str, str], list[int]] = defaultdict(list)
    outer: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, places in members.items():
        main, *others = tags[number].items()
        entry = vocabulary.entry(*main)
        names = {main, ("", entry.phrase)} if entry is not None and entry.kind == "object" else {main}
        for name in names:
            inner[name] += places
        for name in names.union(others):
            outer[name] += [place for place in places if dimensions[place] == AREA]
    found = np.zeros(len(geometries), bool)
    for name, places in inner.items():
        found[_held(geometries, np.unique(places), np.array(outer[name], np.int64))] = True
    return found


def _held(
    geometries: Geometries, inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Those of the inner that lie in one of the outer areas; of two equal areas the later one."""
    if not len(outer):
        return outer
    small, large = shapely.STRtree(geometries[outer]).query(geometries[inner])
    small, large = inner[small], outer[large]
    sizes = shapely.area(geometries)
    later = (sizes[small] < sizes[large]) | ((sizes[small] == sizes[large]) & (small > large))
    small, large = small[later], large[later]
    shapely.prepare(geometries[np.unique(large)])
    # a point of the area first: to cut all neighbours of a large forest with it would take long
    some = shapely.covers(geometries[large], shapely.point_on_surface(geometries[small]))
    small, large = small[some], large[some]
    common = shapely.area(shapely.intersection(geometries[small], geometries[large]))
    held: npt.NDArray[np.int64] = small[common >= WITHIN * sizes[small]]
    return held
