"""LoRA on every kind of encoder: W + dW once, each layer learns, and the adapter opens again on its base only."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import peft
import pytest
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file

import rsvlm
from rsvlm.models import hub
from rsvlm.models.adapters import TRAINED, Base, mixed, read_record
from rsvlm.models.attention import separate_attention
from rsvlm.models.errors import ModelError
from rsvlm.models.loading import load_tower
from rsvlm.models.lora import LORA_CONFIG, LORA_WEIGHTS
from rsvlm.models.pixels import model_input
from rsvlm.models.quiet import quiet
from rsvlm.models.tensor_files import write_tensors
from rsvlm.models.writing import base_of
from rsvlm.pretraining.errors import PretrainingError
from rsvlm.pretraining.layers import LoraSettings
from rsvlm.pretraining.lora import Adapted
from rsvlm.pretraining.strength import whole_at

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
VIT: dict[str, Any] = {
    "embed_dim": 32, "text_cfg": TEXT,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
}  # fmt: skip
RESNET = VIT | {"vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None}}
TIMM = VIT | {
    "vision_cfg": {
        "timm_model_name": "tf_efficientnet_lite0", "timm_model_pretrained": False, "timm_pool": "avg",
        "timm_proj": "linear", "image_size": 64,
    }
}  # fmt: skip
CONFIGS = {"vit": VIT, "resnet": RESNET, "timm": TIMM}
SETTINGS = LoraSettings(rank=2, alpha=4)
PICTURES = [Image.effect_noise((40, 40), sigma).convert("RGB") for sigma in (20, 60, 90)]
WORDS = ["a satellite photo of a farm", "river"]


def folder_of(place: Path, config: dict[str, Any], seed: int = 0) -> Path:
    """An open_clip model in a folder, with random weights."""
    torch.manual_seed(seed)
    place.mkdir(parents=True, exist_ok=True)
    model = open_clip.CLIP(**config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:  # CLIP's ResNets begin with norms of zero, behind which nothing has a slope
                weight.add_(0.1 * torch.randn_like(weight))
    torch.save(model.state_dict(), place / "open_clip_pytorch_model.bin")
    content = {"model_cfg": config, "preprocess_cfg": {}}
    (place / "open_clip_config.json").write_text(json.dumps(content), encoding="utf-8")
    return place


def adapted(base: Path, settings: LoraSettings = SETTINGS) -> Adapted:
    tower = load_tower(base)
    return Adapted(tower, settings, Base(name=str(base), revision=tower.revision))


def vectors(tower: Any) -> torch.Tensor:
    with torch.no_grad():
        images = torch.cat(
            [model_input(tower.prepare(picture)[None], tower.mean, tower.std) for picture in PICTURES]
        )
        return torch.cat([tower.images(images), tower.texts(tower.tokenize(WORDS)[0])])


def learn(model: Adapted, seed: int = 0) -> None:
    """Move everything that learns, as a few steps would, and see that each part has a slope."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    tower = model.tower
    images = torch.cat(
        [model_input(tower.prepare(picture)[None], tower.mean, tower.std) for picture in PICTURES]
    )
    loss = tower.images(images).square().sum() + tower.texts(tower.tokenize(WORDS)[0]).square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    slopes = [weight.grad for weight in model.parameters()]
    assert slopes
    assert all(slope is not None and slope.abs().sum() > 0 for slope in slopes)


@pytest.mark.parametrize("kind", CONFIGS)
def test_trained_saved_and_opened_again(kind: str, tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", CONFIGS[kind])
    model = adapted(base)
    assert torch.allclose(vectors(model.tower), vectors(load_tower(base)), atol=1e-5)  # it begins as its base
    learn(model)
    wanted = vectors(model.tower)
    model.save(tmp_path / "adapter")
    assert sorted(path.name for path in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors", "rsvlm_adapter.json",
    ]  # fmt: skip
    opened = load_tower(tmp_path / "adapter")
    assert torch.allclose(vectors(opened), wanted, atol=1e-5)
    stock = open_clip.CLIP(**CONFIGS[kind]).eval()
    stock.load_state_dict(opened.module.state_dict(), strict=True)  # a plain model of open_clip's
    assert not torch.allclose(vectors(load_tower(base)), wanted, atol=1e-3)


def with_lora(model: torch.nn.Module) -> set[str]:
    """Layers of a model that peft wrapped."""
    return {name.partition(".lora_A")[0] for name, _ in model.named_parameters() if ".lora_A" in name}


def test_exactly_the_chosen_layers_are_wrapped_though_others_end_alike(tmp_path: Path) -> None:
    """CLIP has transformer.resblocks.0... for texts, and visual.transformer.resblocks.0... for images."""
    base = folder_of(tmp_path / "base", VIT)
    before = vectors(load_tower(base))
    model = adapted(base, LoraSettings(rank=2, sides=("text",)))
    assert with_lora(model.tower.module) == set(model.lora)
    assert not any(name.startswith("visual.") for name in (*model.lora, *model.learning))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    wanted, images = vectors(model.tower), len(PICTURES)
    assert torch.allclose(wanted[:images], before[:images], atol=1e-6)
    assert not torch.allclose(wanted[images:], before[images:], atol=1e-2)
    model.save(tmp_path / "adapter")
    assert torch.allclose(vectors(load_tower(tmp_path / "adapter")), wanted, atol=1e-5)
    tower = load_tower(base)
    separate_attention(tower.module)  # which has the names of the adapter
    module: Any = tower.module
    with quiet():
        alone = peft.PeftModel.from_pretrained(module, str(tmp_path / "adapter"))
    found = {name.removeprefix("base_model.model.") for name in with_lora(alone)}
    assert found == set(model.lora)
    assert torch.allclose(vectors(tower), wanted, atol=1e-5)


def test_an_adapter_with_a_list_of_layers_opens_to_those_that_it_has_weights_for(tmp_path: Path) -> None:
    """As they were written before, where layers of both towers that end alike were trained."""
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base)
    learn(model)
    model.save(tmp_path / "adapter")
    file = tmp_path / "adapter" / LORA_CONFIG
    written = json.loads(file.read_text(encoding="utf-8"))
    ends = [name for name in model.lora if name.startswith(("transformer.", "visual.conv1"))]
    file.write_text(json.dumps(written | {"target_modules": ends}), encoding="utf-8")
    assert torch.allclose(vectors(load_tower(tmp_path / "adapter")), vectors(model.tower), atol=1e-5)
    file.write_text(json.dumps(written | {"target_modules": ends[:-1]}), encoding="utf-8")
    with pytest.raises(
        ModelError, match=r"names other layers than adapter_model.safetensors has weights for"
    ):
        load_tower(tmp_path / "adapter")


@pytest.mark.parametrize("side", ["image", "text"])
def test_a_side_that_learns_whole_beside_lora_on_the_other(side: str, tmp_path: Path) -> None:
    model = adapted(folder_of(tmp_path / "base", VIT), LoraSettings(rank=2, whole=(f"{side}:all",)))
    assert not {f"{name}.weight" for name in with_lora(model.tower.module)} & set(model.trained)
    learn(model)
    model.save(tmp_path / "adapter")
    assert torch.allclose(vectors(load_tower(tmp_path / "adapter")), vectors(model.tower), atol=1e-5)


def test_a_weight_that_learned_whole_has_no_lora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base, LoraSettings(rank=2, whole=("norms",)))
    model.save(tmp_path / "adapter")
    layer = f"{model.lora[0]}.weight"
    weights = load_file(tmp_path / "adapter" / TRAINED)
    write_tensors(
        weights | {layer: load_tower(base).module.state_dict()[layer]}, tmp_path / "adapter" / TRAINED
    )
    with pytest.raises(ModelError, match=rf"{layer} learned whole, and has LoRA as well"):
        load_tower(tmp_path / "adapter")
    monkeypatch.setattr("rsvlm.pretraining.lora.target_layers", lambda *given: model.lora)
    with pytest.raises(PretrainingError, match="would learn whole, and by LoRA as well"):
        adapted(base, LoraSettings(rank=2, whole=("all",)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"target_modules": "([a-z.]+)+!"}, "names other layers than"),
        ({"target_modules": ".*"}, "names other layers than"),
        ({"target_modules": "all-linear"}, "names other layers than"),
        ({"target_modules": ["proj"] * 10**6}, "names other layers than"),
        ({"target_modules": 3}, r"is no LoRA of rsvlm's \(target_modules: "),
        ({"r": 10**9}, r"is no LoRA of rsvlm's \(r: .*less than or equal to 1024"),
        ({"r": 1024}, r"is of shape \(2, .*the rank is 1024"),
        ({"r": True}, r"is no LoRA of rsvlm's \(r: "),
        ({"lora_alpha": float("nan")}, r"is no LoRA of rsvlm's \(lora_alpha: "),
        ({"peft_type": "BONE"}, r"is no LoRA of rsvlm's \(peft_type: "),
        ({"bias": "all"}, r"is no LoRA of rsvlm's \(bias: "),
        ({"rank_pattern": {".*": 7}}, r"is no LoRA of rsvlm's \(rank_pattern is set\)"),
        ({"modules_to_save": ["visual"]}, r"\(modules_to_save is set\)"),
    ],
)
def test_a_hostile_configuration_is_one_line(changed: Any, message: str, tmp_path: Path) -> None:
    model = adapted(folder_of(tmp_path / "base", VIT))
    model.save(tmp_path / "adapter")
    file = tmp_path / "adapter" / LORA_CONFIG
    content = json.loads(file.read_text(encoding="utf-8")) | changed
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match=message) as caught:
        load_tower(tmp_path / "adapter")
    assert "\n" not in str(caught.value)


def test_nothing_that_a_configuration_names_is_imported(tmp_path: Path) -> None:
    model = adapted(folder_of(tmp_path / "base", VIT))
    model.save(tmp_path / "adapter")
    file = tmp_path / "adapter" / LORA_CONFIG
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(
        json.dumps(content | {"megatron_config": {"a": 1}, "megatron_core": "antigravity"}), encoding="utf-8"
    )
    assert torch.allclose(vectors(load_tower(tmp_path / "adapter")), vectors(model.tower), atol=1e-5)
    assert "antigravity" not in sys.modules


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ViT-B-32", "RN50"])
def test_models_of_full_size(name: str, tmp_path: Path) -> None:
    config = open_clip.get_model_config(name)
    base = folder_of(tmp_path / "base", config)
    model = adapted(base)
    learn(model)
    wanted = vectors(model.tower)
    model.save(tmp_path / "adapter")
    opened = load_tower(tmp_path / "adapter")
    assert torch.allclose(vectors(opened), wanted, atol=1e-5 * float(wanted.abs().max()))
    stock = open_clip.CLIP(**config).eval()
    stock.load_state_dict(opened.module.state_dict(), strict=True)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_each_weight_is_w_plus_dw(kind: str, tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", CONFIGS[kind])
    before = load_tower(base).module.state_dict()
    model = adapted(base)
    learn(model)
    layer = "transformer.resblocks.0.attn.out_proj"
    wrapped: Any = model.tower.module.get_submodule(layer)
    delta = wrapped.get_delta_weight("default")
    model.save(tmp_path / "adapter")
    after = load_tower(tmp_path / "adapter").module.state_dict()
    assert torch.allclose(after[f"{layer}.weight"], before[f"{layer}.weight"] + delta, atol=1e-6)


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_transformers_folder(kind: str, transformers_models: dict[str, Path], tmp_path: Path) -> None:
    model = adapted(transformers_models[kind])
    learn(model)
    wanted = vectors(model.tower)
    model.save(tmp_path / "adapter")
    assert torch.allclose(vectors(load_tower(tmp_path / "adapter")), wanted, atol=1e-5)


@pytest.mark.parametrize("told", [None, True])
def test_an_adapter_opens_with_the_activation_that_was_told(told: bool | None, tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    tower = load_tower(base, quick_gelu=told)
    model = Adapted(tower, SETTINGS, base_of(base, None, tower))
    learn(model)
    model.save(tmp_path / "adapter")
    opened = load_tower(tmp_path / "adapter")
    assert opened.info["quick_gelu"] is bool(told)
    assert read_record(tmp_path / "adapter").base.quick_gelu is told
    assert torch.allclose(vectors(opened), vectors(model.tower), atol=1e-5)


@pytest.mark.parametrize("strength", [0.0, 0.2])
@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS, LoraSettings(rank=2, alpha=4, rslora=True), LoraSettings(rank=2, alpha=4, dora=True),
        LoraSettings(rank=2, alpha=4, dora=True, whole=("norms",)),
    ],
)  # fmt: skip
def test_peft_alone_opens_what_was_kept(
    settings: LoraSettings, strength: float, transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    """As rsvlm does, and as what is merged is: all of it the weights on the line from the base."""
    base = transformers_models["clip"]
    model = adapted(base, settings)
    learn(model)
    model.save(tmp_path / "whole")
    model.save(tmp_path / "adapter", strength)
    before, full = (load_tower(one).module.state_dict() for one in (base, tmp_path / "whole"))
    wanted = mixed(before, full, strength)
    opened = load_tower(tmp_path / "adapter")
    opened.write(tmp_path / "merged")
    stock: Any = transformers.CLIPModel.from_pretrained(base)
    if settings.whole:
        stock.load_state_dict(load_file(tmp_path / "adapter" / TRAINED), strict=False)
    with quiet():  # peft asks transformers what is out of date
        alone = peft.PeftModel.from_pretrained(stock, str(tmp_path / "adapter")).merge_and_unload()
    written = transformers.CLIPModel.from_pretrained(tmp_path / "merged")
    for found in (opened.module, alone, written):
        state = found.state_dict()
        assert all(torch.allclose(state[name], wanted[name], rtol=0, atol=1e-5) for name in wanted)
    moved = (wanted["visual_projection.weight"] - before["visual_projection.weight"]).abs().max()
    assert moved == 0 if strength == 0 else moved > 1e-3
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == str(base)


def test_adapters_of_the_first_format_hold_full_strength(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base, LoraSettings(rank=2, whole=("norms",)))
    learn(model)
    for name, strength in (("old", 1.0), ("new", 0.3)):
        model.save(tmp_path / name, strength)
    file = tmp_path / "old" / hub.ADAPTER_RECORD
    record = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(record | {"format": 1, "strength": 0.3}), encoding="utf-8")
    old, new = (load_tower(tmp_path / name).module.state_dict() for name in ("old", "new"))
    assert all(torch.allclose(old[name], new[name], rtol=0, atol=1e-6) for name in new)


def test_nothing_kept_is_not_rounded(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base, LoraSettings(rank=0, whole=("norms",)))
    learn(model)
    model.save(tmp_path / "adapter", 0.0, "fp16")
    found, wanted = (load_tower(one).module.state_dict() for one in (tmp_path / "adapter", base))
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("whole", ["norms", "biases", "heads", "all"])
def test_parts_that_learn_whole_lie_beside_the_adapter(whole: Any, tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base, LoraSettings(rank=0 if whole == "all" else 2, whole=(whole,)))
    learn(model)
    model.save(tmp_path / "adapter")
    assert (tmp_path / "adapter" / TRAINED).is_file()
    assert (tmp_path / "adapter" / LORA_WEIGHTS).is_file() == (whole != "all")
    assert torch.allclose(vectors(load_tower(tmp_path / "adapter")), vectors(model.tower), atol=1e-5)
    if whole == "all":
        rows = load_file(tmp_path / "adapter" / TRAINED)["positional_embedding"]
        assert torch.equal(rows, model.learning["positional_embedding"])
        assert len(rows) == TEXT["context_length"]


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_merged_open_clip_model_opens_in_stock_open_clip(kind: str, tmp_path: Path) -> None:
    model = adapted(folder_of(tmp_path / "base", CONFIGS[kind]))
    learn(model)
    model.save(tmp_path / "adapter")
    opened = load_tower(tmp_path / "adapter")
    opened.write(tmp_path / "merged")
    stock, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'merged'}")
    words = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'merged'}")(WORDS)
    with torch.no_grad():
        stock.eval()
        images = torch.stack([preprocess(picture) for picture in PICTURES])
        found = torch.cat([stock.encode_image(images), stock.encode_text(words)])
    assert torch.allclose(found, vectors(opened), atol=1e-5)
    assert torch.allclose(vectors(load_tower(tmp_path / "merged")), vectors(opened), atol=1e-6)


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_merged_transformers_model_opens_in_stock_transformers(
    kind: str, transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    model = adapted(transformers_models[kind])
    learn(model)
    model.save(tmp_path / "adapter")
    opened = load_tower(tmp_path / "adapter")
    opened.write(tmp_path / "merged")
    stock = transformers.AutoModel.from_pretrained(tmp_path / "merged").eval()
    with torch.no_grad():
        pixels = torch.stack([opened.prepare(picture) for picture in PICTURES])
        images: Any = stock.get_image_features(pixel_values=pixels)
        texts: Any = stock.get_text_features(**opened.tokenize(WORDS)[0])
    found = [one if isinstance(one, torch.Tensor) else one.pooler_output for one in (images, texts)]
    assert torch.allclose(torch.cat(found), vectors(opened), atol=1e-5)


def test_depthwise_convolutions_learn_whole(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", TIMM)
    model = adapted(base, LoraSettings(rank=2, whole=("depthwise",)))
    assert not any("conv_dw" in name for name in model.lora)
    assert any("conv_dw" in name for name in model.trained)


def test_one_side_and_chosen_layers(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    image = adapted(base, LoraSettings(rank=2, sides=("image",)))
    assert all(name.startswith("visual.") for name in image.lora)
    chosen = adapted(base, LoraSettings(rank=2, targets=("c_fc",)))
    assert {name.rpartition(".")[2] for name in chosen.lora} == {"c_fc"}
    with pytest.raises(PretrainingError, match="is no linear layer and no convolution of the model"):
        adapted(base, LoraSettings(targets=("q",)))
    with pytest.raises(PretrainingError, match="nothing would learn"):
        adapted(base, LoraSettings(rank=0))
    with pytest.raises(PretrainingError, match="would get no gradient from image"):
        adapted(base, LoraSettings(sides=("image",), targets=("transformer.resblocks.0.mlp.c_fc",)))


def test_between_base_and_adapter(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base)
    learn(model)
    plain = load_tower(base).module.state_dict()
    for strength in (0.0, 0.5, 1.0):
        model.save(tmp_path / "adapter", strength)
        found = load_tower(tmp_path / "adapter").module.state_dict()
        model.save(tmp_path / "whole")
        whole = load_tower(tmp_path / "whole").module.state_dict()
        name = "visual.transformer.resblocks.1.mlp.c_proj.weight"
        assert torch.allclose(found[name], plain[name] + strength * (whole[name] - plain[name]), atol=1e-6)


def test_what_learned_whole_may_lie_on_another_device_than_the_base() -> None:
    before, after = {"norm": torch.zeros(3)}, {"norm": torch.ones(3, device="meta")}  # which every torch has
    assert whole_at(before, after, 0.5)["norm"].device.type == "meta"


def test_the_encoder_says_what_it_is(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    model = adapted(base)
    learn(model)
    model.save(tmp_path / "farm adapter")
    encoder = rsvlm.load_encoder(tmp_path / "farm adapter", precision="fp32")
    same = rsvlm.load_encoder(base, adapter=tmp_path / "farm adapter", precision="fp32")
    assert encoder.name == "farm adapter"
    assert encoder.revision == same.revision != rsvlm.load_encoder(base).revision
    info: Any = encoder
    assert info.info["adapter"]["name"] == "farm adapter"
    assert np.array_equal(encoder.encode_texts(WORDS), same.encode_texts(WORDS))


def test_on_another_base_it_is_refused(tmp_path: Path) -> None:
    base, other = folder_of(tmp_path / "base", VIT), folder_of(tmp_path / "other", VIT, seed=1)
    model = adapted(base)
    model.save(tmp_path / "adapter")
    with pytest.raises(ModelError, match=r"is for .*base \(sha256:.*, and not for other"):
        load_tower(other, adapter=tmp_path / "adapter")
    with pytest.raises(ModelError, match=r"is for .*base \(sha256:.*, and not for adapter"):
        load_tower(tmp_path / "adapter", adapter=tmp_path / "adapter")


def test_a_base_that_was_moved_is_named_anew(tmp_path: Path, rsvlm_command: Any, capsys: Any) -> None:
    base, other = folder_of(tmp_path / "base", VIT), folder_of(tmp_path / "other", VIT, seed=1)
    model = adapted(base)
    learn(model)
    model.save(tmp_path / "adapter")
    wanted = vectors(load_tower(tmp_path / "adapter"))
    moved = base.rename(tmp_path / "moved")
    with pytest.raises(
        ModelError, match=r"its base cannot be loaded: .*load_encoder\(BASE, adapter='adapter'\)"
    ):
        load_tower(tmp_path / "adapter")
    assert torch.equal(vectors(load_tower(moved, adapter=tmp_path / "adapter")), wanted)
    command = ["merge", tmp_path / "adapter", "--out", tmp_path / "merged", "--base"]
    assert rsvlm_command(*command, other) == 2
    assert "name the base that it was trained on" in " ".join(capsys.readouterr().err.split())
    assert rsvlm_command(*command, moved) == 0
    assert torch.allclose(vectors(load_tower(tmp_path / "merged")), wanted, atol=1e-6)


def test_an_adapter_on_an_adapter_that_was_moved(tmp_path: Path, rsvlm_command: Any) -> None:
    place = tmp_path / "s"
    for name, base in (("a1", folder_of(tmp_path / "base", VIT)), ("a2", place / "a1")):
        tower = load_tower(base)
        model = Adapted(tower, SETTINGS, base_of(base, None, tower))
        learn(model, seed=len(str(base)))
        model.save(place / name)
    wanted = vectors(load_tower(place / "a2"))
    moved = place.rename(tmp_path / "moved")
    with pytest.raises(ModelError, match=r"its base cannot be loaded: .*merge a2 --base BASE"):
        load_tower(moved / "a2")
    assert torch.equal(vectors(load_tower(moved / "a1", adapter=moved / "a2")), wanted)
    assert rsvlm_command("merge", moved / "a2", "--out", tmp_path / "merged", "--base", moved / "a1") == 0
    assert torch.allclose(vectors(load_tower(tmp_path / "merged")), wanted, atol=1e-6)
    with pytest.raises(ModelError, match="and not for base"):
        load_tower(tmp_path / "base", adapter=moved / "a2")


@pytest.mark.parametrize("trained_on", ["hub", "folder"])
def test_the_same_weights_are_the_same_base_on_the_hub_and_in_a_folder(
    trained_on: str, transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    folder = transformers_models["clip"]
    hub_copy = tmp_path / "models--o--clip" / "snapshots" / "0123abcd"
    shutil.copytree(folder, hub_copy)
    here, there = (hub_copy, folder) if trained_on == "hub" else (folder, hub_copy)
    tower = load_tower(here)
    assert tower.revision != load_tower(there).revision
    model = Adapted(tower, SETTINGS, base_of(here, None, tower))
    learn(model)
    model.save(tmp_path / "adapter")
    assert torch.allclose(
        vectors(load_tower(there, adapter=tmp_path / "adapter")), vectors(model.tower), atol=1e-5
    )
    file = tmp_path / "adapter" / hub.ADAPTER_RECORD
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["base"]["sha256"]  # as records were before
    file.write_text(json.dumps(record), encoding="utf-8")
    assert torch.allclose(
        vectors(load_tower(here, adapter=tmp_path / "adapter")), vectors(model.tower), atol=1e-5
    )
    with pytest.raises(ModelError, match="name the base that it was trained on"):
        load_tower(there, adapter=tmp_path / "adapter")


def test_a_learned_bias_opens_in_stock_open_clip(tmp_path: Path) -> None:
    """The weights have a bias, as SigLIP's loss gives them one, and the configuration has none."""
    base = folder_of(tmp_path / "base", VIT)
    file = base / "open_clip_pytorch_model.bin"
    torch.save(torch.load(file, weights_only=True) | {"logit_bias": torch.tensor(-7.5)}, file)
    tower = load_tower(base)
    assert tower.logit_bias == -7.5
    tower.write(tmp_path / "written")
    stock, _, _ = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'written'}")
    assert stock.logit_bias.item() == -7.5
    assert load_tower(tmp_path / "written").logit_bias == -7.5


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (hub.ADAPTER_RECORD, b"{", "cannot be read"),
        (hub.ADAPTER_RECORD, b'{"format": 9}', "of format 9, and this version reads up to 2"),
        (hub.ADAPTER_RECORD, b'{"format": 1, "base": 3}', "cannot be read"),
        (LORA_WEIGHTS, b"torn", "missing, truncated or damaged"),
        (LORA_CONFIG, b"{}", r"adapter_config.json: is no LoRA of rsvlm's \(r: Field required\)"),
        (LORA_CONFIG, b"[" * 100_000, "cannot be read"),
    ],
)
def test_damaged_adapters_are_one_line(file: str, content: bytes, message: str, tmp_path: Path) -> None:
    model = adapted(folder_of(tmp_path / "base", VIT))
    model.save(tmp_path / "adapter")
    (tmp_path / "adapter" / file).write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        load_tower(tmp_path / "adapter")
    assert "\n" not in str(caught.value)


def test_an_adapter_of_another_architecture_does_not_fit(tmp_path: Path) -> None:
    base = folder_of(tmp_path / "base", VIT)
    small = folder_of(tmp_path / "small", VIT | {"text_cfg": TEXT | {"width": 32}})
    adapted(small).save(tmp_path / "adapter")
    record = json.loads((tmp_path / "adapter" / hub.ADAPTER_RECORD).read_text(encoding="utf-8"))
    record["base"] |= {"name": str(base), "revision": load_tower(base).revision}
    (tmp_path / "adapter" / hub.ADAPTER_RECORD).write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ModelError, match="does not fit its base"):
        load_tower(tmp_path / "adapter")
