"""CLIPScore and RefCLIPScore by hand, and what failures, silence and other encoders do to them."""

import math

import numpy as np
import pytest

from rsvlm.eval.clipscore import PAPER_MODEL, clip_score_result, clip_scores, ref_clip_scores
from rsvlm.eval.errors import EvalError

IMAGES = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
CAPTIONS = np.array([[0.6, 0.8], [0.0, -1.0], [1.0, 0.0]])


def test_scores_by_hand() -> None:
    np.testing.assert_allclose(clip_scores(IMAGES, CAPTIONS), [2.5 * 0.6, 0, 2.5], atol=1e-6)


def test_reference_scores_by_hand() -> None:
    scores = clip_scores(IMAGES, CAPTIONS)
    references, owner = np.array([[0.8, 0.6], [0.0, 1.0], [0.0, -1.0]]), [0, 0, 1]
    found = ref_clip_scores(scores, CAPTIONS, references, owner)
    best = max(0.6 * 0.8 + 0.8 * 0.6, 0.8)
    assert found[0] == pytest.approx(2 * 1.5 * best / (1.5 + best), abs=1e-6)
    assert found[1] == 0  # the caption is like its reference, but not like its image
    assert found[2] == 0  # no reference
    with pytest.raises(EvalError, match="captions"):
        ref_clip_scores(scores, CAPTIONS, references, [0, 0, 3])


def test_failures_and_silence_earn_nothing_and_are_counted() -> None:
    images = IMAGES.copy()
    images[2] = np.nan
    found = clip_score_result(
        images,
        CAPTIONS,
        captions=["a river", " ", "a road"],
        references=([[0.6, 0.8], [1.0, 0.0]], [0, 1]),
        n_cut=2,
        config={"model": PAPER_MODEL},
    )
    assert found.metrics["clipscore"] == pytest.approx(1.5 / 3, abs=1e-6)
    assert found.metrics["refclipscore"] == pytest.approx(2 * 1.5 / 2.5 / 3, abs=1e-6)
    assert (found.n, found.n_unanswered, found.n_failed) == (3, 1, 1)
    assert found.comparable
    assert found.config["n_cut"] == 2
    assert "2 texts" in found.notes[0]
    assert found.items is not None
    assert found.items["clipscore"].to_pylist()[1:] == [0, 0]


def test_another_encoder_is_not_comparable() -> None:
    found = clip_score_result(
        IMAGES, CAPTIONS, captions=["a", "b", "c"], config={"model": "remoteclip-vit-b-32"}
    )
    assert not found.comparable
    assert math.isclose(found.metrics["clipscore"], 4 / 3, abs_tol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(EvalError, match="pair up"):
        clip_scores(IMAGES, CAPTIONS[:2])
    with pytest.raises(EvalError, match="at least 1"):
        clip_score_result(np.zeros((0, 2)), np.zeros((0, 2)), captions=[])
