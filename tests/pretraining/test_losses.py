"""Contrastive losses against small cases by hand, against open_clip's, and over two processes."""

from collections.abc import Callable
from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn
from torch.nn.functional import normalize

from rsvlm.pretraining.errors import PretrainingError
from rsvlm.pretraining.losses import ContrastiveLoss, InfoNCE, PairwiseSigmoid, SoftTargets
from rsvlm.pretraining.vectors import Vectors

# Imported where it is needed: the processes of the last test read this file too, and open_clip takes seconds.
LOSSES: list[ContrastiveLoss] = [InfoNCE(), PairwiseSigmoid(), SoftTargets()]
NAMES = ["infonce", "sigmoid", "soft"]
SEEDS = st.integers(0, 2**31)


def drawn(rows: int, seed: int, size: int = 8, dtype: torch.dtype = torch.float32) -> Tensor:
    values = torch.randn(rows, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return normalize(values).to(dtype)


def batch(rows: int, seed: int, extra: int = 0, dtype: torch.dtype = torch.float32) -> Vectors:
    """Unit vectors, with references of which some are the same and some nearly."""
    references = drawn(rows + extra, seed + 1, dtype=dtype)
    references[rows // 2] = references[0]
    references[-1] = normalize(references[0] + 0.1 * references[-1], dim=0)
    return Vectors(
        drawn(rows, seed + 2, dtype=dtype), drawn(rows, seed + 3, dtype=dtype),
        extra=drawn(extra, seed + 4, dtype=dtype) if extra else None, references=references,
    )  # fmt: skip


def at(*degrees: float) -> Tensor:
    angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def softmax_of(first: float, *others: float) -> float:
    return exp(first) / sum(exp(value) for value in (first, *others))


def sigmoid(value: float) -> float:
    return 1 / (1 + exp(-value))


# By hand: images and texts at right angles, so that logits are scale on the diagonal and 0 beside it.


def test_infonce_by_hand() -> None:
    loss = InfoNCE()(Vectors(at(0, 90), at(0, 90)), 2.0)
    assert float(loss) == pytest.approx(log(1 + exp(-2)))


def test_infonce_has_extra_texts_only_for_images() -> None:
    loss = InfoNCE()(Vectors(at(0, 90), at(0, 90), extra=at(180)), 2.0)
    from_images = (-log(softmax_of(2, 0, -2)) - log(softmax_of(2, 0, 0))) / 2
    assert float(loss) == pytest.approx((from_images + log(1 + exp(-2))) / 2)


def test_infonce_with_several_texts_an_image() -> None:
    # The first image has the texts at 0 and 180 degrees, the second that at 90.
    vectors = Vectors(at(0, 90), at(0, 180, 90), owners=torch.tensor([0, 0, 1]))
    first = -(log(softmax_of(2, -2, 0)) + log(softmax_of(-2, 2, 0))) / 2
    from_images = (first - log(softmax_of(2, 0, 0))) / 2
    from_texts = -(log(softmax_of(2, 0)) + log(softmax_of(-2, 0)) + log(softmax_of(2, 0))) / 3
    assert float(InfoNCE()(vectors, 2.0)) == pytest.approx((from_images + from_texts) / 2)


def test_sigmoid_by_hand() -> None:
    vectors = Vectors(at(0, 90), at(0, 90), extra=at(180))
    right, wrong = sigmoid(3 - 1), [sigmoid(1), sigmoid(1), sigmoid(3 + 1), sigmoid(1)]
    expected = -(2 * log(right) + sum(log(value) for value in wrong)) / 2
    assert float(PairwiseSigmoid()(vectors, 3.0, -1.0)) == pytest.approx(expected)
    several = Vectors(at(0, 90), at(0, 0, 90), owners=torch.tensor([0, 0, 1]))
    expected = -(3 * log(right) + 3 * log(sigmoid(1))) / 2
    assert float(PairwiseSigmoid()(several, 3.0, -1.0)) == pytest.approx(expected)


def test_soft_targets_by_hand() -> None:
    # cos 11.48 degrees = 0.98, which at 0.02 has exp(-1) times the share of the own text.
    vectors = Vectors(at(0, 90), at(0, 90), references=at(0, 11.478340954533579))
    own = 1 / (1 + exp(-1))
    expected = -own * log(softmax_of(2, 0)) - (1 - own) * log(softmax_of(0, 2))
    assert float(SoftTargets(0.02)(vectors, 2.0)) == pytest.approx(expected)


def test_an_extra_text_shares_the_target_of_the_same_text() -> None:
    vectors = Vectors(at(0, 90), at(0, 90), extra=at(0), references=at(0, 90, 0))
    first = -log(softmax_of(2, 2, 0))
    from_images = (first - log(softmax_of(2, 0, 0))) / 2
    expected = (from_images + log(1 + exp(-2))) / 2
    assert float(SoftTargets(0.02)(vectors, 2.0)) == pytest.approx(expected)


def test_soft_targets_with_several_texts_an_image() -> None:
    # Texts a b | a: the first image looks for its texts with the mean of (1/2, 0, 1/2) and (0, 1, 0), the second with
    # (1/2, 0, 1/2); text a looks for both images, text b for the first.
    vectors = Vectors(
        at(0, 90), at(0, 90, 0), owners=torch.tensor([0, 0, 1]), references=torch.eye(2)[[0, 1, 0]].double()
    )
    first = -(log(softmax_of(2, 0, 2)) / 4 + log(softmax_of(0, 2, 2)) / 2 + log(softmax_of(2, 0, 2)) / 4)
    second = -log(softmax_of(0, 2, 0))
    from_texts = -(2 * (log(softmax_of(2, 0)) + log(softmax_of(0, 2))) / 2 + log(softmax_of(0, 2))) / 3
    expected = ((first + second) / 2 + from_texts) / 2
    assert float(SoftTargets(0)(vectors, 2.0)) == pytest.approx(expected)


# Against open_clip


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 12), seed=SEEDS, scale=st.floats(1, 20), bias=st.floats(-10, 10))
def test_open_clip_computes_the_same(rows: int, seed: int, scale: float, bias: float) -> None:
    from open_clip.loss import ClipLoss, SigLipLoss

    def both(loss: Callable[..., Tensor], *scalars: Tensor) -> list[Tensor]:
        images, texts = drawn(rows, seed), drawn(rows, seed + 1)
        leaves = [tensor.requires_grad_() for tensor in (images, texts, *scalars)]
        value = loss(*leaves)
        return [value, *torch.autograd.grad(value, leaves)]

    ours: dict[Any, ContrastiveLoss] = {ClipLoss(): InfoNCE(), SigLipLoss(): PairwiseSigmoid()}
    for theirs, loss in ours.items():

        def of_ours(images: Tensor, texts: Tensor, *scalars: Tensor, loss: ContrastiveLoss = loss) -> Tensor:
            return loss(Vectors(images, texts), *scalars)

        scalars = [torch.tensor(scale), torch.tensor(bias)]
        for mine, other in zip(both(of_ours, *scalars), both(theirs, *scalars), strict=True):
            assert torch.allclose(mine, other, rtol=1e-6, atol=1e-6 * scale)


# Limits of the soft targets


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 12), extra=st.integers(0, 4), seed=SEEDS)
def test_soft_targets_become_hard(rows: int, extra: int, seed: int) -> None:
    references = torch.eye(rows + extra)
    vectors = replace(batch(rows, seed, extra), references=references)
    hard = float(InfoNCE()(vectors, 10.0))
    for temperature in (0, 1e-45, 1e-6, 0.01):
        assert float(SoftTargets(temperature)(vectors, 10.0)) == pytest.approx(hard, abs=1e-6)


def test_hot_soft_targets_are_uniform() -> None:
    vectors = batch(4, 0)
    logits = 10 * vectors.images @ vectors.texts.T
    uniform = -(logits.log_softmax(1).mean() + logits.log_softmax(0).mean()) / 2
    assert float(SoftTargets(1e6)(vectors, 10.0)) == pytest.approx(float(uniform), abs=1e-5)


@pytest.mark.parametrize("temperature", [0, 1e-6, 0.02])
def test_the_same_texts_share_whatever_the_rounding(temperature: float) -> None:
    images, texts = drawn(3, 0).requires_grad_(), drawn(1, 1).expand(3, -1).clone().requires_grad_()
    rounding = torch.tensor([[0.0], [1e-7], [-1e-7]])
    vectors = Vectors(images, texts, references=drawn(1, 2) + rounding)
    soft, hard = SoftTargets(temperature)(vectors, 10.0), InfoNCE()(vectors, 10.0)
    # An image can't tell the three apart, and nothing pulls it from one to another ...
    (gradient,) = torch.autograd.grad(soft, texts, retain_graph=True)
    assert torch.allclose(gradient, gradient[0].expand(3, -1), atol=1e-6)
    # ... where InfoNCE pushes each text from the other two images.
    (gradient,) = torch.autograd.grad(hard, texts)
    assert not torch.allclose(gradient, gradient[0].expand(3, -1), atol=1e-2)


# What holds for all


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 8), extra=st.integers(0, 3), seed=SEEDS, draw=st.data())
@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_order_does_not_matter(
    loss: ContrastiveLoss, rows: int, extra: int, seed: int, draw: st.DataObject
) -> None:
    vectors = batch(rows, seed, extra, torch.float64)
    assert vectors.references is not None
    order = draw.draw(st.permutations(range(rows)))
    beyond = draw.draw(st.permutations(range(extra)))
    mixed = Vectors(
        vectors.images[order], vectors.texts[order],
        extra=None if vectors.extra is None else vectors.extra[beyond],
        references=vectors.references[[*order, *(rows + place for place in beyond)]],
    )  # fmt: skip
    expected = float(loss(vectors, 10.0, -5.0))
    assert float(loss(mixed, 10.0, -5.0)) == pytest.approx(expected, rel=1e-9)
    # Texts in an order of their own, with owners.
    owned = replace(
        mixed, images=vectors.images, owners=torch.tensor(order), extra=mixed.extra, texts=mixed.texts
    )
    assert float(loss(owned, 10.0, -5.0)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_gradients_are_those_of_small_steps(loss: ContrastiveLoss) -> None:
    vectors = batch(3, 5, 2, torch.float64)
    assert vectors.extra is not None

    def value(images: Tensor, texts: Tensor, extra: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        return loss(replace(vectors, images=images, texts=texts, extra=extra), scale, bias)

    leaves = [
        vectors.images,
        vectors.texts,
        vectors.extra,
        torch.tensor(5.0).double(),
        torch.tensor(-2.0).double(),
    ]
    assert torch.autograd.gradcheck(value, [leaf.clone().requires_grad_() for leaf in leaves])


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_autocast_does_not_round_the_logits(loss: ContrastiveLoss) -> None:
    vectors = batch(6, 3, 2)
    expected = loss(vectors, 100.0, -10.0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(vectors, 100.0, -10.0), expected)
    assert vectors.extra is not None
    rough = replace(
        vectors,
        images=vectors.images.bfloat16(),
        texts=vectors.texts.bfloat16(),
        extra=vectors.extra.bfloat16(),
    )
    assert loss(rough, 100.0).dtype == torch.float32


def test_one_pair_teaches_infonce_nothing() -> None:
    images = drawn(1, 0).requires_grad_()
    loss = InfoNCE()(Vectors(images, drawn(1, 1)), 100.0)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert images.grad is not None
    assert not images.grad.any()


# What can't be used


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (Vectors(drawn(3, 0), drawn(2, 0)), r"3 images and 2 texts: give one text an image"),
        (Vectors(drawn(2, 0), drawn(2, 0, 9)), r"same size.*\(2, 8\).*\(2, 9\)"),
        (Vectors(drawn(2, 0), drawn(2, 0), extra=drawn(1, 0, 9)), r"same size.*\(1, 9\)"),
        (Vectors(drawn(2, 0)[0], drawn(2, 0)), r"must be tables.*\(8,\)"),
        (Vectors(drawn(2, 0)[:0], drawn(2, 0)[:0]), r"one row or more.*\(0, 8\)"),
        (Vectors(drawn(2, 0), drawn(2, 0) * 3), r"text vectors have lengths from 3 to 3, not 1: normalise"),
        (Vectors(drawn(2, 0), drawn(2, 0), extra=drawn(1, 0) * 0), r"text vectors have lengths from 0 to 1"),
        (Vectors(drawn(2, 0) / torch.tensor([[1.0], [0.0]]), drawn(2, 0)), r"1 of 2 image vectors hold NaN"),
        (Vectors(drawn(2, 0), drawn(2, 0) * float("nan")), r"2 of 2 text vectors hold NaN or infinity"),
        (
            Vectors(drawn(2, 0), drawn(2, 0), references=drawn(2, 0) * float("nan")),
            r"2 of 2 reference vectors hold NaN",
        ),
        (
            Vectors(drawn(2, 0), drawn(2, 0), extra=drawn(2, 0), references=drawn(2, 0)),
            r"2 reference vectors for 4 texts",
        ),
        (Vectors(drawn(2, 0), drawn(2, 0), owners=torch.tensor([0, 2])), r"owners must name.*got \[0, 2\]"),
        (Vectors(drawn(2, 0), drawn(3, 0), owners=torch.tensor([0, 0, 0])), r"each image at least once"),
        (Vectors(drawn(2, 0), drawn(2, 0), owners=torch.tensor([0])), r"for each of 2 texts.*got \[0\]"),
    ],
)  # fmt: skip
def test_errors_say_what_was_wrong(vectors: Vectors, message: str) -> None:
    for loss in LOSSES:
        with pytest.raises(PretrainingError, match=message) as caught:
            loss(vectors, 10.0)
        assert "\n" not in str(caught.value)


def test_soft_targets_need_references_and_a_temperature() -> None:
    with pytest.raises(PretrainingError, match="need reference vectors"):
        SoftTargets()(Vectors(drawn(2, 0), drawn(2, 0)), 10.0)
    for temperature in (-1.0, float("nan"), float("inf")):
        with pytest.raises(PretrainingError, match="temperature is"):
            SoftTargets(temperature)


# Two processes


def of_process(rank: int, processes: int) -> Vectors:
    """What each process brings: 3 and 5 images, several texts for one, extra texts on the second process alone."""
    whole = batch(8, 11, 2, torch.float64)
    assert whole.extra is not None
    assert whole.references is not None
    owners = torch.tensor([0, 1, 1, 2, 0, 1, 2, 3, 4])
    texts = torch.cat([whole.texts, drawn(1, 9, dtype=torch.float64)])
    references = torch.cat([whole.references[:8], drawn(1, 10, dtype=torch.float64), whole.references[8:]])
    if processes == 1:
        everyones = owners + torch.tensor([0] * 4 + [3] * 5)
        return Vectors(whole.images, texts, extra=whole.extra, owners=everyones, references=references)
    if rank == 0:
        return Vectors(whole.images[:3], texts[:4], owners=owners[:4], references=references[:4])
    return Vectors(
        whole.images[3:], texts[4:], extra=whole.extra, owners=owners[4:], references=references[4:]
    )


def learned(rank: int, processes: int) -> list[Tensor]:
    """For each loss its value and the gradients of what made the vectors, of scale and of bias, summed over nothing."""
    results = []
    for loss in LOSSES:
        turn, scale, bias = (
            torch.eye(8).double().requires_grad_(),
            torch.tensor(10.0).double().requires_grad_(),
            torch.tensor(-5.0).double().requires_grad_(),
        )
        own = of_process(rank, processes)
        turned = replace(
            own, images=own.images @ turn, texts=own.texts @ turn,
            extra=None if own.extra is None else own.extra @ turn,
        )  # fmt: skip
        value = loss(turned, scale, bias)
        results += [value.detach(), *torch.autograd.grad(value, (turn, scale, bias))]
    return results


def work(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=(Path(folder) / "meeting").as_uri(), rank=rank, world_size=2
    )
    torch.save(learned(rank, 2), Path(folder) / f"{rank}.pt")
    # One process has a vector that is no number: both must say so, for neither to wait.
    own = of_process(rank, 2)
    spoilt = replace(own, images=own.images * (float("nan") if rank else 1))
    with pytest.raises(PretrainingError, match="5 of 8 image vectors hold NaN"):
        InfoNCE()(spoilt, 10.0)
    distributed.destroy_process_group()


def test_two_processes_are_as_one_with_both_batches(tmp_path: Path) -> None:
    spawn(work, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    results = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for first, second, one in zip(*results, learned(0, 1), strict=True):
        # The mean over processes, as for the gradients of DistributedDataParallel; losses are equal anyway.
        assert torch.allclose((first + second) / 2, one, rtol=1e-9, atol=1e-9)
    for first, second in zip(results[0][::4], results[1][::4], strict=True):
        assert torch.equal(first, second)
