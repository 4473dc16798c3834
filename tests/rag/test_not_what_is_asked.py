"""Questions whose words I do not know, and those that ask for more than an image tells: no other one is answered."""

import numpy as np
import pytest
from colour_encoder import BLUE, GREEN, ColourEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.rag import Chunk, Evidence, VisualQuestionAnswerer
from rsvlm.rag.composer import Composer
from rsvlm.rag.composer.look import Look, neighbours_of
from rsvlm.rag.questions import understand
from rsvlm.rag.questions.known import is_foreign, strange_words
from rsvlm.rag.seen import Seen

WOODS, WATER = Image.new("RGB", (120, 120), GREEN), Image.new("RGB", (120, 120), BLUE)


@pytest.fixture(scope="module")
def answerer() -> VisualQuestionAnswerer:
    return VisualQuestionAnswerer("none", ColourEncoder())


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Was zeigt das Bild?", "zeigt"),
        ("Gibt es einen Fluss?", "Gibt"),
        ("¿Hay un río?", "río"),
        ("Где река?", "Где"),
        ("川はありますか", "川はありますか"),
        ("asdf qwer zxcv", "asdf"),
        ("Is there a Fluss?", "Fluss"),
        ("How many Flusses are there?", "Flusses"),
        ("Where is the Fluss?", "Fluss"),
    ],
)
def test_words_that_are_not_known(answerer: VisualQuestionAnswerer, question: str, word: str) -> None:
    answer = answerer.ask(WOODS, question)
    assert (
        answer.text == f"I don't know: I know no such thing as \u201c{word}\u201d, and I read English only."
    )
    assert answer.confidence is None


def test_bare_words_without_a_class_are_looked_up(answerer: VisualQuestionAnswerer) -> None:
    assert answerer.ask(WOODS, "blah").kind == "fact"
    assert answerer.ask(WOODS, "blah").abstained
    assert answerer.ask(WOODS, "helipad?").kind == "yes-no"
    assert [one.kind for one in understand("Is there a lake? And a trampoline?")] == ["yes-no", "yes-no"]


def test_words_that_are_known() -> None:
    assert strange_words("Are there churches, forrests, ponds or Flusses?") == ["Flusses"]
    assert not strange_words("It isn't there in 2019: 3 km² of it, e.g. a pond")
    assert not strange_words("Is it polluted, eroded, densely forested or flooding?")
    assert not is_foreign("When was Þórsmörk first visited?")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Is the lake polluted?", "I see a lake, but I cannot tell whether it is polluted"),
        ("Is this river polluted?", "I see a river, but I cannot tell whether it is polluted"),
        ("Are the lakes frozen over?", None),
        ("Are all the lakes polluted?", "I see lakes, but I cannot tell whether they are polluted"),
        ("Is the lake in this image polluted?", "I see a lake, but I cannot tell whether it is polluted"),
        ("Is the lake deep?", "I see a lake, but I cannot tell whether it is deep"),
        ("Is the water clear?", "I see water, but I cannot tell whether it is clear"),
        ("Is the lake polluted (y/n)?", "I see a lake, but I cannot tell whether it is polluted"),
        ("Tell me if the lake is polluted", "I see a lake, but I cannot tell whether it is polluted"),
        ("Does the river flow fast?", "I see a river, but I cannot tell whether that is so"),
        ("Is the lake used for swimming?", "I see a lake, but I cannot tell whether that is so"),
        ("Is this image real?", "I cannot tell whether it is real"),
        ("Is this area suitable for building?", "I cannot tell whether it is suitable"),
    ],
)
def test_what_is_said_of_a_thing(answerer: VisualQuestionAnswerer, question: str, said: str | None) -> None:
    answer = answerer.ask(WATER, question)
    assert said is None or answer.text == f"I don't know: {said}."
    assert answer.short != "yes"


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Is the forest healthy?", "no"),  # there is none
        ("Is the lake visible?", "yes"),
        ("Is the lake present?", "yes"),
        ("Is a river seen?", "yes"),
        ("Is the lake in the north?", "yes"),
        ("Is there a river near the lake?", "yes"),
        ("Is this water?", "yes"),
        ("Is this a lake?", "yes"),
        ("this is a lake, right?", "yes"),
        ("Is it true that there are no trees?", "yes"),
        ("Is the lake forested?", "no"),  # both would have to be there
    ],
)
def test_what_can_be_seen_is_still_answered(
    answerer: VisualQuestionAnswerer, question: str, short: str
) -> None:
    assert answerer.ask(WATER, question).short == short


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("What is 2+2?", "I do no sums"),
        ("What sport is played here?", "I cannot tell the sport"),
        ("Which animals are there?", "I cannot tell the animals"),
        ("What crop is grown here?", "I cannot tell what kind of crop it is"),
        ("What kind of ships are these?", "I cannot tell what kind of ships they are"),
        ("What is that dark line?", "I cannot tell the dark line"),
        ("What are those round things?", "I cannot tell what that is"),
        ("What is the man doing?", "I cannot tell that from an image"),
    ],
)
def test_what_no_scene_answers(answerer: VisualQuestionAnswerer, question: str, why: str) -> None:
    assert answerer.ask(WOODS, question).text == f"I don't know: {why}."


@pytest.mark.parametrize(
    "question",
    [
        "What is this?", "In your opinion, what is this?", "Any idea what this might be?", "what are we seeing",
        "Which class would you assign?", "What can you observe in the scene?", "What type of area is this?",
        "What is this area used for?", "Name the class of this EuroSAT tile", "What landscape is this?",
        "Land cover at the botom edge please",
    ],
)  # fmt: skip
def test_what_asks_for_the_scene_in_other_words(answerer: VisualQuestionAnswerer, question: str) -> None:
    assert not answerer.ask(WOODS, question).abstained


def test_a_doubtful_number_is_not_known_in_both_ways() -> None:
    encoder = ColourEncoder()
    picture = np.asarray(WOODS)
    look = Look(Seen(picture), encoder, encoder.encode_images([picture])[0].astype(np.float64))
    captions = ("There are 2 trees.", "There are 3 trees.", "There are 4 trees.")
    look.neighbours = tuple(
        neighbours_of(
            [
                Evidence(0, Chunk("a.csv", f"row {row}", text, image=f"{row}.png"), 1.0, by_image=0.9)
                for row, text in enumerate(captions)
            ]
        )
    )
    composer = Composer(encoder)
    for question in (
        "How many trees are there?",
        "Are there fewer than 5 trees?",
        "Are there more than 5 trees?",
    ):
        answer = composer.compose(question, [look], lambda *_: [])
        assert answer.text == "I don't know: the image does not show it clearly."
