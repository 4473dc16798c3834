"""The one exception of the captioning room."""


class CaptioningError(ValueError):
    """Labels, options or a dataset that captioning cannot work with; says what, the value and the remedy."""
