"""Each rule of ChatEarthNet's context at its edge, and what the paragraph makes of it."""

import random
import re
from pathlib import Path

import pytest
from chips import chip, cover  # type: ignore[import-not-found]

from rsvlm.captioning.chatearthnet import NOUNS, Part, captions, context, parts
from rsvlm.captioning.classwords import own_words
from rsvlm.captioning.labels import REGIONS
from rsvlm.captioning.verify import verify
from rsvlm.vocabularies import load_legend

EMPTY: dict[str, int] = {}

FORBIDDEN = (
    "possibly", "likely", "perhaps", "maybe", "probably", "might", "context", "segmentation",
    "appear", "seem", "change", "transition", "dynamic",
)  # fmt: skip
"""Words that the paper's prompt rules out, and their like: only class names may hold one."""


def tell(*counts: dict[str, int], seed: int = 0) -> str:
    (text,) = captions(chip(landcover=cover(*counts)), random.Random(seed))
    return text


@pytest.mark.parametrize(
    ("pixels", "size"),
    [
        (90, "extra small"), (100, "small"), (190, "small"), (200, "medium"),
        (490, "medium"), (500, "large"), (790, "large"), (800, "extra large"), (1000, "extra large"),
        # round() before the cut: 9.4 % is 9, 9.6 % is 10
        (94, "extra small"), (96, "small"), (494, "medium"), (496, "large"),
        (794, "large"), (796, "extra large"),
        # int(round(x, 2) * 100) gives 28 for 0.29 and 57 for 0.58, and stays within the bin
        (290, "medium"), (570, "large"), (580, "large"),
    ],
)  # fmt: skip
def test_size_words(pixels: int, size: str) -> None:
    assert Part("tree", pixels, 1000).size == size


@pytest.mark.parametrize(("pixels", "named"), [(19, False), (20, True)])
def test_a_class_needs_20_pixels(pixels: int, named: bool) -> None:
    counts = {"Cropland": 1000, "Tree cover": pixels}
    assert ("tree" in tell(counts)) is named
    assert ("tree" in context(cover(counts), random.Random(0))) is named


def test_dropped_classes_still_count_in_the_proportions() -> None:
    # 19 px of tree are not named, but 80 of 99 labelled pixels are 81 %, 80 of 119 would be 67 %
    assert parts(cover({"Cropland": 80, "Tree cover": 19}), "middle") == [Part("crop", 80, 99)]


def test_context_is_the_papers() -> None:
    counts = {
        "Cropland": 600,
        "Tree cover": 250,
        "Built-up": 100,
        "Grassland": 50,
        "Permanent water bodies": 19,
    }
    two, one = {"Cropland": 600, "Tree cover": 400}, {"Built-up": 300}
    text = context(cover(counts, counts, two, one, EMPTY, {"Cropland": 19}), random.Random(1))
    noun = f"(?:{'|'.join(NOUNS)})"
    lines = [
        "overall land cover distributions from most to least are: crop; tree; developed area; grass;",
        "The top left mainly contains the following land cover types, in descending order of content: "
        f"crop \\(large {noun}\\), tree \\(medium {noun}\\), and developed area \\(small {noun}\\).",
        "The top right mainly contains the following land cover types, in descending order of content: "
        f"crop \\(large {noun}\\) and tree \\(medium {noun}\\).",
        "The bottom left mainly contains the following land cover types, in descending order of content: "
        f"developed area \\(extra large {noun}\\).",
    ]
    assert re.fullmatch("\n".join(lines), text)
    assert text == context(cover(counts, counts, two, one, EMPTY, {"Cropland": 19}), random.Random(1))


def test_the_paragraph_goes_through_the_regions_in_order() -> None:
    text = tell({"Cropland": 600, "Tree cover": 400})
    sentences = text.split(". ")
    assert len(sentences) == 7
    for region, sentence in zip(REGIONS, sentences[1:6], strict=True):
        assert f"the {region} part" in sentence.lower()
        assert sentence.index("crop") < sentence.index("tree")
    assert sentences[6].startswith("Overall, ")
    assert "crop" in sentences[6]


def test_a_region_without_labels_is_left_out() -> None:
    crop = {"Cropland": 500}
    text = tell({"Cropland": 2000}, crop, EMPTY, {"Cropland": 19}, crop, crop)
    assert "top left" in text
    assert "top right" not in text
    assert "bottom left" not in text


def test_a_region_that_is_mostly_unlabelled_is_left_out() -> None:
    """Of 1,600 pixels 1,000 are labelled, so that a region has 400."""
    parts_of = [{"Cropland": 300}, {"Cropland": 200}, {"Cropland": 199}, {"Cropland": 301}, {"Cropland": 400}]
    held = chip(landcover=cover({"Cropland": 1000}, *parts_of, coverage=1000 / 1600))
    [text] = captions(held, random.Random(0))
    assert [region in text for region in REGIONS] == [True, True, False, True, True]
    assert "throughout" not in text
    assert verify(text, held, "chatearthnet") == []


def test_a_region_names_its_three_largest() -> None:
    text = tell({"Cropland": 400, "Tree cover": 300, "Grassland": 200, "Shrubland": 100})
    regions = text.split(". ")[1:6]
    assert all("grass" in sentence and "shrub" not in sentence for sentence in regions)
    assert "shrub" in text.split(". ")[0]


def test_a_single_class() -> None:
    for seed in range(30):
        text = tell({"Tree cover": 4096}, seed=seed)
        assert "throughout the image" in text
        assert text.count("extra large") == 5
        assert "followed by" not in text


def test_where_the_dominant_class_lies() -> None:
    some, most = {"Tree cover": 100, "Cropland": 300}, {"Tree cover": 400}
    for seed in range(30):
        opening = tell({"Tree cover": 1000, "Cropland": 600}, some, some, some, most, most, seed=seed).split(
            ". "
        )[0]
        assert "mainly in the bottom right part" in opening or "mostly in the bottom right part" in opening


@pytest.mark.parametrize("counts", [EMPTY, {"Cropland": 19}])
def test_nothing_labelled_nothing_told(counts: dict[str, int]) -> None:
    assert captions(chip(landcover=cover(counts)), random.Random(0)) == []


def test_no_land_cover() -> None:
    assert captions(chip(), random.Random(0)) == []


def test_classes_with_the_same_words_are_one(tmp_path: Path) -> None:
    legend = tmp_path / "forests.yaml"
    classes = ("oak, chatearthnet: tree", "pine, chatearthnet: tree", "maize, chatearthnet: crop")
    lines = [f"  - {{code: {n}, name: {words}}}" for n, words in enumerate(classes)]
    legend.write_text("\n".join(["name: forests", "title: Forests", "classes:", *lines]), encoding="utf-8")
    landcover = cover({"oak": 300, "pine": 300, "maize": 400}, legend="forests")
    landcover["words"] = own_words(load_legend(legend))
    found = parts(landcover, "overall")
    assert [(p.words, p.pixels) for p in found] == [("tree", 600), ("crop", 400)]


def test_words_that_the_paper_forbids() -> None:
    for seed in range(200):
        text = tell({"Cropland": 600, "Tree cover": 250, "Built-up": 100, "Mangroves": 50}, seed=seed).lower()
        assert not [word for word in FORBIDDEN if word in text]


def test_seeded_and_varied() -> None:
    counts = {"Cropland": 600, "Tree cover": 400}
    assert tell(counts, seed=3) == tell(counts, seed=3)
    assert len({tell(counts, seed=seed) for seed in range(100)}) == 100
