"""Text towers on no more positions than the texts fill: the same vectors, several times sooner.

CLIP's attention looks back only, and its vector is read at the end-of-text token, so the padding behind the longest
text of a batch changes nothing. Prompts have some 12 tokens of 77. Text towers of transformers are told what is
padding, and look away from it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import open_clip
import torch

PADDING = 0


def can_shorten(module: Any) -> bool:
    """Whether the padding behind a text has no say in its vector.

    So it is with open_clip's own CLIP with attention that looks back and a vector read at the end of text, and with
    transformers' BERT of which the mean or the first position is taken.
    """
    if type(module) is open_clip.CLIP:
        return module.attn_mask is not None and module.text_pool_type == "argmax"
    text: Any = getattr(module, "text", None)
    return (
        type(text).__name__ == "HFTextEncoder"
        and text.config.model_type == "bert"
        and text.config.pad_token_id == PADDING
        and type(text.pooler).__name__ in ("MeanPooler", "ClsPooler")
    )


def longest(tokens: torch.Tensor) -> int:
    """Positions up to the last token of the longest text; at least 1."""
    filled = (tokens != PADDING).any(dim=0).nonzero()
    return int(filled.max()) + 1 if len(filled) else 1


@contextmanager
def positions(module: Any, length: int) -> Iterator[None]:
    """Give the model so many positions for the time being. Not for two threads at once: the encoder takes turns.

    They are part of the model's own, which get their gradients and stay its weights.
    """
    if type(module) is not open_clip.CLIP:  # others take as many as the tokens have
        yield
        return
    shown = {
        "positional_embedding": module.positional_embedding[:length],
        "attn_mask": module.attn_mask[:length, :length],
    }
    try:
        vars(module).update(shown)  # found before parameters and buffers, which stay as they are
        yield
    finally:
        for name in shown:
            del vars(module)[name]
