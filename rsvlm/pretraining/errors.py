"""What goes wrong in pretraining."""

from rsvlm.errors import RsvlmError


class PretrainingError(RsvlmError, ValueError):
    """Settings, data or adapters that cannot be used; the message says what was wrong and what to do."""
