"""Encoders of one's own: edited ones, dead ones, and those that give something else than they say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from eval_pictures import Colours, in_memory, write_parquet  # type: ignore[import-not-found] # beside this file

import rsvlm
from rsvlm.classification.class_vectors import class_vectors
from rsvlm.datasets import read_eval_set
from rsvlm.eval.floors import FLOORS
from rsvlm.eval.vectors import NO_DIRECTION, image_vectors, text_vectors
from rsvlm.eval.zeroshot import evaluate_zero_shot
from rsvlm.models import ModelError
from rsvlm.models.identity import own_code

LABELS = [("red",), ("green",), ("blue",), ("red",)] * 3
SHOWN = ["red", "green", "blue", "red"] * 3


def made(**methods: Any) -> Any:
    """An encoder whose class is called as another one, and does something else."""
    return type("Mine", (Colours,), methods)()


def test_an_edited_encoder_is_asked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path))
    given = read_eval_set(write_parquet(tmp_path / "set.parquet", SHOWN))
    plain, turned = made(), made(
        encode_texts=lambda self, texts: -Colours.encode_texts(self, texts),
        encode_images=lambda self, images: -Colours.encode_images(self, images),
    )  # fmt: skip
    prompts = [["a red field"], ["a blue field"]]
    before = class_vectors(plain, prompts).vectors
    assert np.allclose(class_vectors(turned, prompts).vectors, -before)
    seen = image_vectors(plain, given, cache=tmp_path / "v").values
    assert np.allclose(image_vectors(turned, given, cache=tmp_path / "v").values, -seen)
    words = text_vectors(plain, ["red"], cache=tmp_path / "v")
    assert np.allclose(text_vectors(turned, ["red"], cache=tmp_path / "v"), -words)
    again = made()
    image_vectors(again, given, cache=tmp_path / "v")
    class_vectors(again, prompts)
    assert (again.seen, again.asked) == (0, [])


def test_what_rsvlm_brings_along_is_known_by_its_revision() -> None:
    assert own_code(FLOORS["colour-histogram"]()) == []
    assert own_code(Colours()) == own_code(Colours())


def test_a_dead_encoder_is_not_right_by_the_order_of_classes() -> None:
    dead = made(encode_images=lambda self, images: np.zeros((len(images), 3), np.float32))
    result = evaluate_zero_shot(dead, in_memory(LABELS, SHOWN))
    assert (result.metrics["accuracy"], result.n_failed) == (0.0, 12)
    assert result.items is not None
    assert set(result.items["error"].to_pylist()) == {NO_DIRECTION}


def test_classes_that_score_alike_are_told() -> None:
    same = made(encode_texts=lambda self, texts: np.tile(np.array([[1, 0, 0]], np.float32), (len(texts), 1)))
    result = evaluate_zero_shot(same, in_memory(LABELS, SHOWN))
    assert any("12 items score alike for all classes" in note for note in result.notes)
    whole = evaluate_zero_shot(Colours(), in_memory(LABELS, SHOWN))
    assert not any("alike" in note for note in whole.notes)


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ({"dimension": 8}, r"vectors of shape \((\d+), 3\) for \1 texts: by its `dimension` they must be \(\1, 8\)"),
        ({"encode_images": lambda self, images: Colours.encode_images(self, images)[:-1]}, r"\(11, 3\) for 12 images"),
        ({"encode_texts": lambda self, texts: Colours.encode_texts(self, texts)[:, :2]}, r"shape \(\d+, 2\) for"),
    ],
)  # fmt: skip
def test_vectors_of_another_shape_are_told(methods: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        rsvlm.evaluate("zero-shot", encoder=made(name="odd", **methods), data=in_memory(LABELS, SHOWN))


def test_tensors_with_a_gradient_are_taken() -> None:
    def encode_images(self: Any, images: Any) -> Any:
        return torch.tensor(Colours.encode_images(self, images), requires_grad=True)

    result = evaluate_zero_shot(made(encode_images=encode_images), in_memory(LABELS, SHOWN))
    assert result.metrics["accuracy"] == 1.0
