"""What goes wrong with an index."""

from rsvlm.errors import RsvlmError
from rsvlm.shards import BusyError


class RetrievalError(RsvlmError, ValueError):
    """An index that cannot be made, opened, changed or searched: what was wrong, with the value, and what to do."""


class BusyIndexError(RetrievalError, BusyError):
    """Another process is changing it."""
