"""What a suite evaluates, and what it gives."""

from dataclasses import dataclass

from rsvlm.vocabularies.protocols import protocol_names

from .class_retrieval import BY_CLASS
from .errors import EvalError
from .result import EvalResult
from .retrieval_protocols import retrieval_protocol_names

PROBES = ("linear", "knn", "few-shot", "folding")

TRAIN_LIMIT = 10_000
"""Images of a training split that probes learn from: some minutes of a MobileNet on two cores."""


@dataclass(frozen=True)
class SuiteOptions:
    """What is evaluated.

    Attributes:
        protocols: Of zero-shot classification.
        conventions: Of retrieval: "skyscript" and "remoteclip" for sets with captions, "classes" for sets with labels.
        probes: "linear", "knn", "few-shot", "folding" (spatial beside random cross-validation, for sets with places).
        train_limit: Images of a training split that probes learn from, drawn by class.
        sets: Only these data sets; None: all.
        seed: Of all that is drawn.
    """

    protocols: tuple[str, ...] = ("rsvlm",)
    conventions: tuple[str, ...] = ("skyscript", "remoteclip", BY_CLASS)
    probes: tuple[str, ...] = PROBES
    train_limit: int = TRAIN_LIMIT
    sets: tuple[str, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what there is not (`EvalError`), before anything is encoded."""
        for what, given, known in (
            ("protocol", self.protocols, protocol_names()),
            ("convention", self.conventions, (*retrieval_protocol_names(), BY_CLASS)),
            ("probe", self.probes, PROBES),
        ):
            unknown = [name for name in given if name not in known]
            if unknown:
                raise EvalError(f"there is no {what} {', '.join(unknown)}; take some of {', '.join(known)}")


@dataclass(frozen=True)
class SuiteReport:
    """What a run gave.

    Attributes:
        results: By name of their file, without .json.
        problems: Why a data set could not be evaluated, by its name.
        passed_over: What of the folder is no data set, and sets of which nothing can be measured; and why.
        means: Means over sets: SkyScript's, and those of GEO-Bench-2's capability groups.
    """

    results: dict[str, EvalResult]
    problems: dict[str, str]
    passed_over: dict[str, str]
    means: dict[str, float]
