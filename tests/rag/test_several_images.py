"""With several images: which of them a question is about, and what is said of that one."""

import numpy as np
import pytest
from colour_encoder import BLUE, GREEN, ColourEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.rag.composer.eachimage import ordinal
from rsvlm.rag.composer.look import Look
from rsvlm.rag.nearby import Nearby
from rsvlm.rag.questions import understand
from rsvlm.rag.seen import Seen

WOODS, WATER = Image.new("RGB", (120, 120), GREEN), Image.new("RGB", (120, 120), BLUE)


@pytest.fixture(scope="module")
def answerer() -> VisualQuestionAnswerer:
    return VisualQuestionAnswerer("none", ColourEncoder())


@pytest.mark.parametrize(
    ("question", "image", "among"),
    [
        ("Is there a river in the second image?", 2, ""),
        ("Is there a river in the first picture?", 1, ""),
        ("Is there a river in the second?", 2, ""),
        ("Is there a river in the after image?", 2, ""),
        ("Is there a river in the before image?", 1, ""),
        ("Is there a river in the later one?", 2, ""),
        ("Is there a river in the earlier photo?", 1, ""),
        ("Is there a river in the other image?", 2, ""),
        ("Is there a river in the right-hand image?", 2, ""),
        ("Is there a river in the picture on the left?", 1, ""),
        ("Is there a river in image 2?", 2, ""),
        ("Is there a river in image A?", 1, ""),
        ("Image 2: any ships?", 2, ""),
        ("What does the second show?", 2, ""),
        ("Describe the second image.", 2, ""),
        ("Is there more forest than water in the second image?", 2, ""),
        ("Is there a river in either image?", None, "any"),
        ("Is there a river in both images?", None, "all"),
        ("Is there a river in both?", None, "all"),
        ("Describe both images.", None, "all"),
        ("Is there a river on the right?", None, ""),
        ("Is there a river in the image?", None, ""),
        ("What is missing in the second image?", None, ""),
        ("Are there more houses in image 2?", None, ""),
        ("Do both images show the same place?", None, ""),
        ("Is the second image greener than the first one?", None, ""),
    ],
)
def test_which_image_is_asked_about(question: str, image: int | None, among: str) -> None:
    [asked] = understand(question, images=2)
    assert (asked.image, asked.among) == (image, among)
    assert (asked.kind == "compare") == (image is None and not among and "river" not in question)


def test_sides_and_times_tell_an_image_of_two_only() -> None:
    for images in (1, 3):
        [asked] = understand("Is there a river in the left image?", images=images)
        assert asked.image is None


def test_the_image_holds_for_what_follows() -> None:
    asked = understand("Is there a river in the second image? And a lake? How big is it?", images=2)
    assert [one.image for one in asked] == [2, 2, 2]
    assert [one.region for one in asked] == [None] * 3


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Is there a forest in the first image?", "yes"),
        ("Is there a forest in the second image?", "no"),
        ("Is there a lake in the right image?", "yes"),
        ("Where is the forest in the second image?", "nowhere"),
        ("How many trees are in the second image?", "0"),
        ("What share of image 2 is water?", "100%"),
        ("Is there a forest in either image?", "yes"),
        ("Is there an airport in either image?", "no"),
        ("Is there a forest in both images?", "no"),
        ("Is there no forest in either image?", "no"),
        ("Is there no airport in either image?", "yes"),
        ("What share of both images is water?", "0%; 100%"),
        ("Which image shows a forest?", "first"),
        ("Which image shows a lake?", "second"),
        ("Which one has no forest?", "second"),
        ("Which image shows an airport?", "neither"),
        ("Is the lake in the first or in the second image?", "second"),
        ("Which image has more forest?", "first"),
    ],
)
def test_what_is_said_is_of_that_image(answerer: VisualQuestionAnswerer, question: str, short: str) -> None:
    answer = answerer.ask([WOODS, WATER], question)
    assert (answer.short, answer.abstained) == (short, False)


def test_both_images_show_it(answerer: VisualQuestionAnswerer) -> None:
    for question, short in (
        ("Which image shows a lake?", "both"),
        ("Is there a lake in both images?", "yes"),
    ):
        assert answerer.ask([WATER, WATER], question).short == short


def test_an_image_that_was_not_given(answerer: VisualQuestionAnswerer) -> None:
    answer = answerer.ask([WOODS, WATER], "Is there a forest in the third image?")
    assert answer.text == "I don't know: there is no third image."
    assert answerer.ask(WOODS, "Is there a forest in the second image?").abstained


def test_places_near_are_near_to_the_first_image(answerer: VisualQuestionAnswerer) -> None:
    encoder = ColourEncoder()
    looks = [
        Look(
            Seen(np.asarray(one), bbox=(9.0, 46.0, 9.1, 46.1)),
            encoder,
            encoder.encode_images([one])[0].astype(float),
        )
        for one in (WOODS, WATER)
    ]
    asked: list[str] = []
    for question in ("What is nearest to the first image?", "What is nearest to the second image?"):

        def nearby(question: str = question) -> list[Nearby]:
            asked.append(question)
            return []

        answerer.composer.compose(question, looks, lambda *_: [], nearby)
    assert asked == ["What is nearest to the first image?"]


def test_ordinals() -> None:
    said = [ordinal(number - 1) for number in (1, 7, 11, 12, 13, 20, 21, 22, 23, 101, 111)]
    assert said == ["first", "7th", "11th", "12th", "13th", "20th", "21st", "22nd", "23rd", "101st", "111th"]
