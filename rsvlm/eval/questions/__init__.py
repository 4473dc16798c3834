"""AgroMind-style questions from a user's own labels, and the check that each answer follows from them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking import CheckReport, check_questions
    from .making import make_questions
    from .report import QuestionReport
    from .sources import ClassMap, Objects, Pairs, Scenes, read_sources

_HOMES = {
    "CheckReport": "checking",
    "ClassMap": "sources",
    "Objects": "sources",
    "Pairs": "sources",
    "QuestionReport": "report",
    "Scenes": "sources",
    "check_questions": "checking",
    "make_questions": "making",
    "read_sources": "sources",
}

__all__ = [
    "CheckReport",
    "ClassMap",
    "Objects",
    "Pairs",
    "QuestionReport",
    "Scenes",
    "check_questions",
    "make_questions",
    "read_sources",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rsvlm.eval.questions' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
