"""What can go wrong in this room."""

from rsvlm.errors import RsvlmError


class DatasetError(RsvlmError, ValueError):
    """Data, answers or options that cannot be read or evaluated; the message says which and what to do."""
