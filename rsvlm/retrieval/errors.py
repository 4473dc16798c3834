"""What goes wrong with an index."""


class RetrievalError(ValueError):
    """An index that cannot be made, opened, changed or searched: what was wrong, with the value, and what to do."""
