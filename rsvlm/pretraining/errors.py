"""What goes wrong in pretraining."""


class PretrainingError(ValueError):
    """Settings, data or adapters that cannot be used; the message says what was wrong and what to do."""
