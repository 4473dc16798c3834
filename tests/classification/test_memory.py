"""Labelled rows of an index beside the words for the classes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from colours import Colours  # type: ignore[import-not-found] # in tests/
from numpy.typing import NDArray
from PIL import Image
from stored import StoredEncoder, picture_of  # type: ignore[import-not-found] # beside this file

import rsvlm
from rsvlm.captioning.sample import SamplePaths
from rsvlm.classification import ClassificationError, ZeroShotClassifier, classify_files
from rsvlm.classification.memory import Memory
from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Index, RetrievalError
from rsvlm.vocabularies import vocabulary_from_classes

WORDS = ["red", "green", "blue"]
Vectors = NDArray[np.float32]


def unit(vectors: Any) -> Vectors:
    found = np.asarray(vectors, np.float64)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def an_index(folder: Path, vectors: Any, labels: list[list[str]]) -> Index:
    rows = [{"key": str(number), "labels": given} for number, given in enumerate(labels)]
    return Index.from_vectors(folder, vectors, rows, encoder="colours", revision="1")


def a_memory(folder: Path, vectors: Any, labels: list[list[str]], **options: Any) -> Memory:
    words = np.eye(3, dtype=np.float32)
    return Memory(an_index(folder, vectors, labels), vocabulary_from_classes(WORDS), words, 100.0, **options)


def test_it_adds_the_mean_likeness_of_each_class(tmp_path: Path) -> None:
    """By the formula of the docstring, in float64, row by row."""
    random = np.random.default_rng(0)
    vectors = unit(
        random.standard_normal((40, 3)) + np.repeat(3 * np.eye(3), [20, 15, 5], axis=0)[:, [1, 2, 0]]
    )
    places = np.repeat([0, 1, 2], [20, 15, 5])
    memory = a_memory(tmp_path / "index", vectors, [[WORDS[place]] for place in places])
    assert memory.weight > 0  # the words say otherwise than the labels
    queries = unit(np.abs(random.standard_normal((7, 3))))
    expected = np.array(
        [
            [
                np.log(np.mean(np.exp(memory.sharpness * (vectors[places == place].astype(float) @ query))))
                - memory.sharpness
                for place in range(3)
            ]
            for query in queries.astype(float)
        ]
    )
    np.testing.assert_allclose(memory.evidence(queries), memory.weight / 100 * expected, atol=1e-6)
    np.testing.assert_allclose(memory.evidence(3 * queries), memory.evidence(queries), atol=1e-6)


def test_labels_that_contradict_the_words_win_and_noise_is_not_listened_to(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    own = unit(random.standard_normal((60, 3)) * 0.1 + np.repeat(np.eye(3), 20, axis=0))
    turned = a_memory(tmp_path / "turned", own, [[WORDS[(row // 20 + 1) % 3]] for row in range(60)])
    answers = (own @ np.eye(3, dtype=np.float32) + turned.evidence(own)).argmax(axis=1)
    assert (answers == (np.arange(60) // 20 + 1) % 3).mean() > 0.9
    noise = unit(random.standard_normal((90, 3)))
    by_words = noise.argmax(axis=1)
    agreeing = a_memory(
        tmp_path / "noise", np.tile(unit(np.ones((1, 3))), (90, 1)), [[WORDS[n]] for n in by_words]
    )
    assert ((noise + agreeing.evidence(noise)).argmax(axis=1) == by_words).all()


def test_classes_without_labelled_rows_are_neither_favoured_nor_punished(tmp_path: Path) -> None:
    memory = a_memory(tmp_path / "index", unit([[1, 0.1, 0], [0.1, 1, 0]]), [["red"], ["green"]], weight=1.0)
    found = memory.evidence(unit([[1, 0, 0], [1, 1, 1]]))
    np.testing.assert_allclose(found[:, 2], found[:, :2].mean(axis=1), atol=1e-6)
    assert memory.record["classes"] == 2


def test_without_labels_nothing_changes(tmp_path: Path) -> None:
    memory = a_memory(tmp_path / "index", unit(np.eye(3)), [[], [], []])
    assert memory.weight == 0
    assert not memory.evidence(unit(np.eye(3))).any()


def test_labels_of_other_classes_are_left_out_or_refused(tmp_path: Path) -> None:
    labels = [["Red"], ["lake"], ["red", "blue"]]
    memory = a_memory(tmp_path / "index", unit(np.eye(3)), labels)
    assert memory.record["labelled"] == 1
    assert memory.record["of_other_labels"] == 2
    with pytest.raises(ClassificationError, match="none of 1 labelled rows has one label of"):
        a_memory(tmp_path / "lakes", unit(np.eye(3)), [["lake"], [], []])
    with pytest.raises(ClassificationError, match=r"memory weight -1\.0: give 0"):
        a_memory(tmp_path / "third", unit(np.eye(3)), labels, weight=-1.0)
    with pytest.raises(ClassificationError, match=r"memory weight '0\.5': give 0"):
        a_memory(tmp_path / "fourth", unit(np.eye(3)), labels, weight="0.5")


def test_the_classifier_asks_its_memory_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    for number in range(12):
        shade = 60 + 10 * (number % 6)
        colour = (200 + number, shade, 20) if number % 2 else (20, shade, 200 + number)
        Image.new("RGB", (8, 8), colour).save(tmp_path / "tiles" / f"{number:02d}.png")
    index = Index.build(tmp_path / "tiles", tmp_path / "index", Colours())
    keys = index.rows(np.arange(12))["key"].to_pylist()
    lines = ["path,label", *(f"{key},{'red' if int(Path(key).stem) % 2 else 'blue'}" for key in keys)]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    index.label(tmp_path / "labels.csv")
    plain = ZeroShotClassifier(WORDS, Colours())
    clf = ZeroShotClassifier(WORDS, Colours(), memory=tmp_path / "index")
    assert clf.memory is not None
    result = clf.classify(tmp_path / "tiles")
    assert result.labels == ["blue", "red"] * 6
    assert result.record["memory"]["labelled"] == 12
    assert "memory" not in plain.record(("true-colour",))
    none = ZeroShotClassifier(WORDS, Colours(), memory=index, memory_weight=0.0)
    np.testing.assert_array_equal(
        none.classify(tmp_path / "tiles").scores, plain.classify(tmp_path / "tiles").scores
    )
    with pytest.raises(ClassificationError, match="one class, not several"):
        ZeroShotClassifier(WORDS, Colours(), memory=index, multi_label=True)
    other = Colours()
    other.revision = "2"
    with pytest.raises(RetrievalError, match="was made by colours"):
        ZeroShotClassifier(WORDS, other, memory=index)


def test_what_it_holds_of_an_image_itself_can_be_left_out(tmp_path: Path) -> None:
    """As if the image, and its copies, had never been labelled: by a memory that was made without these."""
    random = np.random.default_rng(4)
    places = np.repeat([0, 1, 2], 8)
    own = unit(random.standard_normal((24, 3)) + 2 * np.eye(3)[places])
    own[1] = own[0]  # a copy
    labels = [[WORDS[place]] for place in places]
    whole = a_memory(tmp_path / "whole", own, labels, weight=1.0)
    noise = 1e-4 * random.standard_normal((24, 3))  # of half precision and other company
    found = whole.evidence(unit(own + noise), itself=False)
    for row in (0, 2, 23):
        others = [other for other in range(24) if other != row and not (row == 0 and other == 1)]
        rest = a_memory(tmp_path / f"{row}", own[others], [labels[other] for other in others], weight=1.0)
        rest.sharpness = whole.sharpness
        np.testing.assert_allclose(found[row], rest.evidence(own[[row]])[0], atol=2e-4)
        assert whole.evidence(own[[row]])[0, places[row]] > found[row, places[row]]
    new = unit(random.standard_normal((5, 3)))
    np.testing.assert_array_equal(whole.evidence(new, itself=False), whole.evidence(new))


def test_calibrating_on_what_it_holds_is_as_on_new_images(tmp_path: Path) -> None:
    """Images that find themselves would all be right, and most new ones "none of these"."""
    random = np.random.default_rng(5)
    places = random.integers(0, 3, 240)
    vectors = unit(random.standard_normal((240, 32)) + 2.5 * np.eye(3, 32)[places])
    encoder = StoredEncoder(vectors, dict(zip(WORDS, np.eye(3, 32, dtype=np.float32), strict=True)), "1")
    rows = [{"key": str(number), "labels": [WORDS[places[number]]]} for number in range(120)]
    index = Index.from_vectors(tmp_path / "index", vectors[:120], rows, encoder="stored", revision="1")
    clf = ZeroShotClassifier(WORDS, encoder, templates=["{}"], memory=index, memory_weight=1.0)
    assert clf.memory is not None
    clf.memory.sharpness = 80.0  # the nearest labelled image decides
    metrics = [
        clf.calibrate([picture_of(n) for n in some], [WORDS[places[n]] for n in some], store=False).metrics
        for some in (range(120, 240), range(120))
    ]
    assert metrics[1]["accuracy"] == pytest.approx(metrics[0]["accuracy"], abs=0.1)
    found = clf.classify([picture_of(n) for n in range(120, 240)]).labels
    assert np.mean([label == "none of these" for label in found]) < 0.15


def test_it_is_the_same_by_whatever_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was calibrated is found, and what was begun goes on."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(6)
    pictures = [np.asarray(random.integers(0, 256, (8, 8, 3)), np.uint8) for _ in range(30)]
    labels = [WORDS[number % 3] for number in range(30)]
    an_index(tmp_path / "index", unit(random.standard_normal((9, 3))), [[label] for label in labels[:9]])
    Image.fromarray(pictures[0]).save("a.png")

    def classifier(place: str | Path) -> ZeroShotClassifier:
        return ZeroShotClassifier(WORDS, Colours(), memory=place)

    calibration = classifier("index").calibrate(pictures, labels)
    assert classifier(tmp_path / "index").calibration() == calibration
    classify_files(classifier("index"), ["a.png"], "out.csv")
    assert classify_files(classifier(tmp_path / "index"), ["a.png"], "out.csv").resumed == 1
    assert classifier("index").record(("true-colour",))["memory"]["index"] == "index"
    an_index(tmp_path / "other", unit(random.standard_normal((9, 3))), [[label] for label in labels[:9]])
    assert classifier("other").calibration() is None


def test_points_on_a_scene_make_a_class_map(
    town: SamplePaths, tmp_path: Path, rsvlm_command: Any, capsys: Any
) -> None:
    """From points with a column of labels, as QGIS saves them, to a map: the commands of the docs."""
    options = ChipOptions(chips="grid", size="256")
    index = rsvlm.Index.build(town.image, tmp_path / "index", options=options)
    rows = index.rows(np.arange(len(index))).to_pylist()
    shown = rows[:: len(rows) // 20]
    features = [
        {
            "type": "Feature",
            "properties": {"label": "left" if row["west"] < 10.0 else "right"},
            "geometry": {
                "type": "Point",
                "coordinates": [(row["west"] + row["east"]) / 2, (row["south"] + row["north"]) / 2],
            },
        }
        for row in shown
    ]
    (tmp_path / "points.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert rsvlm_command("index", "label", str(tmp_path / "index"), str(tmp_path / "points.geojson")) == 0
    out = tmp_path / "tiles.geojson"
    assert rsvlm_command(
        "classify", str(town.image), "--classes", "left,right", "--size", "256", "--memory", str(tmp_path / "index"),
        "--out", str(out), "--map", str(tmp_path / "maps"),
    ) == 0  # fmt: skip
    said = capsys.readouterr()
    assert f"Memory: {len(shown)} labelled rows of 2 classes" in " ".join((said.out + said.err).split())
    assert len(json.loads(out.read_text())["features"]) == len(rows)
    assert list((tmp_path / "maps").glob("*.tif"))

    # the same from the index alone, whose encoder is taken
    made = str(tmp_path / "index")
    assert rsvlm_command("classify", made, "--classes", "left,right", "--memory", made, "--json") == 0
    found = {
        tuple(row[side] for side in "xy"): row["label"] for row in json.loads(capsys.readouterr().out)["rows"]
    }
    drawn = [feature["properties"] for feature in json.loads(out.read_text())["features"]]
    assert [found[row["x"], row["y"]] for row in drawn] == [row["label"] for row in drawn]


def test_copies_of_labelled_images_change_no_weight(tmp_path: Path) -> None:
    """Else an image's copy tells its label, and careless labels are believed."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 150)
    noisy = random.normal(size=(150, 16))
    noisy[np.arange(150), truth] += 1.5
    said = [[WORDS[one]] for one in np.where(random.random(150) < 0.3, random.integers(0, 3, 150), truth)]
    words, vocabulary = np.eye(3, 16, dtype=np.float32), vocabulary_from_classes(WORDS)
    once = Memory(an_index(tmp_path / "once", unit(noisy), said), vocabulary, words, 20.0)
    twice = an_index(tmp_path / "twice", np.tile(unit(noisy), (2, 1)), said * 2)
    assert (once.weight, once.sharpness) == (
        (copied := Memory(twice, vocabulary, words, 20.0)).weight,
        copied.sharpness,
    )


def test_a_wider_class_of_the_vocabulary_is_another_label(tmp_path: Path) -> None:
    corine = rsvlm.vocabulary("corine")
    words = np.eye(len(corine.names), dtype=np.float32)
    index = an_index(tmp_path / "index", unit(words[:2]), [["Wetlands"], [corine.names[1]]])
    assert Memory(index, corine, words, 100.0).record["of_other_labels"] == 1


def test_what_decides_no_score_makes_no_other_memory(tmp_path: Path) -> None:
    vectors, labels = unit(np.eye(3)), [["red"], ["green"], ["blue"]]
    first = a_memory(tmp_path / "first", vectors, labels, weight=1)
    other = a_memory(
        tmp_path / "other",
        unit([*np.eye(3)[::-1], [1, 1, 1]]),
        [*labels[::-1], ["lake"]],
        weight=np.float32(1),
    )
    assert json.dumps(first.identity) == json.dumps(other.identity)
    assert first.identity != a_memory(tmp_path / "third", vectors, labels[::-1], weight=1).identity
