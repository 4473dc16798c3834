"""Knowledge bases, and answers to questions about images with the evidence for them."""

from .answer import Answer
from .answering import VisualQuestionAnswerer
from .base import KnowledgeBase
from .chunk import Chunk
from .errors import RagError
from .evidence import Evidence
from .generators import ComposerGenerator, InformedGenerator

__all__ = [
    "Answer",
    "Chunk",
    "ComposerGenerator",
    "Evidence",
    "InformedGenerator",
    "KnowledgeBase",
    "RagError",
    "VisualQuestionAnswerer",
]
