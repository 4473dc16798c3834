"""The measures of trec_eval, through ir-measures, from the ranks of the relevant items."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import EvalError
from .ranking import NOT_FOUND

DEFAULT_MEASURES = ("nDCG@10", "AP", "RR", "P@10", "R@10")

DEPTH = 1000
"""How deep a ranking is judged: trec_eval's own custom. What lies deeper counts as not found."""

_AT_ONCE = 5000


def trec_measures(
    ranks: Sequence[NDArray[np.int64]], n_items: int, measures: Sequence[str] = DEFAULT_MEASURES
) -> dict[str, float]:
    """Return the mean over queries of measures of trec_eval.

    Args:
        ranks: For each query the ranks, from 1, of all its relevant items, `NOT_FOUND` for one that was not found.
        n_items: Items that were ranked.
        measures: In ir-measures' notation: "nDCG@10", "AP", "RR", "P@5", "R@5", "Success@5"...

    Returns:
        By the given names.

    Raises:
        EvalError: ir-measures is not installed, does not know a measure, or there are no queries.
    """
    parsed = _parsed(measures)
    if not len(ranks):
        raise EvalError("there are no queries; give at least 1 with its relevant items")
    # A measure sees only at which ranks relevant items stand, so items are named by their rank and all queries share
    # one run: 100,000 queries need no 100,000 lists of items.
    depth = min(n_items, DEPTH)
    run = {str(rank): float(-rank) for rank in range(1, depth + 1)}
    totals = dict.fromkeys(measures, 0.0)
    for start in range(0, len(ranks), _AT_ONCE):
        for name, value in _summed(ranks[start : start + _AT_ONCE], run, parsed).items():
            totals[name] += value
    return {name: total / len(ranks) for name, total in totals.items()}


def _summed(
    ranks: Sequence[NDArray[np.int64]], run: dict[str, float], parsed: dict[Any, list[str]]
) -> dict[str, float]:
    import ir_measures

    judged = {
        str(query): {
            f"unfound {number}" if rank == NOT_FOUND else str(rank): 1
            for number, rank in enumerate(own.tolist())
        }
        for query, own in enumerate(ranks)
    }
    totals = dict.fromkeys(parsed, 0.0)
    for metric in ir_measures.iter_calc(list(parsed), judged, dict.fromkeys(judged, run)):
        totals[metric.measure] += metric.value
    return {name: totals[measure] for measure, names in parsed.items() for name in names}


def _parsed(measures: Sequence[str]) -> dict[Any, list[str]]:
    """The measures, and how each is called: AP is MAP, too."""
    try:
        import ir_measures
    except ImportError:
        raise EvalError('trec_eval measures need ir-measures: pip install "rsvlm[eval]"') from None
    parsed: dict[Any, list[str]] = {}
    for name in dict.fromkeys(measures):
        try:
            parsed.setdefault(ir_measures.parse_measure(name), []).append(name)
        except (ValueError, NameError, SyntaxError) as error:
            raise EvalError(
                f"ir-measures knows no measure {name!r} ({error}); take one such as nDCG@10"
            ) from None
    return parsed
