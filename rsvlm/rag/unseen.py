"""Letters that nobody sees, and that a terminal, a page or a language model may obey."""

_UNSEEN = dict.fromkeys([
    *range(9), *range(11, 32), *range(0x7F, 0xA0),  # control characters but tab and line end
    *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # the direction of writing turned around: a text looks like another
    0x200B, *range(0x2060, 0x2066), 0xFEFF,  # blanks without width
    *range(0xE0000, 0xE0080),  # tags, in which a whole text can hide
])  # fmt: skip


def without_unseen(text: str) -> str:
    """A text without them. Joiners stay, since Persian, the scripts of India and signs made of several need them."""
    return text.translate(_UNSEEN)
