"""What can go wrong in answering questions."""


class RagError(ValueError):
    """A knowledge base, source or question that cannot be worked with; the message says what to do."""
