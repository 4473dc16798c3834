"""From the tags that a map has and the vocabulary does not know to those that captions may use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.errors import CaptioningError
from rsvlm.vocabularies.osm import TagVocabulary

from .classifier import TagClassifier, load_classifier
from .encoder import TagEncoder
from .words import is_candidate, key_kinds, tag_words

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]

NEW_KEY_KIND = "detail"
"""A key that nobody has looked at says more of a thing that is known; it never makes one."""


class InferredTag(NamedTuple):
    """A tag that the classifier holds to be visible: `score` is stage I's probability, `max_gsd` in metres."""

    key: str
    value: str
    score: float
    max_gsd: float
    kind: str
    words: str


@dataclass(frozen=True)
class Inferred:
    """What the classifier made of a map's unknown tags.

    Attributes:
        tags: Those that are used, by key and value.
        met: How many distinct unknown tags the map has.
        asked: How many of them the classifier was asked about: the others are names, numbers and remarks.
        record: Encoder and weights that were used, "none" where they were not.
    """

    tags: tuple[InferredTag, ...] = ()
    met: int = 0
    asked: int = 0
    record: Any = "none"


def infer_tags(unknown: Mapping[str, int], vocabulary: TagVocabulary, encoder: TagEncoder | None) -> Inferred:
    """Choose among unknown tags; the encoder is loaded only where there is one to ask about.

    Args:
        unknown: `key=value` and how often it was met.
        vocabulary: The curated vocabulary.
        encoder: What makes text vectors; None leaves all unknown tags out.
    """
    if encoder is None:
        return Inferred(met=len(unknown))
    kinds = key_kinds(vocabulary)
    pairs = sorted((key, value) for key, _, value in (tag.partition("=") for tag in unknown))
    asked = [pair for pair in pairs if is_candidate(*pair, kinds, vocabulary)]
    if not asked:
        return Inferred(met=len(unknown))
    classifier = load_classifier()
    record = {"encoder": encoder.revision, "weights": classifier.version}
    tags = classify(asked, kinds, classifier, encoder.encode)
    return Inferred(tuple(tags), len(unknown), len(asked), record)


def classify(
    pairs: Sequence[tuple[str, str]], kinds: Mapping[str, str], classifier: TagClassifier, encode: Encode
) -> list[InferredTag]:
    """Return those of some tags that pass stage I, with what stage II says of them.

    Args:
        pairs: Key and value of each tag.
        kinds: Kind of the sights of each key that the vocabulary knows sights of.
        classifier: The two stages.
        encode: Texts to vectors of unit length (n, d).
    """
    vectors = tag_vectors(pairs, encode)
    if vectors.shape[-1] != classifier.dimension:
        raise CaptioningError(
            f"the text encoder gives vectors of {vectors.shape[-1]} numbers, the tag classifier reads "
            f"{classifier.dimension}: use all-MiniLM-L6-v2"
        )
    found = []
    for (key, value), score, gsd in zip(
        pairs, classifier.scores(vectors).tolist(), classifier.max_gsd(vectors).tolist(), strict=True
    ):
        if score >= (classifier.known_key if key in kinds else classifier.new_key):
            kind = kinds.get(key, NEW_KEY_KIND)
            found.append(InferredTag(key, value, round(score, 3), gsd, kind, tag_words(key, value).tag))
    return found


def tag_vectors(pairs: Sequence[tuple[str, str]], encode: Encode) -> npt.NDArray[np.float32]:
    """Text vectors of tag, key and value (n, 3, d); each distinct text is encoded once."""
    words = [tag_words(key, value) for key, value in pairs]
    texts = sorted({text for tag in words for text in tag})
    places = {text: place for place, text in enumerate(texts)}
    rows = np.array([[places[text] for text in tag] for tag in words]).reshape(-1, 3)
    vectors: npt.NDArray[np.float32] = encode(texts)[rows]
    return vectors
