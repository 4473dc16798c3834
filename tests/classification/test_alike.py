"""Classes that an encoder cannot tell apart are refused; those of what ships can be."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from colours import Colours, plain  # type: ignore[import-not-found] # in tests/
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.classification import ClassificationError, ZeroShotClassifier, alike, classify_files
from rsvlm.classification.alike import check_apart
from rsvlm.classification.class_vectors import class_vectors, fill_templates
from rsvlm.retrieval import Index
from rsvlm.vocabularies import protocol, protocol_names, vocabulary, vocabulary_names

RED, GREEN = plain((200, 20, 20)), plain((20, 200, 20))
WAYS: dict[str, Callable[[ZeroShotClassifier, Path], object]] = {
    "classify": lambda classifier, _: classifier.classify(RED),
    "calibrate": lambda classifier, _: classifier.calibrate([RED], ["red"]),
    "classify_files": lambda classifier, folder: classify_files(classifier, [folder], folder / "out.csv"),
}


@pytest.mark.parametrize("way", WAYS)
def test_classes_of_one_vector_are_named(way: str, tmp_path: Path) -> None:
    Image.fromarray(RED).save(tmp_path / "red.png")
    classifier = ZeroShotClassifier(["red", "river", "field"], Colours(), templates=["{}"])
    with pytest.raises(
        ClassificationError, match="encoder colours reads the classes 'river' and 'field' alike"
    ):
        WAYS[way](classifier, tmp_path)


def test_a_memory_may_tell_them_apart(tmp_path: Path) -> None:
    vectors = Colours().encode_images([RED, GREEN, RED, GREEN])
    rows = [{"key": str(n), "labels": [name]} for n, name in enumerate(["river", "field"] * 2)]
    index = Index.from_vectors(tmp_path / "index", vectors, rows, encoder="colours", revision="1")
    seen = ZeroShotClassifier(["river", "field"], Colours(), templates=["{}"], memory=index, memory_weight=1)
    assert seen.classify([RED, GREEN]).labels == ["river", "field"]
    unused = ZeroShotClassifier(
        ["river", "field"], Colours(), templates=["{}"], memory=index, memory_weight=0
    )
    with pytest.raises(ClassificationError, match="alike"):
        unused.classify([RED, GREEN])


@pytest.mark.parametrize("at_once", [1, 2, 1024])
def test_how_near_is_too_near(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_AT_ONCE", at_once)
    angles = np.arccos([1, 0.5, 1 - 2e-5, 1 - 5e-6])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    check_apart(["a", "b", "c"], vectors[:3], "one")
    with pytest.raises(ClassificationError, match="'a' and 'd' alike"):
        check_apart(["a", "b", "d"], vectors[[0, 1, 3]], "one")


@pytest.mark.parametrize("name", protocol_names())
def test_no_two_classes_of_what_ships_are_alike(name: str) -> None:
    """To an encoder that sees nothing but which words there are."""
    paper, encoder = protocol(name), HashingEncoder()
    for each in vocabulary_names():
        classes = vocabulary(each)
        prompts = fill_templates(paper.class_words(classes), paper.template_strings(classes)[:2])
        check_apart(classes.names, class_vectors(encoder, prompts).vectors, each)
