"""Colours: the palette is the one that its recipe makes, and colour-blind readers can tell it apart."""

import numpy as np
import pytest
from make_palette import SIGHTS, TO_XYZ, ciede2000, lab, linear, make_palette  # type: ignore[import-not-found]

from rsvlm.classification.palette import NO_PREDICTION, PALETTE, class_colors, hex_color, palette


def test_recipe_makes_the_palette() -> None:
    assert [hex_color(color)[1:] for color in PALETTE] == make_palette(128)
    assert hex_color(NO_PREDICTION) == "#d9d9d9"  # what the recipe stays away from


def test_ciede2000_gives_published_differences() -> None:
    # Sharma, Wu and Dalal (2005), table 1, pairs 1, 7, 14, 17 and 25
    first = [
        (50, 2.6772, -79.7751),
        (50, 0, 0),
        (50, 2.49, -0.001),
        (50, 2.5, 0),
        (60.2574, -34.0099, 36.2677),
    ]
    second = [
        (50, 0, -82.7485),
        (50, -1, 2),
        (50, -2.49, 0.0011),
        (73, 25, -18),
        (60.4626, -34.1751, 39.4387),
    ]
    got = np.diag(ciede2000(np.array(first, float), np.array(second, float)))
    assert got == pytest.approx([2.0425, 2.3669, 7.2195, 27.1492, 1.2644], abs=1e-4)


# Viénot, Brettel and Mollon (1999): another simulation than the one that the palette was made with
_LMS = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
_VIENOT = {
    "protanopia": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deuteranopia": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}


@pytest.mark.parametrize(
    ("count", "least"), [(7, 11.0), (10, 10.0), (16, 9.0), (24, 7.0), (45, 4.5), (64, 3.0)]
)
def test_colours_stay_apart_for_the_colour_blind(count: int, least: float) -> None:
    colors = np.array(palette(count), float)
    matrices = {name: np.linalg.inv(_LMS) @ lms @ _LMS for name, lms in _VIENOT.items()}
    for matrix in (*SIGHTS.values(), *matrices.values()):
        seen = lab(colors, matrix)
        apart = ciede2000(seen, seen)[~np.eye(count, dtype=bool)]
        assert apart.min() >= least


def test_colours_stand_out_on_paper() -> None:
    luminance = linear(np.array(PALETTE, float)) @ TO_XYZ[1]
    assert luminance.max() < 0.85
    assert luminance.min() > 0.02


def test_many_classes_start_again() -> None:
    assert palette(0) == ()
    assert palette(5) == palette(300)[:5] == palette(300)[128:133]
    assert len(palette(1000)) == 1000


def test_vocabulary_colours_come_first() -> None:
    own = [(0, 100, 0), (250, 0, 0), (0, 0, 250)]
    assert class_colors(own) == tuple(own)
    assert class_colors([*own, None]) == palette(4)
    assert class_colors([*own, own[0]]) == palette(4)  # two classes of one colour are no map
    assert class_colors([None, None]) == palette(2)
    assert class_colors([]) == ()
