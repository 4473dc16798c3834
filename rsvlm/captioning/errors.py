"""The one exception of the captioning room."""

from rsvlm.errors import RsvlmError


class CaptioningError(RsvlmError, ValueError):
    """Labels, options or a dataset that captioning cannot work with; says what, the value and the remedy."""
