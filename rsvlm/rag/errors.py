"""What can go wrong in answering questions."""

from rsvlm.errors import RsvlmError


class RagError(RsvlmError, ValueError):
    """A knowledge base, source or question that cannot be worked with; the message says what to do."""
