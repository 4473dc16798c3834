"""What came out of a run, in a sentence: what is kept, by which measure that was chosen, and what to mind."""

from .heldout import chance
from .judging import Measure
from .report import PretrainReport
from .tradeoff import Point, keeps

_ENOUGH = 200
"""Images whose 95 % interval is some 7 points to either side."""

_RISEN = 1.2
"""A loss that ends so many times higher than it began; coarser images, or replay, make less of a difference."""


def outcome(report: PretrainReport) -> str:
    """Say in a sentence what was kept, and why; and whether nothing was learned."""
    return _kept(report) + _risen(report)


def _risen(report: PretrainReport) -> str:
    """Say so where the loss rose: what was learned then is no better than chance."""
    first, last = report.losses or (0.0, 0.0)
    if last <= _RISEN * first:
        return ""
    rate, first_last = report.plan["training"]["learning_rate"], f"from {first:.3g} to {last:.3g}"
    return f" The loss rose {first_last} while it learned: take a lower learning rate than {rate:g} (--lr)."


def _kept(report: PretrainReport) -> str:
    tolerance = 100 * report.plan["tolerance"]
    if report.strength == 0:
        return f"The adapter adds nothing (strength 0): {_why_nothing(report)} {_at_full_strength(report)}"
    kept = (
        "All that was learned is kept"
        if report.strength == 1
        else f"Strength {report.strength:g} of 1 is kept"
    )
    limit = (
        f", no set to be retained losing more than {_points(tolerance)}" if report.retention_measured else ""
    )
    epoch = f"epoch {report.best_epoch + 1} of {len(report.epochs)}"
    return f"{kept} ({_chosen(report)}{limit}), of {epoch}.{_few(report)}"


def _chosen(report: PretrainReport) -> str:
    """By which measure: recall@1 where one strength is beyond chance the best, else mean reciprocal rank."""
    base, pairs = _held(report.before), f"the {report.judged_by} pairs"
    if base is None:
        return "nothing to choose by"
    found = [_held(point) for point in report.points if _may_be_kept(report, point)]
    recalls = [one.value for one in found if one is not None]
    lowest = max(recalls) - chance(base.n)
    if sum(recall >= lowest for recall in recalls) == 1:
        return f"chosen by recall@1 of {pairs}"
    ranks = _ranks(base, _held(report.after))
    if base.value < lowest:
        return f"chosen by mean reciprocal rank of {pairs}, {ranks}, among strengths whose recall@1 is within chance"
    return (
        f"chosen by mean reciprocal rank of {pairs}, {ranks}: their recall@1 is within chance of the base's"
    )


def _may_be_kept(report: PretrainReport, point: Point) -> bool:
    return keeps(report.before, point, report.plan["tolerance"])


def _why_nothing(report: PretrainReport) -> str:
    tolerance, learned = report.plan["tolerance"], [point for point in report.points if point.strength]
    kept = [point for point in learned if _may_be_kept(report, point)]
    cost = f"a set that was to be retained more than {_points(100 * tolerance)}"
    if not kept:
        return f"at every strength it cost {cost}."
    better = f"what was learned made the {report.judged_by} pairs no better"
    where = "" if len(kept) == len(learned) else f" where it did not cost {cost}"
    base, found = _held(report.before), [_held(point) for point in kept]
    higher = base is not None and any(one is not None and one.value > base.value for one in found)
    why = " (recall@1 within chance of the base's, mean reciprocal rank no higher)" if higher else ""
    return f"{better}{where}{why}.{_few(report)}"


def _at_full_strength(report: PretrainReport) -> str:
    """What the adapter would have done, had all of it been kept."""
    changes = [
        f"{before.name}, {before.metric} {100 * before.value:.1f} to {100 * after.value:.1f}"
        + (f" (mean reciprocal rank {_ranks(before, after)})" if before.reciprocal is not None else "")
        for before, after in zip(report.before.measures, report.points[-1].measures, strict=True)
    ]
    return f"At full strength: {'; '.join(changes)}."


def _ranks(before: Measure, after: Measure | None) -> str:
    return f"{before.reciprocal or 0:.3f} to {(after and after.reciprocal) or 0:.3f}"


def _held(point: Point) -> Measure | None:
    return next((one for one in point.measures if one.role == "held-out"), None)


def _few(report: PretrainReport) -> str:
    """Say so where too few pairs were held out to tell small differences."""
    held = _held(report.before)
    few = held is not None and held.n < _ENOUGH
    return f" Only {held.n} images judged that: see the intervals." if held and few else ""


def _points(number: float) -> str:
    return f"{number:g} point{'s' * (number != 1)}"
