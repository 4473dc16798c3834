"""Linear probes: logistic regression for classes, ridge regression for numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rsvlm.eval.errors import EvalError

from .targets import Target

Float64s = NDArray[np.float64]

STRENGTHS = tuple(10.0**power for power in range(-2, 4))
"""Values of C to choose from; features have a mean square length of about 1 a block, and the best C on
held-out training items of UC Merced, RSICD and EuroSAT was 10 to 1,000 by colours and by EfficientNet-Lite0."""

EXACT, ROUGH = 1e-7, 1e-4
"""Where logistic regression ends. ROUGH, scikit-learn's, finds the best C as well in a third of the steps."""

_MOST_STEPS = 200


@dataclass(frozen=True)
class LinearModel:
    """A linear map and what its outcome means.

    Attributes:
        weights: (d, c).
        bias: (c,).
        kind: That of the target.
    """

    weights: Float64s
    bias: Float64s
    kind: str

    def __call__(self, features: Float64s) -> Float64s:
        """Return (n, c): shares of belief, independent scores of 0..1, or numbers."""
        values = features @ self.weights + self.bias
        if self.kind == "number":
            return values
        if self.kind == "classes":
            return np.asarray(0.5 * (1 + np.tanh(0.5 * values)))
        shares = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def fit_linear(
    features: Float64s, target: Target, strengths: Sequence[float], tolerance: float = EXACT
) -> list[LinearModel]:
    """Fit a linear model for each of some strengths.

    Classes: the sum of the items' cross-entropy times C plus half the squared weights, multinomial for one class an
    item and binary for several, by L-BFGS from zero (scikit-learn's LogisticRegression has the same minimum). Numbers:
    the sum of squared errors times C plus the squared weights (its Ridge with alpha = 1 / C). The bias is not
    penalised.

    Args:
        features: (n, d).
        target: Of these n items.
        strengths: Values of C, each above 0; larger ones fit closer.
        tolerance: Logistic regression ends where no slope of the mean loss is above this.

    Returns:
        The models in the order of the strengths.
    """
    if target.kind == "number":
        return _ridge(features, target, strengths)
    return _logistic(features, target, strengths, tolerance)


def _ridge(features: Float64s, target: Target, strengths: Sequence[float]) -> list[LinearModel]:
    """All strengths from one singular value decomposition."""
    centre, mean = features.mean(axis=0), target.values.mean(axis=0)
    left, sizes, right = np.linalg.svd(features - centre, full_matrices=False)
    turned = left.T @ (target.values - mean)
    models = []
    for strength in strengths:
        weights = right.T @ (turned * (sizes / (sizes**2 + 1 / strength))[:, None])
        models.append(LinearModel(weights, mean - centre @ weights, target.kind))
    return models


def _logistic(
    features: Float64s, target: Target, strengths: Sequence[float], tolerance: float
) -> list[LinearModel]:
    try:
        import torch
    except ImportError:
        raise EvalError('a linear probe of classes needs torch: pip install "rsvlm[cpu]"') from None
    x, y = torch.from_numpy(np.ascontiguousarray(features)), torch.from_numpy(target.values)
    several = target.kind == "classes"
    found: dict[float, LinearModel] = {}
    weights = torch.zeros(x.shape[1], y.shape[1], dtype=torch.float64)
    bias = torch.zeros(y.shape[1], dtype=torch.float64)
    for strength in sorted(strengths):  # each starts from the one before, which is near
        weights, bias = weights.detach().clone().requires_grad_(), bias.detach().clone().requires_grad_()
        optimizer = torch.optim.LBFGS(
            [weights, bias], max_iter=_MOST_STEPS, tolerance_grad=tolerance, tolerance_change=1e-3 * tolerance,
            line_search_fn="strong_wolfe",
        )  # fmt: skip

        def loss(w: torch.Tensor = weights, b: torch.Tensor = bias, c: float = strength) -> torch.Tensor:
            values = torch.addmm(b, x, w)
            if several:
                each = torch.nn.functional.binary_cross_entropy_with_logits(values, y, reduction="sum")
            else:
                each = torch.nn.functional.cross_entropy(values, y, reduction="sum")
            return (each + 0.5 / c * w.square().sum()) / len(x)

        def closure(step: torch.optim.Optimizer = optimizer) -> torch.Tensor:
            step.zero_grad()
            value = loss()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        found[strength] = LinearModel(weights.detach().numpy(), bias.detach().numpy(), target.kind)
    return [found[strength] for strength in strengths]
