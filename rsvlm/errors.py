"""What all errors of this package have in common."""


class RsvlmError(Exception):
    """Something that cannot be done as asked; the message says what was wrong and what to do.

    Each room has an error of its own (`rsvlm.retrieval.RetrievalError`, `rsvlm.imagery.ImageryError`, ...), which is
    one of these and a `ValueError` besides.
    """
