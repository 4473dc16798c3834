"""Captions rewritten by a language model, and never one that its labels do not bear out."""

from .prompts import PROMPTS, Prompt, load_prompt
from .rewriter import Rewriter, RewriteTally, make_rewriter, rewrite

__all__ = [
    "PROMPTS",
    "Prompt",
    "RewriteTally",
    "Rewriter",
    "load_prompt",
    "make_rewriter",
    "rewrite",
]
