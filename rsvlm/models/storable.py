"""Texts that UTF-8 can hold."""


def storable(text: str) -> str:
    """Return a text without lone halves of surrogate pairs, which JSON may bring: they become `?`.

    No file, no server and no tokenizer takes them.

    >>> storable("a" + chr(0xD83D))
    'a?'
    """
    return text.encode("utf-8", "replace").decode("utf-8")
