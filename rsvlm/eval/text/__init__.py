"""Metrics of text against text: BLEU, METEOR, ROUGE-L, CIDEr."""

from .scores import CONVENTIONS, CaptionScores, score_captions
from .wordnet import WordNet, find_wordnet

__all__ = ["CONVENTIONS", "CaptionScores", "WordNet", "find_wordnet", "score_captions"]
