"""What can go wrong in the demo."""


class DemoError(ValueError):
    """An upload, a question or an option that cannot be worked with; the message says what to do."""
