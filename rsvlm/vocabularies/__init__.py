"""What the field calls things: class lists, prompt templates, legends, and OSM tags that can be seen from above."""

from rsvlm.vocabularies.class_lists import Vocabulary, VocabularyClass
from rsvlm.vocabularies.class_names import classes_of, read_classes, vocabulary_from_classes
from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legends import Legend, LegendClass, legend_names, load_legend
from rsvlm.vocabularies.osm import TagEntry, TagVocabulary, load_tags
from rsvlm.vocabularies.protocols import Protocol, protocol, protocol_names
from rsvlm.vocabularies.templates import template_set, template_set_names
from rsvlm.vocabularies.vocabulary_files import vocabulary, vocabulary_names

__all__ = [
    "Legend",
    "LegendClass",
    "Protocol",
    "TagEntry",
    "TagVocabulary",
    "Vocabulary",
    "VocabularyClass",
    "VocabularyError",
    "classes_of",
    "legend_names",
    "load_legend",
    "load_tags",
    "protocol",
    "protocol_names",
    "read_classes",
    "template_set",
    "template_set_names",
    "vocabulary",
    "vocabulary_from_classes",
    "vocabulary_names",
]
