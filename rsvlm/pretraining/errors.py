"""What goes wrong in pretraining."""

from rsvlm.errors import RsvlmError
from rsvlm.shards import BusyError


class PretrainingError(RsvlmError, ValueError):
    """Settings, data or adapters that cannot be used; the message says what was wrong and what to do."""


class BusyPretrainingError(PretrainingError, BusyError):
    """Another run is writing there."""
