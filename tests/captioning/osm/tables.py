"""Tables of map objects drawn by the test, without a file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from rsvlm.captioning.osm.shapes import tidy
from rsvlm.captioning.osm.table import TYPES, ObjectTable, TableBuilder
from rsvlm.captioning.osm.tags import TagSorter
from rsvlm.imagery.grid import Grid
from rsvlm.vocabularies.osm import TagVocabulary, read_tags

VOCABULARY: TagVocabulary = read_tags(
    b"""key,value,max_gsd,kind,phrase,plural
building,*,1,object,building,buildings
building,shed,0.2,object,shed,sheds
highway,*,10,object,road,roads
natural,tree,0.6,object,tree,trees
natural,water,10,object,lake,lakes
surface,*,0.6,adjective,paved,paved
""",
    "test",
)
"""A few tags, with resolutions that the tests rely on."""

UTM = Grid(1000, 800, "EPSG:32632", (0.5, 0.0, 500_000.0, 0.0, -0.5, 5_200_000.0))
"""An image of 0.5 m pixels, 500 x 400 m on the ground."""


def table_of(
    things: Sequence[tuple[str, int, Any, dict[str, str]]], grid: Grid, vocabulary: TagVocabulary = VOCABULARY
) -> ObjectTable:
    """Make a table of objects: type, id, geometry in pixels of a grid, tags (each with something to show)."""
    sorter = TagSorter(vocabulary)
    builder = TableBuilder(sorter)
    for kind, number, shape, tags in things:
        lonlat = shapely.transform(shape, lambda xy: np.column_stack(grid.to_lonlat(*xy.T)))
        found = tidy(np.array([lonlat], object))
        if found[0] is None:
            continue
        shapes = shapely.get_dimensions(found).astype(np.int8)
        tags_number = np.array([sorter.number(tags.items())], np.int64)
        builder.add(TYPES.index(kind), np.array([number], np.int64), tags_number, shapes, found)
    table, _ = builder.finish({})
    return ObjectTable(table, {}, {}, {})
