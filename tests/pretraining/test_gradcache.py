"""Gradient caching gives the gradients of the whole batch, dropout and all."""

import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.functional import normalize

from rsvlm.pretraining.errors import PretrainingError
from rsvlm.pretraining.gradcache import Stream, average_gradients, cached_backward
from rsvlm.pretraining.losses import ContrastiveLoss, InfoNCE, PairwiseSigmoid, SoftTargets
from rsvlm.pretraining.vectors import Vectors

VIT: dict[str, Any] = {
    "embed_dim": 32, "init_logit_bias": -5.0,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32,
                   "patch_dropout": 0.5},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 64, "heads": 2, "layers": 2},
}  # fmt: skip
ROWS, EXTRA = 10, 3


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def tokens(rows: int, seed: int) -> Tensor:
    drawn = torch.randint(1, 99, (rows, 16), generator=torch.Generator().manual_seed(seed))
    drawn[:, -1] = 99  # the end of the text, where open_clip takes its vector
    return drawn


class Towers:
    """A small open_clip model with dropout: of patches, in attention and on vectors."""

    def __init__(self) -> None:
        import open_clip  # the other processes of a test read this file too, and open_clip takes seconds

        torch.manual_seed(0)
        self.model = open_clip.CLIP(**VIT).train()
        for part in self.model.modules():
            if isinstance(part, nn.MultiheadAttention):
                part.dropout = 0.2
        self.dropout = nn.Dropout(0.3)

    def images(self, pixels: Tensor) -> Tensor:
        return normalize(self.dropout(self.model.encode_image(pixels)), dim=-1)

    def texts(self, words: Tensor) -> Tensor:
        return normalize(self.dropout(self.model.encode_text(words)), dim=-1)

    def streams(self, chunk: int) -> dict[str, Stream]:
        return {
            "images": Stream(self.images, torch.split(numbers(ROWS, 3, 32, 32), chunk)),
            "texts": Stream(self.texts, torch.split(tokens(ROWS, 1), chunk)),
            "extra": Stream(self.texts, torch.split(tokens(EXTRA, 2), chunk)),
        }

    def compared(self, loss: ContrastiveLoss) -> Callable[..., Tensor]:
        references = normalize(numbers(ROWS + EXTRA, 6))
        return lambda images, texts, extra: loss(
            Vectors(images, texts, extra, references=references),
            self.model.logit_scale.exp(),
            self.model.logit_bias,
        )

    def gradients(self) -> dict[str, Tensor]:
        return {
            name: parameter.grad
            for name, parameter in self.model.named_parameters()
            if parameter.grad is not None
        }


def plain_backward(loss: Callable[..., Tensor], streams: dict[str, Stream]) -> Tensor:
    """What `cached_backward` promises to equal."""
    vectors = {
        name: torch.cat([stream.encode(chunk) for chunk in stream.chunks]) for name, stream in streams.items()
    }
    value = loss(**vectors)
    value.backward()  # type: ignore[no-untyped-call]
    return value.detach()


def assert_close(ours: dict[str, Tensor], theirs: dict[str, Tensor], tolerance: float) -> None:
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        assert torch.allclose(ours[name], gradient, rtol=tolerance, atol=tolerance), name


@pytest.mark.parametrize("chunk", [ROWS, 5, 3])
@pytest.mark.parametrize(
    "loss", [InfoNCE(), PairwiseSigmoid(), SoftTargets()], ids=["infonce", "sigmoid", "soft"]
)
def test_gradients_are_the_plain_ones(loss: ContrastiveLoss, chunk: int) -> None:
    cached, plain = Towers(), Towers()
    torch.manual_seed(1)
    value = cached_backward(cached.compared(loss), cached.streams(chunk))
    after = torch.rand(3)
    torch.manual_seed(1)
    assert torch.allclose(value, plain_backward(plain.compared(loss), plain.streams(chunk)), atol=1e-6)
    assert not value.requires_grad
    assert_close(cached.gradients(), plain.gradients(), 1e-5)
    assert len(cached.gradients()) == len(list(cached.model.parameters()))
    assert cached.model.logit_bias.grad is not None
    # Random numbers go on from where one pass leaves them: the next batch doesn't repeat this one's dropout.
    assert torch.equal(after, torch.rand(3))


def test_gradients_add_up() -> None:
    towers = Towers()
    torch.manual_seed(1)
    cached_backward(towers.compared(InfoNCE()), towers.streams(4))
    once = {name: gradient.clone() for name, gradient in towers.gradients().items()}
    torch.manual_seed(1)
    cached_backward(towers.compared(InfoNCE()), towers.streams(4))
    assert_close(towers.gradients(), {name: 2 * gradient for name, gradient in once.items()}, 1e-5)


@pytest.mark.parametrize("where", ["around", "inside"])
def test_autocast(where: str) -> None:
    def bfloat16() -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16)

    results = []
    for backward in (cached_backward, plain_backward):
        towers = Towers()
        streams = towers.streams(4)
        if where == "inside":
            for name, stream in streams.items():

                def encode(chunk: Tensor, plainly: Callable[[Tensor], Tensor] = stream.encode) -> Tensor:
                    with bfloat16():
                        return plainly(chunk)

                streams[name] = Stream(encode, stream.chunks)
        torch.manual_seed(1)
        with bfloat16() if where == "around" else nullcontext():
            backward(towers.compared(InfoNCE()), streams)
        results.append(towers.gradients())
    cached, plain = results
    assert cached.keys() == plain.keys()
    for name, gradient in plain.items():
        # bfloat16 has 8 bits, and sums over chunks are rounded in another order.
        assert float((cached[name] - gradient).norm()) <= 0.02 * float(gradient.norm()) + 1e-6, name


def test_autocast_does_not_round_the_way_back() -> None:
    def gradient() -> Tensor:
        weight = nn.Parameter(torch.ones(8))
        streams = {
            "images": Stream(lambda chunk: normalize(chunk * weight), torch.split(numbers(6, 8), 2)),
            "texts": Stream(normalize, [numbers(6, 8, seed=1)]),
        }
        cached_backward(lambda images, texts: InfoNCE()(Vectors(images, texts), 100.0), streams)
        assert weight.grad is not None
        return weight.grad

    expected = gradient()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.allclose(gradient(), expected, rtol=1e-6)


def test_all_randomness_repeats() -> None:
    weight = nn.Parameter(numbers(4, 8))

    def encode(chunk: Tensor) -> Tensor:
        noise = random.random() + np.random.rand() + float(torch.rand(()))
        return normalize((chunk + noise) @ weight)

    compared = InfoNCE()
    streams = {
        "images": Stream(encode, torch.split(numbers(6, 4), 2)),
        "texts": Stream(encode, torch.split(numbers(6, 4, seed=1), 3)),
    }
    gradients: list[Tensor] = []
    for backward in (cached_backward, plain_backward):
        weight.grad = None
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        backward(lambda images, texts: compared(Vectors(images, texts), 10.0), streams)
        assert weight.grad is not None
        gradients.append(weight.grad)
    assert torch.allclose(gradients[0], gradients[1], rtol=1e-5, atol=1e-5)


def test_hidden_randomness_is_an_error() -> None:
    own = torch.Generator().manual_seed(0)
    weight = nn.Parameter(numbers(4, 8))

    def encode(chunk: Tensor) -> Tensor:
        return normalize((chunk * torch.randn(chunk.shape, generator=own)) @ weight)

    streams = {"images": Stream(encode, torch.split(numbers(6, 4), 2))}
    with pytest.raises(PretrainingError, match="encoder of 'images' gave other vectors for the same chunk"):
        cached_backward(lambda images: InfoNCE()(Vectors(images, images), 10.0), streams)


def test_a_frozen_encoder_is_not_run_twice() -> None:
    weight, calls = nn.Parameter(numbers(4, 8)), 0

    def frozen(chunk: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return normalize(chunk + torch.rand(()))

    streams = {
        "images": Stream(lambda chunk: normalize(chunk @ weight), torch.split(numbers(6, 4), 1)),
        "texts": Stream(frozen, torch.split(numbers(6, 8), 1)),
    }
    torch.manual_seed(0)
    cached_backward(lambda images, texts: InfoNCE()(Vectors(images, texts), 10.0), streams)
    after = torch.rand(())
    assert calls == 7
    assert weight.grad is not None
    # Random numbers go on all the same as after six texts, not after one.
    torch.manual_seed(0)
    torch.rand(6)
    assert torch.equal(after, torch.rand(()))


def test_one_graph_at_a_time() -> None:
    """What backward keeps of a chunk is gone before the next chunk is encoded."""
    alive, weight = [], nn.Parameter(numbers(4, 8))

    class Kept:
        count = 0

        def __init__(self, tensor: Tensor) -> None:
            self.tensor = tensor
            Kept.count += 1

        def __del__(self) -> None:
            Kept.count -= 1

    def encode(chunk: Tensor) -> Tensor:
        alive.append(Kept.count)
        with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
            return normalize((chunk @ weight).tanh())

    streams = {
        "images": Stream(encode, torch.split(numbers(6, 4), 2)),
        "texts": Stream(encode, torch.split(numbers(6, 4), 2)),
    }
    loss = InfoNCE()
    cached_backward(lambda images, texts: loss(Vectors(images, texts), 10.0), streams)
    assert alive == [0] * 12
    alive.clear()
    plain_backward(lambda images, texts: loss(Vectors(images, texts), 10.0), streams)
    assert len(set(alive)) == 6


def test_no_chunks() -> None:
    with pytest.raises(PretrainingError, match="the stream 'texts' has no chunks"):
        cached_backward(lambda texts: texts.sum(), {"texts": Stream(normalize, [])})


# Two processes


class Layers(nn.Module):
    """Stands for two towers; `spare` is used by the second process alone, `idle` by none."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.text = nn.Parameter(numbers(4, 8)), nn.Parameter(numbers(4, 8, seed=1))
        self.spare, self.idle = nn.Parameter(numbers(4, 8, seed=2)), nn.Parameter(numbers(1))
        self.scale, self.bias = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.tensor(-5.0))

    def learn(self, rows: slice) -> None:
        pixels, words = numbers(12, 4, seed=3), numbers(12, 4, seed=4)
        spare = {"extra": Stream(lambda chunk: normalize(chunk @ self.spare), [numbers(3, 4, seed=5)])}
        cached_backward(
            lambda images, texts, extra=None: PairwiseSigmoid()(
                Vectors(images, texts, extra), self.scale.exp(), self.bias
            ),
            {
                "images": Stream(lambda chunk: normalize(chunk @ self.image), torch.split(pixels[rows], 2)),
                "texts": Stream(lambda chunk: normalize(chunk @ self.text), torch.split(words[rows], 3)),
                **(spare if rows.stop == 12 else {}),
            },
        )
        average_gradients(self.parameters())

    def gradients(self) -> Iterator[tuple[str, Tensor]]:
        return ((name, each.grad) for name, each in self.named_parameters() if each.grad is not None)


def work(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=(Path(folder) / "meeting").as_uri(), rank=rank, world_size=2
    )
    layers = Layers()
    layers.learn(slice(0, 5) if rank == 0 else slice(5, 12))
    average_gradients([])
    torch.save(dict(layers.gradients()), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_are_as_one_with_both_batches(tmp_path: Path) -> None:
    spawn(work, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    one = Layers()
    one.learn(slice(0, 12))
    assert one.idle.grad is None
    for rank in range(2):
        assert_close(torch.load(tmp_path / f"{rank}.pt", weights_only=True), dict(one.gradients()), 1e-5)
