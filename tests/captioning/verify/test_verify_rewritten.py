"""The readers of captions by language models: free in their words, closed in what they may claim."""

import random

import pytest
from making import area, cover, labels  # type: ignore[import-not-found]

from rsvlm.captioning.labels import REGIONS, Labels, ObjectLabel
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
LAKE: Labels = labels(
    cover=cover("chatearthnet", *[[("water", 900), ("grass", 100)]], **{
        region.replace(" ", "_"): [("water", 900), ("grass", 100)] for region in REGIONS
    })
)  # fmt: skip

RIGHT = [
    "The image shows a landscape dominated by crop, followed by tree, water, and snow.",
    "This satellite image depicts a scene of crops and trees, along with water.",
    "Crop is the main land cover of the image, and tree, water and snow are also present.",
    "The image mainly shows crop. The top left region is predominantly tree, with a small portion of water.",
    "Crop dominates the image. In the upper-left corner, there is an extra large portion of tree cover and a small "
    "amount of water.",
    "Crop is the dominant type. Moving to the top right, a large portion is crop, accompanied by a medium portion of "
    "trees and a small portion of water. The bottom right part consists of crop.",
    "Overall, crop is the main theme of the image, along with trees. Water is also present in this image.",
    "The image features crop, which lies mainly in the bottom right part.",
    "The scene is dominated by crop and tree. Tree dominates the top left part, while crop dominates the bottom right.",
    "The image shows crop. The center has a large amount of crop, and the lower left contains crop, tree and water.",
]

WRONG = [
    ("The image shows a landscape dominated by tree, followed by crop.", "names 'tree' first"),
    ("The image shows crop, water and tree.", "order of area"),
    ("The image shows crop and grass.", "names 'grass', which the labels do not hold"),
    ("The image shows crop and roads.", "names 'roads', which the labels do not hold"),
    ("The image possibly shows crop.", "forbidden word 'possibly'"),
    ("The image shows 3 crops.", "unknown word '3'"),
    ("The image shows green crop.", "unknown word 'green'"),
    ("The image shows no crop.", "unknown word 'no'"),
    ("The image shows only crop.", "unknown word 'only'"),
    ("The image shows crop beside water.", "unknown word 'beside'"),
    ("The image shows crop along water.", "unknown word 'along'"),
    ("The image shows crop in water.", "could relate one class to another"),
    ("The image shows crop of tree.", "could relate one class to another"),
    ("The image shows crop, which contains tree.", "of something that is no image"),
    ("Crop consists of tree.", "of something that is no image"),
    ("Crop is water.", "that one thing 'is' another"),
    ("The image shows crop. The top left contains crop.", "not there"),
    ("The image shows crop. The top left contains water.", "'water' first, not 'tree'"),
    ("The image shows crop. The top left contains a large portion of tree.", "the labels hold 'extra large'"),
    ("The image shows crop. The top right contains small portions of crop and tree.", "the labels hold 'large'"),
    ("The image shows crop. The top right contains a large portion of crop and tree.", "says 'large' of 'tree'"),
    ("The image shows crop. The top right has crop in a small portion, tree in a medium portion.", ""),
    ("The image shows crop. The top right has crop (small), tree.", "unknown word"),
    ("The image shows crop. In the top right, crop is large, tree is small.", "says 'large' and not of which"),
    ("The image shows crop. The top right contains large, medium and small portions of crop, tree and water.", ""),
    ("The image shows crop. The top left is mainly water.", "first, not 'tree'"),
    ("The image shows crop. In the top right part, there is crop and mainly tree.", "says 'mainly' of 'tree'"),
    ("The image shows crop. Water dominates the top left part.", "first, not 'tree'"),
    ("The image shows crop, mostly in the top right part.", "most of it is in the bottom right part"),
    ("The image shows crop. The top left and top right parts contain tree.", "says nothing of the top left part"),
    ("The image shows crop. In the top left part, tree lies, and the image is dominated by tree.", "of the whole"),
    ("The image shows crop. The top left part contains tree while crop lies in the middle part.", ""),
    ("The image is dominated by crop, extending throughout the image.", "throughout the image"),
    ("The main types are crop and snow.", "of several"),
    ("The image is dominated by crop and snow.", ""),
    ("The image is dominated by crop, tree and water.", "'water', which is small"),
    ("The image shows crop. Bare land is also present.", "'bare land', which the labels do not hold"),
    ("The image shows crop, but the top left shows tree.", "unknown word 'but'"),
    ("The image shows crop, crop and tree.", "order of area"),
    ("The top right part contains crop.", "does not open with the dominant class"),
    ("The image shows crop.\nIt shows tree.", "not one paragraph"),
    ("The image shows crop", "full stop"),
    ("图像显示农田。", "full stop"),
    ("图像显示农田.", "unknown word"),
    ("What land cover is shown?", "full stop"),
    (".", "empty sentence"),
    ("", "full stop"),
    ("The image shows " + "crop and " * 200 + "tree.", "words, more than"),
    ("The image shows a small scene.", "of no class"),
    ("I cannot help with that.", "unknown word 'i'"),
]  # fmt: skip


@pytest.mark.parametrize("caption", RIGHT)
def test_right_paragraphs(caption: str) -> None:
    assert verify(caption, {**FIELDS, "gsd": 10.0}, "chatearthnet-rewritten") == []
    assert verify(caption, FIELDS, "chatearthnet")  # none of them keeps to the strict forms


@pytest.mark.parametrize(("caption", "problem"), WRONG)
def test_wrong_paragraphs(caption: str, problem: str) -> None:
    found = verify(caption, FIELDS, "chatearthnet-rewritten")
    assert found
    assert problem in "; ".join(found)


def test_throughout_and_satellite() -> None:
    assert (
        verify(
            "The image is dominated by water, extending throughout the image.", LAKE, "chatearthnet-rewritten"
        )
        == []
    )
    assert verify("A satellite image of water.", {**LAKE, "gsd": 1.0}, "chatearthnet-rewritten")
    assert verify("A satellite image of water.", {**LAKE, "gsd": 10.0}, "chatearthnet-rewritten") == []


def sentence_on(region: str, classes: list[tuple[str, int]], rng: random.Random) -> str:
    total = sum(pixels for _, pixels in classes)
    sizes = [(10, "extra small"), (20, "small"), (50, "medium"), (80, "large"), (101, "extra large")]
    told = [
        f"{'an' if size[0] == 'e' else 'a'} {size} {rng.choice(['portion', 'amount'])} of {word}"
        for word, pixels in classes
        if pixels >= 20
        for size in [next(name for limit, name in sizes if int(round(pixels / total, 2) * 100) < limit)]
    ]
    opening = rng.choice(
        [
            "In the {} part, there is {}.",
            "The {} region contains {}.",
            "Moving to the {} corner, it features {}.",
        ]
    )
    return opening.format(region, " and ".join(told))


def test_every_changed_claim_is_found() -> None:
    """Right sentences; then one word of a claim is changed, and the labels no longer bear it out."""
    rng = random.Random(7)
    words = ["crop", "tree", "water", "grass", "shrub", "wetland"]
    sizes = ["extra small", "small", "medium", "large", "extra large"]
    changed = 0
    for _ in range(150):
        held = rng.sample(words, rng.randint(2, 4))
        regions: dict[str, list[tuple[str, int]]] = {}
        for name in REGIONS:
            some = rng.sample(held, rng.randint(1, len(held)))
            counts = [(word, rng.randint(40, 900)) for word in some]
            regions[name.replace(" ", "_")] = sorted(counts, key=lambda item: -item[1])
        whole: dict[str, int] = {}
        for region, found in regions.items():
            for word, pixels in found if region != "middle" else []:
                whole[word] = whole.get(word, 0) + pixels
        overall = sorted(whole.items(), key=lambda item: -item[1])
        if len({pixels for _, pixels in overall}) < len(overall) or not overall:
            continue
        chip: Labels = labels(cover=cover("chatearthnet", overall, **regions))
        region = rng.choice(REGIONS)
        there = regions[region.replace(" ", "_")]
        if len({pixels for _, pixels in there}) < len(there) or any(word not in whole for word, _ in there):
            continue
        sentence = sentence_on(region, there, rng)
        opening = f"The image is dominated by {overall[0][0]}. "
        assert verify(opening + sentence, chip, "chatearthnet-rewritten") == [], sentence
        said = next(
            size for size in ("extra large", "extra small", "large", "small", "medium") if size in sentence
        )
        for size in sizes:
            if size != said:
                damaged = sentence.replace(said, size, 1)
                changed += 1
                assert verify(opening + damaged, chip, "chatearthnet-rewritten"), damaged
        for word in words:
            if word != there[0][0]:
                damaged = sentence.replace(there[0][0], word, 1)
                changed += 1
                assert verify(opening + damaged, chip, "chatearthnet-rewritten"), damaged
                if word != overall[0][0]:
                    assert verify(
                        f"The image is dominated by {word}. " + sentence, chip, "chatearthnet-rewritten"
                    )
    assert changed > 500


def thing(tag: str, x: float, y: float, number: int) -> ObjectLabel:
    found: ObjectLabel = area(dict([tag.split("=")]), (x - 4, y - 4, x + 4, y + 4), id=f"w{number}")
    return found


TOWN: Labels = labels(
    objects=[
        thing("building=church", 85, 15, 1),
        *(thing("building=house", 20 + 3 * n, 85, 10 + n) for n in range(3)),
        thing("leisure=swimming_pool", 15, 15, 30),
    ],
    width=100,
    height=100,
)


@pytest.fixture(scope="module")
def nouns() -> list[str]:
    from rsvlm.captioning.verify.things import things_of

    return list(things_of(TOWN).groups)


def test_what_the_town_is_called(nouns: list[str]) -> None:
    assert nouns == ["church", "house", "swimming pool"]


@pytest.mark.parametrize(
    "caption",
    [
        "A church in the north-east, three houses in the south-west, and a swimming pool in the north-west.",
        "The image features three houses along with a church and a swimming pool.",
        "In the north-east, a church stands, and in the south-west, several houses can be seen.",
        "A church is visible at the upper right of the image. The church is accompanied by a few houses.",
        "Three houses, a church and a swimming pool are present.",
    ],
)
def test_right_sentences(caption: str) -> None:
    assert verify(caption, TOWN, "natural-rewritten") == []
    assert verify(caption, TOWN, "natural")


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        ("The image features four houses.", "the labels hold 3"),
        ("The image features many houses.", "the labels hold 3"),
        ("The image features a house.", "the labels hold 3"),
        ("The image features the churches.", "the labels hold 1"),
        ("The image features two churches and three houses.", "the labels hold 1"),
        ("The image features a church and a river.", "'river', which the labels do not hold"),
        (
            "The image features a church in the north-west.",
            "'in the north-west' of 'church', which is not so",
        ),
        ("A church and a swimming pool lie in the north-east.", "of 'swimming pool', which is not so"),
        ("In the north-east, there are a church and three houses.", "of 'house', which is not so"),
        ("A church is found in the north-east, with three houses.", "of 'house', which is not so"),
        ("A church, in the south-west, three houses.", "of 'church', which is not so"),
        ("A church stands beside three houses.", "unknown word 'beside'"),
        ("A church is surrounded by three houses.", "unknown word 'surrounded'"),
        ("A church in a swimming pool.", "unknown word 'in'"),
        ("A church contains a swimming pool.", "of something that is no image"),
        ("A church is a swimming pool.", "that one thing 'is' another"),
        ("A large church and three houses.", "unknown word 'large'"),
        ("A white church.", "unknown word 'white'"),
        ("A church and another house.", "cannot be told"),
        ("A church and several.", "not of what"),
        ("A church appears with three houses.", "forbidden word 'appears'"),
        ("A church lies there. In the south, it can be seen.", "not of what"),
        ("The image is a view.", "names nothing"),
        ("一座教堂.", "unknown word"),
        ("A church with three houses " + "and it is there " * 20 + "seen.", "words, more than 70"),
    ],
)
def test_wrong_sentences(caption: str, problem: str) -> None:
    assert problem in "; ".join(verify(caption, TOWN, "natural-rewritten"))


def test_compass_words_need_north() -> None:
    turned: Labels = {**TOWN, "north_up": False}
    assert verify("A church in the north-east.", turned, "natural-rewritten")
    assert verify("A church at the upper right.", turned, "natural-rewritten") == []


def test_the_focus_is_named() -> None:
    focus: ObjectLabel = {**TOWN["objects"][0], "role": "focus", "distance_m": None}
    chip: Labels = {**TOWN, "objects": [focus, *TOWN["objects"][1:]]}
    assert "does not name the focus, 'church'" in verify(
        "The image features three houses.", chip, "natural-rewritten"
    )


def test_strict_captions_are_right_in_the_free_readers_too() -> None:
    strict = "A church stands in the north-east, with three houses and a swimming pool."
    assert verify(strict, TOWN, "natural") == []
    assert verify(strict, TOWN, "natural-rewritten") == []
