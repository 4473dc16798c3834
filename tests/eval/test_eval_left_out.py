"""Images without a label or a caption are left out and counted; they do not stop an evaluation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_pictures import Colours, picture, write_parquet  # type: ignore[import-not-found] # beside this file

from rsvlm.datasets import EvalSet, read_eval_set
from rsvlm.eval import EvalError, evaluate
from rsvlm.eval.captions import evaluate_captions
from rsvlm.eval.clipscore_captions import add_clip_scores
from rsvlm.eval.suite import run_suite
from rsvlm.eval.suite_options import SuiteOptions
from rsvlm.eval.text.scores import score_captions
from rsvlm.eval.vectors import image_vectors
from rsvlm.eval.zeroshot import evaluate_zero_shot

SHOWN = ["red", "blue", "green", "red", "blue", "green"]
LABELS = ["red", "", "green", "red", "blue", "none of these"]
NOTE = "colours: 2 images have no label, and were left out"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A csv of which two images have no label, and one no caption."""
    return write_csv(tmp_path / "colours.csv")


def write_csv(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ["path,label,caption"]
    for row, (name, label) in enumerate(zip(SHOWN, LABELS, strict=True)):
        picture(name, seed + row).save(path.parent / f"{seed + row}.png")
        rows.append(f"{seed + row}.png,{label},{'' if row == 3 else f'a {name} field {row}'}")
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("task", "options", "keys"),
    [
        ("zero-shot", {}, ["0.png", "2.png", "3.png", "4.png"]),
        (
            "retrieval",
            {"protocol": "classes"},
            ["0.png", "3.png"],
        ),  # of the others' classes there is no second image
    ],
)
def test_classes(table: Path, task: str, options: dict[str, Any], keys: list[str]) -> None:
    found = evaluate(task, data=table, encoder=Colours(), **options)
    assert found.n == len(keys)
    assert found.items is not None
    assert found.items["key"].to_pylist() == keys
    assert NOTE in found.notes
    assert found.config["data"]["fingerprint"] == read_eval_set(table).fingerprint  # pictures are found by it
    assert next(iter(found.metrics.values())) == 1.0


def test_vectors_that_are_there_are_taken_in_step(table: Path) -> None:
    data, encoder = read_eval_set(table), Colours()
    vectors = image_vectors(encoder, data)
    found = evaluate_zero_shot(encoder, data, vectors=vectors)
    assert (found.metrics["accuracy"], found.n, encoder.seen) == (1.0, 4, 6)


def test_where_images_may_have_several_classes_none_is_an_answer(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "several.parquet", [["red", "green"], ["blue"]])
    data = read_eval_set(path)
    bare = EvalSet(
        data.name, data.images, data.keys, (("red", "green"), ()), classes=("red", "green"), multi_label=True
    )
    found = evaluate_zero_shot(Colours(), bare)
    assert found.n == 2
    assert not any("left out" in note for note in found.notes)


def test_probes(tmp_path: Path) -> None:
    for split, seed in (("train", 0), ("test", 50)):
        write_csv(tmp_path / "set" / f"{split}.csv", seed)
    for kind in ("knn", "few-shot"):
        found = evaluate("probe", data=tmp_path / "set", encoder=Colours(), kind=kind)
        assert "4 items have no label, and were left out" in found.notes
        assert found.metrics
    report = run_suite(Colours(), tmp_path, tmp_path / "out", SuiteOptions(probes=("knn",), sets=("set",)))
    assert report.problems == {}
    probe = report.results["set-test-probe-knn"]
    assert probe.n == 4
    assert [note for note in probe.notes if "no label" in note] == [
        "set, train: 2 images have no label, and were left out",
        "set, test: 2 images have no label, and were left out",
    ]


def test_captions(table: Path) -> None:
    note = "colours: 1 images have no caption, and were left out"
    search = evaluate("retrieval", data=table, encoder=Colours())
    assert (search.n, search.n_failed) == (5 + 5, 0)
    assert note in search.notes
    data = read_eval_set(table)
    said = {f"{row}.png": f"a {name} field {row}" for row, name in enumerate(SHOWN)}
    found = evaluate_captions(said, data, synonyms=False)  # a caption of the bare image does no harm
    assert (found.n, found.n_unanswered) == (5, 0)
    assert found.metrics["bleu1"] == pytest.approx(1.0)
    assert note in found.notes
    add_clip_scores(found, data, Colours())
    assert found.items is not None
    assert np.isfinite(found.items["clipscore"].to_numpy()).all()
    assert "3.png" not in found.items["key"].to_pylist()


def test_nothing_is_left(table: Path) -> None:
    data = read_eval_set(table)
    bare = EvalSet("bare", data.images, data.keys, ((),) * 6, ((),) * 6, classes=("red", "blue"))
    for task, protocol in (("zero-shot", "rsvlm"), ("retrieval", "classes")):
        with pytest.raises(EvalError, match="bare: none of its 6 images has a label"):
            evaluate(task, data=bare, encoder=Colours(), protocol=protocol)
    with pytest.raises(EvalError, match="bare: none of its 6 images has a caption"):
        evaluate("retrieval", data=bare, encoder=Colours())
    with pytest.raises(EvalError, match="bare: none of its 6 images has a caption"):
        evaluate_captions({}, bare, synonyms=False)


def test_an_image_without_a_reference_is_named() -> None:
    with pytest.raises(EvalError, match=r"^b\.png has no reference"):
        score_captions(["x", "y"], [["x"], []], keys=["a.png", "b.png"], synonyms=False)
