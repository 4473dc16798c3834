"""Short texts on few positions: the vectors of the whole model, which is left as it was."""

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

from rsvlm.models.shortening import can_shorten, longest, positions

TEXTS = ["river", "a satellite photo of a harbour with many small boats.", "", "word " * 200]


@pytest.mark.parametrize("texts", [TEXTS[:1], TEXTS[:3], TEXTS])
def test_the_same_vectors_to_rounding(tiny_clip: Any, texts: list[str]) -> None:
    tokens = open_clip.tokenize(texts)
    length = longest(tokens)
    assert length == (77 if len(texts) == 4 else max(int((row != 0).sum()) for row in tokens))
    with torch.no_grad():
        whole = tiny_clip.encode_text(tokens)
        with positions(tiny_clip, length):
            short = tiny_clip.encode_text(tokens[:, :length])
        again = tiny_clip.encode_text(tokens)
    assert torch.allclose(short, whole, atol=1e-6)
    assert torch.equal(again, whole)
    assert tiny_clip.attn_mask.shape == (77, 77)


def test_positions_get_the_gradients_of_the_whole_model(tiny_clip: Any) -> None:
    tokens = open_clip.tokenize(TEXTS[:2])
    weight, names = tiny_clip.positional_embedding, [name for name, _ in tiny_clip.named_parameters()]
    before = weight.requires_grad
    found = []
    for length in (77, longest(tokens)):
        weight.requires_grad_(True)
        with positions(tiny_clip, length):
            vectors = tiny_clip.encode_text(tokens[:, :length])
            assert [name for name, _ in tiny_clip.named_parameters()] == names
            assert tiny_clip.state_dict()["positional_embedding"].shape[0] == 77
        vectors.square().sum().backward()
        found.append(weight.grad)
        weight.grad = None
        weight.requires_grad_(before)
    assert tiny_clip.positional_embedding is weight
    assert found[0].abs().sum() > 0
    assert torch.allclose(found[0], found[1], atol=1e-6 * float(found[0].abs().max()))


def test_only_where_the_padding_changes_nothing(tiny_clip: Any, make_clip: Any, tiny_config: Path) -> None:
    tiny = json.loads(tiny_config.read_text(encoding="utf-8"))
    assert can_shorten(tiny_clip)
    looking_around = {**tiny, "text_cfg": {**tiny["text_cfg"], "no_causal_mask": True}}
    assert not can_shorten(make_clip(looking_around))
    last = {**tiny, "text_cfg": {**tiny["text_cfg"], "pool_type": "last"}}
    assert not can_shorten(make_clip(last))
    assert not can_shorten(make_clip({**tiny, "custom_text": True}))


def test_texts_without_a_token() -> None:
    assert longest(torch.zeros(2, 77, dtype=torch.long)) == 1
