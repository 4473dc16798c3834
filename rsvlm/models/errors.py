"""The one exception of the models room."""

from rsvlm.errors import RsvlmError


class ModelError(RsvlmError, ValueError):
    """A model that cannot be found, read or used; the message says which, why, and what to do, in one line."""
