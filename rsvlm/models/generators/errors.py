"""The exception of an item that got no answer."""

from rsvlm.models.errors import ModelError


class GenerationError(ModelError):
    """A request that got no answer; the message says why, in one line."""
