"""How good the check is: at least 99 % of captions with one thing changed are caught, 99.5 % of right ones pass."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from measurement import Measure, captions_of, measure  # type: ignore[import-not-found]
from random_labels import random_labels  # type: ignore[import-not-found]

from rsvlm.captioning.verify import verify

STYLES = {"skyscript", "skyscript-multi", "natural", "natural-long", "chatearthnet", "scene"}


def is_good(found: Measure) -> None:
    print(found.table())  # noqa: T201 - what captioning/README.md shows; pytest -s
    assert set(found.passed) == STYLES
    assert found.passed.total() + found.rejected.total() >= 2000
    assert {kind for _, kind in found.caught} == {"class", "place", "number", "object", "forbidden"}
    assert found.pass_rate >= 0.995, found.table()
    assert found.catch_rate >= 0.99, found.table()


def test_on_labels_made_by_a_script() -> None:
    rng = random.Random(11)
    is_good(measure(random_labels(rng) for _ in range(800)))


@pytest.mark.slow
def test_on_real_labels(data_dir: Path) -> None:
    from real_labels import real_labels  # type: ignore[import-not-found]

    is_good(measure(real_labels(data_dir, 6000)))


def test_a_caption_of_another_chip_is_wrong() -> None:
    """Right captions are right of their own labels only: of other chips' labels hardly any is."""
    rng = random.Random(12)
    chips = [random_labels(rng) for _ in range(400)]
    told = [
        (style, caption, other)
        for chip, other in pairwise(chips)
        for style, caption in captions_of(chip, rng)
    ]
    right = [caption for style, caption, other in told if not verify(caption, other, style)]
    assert len(told) > 1000
    assert len(right) < 0.02 * len(told), right
