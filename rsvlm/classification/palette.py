"""Colours of classes: those of the vocabulary, else a palette that colour-blind readers can tell apart."""

from collections.abc import Sequence

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

NO_PREDICTION: Color = (217, 217, 217)
"""What a picture shows where there is no class."""

# The seven colours of Okabe and Ito (2008, "Color Universal Design") without black, then always the one farthest
# from those before it: CIEDE2000 to the worst of normal sight, protanopia and deuteranopia (Machado et al., 2009).
# Pairs differ by at least 11.6 among the first 16, 9.4 among 24, 6.7 among 45, 5.2 among 64.
# Made by tests/classification/make_palette.py.
_HEX = """
e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 960000 4b5a5a 1e3c69 a5d296 1e0fd2
5a694b 3c87ff a5e1ff c3a5a5 780f2d 697878 b43c00 4b5a78 3c3c4b 4bb469 a5ff96 3c963c
691eff d2b4d2 c30f96 d2f0d2 1e4b3c 3cd25a 5a9687 e169c3 2d9696 d2c3b4 697869 2d874b
695aff c32dc3 5a6978 780096 69692d 00a5ff 69b487 694b2d c3f0b4 e1e1f0 4b695a 3cd2ff
f087b4 785a96 00b496 b47869 6996c3 2d4b0f 3cc3c3 2d4b69 3c3cd2 c3e169 5a6969 69a54b
783c4b 780f4b c3c3c3 69870f f0c300 a5e187 697887 00d278 4b5a69 8778a5 b49600 2d96e1
5a8778 ff0f87 870fb4 96c396 b4e1b4 ffa55a 5a785a 4b5ae1 2da5a5 c3b4e1 0f965a 5a6900
1e5a4b d2e1d2 3c00f0 694b3c 698787 4b78d2 781e3c b4ff78 2da5e1 f04b3c b49696 a55a3c
4bc32d 4b00b4 4b4b5a ff5a5a 005a87 3ca587 c36996 78ffff 871e1e b43ca5 2d3c5a a5002d
f0003c 78a5d2 ff96b4 c3d2e1 875a69 4bc3b4 0f4bb4 961e96 0f4b78 b48778 4b96a5 ff3cff
3cc3ff f00f5a a5d2a5 87e1c3 3c4be1 e1b478 4b784b 691e5a
"""
PALETTE: tuple[Color, ...] = tuple(
    (red, green, blue) for red, green, blue in (bytes.fromhex(color) for color in _HEX.split())
)
"""The colours of `palette`; the first n are the same for every number of classes."""


def palette(count: int) -> tuple[Color, ...]:
    """The first colours of the palette; after its 128 it starts again, since nobody can tell so many apart."""
    return tuple(PALETTE[number % len(PALETTE)] for number in range(count))


def class_colors(given: Sequence[Color | None]) -> tuple[Color, ...]:
    """The colours that maps and pictures give to classes.

    Args:
        given: The vocabulary's own colour of each class, None where it names none.

    Returns:
        The vocabulary's colours where every class has one and no two are equal, else `palette(len(given))`.
    """
    own = [color for color in given if color is not None]
    return tuple(own) if len(own) == len(given) == len(set(own)) else palette(len(given))


def hex_color(color: Color) -> str:
    """A colour as `#rrggbb`.

    >>> hex_color((230, 159, 0))
    '#e69f00'
    """
    return "#{:02x}{:02x}{:02x}".format(*color)
