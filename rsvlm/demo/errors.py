"""What can go wrong in the demo."""

from rsvlm.errors import RsvlmError


class DemoError(RsvlmError, ValueError):
    """An upload, a question or an option that cannot be worked with; the message says what to do."""
