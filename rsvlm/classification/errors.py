"""What can go wrong in this room."""

from rsvlm.errors import RsvlmError


class ClassificationError(RsvlmError, ValueError):
    """Classes, images, labels or options that cannot be worked with; the message says which and what to do."""
