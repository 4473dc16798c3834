"""The one exception of the vocabularies room."""


class VocabularyError(ValueError):
    """A legend or tag vocabulary that does not exist or cannot be read; the message says which and why."""
