"""Colours as people call them, for the key of a drawn map."""

Color = tuple[int, int, int]

_NAMES: dict[str, Color] = {
    "black": (0, 0, 0), "white": (255, 255, 255), "light grey": (200, 200, 200), "grey": (128, 128, 128),
    "dark grey": (70, 70, 70), "red": (250, 0, 0), "dark red": (139, 0, 0), "orange": (255, 165, 0),
    "yellow": (255, 255, 60), "cream": (250, 230, 160), "brown": (140, 80, 30), "light green": (140, 230, 120),
    "green": (0, 190, 0), "dark green": (0, 100, 0), "emerald": (0, 207, 117), "teal": (0, 140, 150),
    "light blue": (140, 200, 250), "blue": (0, 90, 220), "dark blue": (0, 0, 128), "violet": (150, 60, 200),
    "pink": (240, 150, 240), "magenta": (255, 0, 255),
}  # fmt: skip


def colour_words(color: Color) -> str:
    """Return the nearest name of a colour and its own code: "dark green (#006400)"."""
    name = min(_NAMES, key=lambda known: sum((a - b) ** 2 for a, b in zip(_NAMES[known], color, strict=True)))
    return f"{name} (#{color[0]:02x}{color[1]:02x}{color[2]:02x})"
