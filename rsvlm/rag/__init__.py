"""Knowledge bases, and answers to questions about images with the evidence for them."""

from .chunk import Chunk
from .errors import RagError

__all__ = ["Chunk", "RagError"]
