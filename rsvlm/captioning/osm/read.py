"""One way in for all files with map objects."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.cache import cache_file, open_cached, store
from rsvlm.captioning.osm.extent import Extents
from rsvlm.captioning.osm.features import VECTOR, read_features
from rsvlm.captioning.osm.geoparquet import PARQUET, read_geoparquet
from rsvlm.captioning.osm.parse import FORMATS, read_osm
from rsvlm.captioning.osm.table import ObjectTable
from rsvlm.captioning.osm.tags import TagSorter
from rsvlm.imagery.grid import BBox
from rsvlm.vocabularies.osm import TagVocabulary, load_tags

_READERS = {
    **dict.fromkeys(FORMATS, read_osm),
    **dict.fromkeys(VECTOR, read_features),
    **dict.fromkeys(PARQUET, read_geoparquet),
}


def read_objects(
    path: str | Path,
    *,
    extents: Sequence[BBox] | None = None,
    cache: Path | None = None,
    vocabulary: TagVocabulary | None = None,
) -> ObjectTable:
    """Read the map objects that have a tag that can be seen from above.

    Args:
        path: OpenStreetMap data (`.osm.pbf`, `.osm`, `.osm.gz`, `.osm.bz2`), features with OpenStreetMap-like
            columns (`.geojson`, `.gpkg`, `.fgb`; these need the extra `vector`), or GeoParquet (`.parquet`;
            Overture's too).
        extents: Longitude/latitude boxes of the imagery (west > east crosses the antimeridian); only objects
            that touch one of them are kept. None keeps all.
        cache: Folder in which the parsed table is kept for the next time, and for other processes to open by
            `open_cached(table.path)`. None keeps nothing.
        vocabulary: The tags that can be seen; None is the one that ships with the package.

    Raises:
        CaptioningError: The file cannot be read, or holds nothing to read.
    """
    path = Path(path)
    vocabulary = vocabulary or load_tags()
    reader = _READERS.get(next((end for end in _READERS if path.name.lower().endswith(end)), ""))
    if reader is None:
        raise CaptioningError(
            f"{path} is no file with map objects by its name: it should end in {', '.join(_READERS)}"
        )
    if not path.is_file():
        raise CaptioningError(f"{path} does not exist or is no file: name a file with map objects")
    place = cache_file(cache, path, extents, vocabulary.digest) if cache else None
    if place:
        with suppress(CaptioningError):  # not there, torn or foreign: made anew
            return open_cached(place, check=True)
    table = reader(path, Extents(extents), TagSorter(vocabulary))
    return store(table, place) if place else table
