"""What happens when somebody does something, with the built-in model and without a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hostile import Reader, check_harmless  # type: ignore[import-not-found] # beside
from PIL import Image
from rasterio.transform import Affine

from rsvlm.captioning.sample import SamplePaths
from rsvlm.demo.engine import Engine
from rsvlm.demo.handlers import Handlers, Reply
from rsvlm.demo.limits import Limits, discard
from rsvlm.demo.pictures import Picked
from rsvlm.imagery.items import ChipOptions
from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.retrieval import Index


def last(replies: Iterator[Reply]) -> Reply:
    *_, reply = replies
    return reply


def taken(handlers: Handlers, path: Path, before: Picked | None = None) -> Picked:
    picked, card = handlers.upload(str(path), path.name, before)
    assert picked is not None, card
    return picked


def test_an_upload_shows_how_it_was_read(handlers: Handlers, picture: Path) -> None:
    picked, card = handlers.upload(str(picture), picture.name, None)
    assert picked is not None
    for words in ("64 x 48 px", "red, green, blue", "not told by the file", "green.png"):
        assert words in card
    assert picked.vector is not None
    assert picked.vector.shape == (handlers.engine.encoder.dimension,)


def test_an_upload_takes_the_place_of_the_one_before(handlers: Handlers, picture: Path) -> None:
    first = taken(handlers, picture)
    second = taken(handlers, picture, first)
    assert [one.is_file() for one in (first.file, second.file) if one] == [False, True]
    assert handlers.upload(None, "", second) == (
        None,
        '<p class="picked none">No image yet: upload one, or take one of these.</p>',
    )
    assert list(handlers.folder.iterdir()) == []


def test_a_refused_upload_says_why_and_leaves_nothing(handlers: Handlers, tmp_path: Path) -> None:
    (tmp_path / "<b>x.tif").write_bytes(b"<VRTDataset/>")
    picked, card = handlers.upload(str(tmp_path / "<b>x.tif"), "<b>x.tif", None)
    assert picked is None
    assert 'role="alert"' in card
    assert "<b>x.tif is no GeoTIFF" in check_harmless(card).text
    assert "<b>" not in card
    assert list(handlers.folder.iterdir()) == []


def test_a_question_of_fact_is_answered_step_by_step_with_its_citation(handlers: Handlers) -> None:
    replies = list(handlers.ask(None, None, "What is a lighthouse mistaken for?", 0.5, 3))
    assert "Looking it up" in replies[0].answer
    assert replies[1].found is not None
    assert "lighthouse" in replies[1].found
    answer = replies[-1]
    assert "a water tower or a chimney" in Reader(answer.answer).text
    assert 'href="#evidence-1"' in answer.answer
    assert "<mark>" in answer.cited
    for html in (answer.answer, answer.cited, replies[1].found):
        check_harmless(html)


def test_an_image_is_asked_about_and_compared(handlers: Handlers) -> None:
    first, second = handlers.example("stadium", None)[0], handlers.example("river", None)[0]
    assert first is not None
    reply = last(handlers.ask(first, None, "Is there a football pitch?", 0.5, 3))
    assert "pitch" in reply.answer
    assert 'class="here"' in reply.places
    assert 'role="meter"' in reply.answer
    compared = last(handlers.ask(first, second, "Which of the two images shows more water?", 0.5, 3))
    assert 'class="answer' in compared.answer


def test_what_is_not_known_is_said(handlers: Handlers) -> None:
    reply = last(handlers.ask(None, None, "What is the capital of France?", 0.5, 3))
    assert "No answer" in reply.answer
    assert "know" in reply.answer


@pytest.mark.parametrize("question", ["", "   ", "x" * 1001, None, 5])
def test_no_question_and_too_long_a_one(handlers: Handlers, question: Any) -> None:
    assert 'role="alert"' in last(handlers.ask(None, None, question, 0.5, 3)).answer


def test_sliders_change_the_evidence(handlers: Handlers) -> None:
    picked, _ = handlers.example("river", None)
    cards = [handlers.evidence(picked, "ferry", alpha, 1) for alpha in (0.0, 1.0)]
    assert "score" in cards[0]
    assert cards[0] != cards[1]
    assert handlers.evidence(picked, "ferry", 99, -5)  # what no slider gives is brought into its range


def test_an_upload_that_was_deleted_meanwhile(handlers: Handlers, picture: Path) -> None:
    picked = taken(handlers, picture)
    assert picked.file is not None
    discard(picked.file)
    reply = last(handlers.ask(picked, None, "Is there a river?", 0.5, 3))
    assert "choose it again" in reply.answer
    assert str(handlers.folder) not in reply.answer


def test_classes_of_a_vocabulary_and_of_ones_own(handlers: Handlers, tmp_path: Path) -> None:
    picked, _ = handlers.example("river", None)
    assert handlers.classify(picked, "eurosat", "").count("<li>") == 5
    own = handlers.classify(picked, "eurosat", "river, stadium\nriver")
    assert own.count("<li>") == 2
    (tmp_path / "names.txt").write_text("secret one\nsecret two\n", encoding="utf-8")
    for name in (str(tmp_path / "names.txt"), "../eurosat", "no-such"):
        assert "there is no vocabulary" in handlers.classify(picked, name, "")
    assert "secret" not in handlers.classify(picked, "eurosat", f"{tmp_path / 'names.txt'}, river")
    for wrong in ("river", ",".join(map(str, range(61)))):
        assert 'role="alert"' in handlers.classify(picked, "eurosat", wrong)
    assert "alike" in handlers.classify(
        picked, "eurosat", "ደን, ወንዝ"
    )  # the built-in encoder knows no such letters
    assert "choose an image first" in handlers.classify(None, "eurosat", "")


@pytest.fixture(scope="module")
def searching(engine: Engine, tmp_path_factory: pytest.TempPathFactory, town: SamplePaths) -> Engine:
    """The engine with an index of the sample town."""
    folder = tmp_path_factory.mktemp("index") / "town"
    options = ChipOptions(chips="grid", size="512")
    index = Index.build(town.image, folder, engine.encoder, options=options)
    return Engine(engine.answerer, index)


@pytest.mark.slow
def test_a_hit_becomes_the_image_that_is_asked_about(searching: Engine, tmp_path: Path) -> None:
    handlers = Handlers(Engine(searching.answerer, searching.index, Limits(hits=4)), tmp_path)
    rows, buttons, places = handlers.search("a river", None, False, 0.5)
    assert len(rows) == 4
    assert buttons.count("data-pick") == 4
    assert 'href="#hit-1"' in places
    picked, card = handlers.hit(1, rows, None)
    assert picked is not None
    assert picked.point is not None
    assert "512 x 512 px" in card
    assert 'class="answer' in last(handlers.ask(picked, None, "Is there a river?", 0.5, 3)).answer
    again, buttons, _ = handlers.search("", picked, True, 0.5)
    assert again[0]["key"] == rows[0]["key"]  # itself is what looks most like it
    assert 'role="alert"' not in buttons
    assert "search first" in handlers.hit(9, rows, None)[1]
    for wanted in (False, True):
        assert (
            "say what to find: write words, or choose an image" in handlers.search(" ", None, wanted, 0.5)[1]
        )


@pytest.mark.slow
def test_hits_like_an_image_that_there_is_not(searching: Engine, tmp_path: Path) -> None:
    handlers = Handlers(Engine(searching.answerer, searching.index, Limits(hits=4)), tmp_path)
    rows, buttons, _ = handlers.search("a river", None, True, 0.5)
    assert "There is no image in the Ask tab: only the words were looked for." in buttons
    assert rows == handlers.search("a river", None, False, 0.5)[0]


def test_no_index(handlers: Handlers) -> None:
    assert "--index" in handlers.search("a river", None, False, 0.5)[1]


def test_an_answer_that_comes_too_late_is_none_about_the_next_image(handlers: Handlers) -> None:
    first, _ = handlers.example("stadium", None)
    replies = handlers.ask(first, None, "Is there a football pitch?", 0.5, 3)
    assert "Reading the image" in next(replies).answer
    handlers.example("river", first)
    late = last(replies)
    assert "the image is another one now: ask again" in late.answer
    assert (late.cited, late.places) == ("", "")
    assert handlers.evidence(first, "ferry", 0.5, 3) == ""
    assert handlers.classify(first, "eurosat", "") == ""


BANDS = [
    "coastal", "blue", "green", "red", "rededge071", "rededge075", "rededge078", "nir", "nir08", "nir09", "cirrus",
    "swir16", "swir22",
]  # fmt: skip


@pytest.fixture
def thirteen(tmp_path: Path) -> Path:
    """A GeoTIFF of 13 bands that it has no names for."""
    values = np.random.default_rng(7).integers(200, 2500, (13, 32, 32), dtype=np.uint16)
    place = Affine(10, 0, 500_000, 0, -10, 5_500_000)
    profile = {
        "width": 32,
        "height": 32,
        "count": 13,
        "dtype": "uint16",
        "crs": "EPSG:32632",
        "transform": place,
    }
    with rasterio.open(tmp_path / "thirteen.tif", "w", driver="GTiff", **profile) as file:
        file.write(values)
    return tmp_path / "thirteen.tif"


def test_bands_that_nobody_names(handlers: Handlers, thirteen: Path) -> None:
    picked, card = handlers.upload(str(thirteen), "<b>13.tif", None)
    assert picked is None
    assert Reader(card).text == (
        "<b>13.tif has 13 bands, and does not say what they are: whoever runs this page can name them with --sensor"
    )


@pytest.mark.parametrize("naming", [{"sensor": "eurosat"}, {"bands": BANDS}])
def test_bands_that_who_runs_the_demo_names(
    engine: Engine, tmp_path: Path, thirteen: Path, picture: Path, naming: dict[str, Any]
) -> None:
    answerer = VisualQuestionAnswerer(engine.answerer.knowledge, engine.encoder, **naming)
    handlers = Handlers(Engine(answerer), tmp_path)
    many, card = handlers.upload(str(thirteen), "13.tif", None)
    assert many is not None, card
    assert "ndvi" in card
    few, example = taken(handlers, picture), handlers.example("river", None)[0]  # which such names do not fit
    for first, second in ((many, None), (few, None), (example, None), (many, few), (example, many)):
        assert (
            'class="answer'
            in last(handlers.ask(first, second, "Which image shows more water?", 0.5, 3)).answer
        )
    assert handlers.classify(many, "eurosat", "").count("<li>") == 5
    assert handlers.engine.answerer.bands == (tuple(naming["bands"]) if "bands" in naming else None)


def test_an_image_without_valid_pixels(handlers: Handlers, tmp_path: Path) -> None:
    place = Affine(10, 0, 500_000, 0, -10, 5_500_000)
    profile = {
        "width": 32,
        "height": 32,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32632",
        "transform": place,
    }
    with rasterio.open(tmp_path / "empty.tif", "w", driver="GTiff", nodata=0, **profile) as file:
        file.write(np.zeros((3, 32, 32), np.uint8))
    assert (
        "empty.tif: has no valid pixels" in handlers.upload(str(tmp_path / "empty.tif"), "empty.tif", None)[1]
    )


def test_a_generator_is_asked_and_its_failure_told(engine: Engine, tmp_path: Path) -> None:
    def generator(prompt: str, images: object) -> str:
        if "fail" in prompt:
            raise RuntimeError("<b>out of order</b>")
        return "A water tower [1], and [9]."

    answerer = VisualQuestionAnswerer(engine.answerer.knowledge, engine.encoder, generator)
    handlers = Handlers(Engine(answerer, limits=Limits(k=2)), tmp_path)
    reply = last(handlers.ask(None, None, "What is a lighthouse mistaken for?", 0.5, 50))
    assert 'href="#evidence-1"' in reply.answer
    assert "[9]" not in reply.answer
    assert "What the generator was asked" in reply.answer
    failed = last(handlers.ask(None, None, "Will it fail?", 0.5, 3)).answer
    assert "<b>out of order" in check_harmless(failed).text


def test_settings_of_one_user_are_not_those_of_another(engine: Engine) -> None:
    before = engine.answerer.alpha, engine.answerer.k
    engine.ask([], "What is a lighthouse mistaken for?", 0.1, 9)
    assert (engine.answerer.alpha, engine.answerer.k) == before


def test_a_large_picture_is_refused_by_its_header(handlers: Handlers, tmp_path: Path) -> None:
    Image.new("L", (5000, 4000)).save(tmp_path / "large.png")
    picked, card = handlers.upload(str(tmp_path / "large.png"), "large.png", None)
    assert picked is None
    assert "5,000 x 4,000 pixels" in card
