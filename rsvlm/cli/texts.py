"""Lists as people type them."""


def names(text: str) -> list[str]:
    """The names of a list with commas: "red, green" has two."""
    return [name.strip() for name in text.split(",") if name.strip()]
