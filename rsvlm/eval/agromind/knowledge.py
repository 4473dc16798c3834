"""What a knowledge base is worth: every question asked with evidence and without, and the two compared."""

from pathlib import Path
from typing import Any

from rsvlm.eval.agromind.read import AgroMind
from rsvlm.eval.agromind.run import evaluate_agromind
from rsvlm.eval.compare import Comparison, compare_results
from rsvlm.models.generators.functions import Function
from rsvlm.models.generators.protocol import Generator


def compare_knowledge(
    data: AgroMind,
    alone: Generator | Function,
    informed: Generator,
    answers: Path,
    *,
    seed: int = 0,
    **options: Any,
) -> Comparison:
    """Ask every question twice, without a base and with one, and compare the answers item by item.

    Args:
        data: The questions.
        alone: Who answers without evidence.
        informed: The same with it: `rsvlm.rag.InformedGenerator`, or `ComposerGenerator` with a base.
        answers: Where answers are kept, as of `evaluate_agromind`; those with evidence beside it (`beside`).
        seed: Of what is drawn.
        options: Of `evaluate_agromind`.

    Returns:
        The result without evidence, that with it, and their differences with intervals.

    Raises:
        EvalError: As `evaluate_agromind` does.
    """
    first = evaluate_agromind(data, alone, answers, seed=seed, **options)
    second = evaluate_agromind(data, informed, beside(answers), seed=seed, **options)
    return compare_results(first, second, seed=seed)


def beside(path: Path) -> Path:
    """Return where that lies which was made with evidence: "a.evidence.jsonl" beside "a.jsonl"."""
    return path.with_name(f"{path.stem}.evidence{path.suffix}")
