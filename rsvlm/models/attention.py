"""Attention made of linear layers, in place of torch's fused one, so that adapters can be put on its projections.

peft 0.21 applies the adapter of `nn.MultiheadAttention.out_proj` twice, in training and in merging alike (W + 2 dW),
and the projections of open_clip's `AttentionPool2d` get no gradient, because torch's functional form takes their
weights and passes their layers by. The layers here compute the same, to rounding, and go back to a plain state dict.
"""

from typing import Any

import torch
from torch import nn

from rsvlm.models.errors import ModelError

Tensor = torch.Tensor


class LinearAttention(nn.Module):
    """What `nn.MultiheadAttention` computes without dropout and weights of attention, by four linear layers.

    Args:
        fused: The layer whose weights it takes.

    Raises:
        ModelError: The layer has parts that this one lacks (`bias_k`, `add_zero_attn`, dropout).
    """

    def __init__(self, fused: nn.MultiheadAttention) -> None:
        super().__init__()
        if fused.bias_k is not None or fused.add_zero_attn or fused.dropout:
            raise ModelError(
                "an attention layer with bias_k, add_zero_attn or dropout cannot carry an adapter"
            )
        self.num_heads, self.batch_first = fused.num_heads, fused.batch_first
        self.one_input = fused.in_proj_weight is not None
        weights = (
            fused.in_proj_weight.chunk(3)
            if self.one_input
            else (fused.q_proj_weight, fused.k_proj_weight, fused.v_proj_weight)
        )
        biases = (None,) * 3 if fused.in_proj_bias is None else fused.in_proj_bias.chunk(3)
        self.q_proj, self.k_proj, self.v_proj = map(_linear, weights, biases)
        self.out_proj = _linear(fused.out_proj.weight, fused.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        need_weights: bool = False,
        attn_mask: Tensor | None = None,
    ) -> tuple[Tensor, None]:
        """Return the attended values, shaped as `query`, and None in place of the weights.

        Args:
            query: (n, length, width), or (length, n, width) where not `batch_first`.
            key: Likewise, of any length.
            value: As `key`.
            need_weights: Must be False.
            attn_mask: Added to the products, (length of queries, length of keys), or one for each head of each input,
                (n * heads, length of queries, length of keys); of truth values True leaves a key out, as in torch's.
        """
        if need_weights:
            raise ModelError("attention made of linear layers gives no weights of attention")
        if not self.batch_first:
            query, key, value = (tensor.transpose(0, 1) for tensor in (query, key, value))
        q, k, v = (
            _heads(layer(tensor), self.num_heads)
            for layer, tensor in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value))
        )
        if attn_mask is not None and attn_mask.dtype is torch.bool:
            attn_mask = ~attn_mask
        if attn_mask is not None and attn_mask.dim() == 3:
            attn_mask = attn_mask.reshape(-1, self.num_heads, *attn_mask.shape[-2:])
        found = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
        out: Tensor = self.out_proj(found.transpose(1, 2).flatten(-2))
        return (out if self.batch_first else out.transpose(0, 1)), None

    def plain_state(self) -> dict[str, Tensor]:
        """Return the weights under the names of `nn.MultiheadAttention`."""
        inputs = (self.q_proj, self.k_proj, self.v_proj)
        state = {"out_proj.weight": self.out_proj.weight}
        if self.one_input:
            state["in_proj_weight"] = torch.cat([layer.weight for layer in inputs])
        else:
            names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
            state |= {name: layer.weight for name, layer in zip(names, inputs, strict=True)}
        if self.q_proj.bias is not None:
            state["in_proj_bias"] = torch.cat([layer.bias for layer in inputs])
        if self.out_proj.bias is not None:
            state["out_proj.bias"] = self.out_proj.bias
        return state


class LinearAttentionPool(nn.Module):
    """What open_clip's `AttentionPool2d` computes (the head of CLIP's ResNets), calling its own linear layers.

    Args:
        fused: The layer whose weights it takes; its names stay.
    """

    def __init__(self, fused: Any) -> None:
        super().__init__()
        self.num_heads = fused.num_heads
        self.positional_embedding = fused.positional_embedding
        self.q_proj, self.k_proj, self.v_proj, self.c_proj = (
            fused.q_proj,
            fused.k_proj,
            fused.v_proj,
            fused.c_proj,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, output width) of features (n, width, rows, columns): what their mean attends to."""
        places = x.flatten(2).transpose(1, 2)
        tokens = torch.cat([places.mean(dim=1, keepdim=True), places], dim=1)
        tokens = tokens + self.positional_embedding.to(tokens.dtype)
        q, k, v = (
            _heads(layer(part), self.num_heads)
            for layer, part in ((self.q_proj, tokens[:, :1]), (self.k_proj, tokens), (self.v_proj, tokens))
        )
        found = nn.functional.scaled_dot_product_attention(q, k, v)
        pooled: Tensor = self.c_proj(found.transpose(1, 2).flatten(-2))
        return pooled[:, 0]


def separate_attention(module: nn.Module) -> list[str]:
    """Replace every fused attention within a module by linear layers with its weights, and return their names.

    Raises:
        ModelError: One has parts that linear layers lack; nothing is replaced then.
    """
    made: dict[str, nn.Module] = {}
    for name, part in module.named_modules():
        if isinstance(part, nn.MultiheadAttention):
            made[name] = LinearAttention(part)
        elif type(part).__name__ == "AttentionPool2d":
            made[name] = LinearAttentionPool(part)
    for name, part in made.items():
        parent, _, own = name.rpartition(".")
        setattr(module.get_submodule(parent), own, part.train(module.training))
    return list(made)


def plain_state(module: nn.Module) -> dict[str, Tensor]:
    """Return the state dict of a module as it was before `separate_attention`, whatever its weights are now."""
    state = dict(module.state_dict())
    for name, part in module.named_modules():
        if isinstance(part, LinearAttention):
            prefix = f"{name}." if name else ""
            for key in [key for key in state if key.startswith(prefix)]:
                del state[key]
            state |= {prefix + key: value.detach() for key, value in part.plain_state().items()}
    return state


def _heads(tensor: Tensor, number: int) -> Tensor:
    """(n, length, width) to (n, heads, length, width of a head)."""
    return tensor.reshape(*tensor.shape[:-1], number, -1).transpose(1, 2)


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    layer = nn.Linear(
        weight.shape[1], weight.shape[0], bias=bias is not None, device=weight.device, dtype=weight.dtype
    )
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer.requires_grad_(weight.requires_grad)
