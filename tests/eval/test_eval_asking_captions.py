"""Captions that a model is asked for, and CLIPScore beside the other metrics."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking_data import (  # type: ignore[import-not-found] # this folder is on pytest's path
    COLOURS,
    SECRET,
    Odd,
    Seeing,
    command_line,
    draw,
    load_lying_server,
)
from eval_pictures import Colours  # type: ignore[import-not-found]

from rsvlm.datasets import EvalSet
from rsvlm.eval import EvalError, read_eval_set
from rsvlm.eval.asking import ask_captions, evaluate_captioner, read_kept
from rsvlm.eval.captions import evaluate_captions
from rsvlm.eval.clipscore_captions import add_clip_scores
from rsvlm.models import load_encoder
from rsvlm.models.generators import FunctionGenerator


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A Karpathy json of three pictures of one colour, with two captions each."""
    draw(tmp_path)
    images = []
    for number, name in enumerate(COLOURS):
        texts = [f"a {name} field", f"{name} all over"]
        file = f"{SECRET}_{number}.png"
        images.append({"filename": file, "split": "test", "sentences": [{"raw": text} for text in texts]})
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"images": images}), encoding="utf-8")
    return path


@pytest.fixture
def eval_set(data: Path) -> EvalSet:
    return read_eval_set(data, split="test")


def says_colour(prompt: str, images: Sequence[Any]) -> str:
    assert SECRET not in prompt
    return f"a {Seeing().generate('', images).strip().lower()} field"


def test_captions_are_asked_and_scored(eval_set: EvalSet, tmp_path: Path) -> None:
    result = evaluate_captioner(eval_set, says_colour, tmp_path / "a.jsonl", synonyms=False)
    assert result.metrics["bleu1"] == pytest.approx(1.0)
    assert (result.n, result.n_unanswered, result.n_failed) == (3, 0, 0)
    assert result.config["generator"]["name"] == "function:says_colour"
    assert result.config["totals"]["answers"] == 3
    assert result.config["prompt"]["text"].startswith("Describe this overhead image")
    again = Odd()
    with pytest.raises(EvalError, match="it differs in generator"):
        ask_captions(eval_set, again, tmp_path / "a.jsonl")
    said, errors = read_kept(tmp_path / "a.jsonl")
    assert evaluate_captions(said, eval_set, errors=errors, synonyms=False).metrics == result.metrics


def test_failures_count_with_nothing_and_are_asked_again(eval_set: EvalSet, tmp_path: Path) -> None:
    odd = Odd()
    model = FunctionGenerator(odd, revision="1")  # it changes as it answers
    result = evaluate_captioner(eval_set, model, tmp_path / "a.jsonl", workers=1, synonyms=False)
    assert (result.n, result.n_unanswered, result.n_failed) == (3, 0, 1)
    assert result.items is not None
    assert result.items["error"].to_pylist() == [None, None, "out of memory"]
    assert result.items["unanswered"].to_pylist() == [False] * 3
    result.save(tmp_path / "r.json")
    odd.well, odd.count = True, 0
    assert len(ask_captions(eval_set, model, tmp_path / "a.jsonl")) == 3
    assert odd.count == 1


def test_a_set_without_captions_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    draw(tmp_path)
    bare = EvalSet("bare", [str(tmp_path / f"images/{SECRET}_0.png")], ("a",))
    with pytest.raises(EvalError, match="no captions to compare with"):
        evaluate_captioner(bare, Seeing(), tmp_path / "a.jsonl")
    assert not (tmp_path / "a.jsonl").exists()


def scored(eval_set: EvalSet, said: dict[str, str | None], encoder: Any, **options: Any) -> Any:
    result = evaluate_captions(said, eval_set, synonyms=False)
    add_clip_scores(result, eval_set, encoder, **options)
    return result


def test_clip_scores_by_hand(eval_set: EvalSet, tmp_path: Path) -> None:
    keys = eval_set.keys
    encoder = Colours()
    result = scored(eval_set, {keys[0]: "red roofs", keys[1]: "red roofs"}, encoder, cache=tmp_path / "c")
    images = encoder.encode_images([np.full((2, 2, 3), colour, np.uint8) for colour in COLOURS.values()])
    red, green = encoder.encode_texts(["red", "green"])
    clip = [2.5 * float(images[0] @ red), 2.5 * float(images[1] @ red), 0.0]
    best = [1.0, float(red @ green), 0.0]
    found = result.items["clipscore"].to_pylist()
    assert found == pytest.approx(clip, abs=1e-5)
    harmonic = [2 * a * b / (a + b) if a + b else 0 for a, b in zip(clip, best, strict=True)]
    assert result.items["refclipscore"].to_pylist() == pytest.approx(harmonic, abs=1e-5)
    assert result.metrics["clipscore"] == pytest.approx(sum(clip) / 3, abs=1e-5)
    assert not {"clipscore", "refclipscore"} & result.intervals.keys()  # of three captions
    assert all(text.startswith("A photo depicts ") for text in encoder.asked[:-2])
    assert "A photo depicts a red field" in encoder.asked
    assert not result.comparable
    assert result.config["clipscore"]["n_cut"] is None  # this encoder does not tell
    assert result.metrics["bleu1"] > 0
    seen = encoder.seen
    scored(eval_set, {}, encoder, cache=tmp_path / "c")
    assert encoder.seen == seen  # from the cache
    result.save(tmp_path / "r.json")


def test_the_papers_encoder_is_comparable_and_images_may_fail(eval_set: EvalSet, tmp_path: Path) -> None:
    (tmp_path / f"images/{SECRET}_1.png").write_bytes(b"no picture")
    encoder = Colours()
    encoder.name = "ViT-B-32/openai"
    result = scored(eval_set, dict.fromkeys(eval_set.keys, "green fields"), encoder)
    assert result.items["clipscore"].to_pylist()[1] == 0
    assert result.config["clipscore"]["n_images_not_read"] == 1
    assert not any("paper" in note for note in result.notes)
    assert result.config["clipscore"]["comparable"]


def test_clip_scores_of_other_images_are_refused(eval_set: EvalSet) -> None:
    result = evaluate_captions({}, eval_set, synonyms=False)
    with pytest.raises(EvalError, match="not of the captions of"):
        add_clip_scores(result, eval_set.take([0]), Colours())


def test_texts_that_are_cut_are_counted(eval_set: EvalSet, tiny_model: list[str]) -> None:
    encoder: Any = load_encoder(tiny_model[1], weights=tiny_model[3], device="cpu", precision="fp32")
    assert encoder.count_cut(["short", "word " * 100, "a " * 77]) == 2
    assert encoder.count_cut([]) == 0
    result = scored(eval_set, {eval_set.keys[0]: "river " * 90}, encoder)
    assert result.config["clipscore"]["n_cut"] == 1
    assert any(note.startswith("CLIPScore: 1 captions") for note in result.notes)


def test_the_command(
    data: Path, tiny_model: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rsvlm = command_line(monkeypatch, tmp_path)
    lying = load_lying_server()
    command = ["eval", "captions", "--data", data, "--split", "test", "--no-synonyms", "--json"]
    with lying.lying_server() as server:
        server.behaviour = lying.says("a red field")
        asking = ["--generator", f"{server.address}#tiny", "--answers", tmp_path / "a.jsonl"]
        assert rsvlm(*command, *asking, "--prompt", "Say what it is.") == 0
        first = json.loads(capsys.readouterr().out)
        assert len(server.requests) == 3
        assert SECRET not in json.dumps(server.requests)
    assert (first["n"], first["n_failed"]) == (3, 0)
    assert rsvlm(*command, "--answers", tmp_path / "a.jsonl", *tiny_model) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["metrics"]["bleu1"] == first["metrics"]["bleu1"]
    assert 0 <= document["metrics"]["refclipscore"] <= 2.5
    assert document["comparable"] is False


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["said.jsonl"], "give --data or --facts"),
        (["--data", "x.json"], "PREDICTIONS or --answers"),
        (["said.jsonl", "--data", "x.json", "--facts", "pairs"], "give --data or --facts"),
        (["said.jsonl", "--facts", "pairs", "--encoder", "ViT-B-32/openai"], "go with --data"),
        (["--data", "x.json", "--generator", "m"], "--generator needs --answers"),
        (["said.jsonl", "--data", "x.json"], "no such file"),
        (["said.jsonl", "--data", "x.json", "--prompt", "x"], "--prompt: does nothing without --generator"),
    ],
)
def test_bad_commands_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line(monkeypatch, tmp_path)("eval", "captions", *arguments) == 2
    assert reason in " ".join(capsys.readouterr().err.replace("│", " ").split())
