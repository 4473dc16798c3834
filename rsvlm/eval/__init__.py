"""Metrics, benchmarks and reports: numbers that can be compared with the literature."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import EvalError
from .result import EvalResult, load_result

if TYPE_CHECKING:
    from rsvlm.datasets.reading import read_eval_set
    from rsvlm.datasets.sets import EvalSet

    from .tasks import evaluate

_HOMES = {"EvalSet": "rsvlm.datasets", "evaluate": "rsvlm.eval.tasks", "read_eval_set": "rsvlm.datasets"}

__all__ = ["EvalError", "EvalResult", "EvalSet", "evaluate", "load_result", "read_eval_set"]


def __getattr__(name: str) -> Any:
    """Import what needs an encoder when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
