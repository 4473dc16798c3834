"""Map objects: OpenStreetMap files and features become a table, and the table becomes the labels of chips."""

from rsvlm.captioning.osm.cache import default_cache, open_cached
from rsvlm.captioning.osm.centres import object_windows
from rsvlm.captioning.osm.chips import ChipObjects
from rsvlm.captioning.osm.measure import pixel_stretch
from rsvlm.captioning.osm.read import read_objects
from rsvlm.captioning.osm.table import ObjectTable

__all__ = [
    "ChipObjects",
    "ObjectTable",
    "default_cache",
    "object_windows",
    "open_cached",
    "pixel_stretch",
    "read_objects",
]
