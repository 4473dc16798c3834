"""Attention made of linear layers computes what the fused one does, and adapters on it add dW once."""

from typing import Any

import open_clip
import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from rsvlm.models.attention import LinearAttention, plain_state, separate_attention
from rsvlm.models.errors import ModelError

VIT: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 64, "heads": 2, "layers": 2},
}
RESNET = VIT | {"vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None}}
TIMM = VIT | {
    "vision_cfg": {
        "timm_model_name": "vit_tiny_patch16_224", "timm_model_pretrained": False, "timm_pool": "avg",
        "timm_proj": "linear", "image_size": 224,
    }
}  # fmt: skip


def made(config: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    return open_clip.CLIP(**config).eval()


def outputs(model: Any, config: dict[str, Any]) -> torch.Tensor:
    side = config["vision_cfg"]["image_size"]
    images = torch.rand((3, 3, side, side), generator=torch.Generator().manual_seed(1))
    texts = torch.tensor([[1, 2, 3, 99, *[0] * 12], [5, 99, *[0] * 14]])
    with torch.no_grad():
        return torch.cat([model.encode_image(images), model.encode_text(texts)])


@pytest.mark.parametrize(
    ("config", "layers"), [(VIT, 4), (RESNET, 3), (TIMM, 2)], ids=["vit", "resnet", "timm"]
)
def test_the_same_outputs_and_back(config: dict[str, Any], layers: int) -> None:
    model = made(config)
    before, state = (
        outputs(model, config),
        {name: value.clone() for name, value in model.state_dict().items()},
    )
    assert len(separate_attention(model)) == layers
    assert not any(isinstance(part, nn.MultiheadAttention) for part in model.modules())
    assert torch.allclose(outputs(model, config), before, atol=1e-5)
    after = plain_state(model)
    assert after.keys() == state.keys()
    assert all(torch.equal(after[name], value) for name, value in state.items())
    again = made(config)
    again.load_state_dict(after, strict=True)
    assert torch.equal(outputs(again, config), before)


@pytest.mark.parametrize("config", [VIT, RESNET], ids=["vit", "resnet"])
def test_an_adapter_adds_dw_once_and_every_layer_learns(config: dict[str, Any]) -> None:
    model = made(config)
    names = separate_attention(model)
    layers = [
        f"{name}.{own}" for name in names for own, part in model.get_submodule(name).named_children()
        if isinstance(part, nn.Linear)
    ]  # fmt: skip
    weights = {name: model.get_submodule(name).weight.detach().clone() for name in layers}
    adapted = get_peft_model(
        model, LoraConfig(r=2, lora_alpha=4, target_modules=layers, init_lora_weights=False)
    )
    side = config["vision_cfg"]["image_size"]
    loss = model.encode_image(torch.rand(2, 3, side, side)).square().sum()
    loss = loss + model.encode_text(torch.tensor([[1, 2, 99, *[0] * 13]])).square().sum()
    loss.backward()
    slopes = {name: value.grad for name, value in adapted.named_parameters() if "lora_" in name}
    assert all(slope is not None and slope.abs().sum() > 0 for slope in slopes.values())
    deltas = {name: model.get_submodule(name).get_delta_weight("default") for name in layers}
    wanted = outputs(model, config)
    merged = adapted.merge_and_unload()
    summed: dict[str, torch.Tensor] = dict(merged.named_parameters())
    for name in layers:
        assert torch.allclose(summed[f"{name}.weight"], weights[name] + deltas[name], atol=1e-6), name
    assert torch.allclose(outputs(merged, config), wanted, atol=1e-5)
    stock = made(config)
    stock.load_state_dict(plain_state(merged), strict=True)
    assert torch.allclose(outputs(stock, config), wanted, atol=1e-5)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("widths", [{}, {"kdim": 12, "vdim": 12}, {"bias": False}])
def test_shapes_masks_and_other_widths(batch_first: bool, widths: dict[str, Any]) -> None:
    torch.manual_seed(0)
    fused = nn.MultiheadAttention(8, 2, batch_first=batch_first, **widths)
    layer = LinearAttention(fused)
    width = widths.get("kdim", 8)
    query, key = torch.randn(3, 3, 8), torch.randn(3, 3, width)
    mask = torch.full((3, 3), float("-inf")).triu(1)
    several = mask.isinf().expand(6, 3, 3)
    for attn_mask in (
        None,
        mask,
        mask.isinf(),
        several,
        torch.zeros(6, 3, 3).masked_fill(several, float("-inf")),
    ):
        expected = fused(query, key, key, need_weights=False, attn_mask=attn_mask)[0]
        assert torch.allclose(layer(query, key, key, attn_mask=attn_mask)[0], expected, atol=1e-6)
    assert layer.plain_state().keys() == dict(fused.named_parameters()).keys()
    with pytest.raises(ModelError, match="gives no weights"):
        layer(query, key, key, need_weights=True)


def test_layers_with_other_parts_are_left_alone() -> None:
    model = nn.ModuleList([nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 2, add_bias_kv=True)])
    with pytest.raises(ModelError, match="cannot carry an adapter"):
        separate_attention(model)
    assert isinstance(model[0], nn.MultiheadAttention)
