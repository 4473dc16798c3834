"""The check of ChatEarthNet's paragraphs: regions, their order, amounts and the forbidden words."""

import pytest
from making import cover, labels  # type: ignore[import-not-found]

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import verify

# Of 1,000 pixels a region: 52 % crop, 30 % tree, 17 % water and 19 pixels of snow, which is too few to speak of.
REGION = [("crop", 520), ("tree", 295), ("water", 166), ("snow", 19)]
FIELDS: Labels = labels(
    cover=cover(
        "chatearthnet",
        [("crop", 2080), ("tree", 1280), ("water", 564), ("snow", 76)],
        top_left=[("tree", 900), ("water", 100)],
        top_right=REGION,
        bottom_left=REGION,
        bottom_right=[("crop", 1000)],
        middle=REGION,
    )
)
AMOUNTS = "a large amount of crop, a medium part of tree, and a small quantity of water"
CAPTION = (
    "The image is dominated by crop, which lies mainly in the bottom right part, followed by tree, water and snow. "
    "The top left part mainly contains an extra large portion of tree and a small fraction of water. "
    f"In the top right part, there is {AMOUNTS}. "
    f"Turning to the bottom left part, it has {AMOUNTS}. "
    "The bottom right part is made up of an extra large amount of crop. "
    f"As for the middle part, it contains {AMOUNTS}. "
    "Overall, the image depicts a landscape of crop with tree."
)


def test_a_right_paragraph() -> None:
    assert verify(CAPTION, FIELDS, "chatearthnet") == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("dominated by crop", "dominated by tree", "the dominant class 'crop' is not named"),
        (
            "lies mainly in the bottom right",
            "lies mainly in the top right",
            "most of it is in the bottom right part",
        ),
        (
            ", which lies mainly in the bottom right part",
            ", which extends throughout the image",
            "not the first class",
        ),
        ("water and snow", "water and wetland", "names 'wetland', which the labels do not hold"),
        ("tree, water and snow", "water, tree and snow", "in this order"),
        ("The top left part", "The middle part", "region order: 'middle' before 'top right'"),
        ("The top left part", "The top right part", "tells of the top right part twice"),
        (
            "The bottom right part is made up of an extra large amount of crop. ",
            "",
            "bottom right part is not told of",
        ),
        ("an extra large portion of tree", "a large portion of tree", "says 'large' of 'tree'"),
        ("a small fraction of water", "a small fraction of moss", "names 'moss'"),
        (" and a small fraction of water", "", "the top left part"),
        (
            "an extra large amount of crop.",
            "an extra large amount of crop and a small part of snow.",
            "beyond its labels",
        ),
        ("depicts a landscape", "perhaps depicts a landscape", "forbidden word 'perhaps'"),
        ("of crop with tree.", "of crop with water.", "closing sentence"),
        (" Overall, the image depicts a landscape of crop with tree.", "", "closing sentence"),
        (
            "In the top right part, there",
            "In the top right part, where birds sing, there",
            "unknown word 'birds'",
        ),
    ],
)
def test_what_is_wrong_is_told(old: str, new: str, problem: str) -> None:
    assert CAPTION.count(old) >= 1
    problems = verify(CAPTION.replace(old, new, 1), FIELDS, "chatearthnet")
    assert any(problem in found for found in problems), problems


@pytest.mark.parametrize(
    ("pixels", "size"),
    [
        (9, "extra small"),
        (10, "small"),
        (19, "small"),
        (20, "medium"),
        (49, "medium"),
        (50, "large"),
        (79, "large"),
        (80, "extra large"),
    ],
)
def test_sizes_at_their_edges(pixels: int, size: str) -> None:
    shares = sorted([("crop", 100 * pixels), ("tree", 100 * (100 - pixels))], key=lambda s: -s[1])
    held = labels(
        cover=cover("chatearthnet", [(n, 5 * p) for n, p in shares], **dict.fromkeys(REGIONS, shares))
    )
    other = size_of(100 - pixels)
    told = {"crop": size, "tree": other}
    amounts = " and ".join(f"{'an' if told[n][0] == 'e' else 'a'} {told[n]} part of {n}" for n, _ in shares)
    first, second = (name for name, _ in shares)
    caption = (
        f"This image mainly shows {first}, found throughout the image, along with {second}. "
        + "".join(f"The {region.replace('_', ' ')} part holds {amounts}. " for region in REGIONS)
        + f"Overall, {first} is the main theme of the image."
    )
    assert verify(caption, held, "chatearthnet") == []


REGIONS = ("top_left", "top_right", "bottom_left", "bottom_right", "middle")


def size_of(percent: int) -> str:
    edges = {80: "extra large", 50: "large", 20: "medium", 10: "small", 0: "extra small"}
    return next(size for edge, size in edges.items() if percent >= edge)


def test_the_forbidden_word_of_the_published_sample() -> None:
    """ChatEarthNet's own dataset_vis_1.png holds a "perhaps"."""
    caption = "The image is dominated by crop. Perhaps the water is a lake. Overall, the image shows an area of crop."
    assert "forbidden word 'perhaps'" in verify(caption, FIELDS, "chatearthnet")


def test_without_land_cover_nothing_is_right() -> None:
    assert verify(CAPTION, labels(), "chatearthnet") == ["the labels hold no land cover"]
