"""The check of sentences that name whole-image labels."""

import pytest
from making import labels  # type: ignore[import-not-found]

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import verify

NAMES: Labels = labels(scene=["Pastures", "Coniferous forest", "Sea and ocean"], gsd=10.0)
PLAIN: Labels = labels(scene=["Pastures", "Coniferous forest"], gsd=10.0)


@pytest.mark.parametrize(
    "caption",
    [
        "A satellite image of pasture and coniferous forest.",
        "The scene contains pasture and coniferous forest.",
    ],
)
def test_right_sentences(caption: str) -> None:
    assert verify(caption, PLAIN, "scene") == []


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        ("A view of coniferous forest and pasture.", "in their order"),
        ("A view of pasture.", "'coniferous forest' of the labels is not named"),
        ("A view of pasture and mixed forest.", "names 'mixed forest', which the labels do not hold"),
        ("A view of pasture and likely coniferous forest.", "forbidden word 'likely'"),
        ("A painting of pasture and coniferous forest.", "unknown word 'painting'"),
    ],
)
def test_wrong_sentences(caption: str, problem: str) -> None:
    assert any(problem in found for found in verify(caption, PLAIN, "scene"))


def test_no_satellite_sees_half_a_metre() -> None:
    fine: Labels = {**PLAIN, "gsd": 0.5}
    assert verify("A satellite image of pasture and coniferous forest.", fine, "scene")
    assert verify("An overhead image of pasture and coniferous forest.", fine, "scene") == []


def test_class_words_that_hold_a_forbidden_word() -> None:
    """CORINE's own name is "Transitional woodland-shrub": names of the labels are never forbidden."""
    held = labels(scene=["Transitional moor, dynamic dunes"])
    assert verify("A view of transitional moor, dynamic dunes.", held, "scene") == []
