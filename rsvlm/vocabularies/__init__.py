"""What the field calls things: legends of land cover, and OpenStreetMap tags that can be seen from above."""

from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legends import Legend, LegendClass, legend_names, load_legend
from rsvlm.vocabularies.osm import TagEntry, TagVocabulary, load_tags

__all__ = [
    "Legend",
    "LegendClass",
    "TagEntry",
    "TagVocabulary",
    "VocabularyError",
    "legend_names",
    "load_legend",
    "load_tags",
]
