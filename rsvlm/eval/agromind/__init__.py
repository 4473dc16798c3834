"""AgroMind, a benchmark of agricultural remote sensing in 25,026 questions (arXiv 2505.12207): read, asked, scored."""

from rsvlm.eval.agromind.baselines import expected_random, majority_answers, random_answers
from rsvlm.eval.agromind.freetext import SentenceEmbedder, load_sentence_embedder
from rsvlm.eval.agromind.judging import MODES, Judgement, Mode, judge
from rsvlm.eval.agromind.knowledge import beside, compare_knowledge
from rsvlm.eval.agromind.prompts import Prompts, read_prompts
from rsvlm.eval.agromind.read import AgroMind, Item, near_duplicates, read_agromind
from rsvlm.eval.agromind.run import ask_agromind, evaluate_agromind
from rsvlm.eval.agromind.score import score_agromind
from rsvlm.eval.answer_file import read_answers

__all__ = [
    "MODES",
    "AgroMind",
    "Item",
    "Judgement",
    "Mode",
    "Prompts",
    "SentenceEmbedder",
    "ask_agromind",
    "beside",
    "compare_knowledge",
    "evaluate_agromind",
    "expected_random",
    "judge",
    "load_sentence_embedder",
    "majority_answers",
    "near_duplicates",
    "random_answers",
    "read_agromind",
    "read_answers",
    "read_prompts",
    "score_agromind",
]
