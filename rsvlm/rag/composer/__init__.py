"""The composer: answers without a language model, from what an encoder sees and what a base holds."""

from .composing import Composer

__all__ = ["Composer"]
