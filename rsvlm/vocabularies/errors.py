"""The one exception of the vocabularies room."""

from rsvlm.errors import RsvlmError


class VocabularyError(RsvlmError, ValueError):
    """A legend or tag vocabulary that does not exist or cannot be read; the message says which and why."""
