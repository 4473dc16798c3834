"""Questions about images, as their authors distribute them."""

from .questions import QuestionSet, read_question_set
from .rsvqa import read_rsvqa, write_questions

__all__ = ["QuestionSet", "read_question_set", "read_rsvqa", "write_questions"]
