"""The one exception of this room."""

from rsvlm.errors import RsvlmError


class ImageryError(RsvlmError, ValueError):
    """An image cannot be used as asked; the message says what was wrong, with the value, and what to do."""
