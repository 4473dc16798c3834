"""The zero-shot numbers that RS-TransCLIP publishes (arXiv 2409.00698), through the classifier itself."""

import csv
from pathlib import Path

import numpy as np
import pytest
from stored import StoredEncoder, whurs19  # type: ignore[import-not-found] # beside this file

from rsvlm.classification import ZeroShotClassifier
from rsvlm.vocabularies import template_set, vocabulary
from rsvlm.vocabularies.protocols import protocol

MODELS = {"RemoteCLIP-ViT-B-32": "RemoteCLIP", "SkyCLIP50-ViT-B-32": "SkyCLIP50"}


def published(folder: Path, file: str, model: str, column: str) -> dict[str, float]:
    """Accuracy in percent by prompt."""
    with (folder / "whurs19-embeddings" / file).open(encoding="utf-8", newline="") as lines:
        return {
            row["text_prompt"]: float(row[column])
            for row in csv.DictReader(lines)
            if row["model_name"] == MODELS[model] and row["model_architecture"] == "ViT-B-32"
        }


def encoder_of(stored: dict[str, np.ndarray]) -> StoredEncoder:
    """All prompts of all classes, by the text that the protocol makes of them."""
    words = protocol("rs-transclip").class_words(vocabulary("whu-rs19"))
    templates = {
        template.removesuffix(" {}.").replace(" ", "_"): template for template in template_set("rs-transclip")
    }
    texts = {
        templates[str(prompt)].format(word): stored["texts"][row, column]
        for row, prompt in enumerate(stored["prompts"])
        for column, (word,) in enumerate(words)
    }
    return StoredEncoder(stored["images"], texts)


def accuracy(classifier: ZeroShotClassifier, pictures: list[np.ndarray], labels: np.ndarray) -> float:
    found = classifier.classify(pictures).labels
    return 100 * float(
        np.mean([name == classifier.names[label] for name, label in zip(found, labels, strict=True)])
    )


@pytest.mark.parametrize("model", MODELS)
def test_average_prompt(data_dir: Path, model: str) -> None:
    stored, pictures = whurs19(data_dir, model)
    classifier = ZeroShotClassifier("whu-rs19", encoder_of(stored), protocol="rs-transclip")
    assert np.abs(classifier.classes.vectors - stored["texts_average"]).max() <= 1e-6
    expected = published(data_dir, "published_average_prompt.csv", model, "acc_base_averageprompt_zs")
    assert accuracy(classifier, pictures, stored["labels"]) == pytest.approx(
        expected["averageprompt"], abs=1e-9
    )


@pytest.mark.parametrize("model", MODELS)
def test_each_of_106_prompts(data_dir: Path, model: str) -> None:
    stored, pictures = whurs19(data_dir, model)
    encoder = encoder_of(stored)
    expected = published(data_dir, "published_individual_prompt.csv", model, "acc_base_zs")
    assert len(expected) == 106
    for template in template_set("rs-transclip"):
        classifier = ZeroShotClassifier("whu-rs19", encoder, templates=[template], protocol="rs-transclip")
        prompt = template.removesuffix(" {}.")
        assert accuracy(classifier, pictures, stored["labels"]) == pytest.approx(
            expected[prompt], abs=1e-9
        ), prompt
