"""What can go wrong in this room."""


class ClassificationError(ValueError):
    """Classes, images, labels or options that cannot be worked with; the message says which and what to do."""
