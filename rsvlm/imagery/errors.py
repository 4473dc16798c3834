"""The one exception of this room."""


class ImageryError(ValueError):
    """An image cannot be used as asked; the message says what was wrong, with the value, and what to do."""
