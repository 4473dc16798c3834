"""Where things lie: the place words of captions and their truth (section 1.3 of the caption grammar)."""

from collections.abc import Sequence

from rsvlm.captioning.verify.lexicon import Phrases
from rsvlm.captioning.verify.things import Box, Thing, Things

Place = tuple[str, int, int]
"""("cell", row, column), ("quarter", row, column), ("half", row, column) or ("scattered", 0, 0).

In halves and quarters rows and columns are -1 (north, west), 1 (south, east) or 0 (neither).
"""

Words = dict[str, tuple[Place, bool]]
"""Place words -> the place, and whether they are compass words."""

_COMPASS = "north-west, north, north-east, west, centre, east, south-west, south, south-east"
_COMPASS_CELLS = _COMPASS.split(", ")
_IMAGE_CELLS = [
    "upper left",
    "top",
    "upper right",
    "left",
    "middle",
    "right",
    "lower left",
    "bottom",
    "lower right",
]
_IMAGE_PREPOSITION = [
    "at the",
    "at the",
    "at the",
    "on the",
    "in the",
    "on the",
    "at the",
    "at the",
    "at the",
]
_QUARTER_SIGNS = {0: (-1, -1), 2: (-1, 1), 6: (1, -1), 8: (1, 1)}
_HALVES: dict[tuple[int, int], tuple[str, str]] = {
    (-1, 0): ("northern", "upper"),
    (1, 0): ("southern", "lower"),
    (0, -1): ("western", "left"),
    (0, 1): ("eastern", "right"),
}


def _cells() -> Words:
    found: Words = {}
    for n in range(9):
        place = ("cell", *divmod(n, 3))
        found[f"in the {_COMPASS_CELLS[n]}"] = (place, True)
        found[f"{_IMAGE_PREPOSITION[n]} {_IMAGE_CELLS[n]}"] = (place, False)
        if n in _QUARTER_SIGNS:
            quarter = ("quarter", *_QUARTER_SIGNS[n])
            found[f"in the {_COMPASS_CELLS[n]} corner"] = (place, True)
            found[f"in the {_IMAGE_CELLS[n]} corner"] = (place, False)
            found[f"in the {_COMPASS_CELLS[n]}ern quarter"] = (quarter, True)
            found[f"in the {_IMAGE_CELLS[n]} quarter"] = (quarter, False)
    return found


def place_words() -> Words:
    """All place words; all but `scattered` may end in "of the image"."""
    found = _cells()
    for signs, (compass, image) in _HALVES.items():
        found[f"in the {compass} half"] = (("half", *signs), True)
        found[f"in the {image} half"] = (("half", *signs), False)
    found |= {f"{words} of the image": place for words, place in found.items()}
    found["scattered over the image"] = found["spread across the image"] = (("scattered", 0, 0), False)
    return found


PLACES = Phrases({words: (words, *place) for words, place in place_words().items()})
"""Place words in a list of tokens: (words, place, compass)."""


def cell_of(x: float, y: float, width: float, height: float) -> tuple[int, int]:
    """The (row, column) of a point in the 3 x 3 grid of a chip."""
    return min(2, int(3 * y / height)), min(2, int(3 * x / width))


def union(boxes: Sequence[Box]) -> Box:
    """The box around boxes."""
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def place_of(members: Sequence[Thing], things: Things) -> Place | None:
    """The one place that may be said of these objects; None where there is none."""
    width, height = things.width, things.height
    cells = {cell_of(m.cx, m.cy, width, height) for m in members}
    small = all(m.box[2] - m.box[0] <= width / 2 and m.box[3] - m.box[1] <= height / 2 for m in members)
    if small and len(cells) == 1:
        return ("cell", *cells.pop())
    box = union([m.box for m in members])
    row, column = _side(box[1], box[3], height), _side(box[0], box[2], width)
    if row and column:
        return ("quarter", row, column)
    if row or column:
        return ("half", row, column)
    return ("scattered", 0, 0) if len(members) >= 5 and len(cells) >= 5 else None


def _side(low: float, high: float, length: float) -> int:
    """-1 where a range lies in the first half of a side, 1 in the second, 0 in neither or both."""
    first, second = high <= 0.52 * length, low >= 0.48 * length
    return second - first
