"""The curated vocabulary with the tags that the classifier chose."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from rsvlm.vocabularies.osm import TagEntry, TagVocabulary, load_tags

from .infer import InferredTag


class ExtendedVocabulary(TagVocabulary):
    """A vocabulary with inferred tags at its end.

    Attributes:
        inferred: The inferred tags by key and value.
    """

    def __init__(self, base: TagVocabulary, tags: Sequence[InferredTag]) -> None:
        entries = tuple(
            TagEntry(tag.key, tag.value, tag.max_gsd, tag.kind, tag.words, tag.words) for tag in tags
        )
        digest = hashlib.sha256(repr((base.digest, entries)).encode("utf-8")).hexdigest()
        super().__init__(base.entries + entries, digest)
        self.inferred = {(tag.key, tag.value): tag for tag in tags}


@lru_cache(maxsize=2)
def extended(tags: tuple[InferredTag, ...]) -> TagVocabulary:
    """Return the vocabulary that ships with the package with these tags; itself where there are none."""
    return ExtendedVocabulary(load_tags(), tags) if tags else load_tags()
