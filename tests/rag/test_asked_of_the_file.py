"""What the file of an image says of it, where that is asked for."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from colour_encoder import GREEN, ColourEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.rag.composer import Composer
from rsvlm.rag.composer.look import Look
from rsvlm.rag.seen import Seen

WOODS = Image.new("RGB", (100, 100), GREEN)


def ask(question: str, **seen: Any) -> str:
    encoder = ColourEncoder()
    picture = np.asarray(WOODS)
    look = Look(Seen(picture, **seen), encoder, encoder.encode_images([picture])[0].astype(np.float64))
    answer = Composer(encoder).compose(question, [look], lambda *_: [])
    assert (answer.evidence, answer.confidence) == ((), None)
    assert answer.abstained == answer.text.startswith("I don't know")
    return answer.text


@pytest.mark.parametrize(
    "question",
    [
        "When was this taken?", "When was the image captured?", "What is the date of the image?", "acquisition date?",
        "In what year was the photo taken?", "when was this satellite image taken",
    ],
)  # fmt: skip
def test_when(question: str) -> None:
    taken = datetime(2023, 7, 14, 10, 30, tzinfo=UTC)
    assert ask(question, datetime=taken) == "The file says that it was taken on 2023-07-14."
    assert ask(question) == "I don't know: the file does not say when it was taken."


def test_the_time_of_day_is_not_that_of_a_date() -> None:
    question = "At what time of day was this taken?"
    at = datetime(2023, 7, 14, 10, 30, tzinfo=UTC)
    assert ask(question, datetime=at) == "The file says that it was taken on 2023-07-14 at 10:30 UTC."
    assert "but not at what time" in ask(question, datetime=datetime(2023, 7, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    "question",
    [
        "What are the coordinates of the image?", "What are the coordinates?", "tell me the coordinates",
        "Where on earth is this?", "Where was this picture taken?", "What is the centre of the image?",
        "latitude and longitude of this place?",
    ],
)  # fmt: skip
def test_where(question: str) -> None:
    found = ask(question, bbox=(9.0, 46.0, 9.2, 46.4))
    assert found == "The file says that the middle of the image lies at 46.2000 N 9.1000 E."
    assert ask(question).startswith("I don't know: ")


@pytest.mark.parametrize(
    "question", ["What is the pixel size?", "resolution of the image?", "GSD?", "How large is a pixel?"]
)
def test_the_size_of_a_pixel(question: str) -> None:
    assert ask(question, gsd=10.0) == "The file says that a pixel is 10 m wide."
    assert ask(question) == "I don't know: the file does not say how large a pixel is on the ground."


@pytest.mark.parametrize(
    "question",
    [
        "How large is the area that the image covers?", "What area does this image cover?", "How big is the image?",
        "How many hectares does the scene cover?", "What is the size of this picture?",
        "How much ground does the image cover?",
    ],
)  # fmt: skip
def test_how_much_it_covers(question: str) -> None:
    assert ask(question, gsd=10.0) == "The file says that the image covers 1.0 km²: 100 x 100 pixels of 10 m."
    assert ask(question).startswith("I don't know: the image has 100 x 100 pixels, but")


@pytest.mark.parametrize(
    "question",
    [
        "When was the dam built?", "When was it built?", "What resolution does Sentinel-2 have?",
        "How old is the bridge?", "I found no forest. Where is it?",
        "How large is the lake?",
        "What is the location of the forest?", "Was the photo taken in winter?",
    ],
)  # fmt: skip
def test_what_is_no_question_of_the_file(question: str) -> None:
    found = ask(question, datetime=datetime(2023, 7, 14, tzinfo=UTC), gsd=10.0, bbox=(9.0, 46.0, 9.2, 46.4))
    assert "The file" not in found
    assert "the file" not in found


def test_each_of_two_images_has_its_own_file() -> None:
    answerer = VisualQuestionAnswerer("none", ColourEncoder())
    answer = answerer.ask([WOODS, WOODS], "When were both images taken?")
    assert answer.text.count("the file does not say when it was taken") == 2
