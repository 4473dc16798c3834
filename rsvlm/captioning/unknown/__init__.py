"""Map tags that the curated vocabulary does not know: which of them can be seen, and down to which pixel size.

SkyScript (Wang et al. 2024, arXiv 2312.12856, section 3) asks this of every tag of OpenStreetMap, with two stages of
logistic regression over a text embedding of "key + value". Here the vocabulary answers for what people have looked
at, and the two stages, trained on it by captioning/train_tag_classifier.py, for the rest.
"""

from .encoder import resolve_encoder
from .infer import Inferred, InferredTag, infer_tags
from .vocabulary import ExtendedVocabulary, extended

__all__ = ["ExtendedVocabulary", "Inferred", "InferredTag", "extended", "infer_tags", "resolve_encoder"]
