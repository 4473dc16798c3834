"""Evaluation of the composer, and of generators that are given evidence: what they are asked, and what counts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agromind_data import write_questions  # type: ignore[import-not-found] # this folder is on pytest's path
from asking_data import command_line, load_lying_server  # type: ignore[import-not-found]
from colour_encoder import BLUE, GREEN, ColourEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.eval import EvalError
from rsvlm.eval.agromind import compare_knowledge, evaluate_agromind, read_agromind, read_answers
from rsvlm.eval.agromind.prompts import plain_question
from rsvlm.eval.asking import QUESTION_PROMPT, evaluate_vqa
from rsvlm.models.generators import Request
from rsvlm.rag import ComposerGenerator, InformedGenerator, KnowledgeBase, RagError


class Listening:
    """A generator that remembers what it was asked, and says the same to all."""

    name, revision = "listening", "7"

    def __init__(self, says: str = "yes") -> None:
        self.asked: list[str] = []
        self.says = says

    def generate(self, prompt: str, images: Sequence[Any] = ()) -> str:
        self.asked.append(prompt)
        return self.says


@pytest.fixture(scope="module")
def composer() -> ComposerGenerator:
    return ComposerGenerator("none", ColourEncoder())


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("knowledge")
    notes = folder / "notes.jsonl"
    texts = ("Lake Ohrid is 288 metres deep.", "The forest of Perucica was left to itself.")
    notes.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return KnowledgeBase.build(notes, folder / "ohrid", ColourEncoder())


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = []
    for name, colour, gold in (("a", GREEN, "yes"), ("b", BLUE, "no")):
        Image.new("RGB", (96, 96), colour).save(tmp_path / f"{name}.png")
        rows += [
            {"image": f"{name}.png", "question": "Is there a forest?", "answer": gold, "type": "presence"},
            {"image": f"{name}.png", "question": "What colour is it?", "answer": "some", "type": "colour"},
        ]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_composer_answers_a_file_of_questions(
    questions: Path, tmp_path: Path, composer: ComposerGenerator
) -> None:
    answers = tmp_path / "answers.jsonl"
    result = evaluate_vqa(questions, composer, answers)
    presence, colour = (result.groups["type"][kind] for kind in ("presence", "colour"))
    assert (presence["accuracy"], presence["coverage"]) == (1.0, 1.0)
    assert (colour["accuracy"], colour["coverage"], colour["n_unanswered"]) == (0.0, 0.0, 2)
    assert (result.metrics["accuracy"], result.metrics["coverage"]) == (0.5, 0.5)
    assert result.metrics["accuracy_answered"] == 1.0
    assert result.config["prompt"]["text"] == "{question}"
    assert result.config["generator"]["info"]["encoder"] == {"name": "colours", "revision": "1"}
    assert [answer.text for answer in read_answers(answers).values()] == ["yes", "", "no", ""]


def test_the_composer_is_not_asked_again_and_a_missing_image_fails_alone(
    questions: Path, tmp_path: Path, composer: ComposerGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "answers.jsonl"
    (tmp_path / "b.png").rename(tmp_path / "elsewhere.png")
    first = evaluate_vqa(questions, composer, answers)
    assert (first.n_failed, first.n_unanswered) == (2, 1)
    (tmp_path / "elsewhere.png").rename(tmp_path / "b.png")
    asked: list[str] = []
    many = composer.generate_many

    def listened(requests: Sequence[Request]) -> Any:
        asked.extend(request.prompt for request in requests)
        return many(requests)

    monkeypatch.setattr(composer, "generate_many", listened)
    assert evaluate_vqa(questions, composer, answers).n_failed == 0
    assert len(asked) == 2  # "I don't know" is an answer, and kept


def test_answers_with_another_base_are_others(
    questions: Path, tmp_path: Path, composer: ComposerGenerator, base: KnowledgeBase
) -> None:
    evaluate_vqa(questions, composer, tmp_path / "a.jsonl")
    other = ComposerGenerator(base)
    assert other.name == "composer with ohrid"
    with pytest.raises(EvalError, match="differs in generator"):
        evaluate_vqa(questions, other, tmp_path / "a.jsonl")


def test_one_question_to_the_composer(composer: ComposerGenerator, tmp_path: Path) -> None:
    assert composer.generate("Is there a river?", [Image.new("RGB", (64, 64), BLUE)]) == "yes"
    assert composer.generate("When was it built?", [Image.new("RGB", (64, 64), BLUE)]) == ""
    with pytest.raises(RagError):
        composer.generate("Is there a river?", [tmp_path / "nowhere.png"])  # type: ignore[list-item]


def test_a_generator_is_given_evidence_before_the_same_words(
    questions: Path, tmp_path: Path, base: KnowledgeBase
) -> None:
    alone, informed = Listening(), Listening()
    first = evaluate_vqa(questions, alone, tmp_path / "a.jsonl")
    second = evaluate_vqa(questions, InformedGenerator(informed, base, k=1), tmp_path / "b.jsonl")
    assert second.metrics == first.metrics
    for plain, with_evidence in zip(alone.asked, informed.asked, strict=True):
        assert with_evidence.endswith(plain + "\n")
        assert with_evidence.count('{"number": 1,') == 1
        assert "a.png" not in with_evidence
    assert "forest of Perucica" in informed.asked[0]
    generator = second.config["generator"]
    assert (generator["name"], generator["revision"]) == ("listening with ohrid", "7")
    assert generator["info"]["evidence"]["k"] == 1
    assert second.config["prompt"]["text"] == QUESTION_PROMPT.text


def test_evidence_is_looked_for_by_the_question_alone(base: KnowledgeBase) -> None:
    model = Listening()
    words = "The forest of the forest. Say something of any forest: "
    InformedGenerator(model, base, k=1).generate_many([Request(words, (), "How deep is Lake Ohrid?")])
    assert "288 metres" in model.asked[0]
    with pytest.raises(RagError, match="name one"):
        InformedGenerator(model, "none", ColourEncoder())


FILES: dict[str, list[dict[str, Any]]] = {
    "Object Understanding/OC_2_1_4": [
        {"type_id": 3, "question": "Are there trees?", "image_path": "./green.png", "answer": "Yes"},
        {"type_id": 3, "question": "Are there trees?", "image_path": "./blue.png", "answer": "No"},
    ],
    "Object Understanding/OC_2_1_1": [
        {
            "type_id": 1,
            "question": "What does this image show?",
            "image_path": "./blue.png",
            "options": {"A": "forest", "B": "lake"},
            "answer": "B",
        }
    ],
    "Scene Understanding/SC_3_1_1": [
        {
            "type_id": 4,
            "question": "Which of the four images has the largest share of forest?",
            "options": {"A": "./blue.png", "B": "./blue.png", "C": "./green.png", "D": "./blue.png"},
            "answer": "C",
        }
    ],
    "Spatial Perception/BD_1_3_1": [
        {
            "type_id": 11,
            "question": "Find the corner coordinates of the box that encloses all water.",
            "image_path": "./half.png",
            "answer": [0.5, 0.0, 1.0, 1.0],
        }
    ],
    "Scene Reasoning/VPR_4_1_2": [
        {
            "type_id": 2,
            "question": "How many trees are in the red box?",
            "image_path": "./green.png",
            "answer": "2",
        }
    ],
}


@pytest.fixture
def agro(tmp_path: Path) -> Path:
    folder: Path = write_questions(tmp_path / "agro", FILES)
    (folder / "images").mkdir()
    for name, colour in (("green", GREEN), ("blue", BLUE), ("half", GREEN)):
        picture = Image.new("RGB", (120, 120), colour)
        if name == "half":
            picture.paste(BLUE, (60, 0, 120, 120))
        picture.save(folder / "images" / f"{name}.png")
    return folder


def test_the_composer_answers_in_agromind_s_forms(
    agro: Path, tmp_path: Path, composer: ComposerGenerator
) -> None:
    result = evaluate_agromind(read_agromind(agro), composer, tmp_path / "a.jsonl", mode="strict")
    said = {key: answer.text for key, answer in read_answers(tmp_path / "a.jsonl").items()}
    assert said == {
        "BD_1_3_1/1": "0.50, 0.00, 1.00, 1.00", "OC_2_1_1/1": "B", "OC_2_1_4/1": "yes", "OC_2_1_4/2": "no",
        "SC_3_1_1/1": "C", "VPR_4_1_2/1": "",
    }  # fmt: skip
    assert result.metrics["accuracy"] == result.metrics["coverage"] == 5 / 6
    assert result.metrics["accuracy_answered"] == 1.0


def test_names_of_images_are_no_options(agro: Path) -> None:
    asked = {item.key: plain_question(item) for item in read_agromind(agro).items}
    assert asked["SC_3_1_1/1"].endswith(
        "A: the first image\nB: the second image\nC: the third image\nD: the fourth image"
    )
    assert asked["OC_2_1_1/1"] == "What does this image show?\nA: forest\nB: lake"


def test_with_evidence_and_without(agro: Path, tmp_path: Path, base: KnowledgeBase) -> None:
    model = Listening("B")
    found = compare_knowledge(
        read_agromind(agro), model, InformedGenerator(model, base), tmp_path / "a.jsonl", mode="strict"
    )
    assert len(model.asked) == 12
    assert (found.first.n, found.second.n) == (6, 6)
    accuracy = next(row for row in found.metrics if row.metric == "accuracy")
    assert (accuracy.first, accuracy.second, accuracy.difference) == (1 / 6, 1 / 6, 0.0)
    assert accuracy.interval is None  # of six questions
    assert read_answers(tmp_path / "a.jsonl") == read_answers(tmp_path / "a.evidence.jsonl")


def test_grey_pictures_need_no_images(agro: Path, tmp_path: Path) -> None:
    for image in (agro / "images").iterdir():
        image.unlink()
    shown: list[list[int]] = []

    def looks(prompt: str, images: Sequence[Any]) -> str:
        shown.extend(np.unique(np.asarray(image)).tolist() for image in images)
        return "A"

    result = evaluate_agromind(read_agromind(agro), looks, tmp_path / "a.jsonl", blank=True)
    assert shown == [[128]] * 6
    assert result.n_failed == 0
    assert not result.comparable
    assert any("nothing was seen" in note for note in result.notes)
    with pytest.raises(EvalError, match="differs in"):
        evaluate_agromind(read_agromind(agro), looks, tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["vqa", "q.jsonl", "--composer"], "--composer needs --answers"),
        (["vqa", "q.jsonl", "--composer", "--generator", "x", "--answers", "a.jsonl"], "only one can answer"),
        (
            ["vqa", "q.jsonl", "--knowledge", "kb", "--answers", "a.jsonl"],
            "--knowledge needs who looks into it",
        ),
        (["agromind", "folder", "--knowledge", "kb", "--answers", "a.jsonl"], "--knowledge needs who looks"),
        (
            ["agromind", "folder", "--composer", "--baseline", "random"],
            "give one of --generator or --composer",
        ),
    ],
)
def test_bad_commands_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line(monkeypatch, tmp_path)("eval", *arguments) == 2
    assert reason in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not (tmp_path / "a.jsonl").exists()


@pytest.mark.slow
def test_the_commands_with_what_ships(
    questions: Path, agro: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The built-in encoder and base, from the command line."""
    rsvlm = command_line(monkeypatch, tmp_path)
    asked = [
        "eval",
        "vqa",
        questions,
        "--composer",
        "--knowledge",
        "built-in",
        "--answers",
        tmp_path / "a.jsonl",
    ]
    assert rsvlm(*asked, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["n_failed"]) == (4, 0)
    assert document["config"]["generator"]["name"] == "composer with built-in"
    out = tmp_path / "r.json"
    both = [
        "eval",
        "agromind",
        agro,
        "--composer",
        "--knowledge",
        "built-in",
        "--answers",
        tmp_path / "b.jsonl",
    ]
    assert rsvlm(*both, "--out", out, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["first"]["n"] == document["second"]["n"] == 6
    assert document["comparison"]["metrics"][0]["metric"] == "accuracy"
    assert out.exists()
    assert (tmp_path / "r.evidence.json").exists()
    assert rsvlm(*both) == 0
    assert "composer with built-in" in capsys.readouterr().out


@pytest.mark.slow
def test_an_endpoint_is_given_evidence(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rsvlm = command_line(monkeypatch, tmp_path)
    lying = load_lying_server()
    with lying.lying_server() as server:
        server.behaviour = lying.says("Yes.")
        asked = ["eval", "vqa", questions, "--generator", f"{server.address}#tiny", "--knowledge", "built-in"]
        assert rsvlm(*asked, "--answers", tmp_path / "a.jsonl", "--json") == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["n"], document["n_failed"], document["metrics"]["accuracy"]) == (4, 0, 0.25)
        sent = [json.dumps(request) for request in server.requests]
    assert len(sent) == 4
    assert all("Evidence that a search found" in one and "Write the answer only." in one for one in sent)
