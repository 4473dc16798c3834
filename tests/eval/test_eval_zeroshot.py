"""Zero-shot classification, measured: the classifier's own answers, stored vectors, and vectors that are kept."""

import csv
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_pictures import NAMES, Colours, in_memory, picture, write_parquet  # type: ignore[import-not-found] # beside this file
from sklearn.metrics import average_precision_score, balanced_accuracy_score, cohen_kappa_score, f1_score

from rsvlm.classification import ZeroShotClassifier
from rsvlm.datasets import EvalSet, read_eval_set
from rsvlm.eval import EvalError, evaluate, load_result
from rsvlm.eval.compare import BOOTSTRAP, compare_results
from rsvlm.eval.published import compare
from rsvlm.eval.stored import evaluate_stored
from rsvlm.eval.vectors import image_vectors, text_vectors
from rsvlm.eval.vocabulary_choice import vocabulary_for
from rsvlm.eval.zeroshot import domain_notes, evaluate_zero_shot
from rsvlm.vocabularies import vocabulary, vocabulary_from_classes

VOCABULARY = vocabulary_from_classes(list(NAMES), "colours")


def test_the_answers_are_those_of_the_classifier() -> None:
    rng = np.random.default_rng(3)
    images = [rng.integers(0, 256, (6, 6, 3), dtype=np.uint8) for _ in range(80)]
    labels = [NAMES[index] for index in rng.integers(0, 3, 80)]
    given = EvalSet("noise", images, tuple(map(str, range(80))), tuple((name,) for name in labels))
    result = evaluate_zero_shot(Colours(), given, VOCABULARY)
    answers = ZeroShotClassifier(VOCABULARY, Colours()).classify(images, chips="whole")
    assert result.items is not None
    assert result.items["prediction"].to_pylist() == answers.labels
    assert np.allclose(result.items["score"].to_numpy(), answers.scores.max(axis=1), atol=1e-6)
    assert result.metrics["accuracy"] == np.mean(
        [a == b for a, b in zip(answers.labels, labels, strict=True)]
    )
    assert result.metrics["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(labels, answers.labels)
    )
    assert result.metrics["macro_f1"] == pytest.approx(f1_score(labels, answers.labels, average="macro"))
    assert result.metrics["kappa"] == pytest.approx(cohen_kappa_score(labels, answers.labels))
    assert result.config["classes"] == list(NAMES)
    assert result.config["templates"]
    assert result.config["protocol"] == "rsvlm"


def test_all_intervals_have_a_low_and_a_high_end(tmp_path: Path) -> None:
    labels = [("red",), ("green",), ("blue",), ("red",)] * 3
    result = evaluate_zero_shot(Colours(), in_memory(labels, ["red", "green", "red", "red"] * 3), VOCABULARY)
    result.save(tmp_path / "result.json")
    for found in (result, load_result(tmp_path / "result.json")):
        assert {"accuracy", "balanced_accuracy"} <= set(found.intervals)
        assert all(ends.low <= found.metrics[name] <= ends.high for name, ends in found.intervals.items())


def test_a_calibration_that_was_stored_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RSVLM_CALIBRATION", str(tmp_path))
    shown = ["red", "green", "blue", "red"] * 5
    ZeroShotClassifier(VOCABULARY, Colours()).calibrate([picture(name) for name in shown], shown)
    assert list(tmp_path.iterdir())
    with caplog.at_level(logging.WARNING, "rsvlm.classification.classifier"):
        result = evaluate_zero_shot(Colours(), in_memory([(name,) for name in shown], shown), VOCABULARY)
    assert result.config["calibrated"] is False
    assert caplog.messages == []


def test_failed_images_are_wrong_and_counted(tmp_path: Path) -> None:
    picture("red").save(tmp_path / "a.png")
    (tmp_path / "set.csv").write_text("path,label\na.png,red\nnone.png,Red\n", encoding="utf-8")
    result = evaluate_zero_shot(Colours(), read_eval_set(tmp_path / "set.csv"), VOCABULARY)
    assert (result.n, result.n_failed) == (2, 1)
    assert result.metrics["accuracy"] == 0.5
    assert result.confusion is not None
    assert result.confusion["counts"][0] == [1, 0, 0, 1]
    assert result.items is not None
    assert result.items["prediction"].to_pylist() == ["red", None]
    assert result.items["error"][1].as_py()
    result.save(tmp_path / "result.json")
    assert load_result(tmp_path / "result.json").metrics == result.metrics


def test_labels_match_by_name_never_by_position() -> None:
    backwards = vocabulary_from_classes(["BlueLake", "green_field", "Red Roof"], "spelt")
    given = in_memory([("red_roof",), ("GREENFIELD",), ("blue lake",)], ["red", "green", "blue"])

    class Words(Colours):  # type: ignore[misc]
        def encode_texts(self, texts: Any) -> Any:
            return super().encode_texts([text.lower() for text in texts])

    assert evaluate_zero_shot(Words(), given, backwards).metrics["accuracy"] == 1.0


def test_names_left_over_are_listed() -> None:
    given = in_memory([("red",), ("mauve",), ("taupe",)], ["red", "red", "red"])
    with pytest.raises(EvalError, match="mauve, taupe"):
        evaluate_zero_shot(Colours(), given, VOCABULARY)


def test_the_own_classes_of_a_set_serve_where_no_vocabulary_is_given() -> None:
    given = in_memory([("red",), ("green",)], ["red", "green"], classes=("green", "red", "blue"))
    result = evaluate_zero_shot(Colours(), given)
    assert result.config["classes"] == ["green", "red", "blue"]
    assert result.metrics["accuracy"] == 1.0


def test_one_class_an_image_is_asked_for() -> None:
    both = in_memory([("red",), ("red", "blue")], ["red", "red"])
    with pytest.raises(
        EvalError, match=r"1 images have not just one class, the first is 1\.png with red, blue"
    ):
        evaluate_zero_shot(Colours(), both, VOCABULARY)
    with pytest.raises(EvalError, match="has no labels"):
        evaluate_zero_shot(Colours(), EvalSet("bare", [picture("red")], ("a",)), VOCABULARY)


def test_several_labels() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (5, 5, 3), dtype=np.uint8) for _ in range(60)]
    gold = rng.random((60, 3)) < 0.4
    labels = tuple(tuple(name for name, there in zip(NAMES, row, strict=True) if there) for row in gold)
    given = EvalSet("several", images, tuple(map(str, range(60))), labels, multi_label=True)
    result = evaluate_zero_shot(Colours(), given, VOCABULARY)
    classifier = ZeroShotClassifier(VOCABULARY, Colours(), multi_label=True)
    cosines = image_vectors(Colours(), given).values @ classifier.classes.vectors.T
    assert result.metrics["map"] == pytest.approx(average_precision_score(gold, cosines, average="macro"))
    assert result.items is not None
    answers = classifier.classify(images, chips="whole").labels
    assert [set(row) for row in result.items["prediction"].to_pylist()] == [set(row) for row in answers]
    low, high = result.intervals["map"]
    assert low <= result.metrics["map"] <= high
    assert result.groups["class"]["red"]["n"] == gold[:, 0].sum()


def test_a_stored_calibration_does_not_change_zero_shot_numbers() -> None:
    shown = ["red", "green", "blue"] * 20
    labels = [("green",) if name == "red" else (name,) for name in shown]
    given = in_memory(labels, shown)
    before = evaluate_zero_shot(Colours(), given, VOCABULARY)
    classifier = ZeroShotClassifier(VOCABULARY, Colours())
    classifier.calibrate(
        [picture(name, row) for row, name in enumerate(shown)], [label[0] for label in labels]
    )
    after = evaluate_zero_shot(Colours(), given, VOCABULARY)
    assert after.metrics == before.metrics
    assert after.items is not None
    assert after.items.equals(before.items)
    assert after.config["calibrated"] is False


def test_intervals_draw_groups_together() -> None:
    shown = ["red", "green"] * 50
    labels = [("red",)] * 100
    alone = evaluate_zero_shot(Colours(), in_memory(labels, shown), VOCABULARY)
    grouped = in_memory(labels, shown, groups=tuple(str(row % 10) for row in range(100)))
    together = evaluate_zero_shot(Colours(), grouped, VOCABULARY)
    assert alone.metrics["accuracy"] == together.metrics["accuracy"] == 0.5
    assert alone.intervals["accuracy"][0] > 0.35
    assert together.intervals["accuracy"][0] <= 0.2  # there are but ten groups, all of each right or wrong
    better = in_memory(labels, ["red", "green", "red", "green", "red"] * 20, groups=grouped.groups)
    row = compare_results(together, evaluate_zero_shot(Colours(), better, VOCABULARY)).metrics[0]
    assert (row.metric, row.test) == ("accuracy", BOOTSTRAP)


def test_vectors_are_kept_and_a_killed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsvlm.eval.vectors.PART", 4)
    given = read_eval_set(write_parquet(tmp_path / "set.parquet", ["red", "green", "blue"] * 3))
    cache = tmp_path / "vectors"

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        image_vectors(Colours(), given, cache=cache, progress=stop)
    encoder = Colours()
    done: list[int] = []
    resumed = image_vectors(encoder, given, cache=cache, progress=done.append)
    assert (encoder.seen, done) == (5, [4, 4, 1])
    assert np.array_equal(resumed.values, image_vectors(Colours(), given).values)
    again = Colours()
    kept = image_vectors(again, given, cache=cache)
    assert again.seen == 0
    assert (kept.hashes, kept.errors) == (resumed.hashes, resumed.errors)
    torn = next(cache.rglob("00000004.npz"))
    torn.write_bytes(torn.read_bytes()[:100])
    image_vectors(again, given, cache=cache)
    assert again.seen == 4


def test_vectors_of_other_weights_or_other_images_are_not_taken(tmp_path: Path) -> None:
    given = read_eval_set(write_parquet(tmp_path / "set.parquet", ["red", "green"]))
    image_vectors(Colours(), given, cache=tmp_path / "v")
    for change in ({"revision": "2"}, {"info": {"precision": "bf16"}}, {"name": "others"}):
        other = Colours()
        for name, value in change.items():
            setattr(other, name, value)
        image_vectors(other, given, cache=tmp_path / "v")
        assert other.seen == 2, change
    fresh = Colours()
    image_vectors(
        fresh,
        read_eval_set(write_parquet(tmp_path / "set.parquet", ["red", "green"], seed=5)),
        cache=tmp_path / "v",
    )
    assert fresh.seen == 2
    nameless = Colours()
    nameless.revision = ""
    image_vectors(nameless, given, cache=tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_vectors_that_are_no_numbers_are_refused() -> None:
    class Broken(Colours):  # type: ignore[misc]
        def encode_images(self, images: Any) -> Any:
            return np.full((len(images), 3), np.nan, np.float32)

    with pytest.raises(EvalError, match=r"a vector that is not numbers for 0\.png"):
        image_vectors(Broken(), in_memory([("red",)], ["red"]))


def test_a_text_is_encoded_once(tmp_path: Path) -> None:
    encoder = Colours()
    found = text_vectors(encoder, ["red", "blue", "red"], cache=tmp_path)
    assert encoder.asked == ["red", "blue"]
    assert np.array_equal(found[0], found[2])
    text_vectors(encoder, ["red", "blue", "blue"], cache=tmp_path)
    assert encoder.asked == ["red", "blue"]
    assert text_vectors(encoder, []).shape == (0, 3)
    other: Any = Colours()
    other.info = {"tokenizer": "another one, beside the same weights"}
    text_vectors(other, ["red", "blue"], cache=tmp_path)
    assert other.asked == ["red", "blue"]


def stored(path: Path, **changes: Any) -> Path:
    images = np.eye(4, dtype=np.float32)[[0, 1, 1, 2]]
    given = {
        "images": images,
        "labels": np.array([0, 1, 2, 2]),
        "texts": np.eye(4, dtype=np.float32)[:3],
        **changes,
    }
    np.savez(path, **{name: value for name, value in given.items() if value is not None})
    return path


def test_stored_vectors(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")
    result = evaluate_stored(stored(tmp_path / "model.npz"))
    assert result.metrics["accuracy"] == 0.75
    named = np.array(["red", "GREEN", "blue", "blue"])
    assert evaluate_stored(stored(tmp_path / "b.npz", labels=named)).metrics["accuracy"] == 0.75
    images = np.eye(4, dtype=np.float32)[[0, 1, 1, 2]]
    images[0] = np.nan
    assert evaluate_stored(stored(tmp_path / "c.npz", images=images)).n_failed == 1


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"labels": None}, "lacks labels"),
        ({"labels": np.array([0, 1, 2, 3])}, r"labels lie in 0\.\.3"),
        ({"labels": np.array([0, 1])}, "do not fit together"),
        ({"texts": np.eye(4, dtype=np.float32)}, "text vectors of 4 classes, but 3 class names"),
        ({"texts": np.zeros(3)}, "texts have the shape"),
    ],
)
def test_stored_vectors_that_make_no_sense(tmp_path: Path, changes: dict[str, Any], match: str) -> None:
    (tmp_path / "classes.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")
    with pytest.raises(EvalError, match=match):
        evaluate_stored(stored(tmp_path / "model.npz", **changes))


def test_stored_vectors_need_names_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match=r"classes\.txt"):
        evaluate_stored(stored(tmp_path / "model.npz"))
    (tmp_path / "no.npz").write_bytes(b"nothing")
    with pytest.raises(EvalError, match=r"is no \.npz"):
        evaluate_stored(tmp_path / "no.npz")
    names = np.array(["red", "green", "mauve"])
    with pytest.raises(EvalError, match="lacks mauve"):
        evaluate_stored(stored(tmp_path / "model.npz", classes=names), VOCABULARY)


WHURS19 = {"RemoteCLIP-ViT-B-32": "RemoteCLIP", "SkyCLIP50-ViT-B-32": "SkyCLIP50"}


def published_percent(folder: Path, file: str, model: str, column: str) -> dict[str, float]:
    with (folder / file).open(encoding="utf-8", newline="") as lines:
        return {
            row["text_prompt"]: float(row[column])
            for row in csv.DictReader(lines)
            if row["model_name"] == WHURS19[model] and row["model_architecture"] == "ViT-B-32"
        }


@pytest.mark.parametrize("model", WHURS19)
def test_published_averages_and_single_prompts(data_dir: Path, model: str) -> None:
    folder = data_dir / "whurs19-embeddings"
    result = evaluate_stored(folder / f"{model}.npz", vocabulary("whu-rs19"), protocol="rs-transclip")
    expected = published_percent(folder, "published_average_prompt.csv", model, "acc_base_averageprompt_zs")
    assert 100 * result.metrics["accuracy"] == pytest.approx(expected["averageprompt"], abs=1e-9)
    assert result.config["prompts"] == 106
    beside = [row for row in compare(result) if row.figure is not None]
    assert beside
    assert all("equal as printed" in row.text for row in beside if row.figure and not row.figure.note)
    single = published_percent(folder, "published_individual_prompt.csv", model, "acc_base_zs")
    for prompt in list(single)[::35]:
        one = evaluate_stored(folder / f"{model}.npz", vocabulary("whu-rs19"), prompt=prompt)
        assert 100 * one.metrics["accuracy"] == pytest.approx(single[prompt], abs=1e-9)
    with pytest.raises(EvalError, match="has no prompt"):
        evaluate_stored(folder / f"{model}.npz", prompt="a nice picture of")


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("eurosat-rgb", ("AnnualCrop", "Sea Lake"), "eurosat"),
        ("ucm", ("agricultural",), "ucmerced"),
        ("bigearthnet-s2", ("Pastures", "Non-irrigated arable land"), "bigearthnet-43"),
        ("bigearthnet-s2", ("Urban fabric", "Arable land"), "bigearthnet-19"),
        ("eurosat", ("AnnualCrop", "mauve"), None),
        ("mine", ("forest",), None),
    ],
)
def test_the_vocabulary_of_a_set(name: str, labels: tuple[str, ...], expected: str | None) -> None:
    given = EvalSet(
        name,
        [picture("red")] * len(labels),
        tuple(map(str, range(len(labels)))),
        tuple((one,) for one in labels),
    )
    found = vocabulary_for(given)
    assert (found and found.name) == expected


def test_the_same_picture_in_several_rows_is_told() -> None:
    images = [picture("red"), picture("red"), picture("red"), picture("green")]
    given = EvalSet("colours", images, ("0", "1", "2", "3"), (("red",), ("red",), ("green",), ("green",)))
    notes = evaluate_zero_shot(Colours(), given, VOCABULARY).notes
    assert "2 images are pictures that are there already, 1 of them with other labels; each counts" in notes


def test_own_images_told_by_the_classes_of_a_known_set_are_not_in_domain() -> None:
    encoder = Colours()
    encoder.info = {"trained_on": ["eurosat"]}
    assert domain_notes(encoder, "my-fields", "eurosat") == []
    assert domain_notes(encoder, "eurosat-rgb", "eurosat") == [
        "in-domain: colours says it was trained on eurosat"
    ]


def test_top5_of_five_classes_is_left_out() -> None:
    result = evaluate_zero_shot(Colours(), in_memory([("red",)] * 12, ["red"] * 12), VOCABULARY)
    assert not {"top5"} & (result.metrics.keys() | result.intervals.keys())


@pytest.mark.parametrize("protocol", ["remoteclip", "classes"])
def test_searching_what_was_learned_from_is_marked(protocol: str) -> None:
    encoder = Colours()
    encoder.info = {"trained_on": ["colours"]}
    labels = [("red",), ("green",)] * 6
    given = in_memory(labels, ["red", "green"] * 6, captions=tuple(labels))
    notes = evaluate("retrieval", encoder=encoder, data=given, protocol=protocol).notes
    assert any(note.startswith("in-domain") for note in notes)
