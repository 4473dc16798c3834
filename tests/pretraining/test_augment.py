"""Augmentation: the same for the same seed, visit and key; within its bounds; and never against the caption."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from rsvlm.pretraining.data import Augmentation
from rsvlm.pretraining.data.augment import names_a_side

STILL = Augmentation(turns=False, jitter=0, scale=(1, 1), ratio=(1, 1))


def picture(width: int = 60, height: int = 40) -> Image.Image:
    """Red grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)[None]
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    return Image.fromarray(pixels)


def changed(
    settings: Augmentation, visit: int = 0, key: str = "a", seed: int = 0, caption: str = "field"
) -> bytes:
    return settings.apply(picture(), caption, 32, seed=seed, visit=visit, key=key).tobytes()


def test_the_same_for_seed_visit_and_key() -> None:
    settings = Augmentation()
    first = changed(settings)
    np.random.default_rng().random()
    assert changed(settings) == first
    assert (
        len({first, changed(settings, visit=1), changed(settings, key="b"), changed(settings, seed=1)}) == 4
    )
    image = settings.apply(picture(), "field", 32, seed=0, visit=0, key="a")
    assert (image.size, image.mode) == ((32, 32), "RGB")


def test_nothing_changes_where_all_is_off() -> None:
    square = picture(40, 40)
    image = STILL.apply(square, "field", 40, seed=0, visit=0, key="a")
    assert image.tobytes() == square.tobytes()


def test_all_eight_turns_come_equally_often() -> None:
    settings = STILL.model_copy(update={"turns": True})
    seen: dict[bytes, int] = {}
    for visit in range(800):
        image = settings.apply(picture(8, 8), "field", 8, seed=0, visit=visit, key="a").tobytes()
        seen[image] = seen.get(image, 0) + 1
    assert len(seen) == 8
    assert min(seen.values()) > 60
    assert picture(8, 8).tobytes() in seen


@pytest.mark.parametrize(
    ("caption", "side"),
    [
        ("Bare land dominates the south-east.", True),
        ("a road on the left", True),
        ("trees in the northern part", True),
        ("a pond at the Top of the image", True),
        ("a school, with a road above it", True),
        ("a railway from north to south", True),
        ("northwest of the river", True),
        ("a northbound lane", True),
        ("ships are northerly of the pier", True),
        ("a south-easterly track", True),
        ("the road runs vertically", True),
        ("rows of horizontal greenhouses", True),
        ("a lane that leads downwards", True),
        ("a roundabout, gone round anti-clockwise", True),
        ("wind turbines and an upland bog", False),
        ("river seen from above.", False),
        ("an upright tower, brightly lit, in a leftover field", False),
        ("building of church, roof shape of gabled", False),
        ("a pond in the middle", False),
    ],
)
def test_a_caption_that_names_a_side_keeps_its_image_upright(caption: str, side: bool) -> None:
    assert names_a_side(caption) is side
    settings = STILL.model_copy(update={"turns": True})
    images = {changed(settings, visit, caption=caption) for visit in range(20)}
    assert (len(images) == 1) is side


def test_crops_keep_scale_and_ratio() -> None:
    settings = STILL.model_copy(update={"scale": (0.67, 1.0), "ratio": (0.5, 2.0)})
    for visit in range(200):
        draw = np.random.default_rng(visit)
        left, top, right, bottom = settings._crop(600, 400, draw)
        assert 0 <= left < right <= 600
        assert 0 <= top < bottom <= 400
        assert 0.66 < (right - left) * (bottom - top) / 240_000 <= 1
        assert 0.49 < (right - left) / (bottom - top) < 2.01
    assert settings._crop(1000, 2, np.random.default_rng(0)) == (0, 0, 1000, 2)  # no crop of that ratio fits


def test_colours_stay_within_the_jitter() -> None:
    grey = Image.new("RGB", (8, 8), (100, 100, 100))
    settings = STILL.model_copy(update={"jitter": 0.4})
    values = [
        np.asarray(settings.apply(grey, "field", 8, seed=0, visit=visit, key="a")).mean()
        for visit in range(300)
    ]
    assert 58 < min(values) < 75
    assert 125 < max(values) < 142


def test_a_picture_of_one_pixel() -> None:
    image = Augmentation().apply(Image.new("RGB", (1, 1), (9, 9, 9)), "field", 16, seed=0, visit=0, key="a")
    assert image.size == (16, 16)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError):
        Augmentation(hue=0.1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale": (0, 1)}, {"scale": (0.9, 0.5)}, {"scale": (0.5, 2)},
        {"ratio": (0, 2)}, {"ratio": (-1, 2)}, {"ratio": (2, 1)},
    ],
)  # fmt: skip
def test_what_would_fail_on_every_image_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="should be the least and the largest, above 0"):
        Augmentation(**wrong)


def test_coarsening_takes_detail_and_nothing_else() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    image = Image.fromarray(pixels)
    coarse = STILL.model_copy(update={"coarsen": 1.0})
    sizes = [coarse._coarse(image, 0, visit, "a").size for visit in range(200)]
    assert min(min(size) for size in sizes) >= 24
    assert max(size[0] for size in sizes) <= 128
    assert len(set(sizes)) > 40
    assert all(abs(size[0] / size[1] - 4 / 3) < 0.06 for size in sizes)
    half = STILL.model_copy(update={"coarsen": 0.5})
    changed = sum(half._coarse(image, 0, visit, "a").size != image.size for visit in range(400))
    assert 150 < changed < 250
    rough = [
        np.asarray(half.apply(image, "a", 64, seed=0, visit=visit, key="a"), float) for visit in range(40)
    ]
    detail = [np.abs(np.diff(one, axis=1)).mean() for one in rough]
    assert max(detail) > 2 * min(detail)


def test_without_coarsening_all_is_as_before() -> None:
    """The other changes draw from their own numbers: the same images whether coarsening is there or not."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8))
    for visit in range(5):
        one, two = (
            Augmentation(coarsen=share).apply(image, "a", 16, seed=0, visit=visit, key="a")
            for share in (0.0, 1.0)
        )
        assert np.array_equal(np.asarray(one), np.asarray(two))  # 24 pixels cannot be coarser
