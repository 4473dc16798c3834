"""Asking a model the questions of a data set, or its captions, with every answer kept, and scoring what it said."""

from rsvlm.eval.asking.captions import ask_captions, evaluate_captioner, read_kept
from rsvlm.eval.asking.prompts import CAPTION_PROMPT, QUESTION_PROMPT, Prompt, read_prompt
from rsvlm.eval.asking.vqa import answers_within, ask_questions, evaluate_vqa, score_answers

__all__ = [
    "CAPTION_PROMPT",
    "QUESTION_PROMPT",
    "Prompt",
    "answers_within",
    "ask_captions",
    "ask_questions",
    "evaluate_captioner",
    "evaluate_vqa",
    "read_kept",
    "read_prompt",
    "score_answers",
]
