"""What can go wrong in this room."""


class EvalError(ValueError):
    """Data, answers or options that cannot be evaluated; the message says which and what to do."""
