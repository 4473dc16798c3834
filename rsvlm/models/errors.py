"""The one exception of the models room."""


class ModelError(ValueError):
    """A model that cannot be found, read or used; the message says which, why, and what to do, in one line."""
