"""What can go wrong in this room."""


class DatasetError(ValueError):
    """Data, answers or options that cannot be read or evaluated; the message says which and what to do."""
