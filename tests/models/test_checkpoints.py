"""Weights files: every kind that is published loads whole; everything else is one line, and nothing in it is run."""

import argparse
import gzip
import json
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save_file

from rsvlm.models import ModelError, load_encoder
from rsvlm.models.checkpoints import read_checkpoint
from rsvlm.models.loading import load_tower
from rsvlm.models.openclip import WithoutInitialisation
from rsvlm.models.state_dicts import architectures_of, load_into, tensors_of

TEXTS = ["a satellite photo of a harbour.", "Annual crop land", "river"]


def _training(state: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint as open_clip's training loop leaves it: the scheduler's learning rates are numpy's."""
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([weight], lr=1e-3)
    weight.grad = torch.ones(2)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = np.float64(0.5) * np.cos(1.0)
    wrapped = {f"module.{key}": value for key, value in state.items()}
    return {
        "epoch": 20,
        "name": "run",
        "state_dict": wrapped,
        "optimizer": optimizer.state_dict(),
        "scaler": {},
    }


KINDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "plain": lambda state: state,
    "module": lambda state: {f"module.{key}": value for key, value in state.items()},
    "compiled": lambda state: {f"_orig_mod.module.{key}": value for key, value in state.items()},
    "training": _training,
    "model": lambda state: {"model": state, "args": argparse.Namespace(lr=1e-4), "epoch": 3},
    "model_state_dict": lambda state: {"model_state_dict": state, "loss": 0.3},
    "leftovers": lambda state: (
        state
        | {
            "input_resolution": torch.tensor(32),
            "context_length": torch.tensor(77),
            "vocab_size": torch.tensor(49408),
            "attn_mask": torch.zeros(77, 77),
        }
    ),
    "one-element scale": lambda state: state | {"logit_scale": state["logit_scale"].reshape(1)},
}


@pytest.mark.parametrize("kind", [*KINDS, "safetensors"])
def test_each_kind_of_checkpoint_gives_open_clips_vectors(
    kind: str,
    tiny_clip: Any,
    tiny_config: Path,
    pictures: list[Image.Image],
    vectors: Callable[..., Any],
) -> None:
    state = tiny_clip.state_dict()
    weights = tiny_config.with_name("weights.pt" if kind in KINDS else "weights.safetensors")
    if kind in KINDS:
        torch.save(KINDS[kind](state), weights)
    else:
        save_file(state, weights)
    encoder: Any = load_encoder(tiny_config, weights=weights, device="cpu", precision="fp32")
    images, texts = vectors(tiny_clip, pictures, TEXTS)
    np.testing.assert_allclose(encoder.encode_images(pictures), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=1e-5)
    assert encoder.logit_scale == pytest.approx(tiny_clip.logit_scale.exp().item())
    assert re.fullmatch("sha256:[0-9a-f]{16}", encoder.revision)
    assert encoder.info["sha256"].startswith(encoder.revision.removeprefix("sha256:"))
    json.dumps(encoder.info)


def test_half_precision_weights_are_loaded_as_float32(tiny_clip: Any, tiny_config: Path) -> None:
    weights = tiny_config.with_suffix(".safetensors")
    save_file({key: value.half() for key, value in tiny_clip.state_dict().items()}, weights)
    tower = load_tower(tiny_config, weights=weights)
    assert {weight.dtype for weight in tower.module.parameters()} == {torch.float32}


def test_real_size(tmp_path: Path, pictures: list[Image.Image], vectors: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    with WithoutInitialisation():  # its numbers come below, in less time
        model = open_clip.CLIP(**open_clip.get_model_config("ViT-B-32")).eval()
    noise = torch.empty(2**20).uniform_(-0.05, 0.05)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(noise.repeat(weight.numel() // 2**20 + 1)[: weight.numel()].reshape(weight.shape))
    weights = tmp_path / "RemoteCLIP-ViT-B-32.pt"
    torch.save(model.state_dict(), weights)
    encoder: Any = load_encoder("ViT-B-32", weights=weights, device="cpu", precision="fp32")
    images, texts = vectors(model, pictures[:2], TEXTS)
    np.testing.assert_allclose(encoder.encode_images(pictures[:2]), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=1e-5)
    assert (encoder.name, encoder.dimension, encoder.image_size) == ("ViT-B-32", 512, 224)


@pytest.mark.parametrize("name", ["RN50", "ViT-B-32", "ViT-L-14-336", "ViT-H-14"])
def test_a_wrong_architecture_is_named_with_the_right_one(name: str) -> None:
    with torch.device("meta"):  # shapes without numbers
        given = open_clip.CLIP(**open_clip.get_model_config(name))
        wanted = open_clip.CLIP(**open_clip.get_model_config("ViT-B-16"))
    with pytest.raises(
        ModelError, match=f"a.pt do not fit ViT-B-16: .*; they fit {name}: name that"
    ) as caught:
        load_into(wanted, given.state_dict(), "a.pt", "ViT-B-16")
    assert "\n" not in str(caught.value)
    assert architectures_of({"a": torch.zeros(1)}) == []


def refusal(weights: Path, config: Path) -> str:
    """The one line that weights are refused with."""
    with pytest.raises(ModelError) as caught:
        load_tower(config, weights=weights)
    assert "\n" not in str(caught.value)
    assert weights.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.pop("visual.proj"), r"1 of \d+ weights are missing \(visual.proj\)"),
        (
            lambda s: [s.pop(k) for k in list(s) if k.startswith("transformer.")],
            r"24 of \d+ weights are missing \(transformer\.\S+, transformer\.\S+, transformer\.\S+, \.\.\.\)",
        ),
        (lambda s: s.update(extra=torch.zeros(3)), r"1 are not known to it \(extra\)"),
        (lambda s: s.update(logit_bias=torch.zeros(3)), r"logit_bias is 3 and not one number"),
        (
            lambda s: s.update({"visual.proj": torch.zeros(64, 16)}),
            r"1 have another shape \(visual.proj is 64x16 and not 64x32\)",
        ),
        (
            lambda s: s.update({"visual.transformer.resblocks.0.attn.lora_A": torch.zeros(1)}),
            "a LoRA adapter and not a whole model",
        ),
    ],
)
def test_a_half_load_is_refused(
    change: Callable[[dict[str, Any]], object], says: str, tiny_clip: Any, tiny_config: Path
) -> None:
    state = dict(tiny_clip.state_dict())
    change(state)
    weights = tiny_config.with_suffix(".pt")
    torch.save(state, weights)
    assert re.search(says, refusal(weights, tiny_config))


def test_weights_in_hugging_face_naming_are_told_apart(
    transformers_models: dict[str, Path], tiny_config: Path
) -> None:
    line = refusal(transformers_models["clip"] / "model.safetensors", tiny_config)
    assert "named as in Hugging Face transformers" in line


def test_a_pickle_bomb_does_not_go_off(tiny_clip: Any, tiny_config: Path, tmp_path: Path) -> None:
    marker = tmp_path / "boom"

    class Bomb:
        def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
            self.made_of = call, arguments

        def __reduce__(self) -> Any:
            return self.made_of

    bombs = [
        Bomb(Path.touch, marker),
        Bomb(os.system, f"echo > {marker}"),
        Bomb(exec, f"open({str(marker)!r}, 'w').close()"),
    ]
    for number, bomb in enumerate(bombs):
        for state in ({"state_dict": tiny_clip.state_dict(), "extra": bomb}, {"weight": bomb}, bomb):
            weights = tmp_path / f"bomb{number}.pt"
            torch.save(state, weights)
            assert "hold more than tensors" in refusal(weights, tiny_config)
        bare = tmp_path / f"bare{number}.pt"
        bare.write_bytes(pickle.dumps(bomb))
        assert "a bare pickle" in refusal(bare, tiny_config)
    assert not marker.exists()


def test_torchscript_is_told_apart_and_not_run(tiny_config: Path, tmp_path: Path) -> None:
    class Module(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(Module()).save(str(tmp_path / "ViT-B-32.pt"))  # type: ignore[no-untyped-call]
    assert "TorchScript archive, as OpenAI published CLIP" in refusal(tmp_path / "ViT-B-32.pt", tiny_config)


def _zip_of_weights(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("SkyCLIP_ViT_B32_top50pct/epoch_20.pt", b"weights")


def _zip_bomb(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda file: file.write_bytes(b""), "are empty .0 bytes."),
        (lambda file: file.mkdir(), "is a folder"),
        (lambda file: None, "do not exist"),
        (lambda file: file.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "Git LFS pointer"),
        (lambda file: file.write_bytes(b"<!DOCTYPE html><html>"), "a web page"),
        (lambda file: file.write_bytes(gzip.compress(b"x")), "compressed with gzip"),
        (lambda file: file.write_bytes(b"hello"), "its first bytes are b'hello'"),
        (lambda file: file.write_bytes(b"PK\3\4" + b"\0" * 100), "truncated or damaged"),
        (lambda file: torch.save([1, 2], file), "hold a list and no state dict"),
        (lambda file: torch.save({"a": 1}, file), "hold no tensors: its keys are a"),
        (
            lambda file: torch.save({"a": torch.ones(1)}, file, _use_new_zipfile_serialization=False),
            "PyTorch's format of before 2020",
        ),
        (_zip_of_weights, "holds SkyCLIP_ViT_B32_top50pct/epoch_20.pt and not PyTorch weights: unpack it"),
        (_zip_bomb, "unpack to 50,000,000 bytes"),
    ],
)
def test_what_is_no_weights_file_is_one_line(
    write: Callable[[Path], object], says: str, tiny_config: Path, tmp_path: Path
) -> None:
    write(tmp_path / "weights.pt")
    assert re.search(says, refusal(tmp_path / "weights.pt", tiny_config))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small whole file of each format."""
    folder = tmp_path_factory.mktemp("whole")
    state = {f"layer{n}.weight": torch.arange(50.0) for n in range(4)}
    torch.save(state, folder / "a.pt")
    save_file(state, folder / "a.safetensors")
    return {name: (folder / f"a{name}").read_bytes() for name in (".pt", ".safetensors")}


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_truncated_and_damaged_files_are_one_line(
    suffix: str, whole: dict[str, bytes], tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(whole[suffix])
    if data.draw(st.booleans(), "truncate"):
        del content[data.draw(st.integers(0, len(content) - 1), "length") :]
    else:
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8), "places"):
            content[place] ^= data.draw(st.integers(1, 255), "with")
    file = tmp_path / f"weights{suffix}"
    file.write_bytes(content)
    try:
        tensors_of(read_checkpoint(file).content, str(file))
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a file damaged in its numbers alone is read


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_truncated_file_is_refused_at_any_length(
    suffix: str, whole: dict[str, bytes], tmp_path: Path
) -> None:
    file = tmp_path / f"weights{suffix}"
    content = whole[suffix]
    for length in range(0, len(content), 37):
        file.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"weights.*(truncated or damaged|empty|first bytes)"):
            read_checkpoint(file)
