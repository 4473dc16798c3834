"""Captions of the chips of a pairs dataset held against its labels, on the sample town that ships."""

import ast
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asking_data import command_line, load_lying_server  # type: ignore[import-not-found]

import rsvlm.captioning.verify as verify_package
from rsvlm.captioning.dataset import PairsDataset, open_dataset
from rsvlm.captioning.sample import SamplePaths
from rsvlm.datasets.pairs import read_pairs
from rsvlm.eval import EvalError, fact_problems
from rsvlm.eval.asking import ask_captions
from rsvlm.eval.fact_problems import KINDS, UNCLEAR, holds_nothing, kind_of, verdict_of
from rsvlm.eval.factuality import evaluate_captioner_facts, evaluate_factuality
from rsvlm.models.generators import FunctionGenerator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, town: SamplePaths) -> Path:
    """The pairs dataset of `rsvlm caption --sample`."""
    import rsvlm

    out = tmp_path_factory.mktemp("sample") / "pairs"
    rsvlm.caption([town.image], osm=town.osm, landcover=town.landcover, out=out, size=256)
    return out


@pytest.fixture
def pairs(folder: Path) -> PairsDataset:
    return open_dataset(folder)


def test_captions_that_were_made_from_the_labels_are_factual(pairs: PairsDataset) -> None:
    result = evaluate_factuality({pair.key: pair.caption for pair in pairs}, pairs)
    assert result.metrics == {"factual": 1.0, "contradicted": 0.0, "not_understood": 0.0, "problems": 0.0}
    assert (result.task, result.name, result.n) == ("factuality", "pairs", len(pairs))
    assert result.groups["kind"] == {}
    assert result.groups["style"]["natural"]["factual"] == 1.0
    assert result.config["pairs"]["processing_id"] == pairs.manifest.processing_id


def test_captions_of_the_next_chip_are_mostly_not(pairs: PairsDataset) -> None:
    said = [pair.caption for pair in pairs]
    moved = dict(zip([pair.key for pair in pairs], said[1:] + said[:1], strict=True))
    result = evaluate_factuality(moved, pairs)
    assert result.metrics["factual"] < 0.1
    assert result.metrics["contradicted"] > 0.6


def check(pairs: PairsDataset, wanted: str, said: str) -> dict[str, Any]:
    """What is found of a caption of the first chip whose own caption holds some words."""
    key = next(pair.key for pair in pairs if wanted in pair.caption)
    result = evaluate_factuality({key: said}, pairs)
    assert result.items is not None
    return next(row for row in result.items.to_pylist() if row["key"] == key)


@pytest.mark.parametrize(
    ("said", "verdict", "kinds"),
    [
        ("A quarry with a pond.", "factual", []),
        ("The image shows a quarry and a pond", "factual", []),
        ("The image shows a quarry\n\n and a pond.", "factual", []),
        ("The image shows two quarries and a pond.", "contradicted", ["wrong number"]),
        ("The image shows a quarry and an airport.", "contradicted", ["not in the labels"]),
        ("The image shows a quarry that glitters.", "not understood", ["unknown word"]),
        ("The image possibly shows a quarry.", "not understood", ["guessing word"]),
        ("The image shows trees and a quarry.", "not understood", ["in other labels"]),
        ("The image shows a pond.", "off form", ["left out"]),
        ("Tree cover lies here.", "factual", []),
        ("The image is dominated by tree cover.", "factual", []),
        ("The image is dominated by water.", "contradicted", ["out of order", "wrong share"]),
        ("图像显示一个采石场", "not understood", ["unknown word"]),
    ],
)
def test_verdicts(pairs: PairsDataset, said: str, verdict: str, kinds: list[str]) -> None:
    found = check(pairs, "A quarry with a pond", said)
    assert (found["verdict"], found["kinds"]) == (verdict, kinds)
    assert found["problems"] == len(found["problems_in_words"]) == len(kinds)
    assert found["answer"] == said


def test_a_general_word_does_not_contradict_the_special_one(pairs: PairsDataset) -> None:
    found = check(pairs, "secondary road", "The image shows a road.")
    assert (found["verdict"], found["kinds"][0]) == ("not understood", "in general words")


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("The image shows a river and has a mixed forest in the southern half.", ["unclear", "unclear"]),
        ("The image shows a river. A mixed forest is in the southern half.", ["wrong place"]),
    ],
)
def test_a_place_that_may_be_of_several_things_is_unclear(
    pairs: PairsDataset, said: str, kinds: list[str]
) -> None:
    assert check(pairs, "A mixed forest in the northern half and a river", said)["kinds"] == kinds


def test_silence_and_failures_are_not_factual(pairs: PairsDataset) -> None:
    first, second, third, *rest = pairs
    said = {first.key: first.caption, second.key: " ", third.key: None}
    result = evaluate_factuality(said, pairs, errors={third.key: "too busy"})
    assert (result.n, result.n_failed, result.n_unanswered) == (len(pairs), 1, 1 + len(rest))
    assert result.metrics["factual"] == pytest.approx(1 / len(pairs))
    assert result.metrics["problems"] == 0
    assert result.items is not None
    assert result.items["verdict"].to_pylist()[:3] == ["factual", None, None]
    style = result.groups["style"]["natural"]
    assert (style["n_failed"], style["n_unanswered"]) == (1, 1 + len(rest))


def test_a_stated_reading(pairs: PairsDataset) -> None:
    said = {pair.key: "The image is dominated by tree cover." for pair in pairs}
    cover = evaluate_factuality(said, pairs, reading="chatearthnet-rewritten")
    objects = evaluate_factuality(said, pairs, reading="natural-rewritten")
    assert cover.metrics["factual"] > 0.1 > objects.metrics["factual"] == 0
    with pytest.raises(EvalError, match="no reading 'skyscript'"):
        evaluate_factuality(said, pairs, reading="skyscript")


def test_chips_of_other_datasets_are_refused(pairs: PairsDataset, tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="1 captions are of images that pairs has not: nowhere"):
        evaluate_factuality({"nowhere": "A house."}, pairs)
    file = tmp_path / "said.jsonl"
    file.write_text('{"image": "a"}', encoding="utf-8")
    with pytest.raises(EvalError, match="needs the fields image and prediction"):
        evaluate_factuality(file, pairs)


def test_a_model_captions_the_chips(pairs: PairsDataset, tmp_path: Path) -> None:
    sizes: list[tuple[int, int]] = []

    def said(prompt: str, images: Sequence[Any]) -> str:
        sizes.extend(image.size for image in images)
        if len(sizes) % 3 == 0:
            raise RuntimeError("too busy")
        return "The image shows a forest."

    model = FunctionGenerator(said, revision="1")
    result = evaluate_captioner_facts(pairs, model, tmp_path / "a.jsonl", workers=1)
    assert set(sizes) == {(256, 256)}
    assert (result.n, result.n_failed) == (len(pairs), len(pairs) // 3)
    assert result.config["totals"]["failed"] == len(pairs) // 3
    assert 0 < result.metrics["factual"] < 1
    result.save(tmp_path / "r.json")
    ask_captions(read_pairs(pairs), model, tmp_path / "a.jsonl", workers=1)
    assert len(sizes) == len(pairs) + len(pairs) // 3  # only what had failed


def test_pairs_without_images_fail_one_by_one(town: SamplePaths, tmp_path: Path) -> None:
    import rsvlm

    rsvlm.caption([], landcover=town.landcover, out=tmp_path / "bare", size=256)
    bare = open_dataset(tmp_path / "bare")
    result = evaluate_captioner_facts(bare, lambda prompt, images: "?", tmp_path / "a.jsonl")
    assert result.n_failed == result.n == len(bare)


def test_the_command(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    rsvlm = command_line(monkeypatch, tmp_path)
    said = tmp_path / "said.jsonl"
    rows = [{"image": pair.key, "prediction": pair.caption} for pair in open_dataset(folder)]
    said.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ["eval", "captions", "--facts", folder]
    assert rsvlm(*command, said, "--json", "--out", tmp_path / "r.json") == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["factual"] == 1.0
    lying = load_lying_server()
    with lying.lying_server() as server:
        server.behaviour = lying.says("The image shows a forest.")
        asking = ["--generator", f"{server.address}#tiny", "--answers", tmp_path / "a.jsonl"]
        assert rsvlm(*command, *asking) == 0
        assert len(server.requests) == len(rows)
    text = capsys.readouterr().out
    assert "not_understood" in text
    assert "not in the labels" in text
    assert rsvlm(*command, "--answers", tmp_path / "a.jsonl", "--json") == 0
    assert json.loads(capsys.readouterr().out)["n"] == len(rows)
    assert rsvlm("eval", "captions", said, "--facts", tmp_path / "nothing") == 2
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "shards" / "00000.parquet").unlink()
    assert rsvlm("eval", "captions", said, "--facts", broken) == 2
    assert "shards missing or damaged" in " ".join(capsys.readouterr().err.split())


_MESSAGE = re.compile(
    r"(the labels hold no|has a|has 7|names|says|speaks|cannot be|does not|is not|7: |7 word) ?\S"
)


def messages() -> list[str]:
    """Every message of the two readers, each value in it written as `7`."""
    found = []
    folder = Path(verify_package.__file__).parent
    for path in (*sorted(folder.glob("rewritten*.py")), folder / "lexicon.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                parts = [node.value]
            else:
                continue
            text = "".join(parts)
            if _MESSAGE.match(text) and "\n" not in text:
                text = re.sub(r"^7: ", "the image: ", text)
                text = re.sub(r"^7 word", "unknown word", text)
                found.append("says 'a 7'" if text == "says '7 7'" else text)  # an article and a word
    return found


def test_every_message_of_the_readers_is_known() -> None:
    """One whose words change must not become "unclear" unnoticed: all that are unclear are so by their own form."""
    known = [form for kind, form in fact_problems._KNOWN if kind == UNCLEAR]
    told = [text for text in messages() if not holds_nothing([text])]
    assert len(told) > 35
    missed = [
        text for text in told if kind_of(text) == UNCLEAR and not any(form.fullmatch(text) for form in known)
    ]
    assert missed == []


def test_numbers() -> None:
    for said, held, kind in (
        ("two houses", 3, "wrong number"), ("houses", 3, "no number"), ("houses", 1, "wrong number"),
        ("forest", 1, "grammar"),
        ("a house", 3, "wrong number"), ("a grassland", 1, "grammar"), ("two roads", 2, "grammar"),
        ("several houses", 2, "wrong number"), ("the house", 2, "wrong number"), ("a few ponds", 12, "wrong number"),
    ):  # fmt: skip
        assert kind_of(f"says '{said}'; the labels hold {held}") == kind
    assert verdict_of([]) == "factual"
    assert set(map(verdict_of, ([kind] for kind in KINDS))) == {"off form", "not understood", "contradicted"}
