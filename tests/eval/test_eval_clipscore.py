"""CLIPScore and RefCLIPScore by hand."""

import numpy as np
import pytest

from rsvlm.eval.clipscore import clip_scores, ref_clip_scores
from rsvlm.eval.errors import EvalError

IMAGES = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
CAPTIONS = np.array([[0.6, 0.8], [0.0, -1.0], [1.0, 0.0]])


def test_scores_by_hand() -> None:
    np.testing.assert_allclose(clip_scores(IMAGES, CAPTIONS), [2.5 * 0.6, 0, 2.5], atol=1e-6)
    failed = np.where([[False], [False], [True]], np.nan, IMAGES)
    np.testing.assert_allclose(clip_scores(failed, CAPTIONS), [2.5 * 0.6, 0, 0], atol=1e-6)


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


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(EvalError, match="pair up"):
        clip_scores(IMAGES, CAPTIONS[:2])
