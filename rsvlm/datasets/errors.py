"""What can go wrong in this room."""


class DatasetError(ValueError):
    """A data set that cannot be read, or that is not what it should be; the message says which and what to do."""
