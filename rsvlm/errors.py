"""What all errors of this package have in common, and how one is told."""


class RsvlmError(Exception):
    """Something that cannot be done as asked; the message says what was wrong and what to do.

    Each room has an error of its own (`rsvlm.retrieval.RetrievalError`, `rsvlm.imagery.ImageryError`, ...), which is
    one of these and a `ValueError` besides.
    """


def one_line(error: object, most: int | None = 240) -> str:
    """What an error says, in one line of at most `most` characters; what has no words says its kind."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if most is None or len(words) <= most else f"{words[: most - 3]}..."
