"""How reports write numbers: shares in percent, as many digits as the items can tell, names that people say."""

import math
import re

NOTHING = "\u2013"
"""Where there is no number."""

_PLAIN = re.compile(
    r"bleu|meteor|rouge|cider|clipscore|spice|kappa|r2|rmse|mae|spearman|pearson|_km$|_km2$|rank|seconds|problems",
    re.I,
)
"""Metrics that are no shares, or that the literature does not give in percent."""
_COUNT = re.compile(r"n|n_.+|median_rank|.*_count")
_SPOKEN = {
    "top5": "top-5 accuracy",
    "map": "mAP",
    "micro_map": "micro mAP",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "f1": "F1",
    "ap": "AP",
    "kappa": "Cohen's κ",
    "rouge_l": "ROUGE-L",
    "meteor": "METEOR",
    "cider": "CIDEr",
    "clipscore": "CLIPScore",
    "refclipscore": "RefCLIPScore",
    "r2": "R²",
    "pearson_r2": "Pearson R²",
    "rmse": "RMSE",
    "mae": "MAE",
    "spearman": "Spearman \u03c1",
    "median_km": "median error, km",
    "mean_km": "mean error, km",
    "ece": "calibration error (ECE)",
}
_WAYS = {"i2t_": "image→text ", "t2i_": "text→image ", "i2i_": "image→image "}
_PARTS = (
    (re.compile(r"^bleu(\d)$"), r"BLEU-\1"),
    (re.compile(r"@(\d+)km$"), r" within \1 km"),
    (re.compile(r"@(\d+)km2$"), r" within \1 km²"),
    (re.compile(r"^n_"), ""),
)


def metric_label(name: str) -> str:
    """The name of a metric as people say it.

    >>> metric_label("i2t_success@5")
    'image→text success@5'
    """
    if name in _SPOKEN:
        return _SPOKEN[name]
    way = next((words for prefix, words in _WAYS.items() if name.startswith(prefix)), "")
    if way:
        return way + metric_label(name[len("i2t_") :])
    for pattern, words in _PARTS:
        name = pattern.sub(words, name)
    return name.replace("_", " ")


def is_count(name: str) -> bool:
    """Whether a figure counts something."""
    return _COUNT.fullmatch(name) is not None


def is_share(name: str) -> bool:
    """Whether a metric is a share of something, 0 to 1, that is written in percent."""
    return not is_count(name) and _PLAIN.search(name) is None


def lower_is_better(name: str) -> bool:
    """Whether less of a metric is better: errors and ranks."""
    return re.search(r"rmse|mae|_km$|rank|ece|contradicted|not_understood|problems", name) is not None


def show(name: str, value: float | None, n: float = 1000) -> str:
    """A value of a metric, without its unit where that is percent.

    Args:
        name: Of the metric.
        value: Shares are 0..1.
        n: Items that it is of: 50 cannot tell 81.3 % from 81.4 %.

    >>> show("accuracy", 0.95224, 1005)
    '95.22'
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    return _digits(name, value, n).replace("-", "\u2212")


def show_interval(name: str, ends: tuple[float, float] | None, n: float = 1000) -> str:
    """Both ends of an interval, or nothing where there is none."""
    if ends is None or not all(math.isfinite(end) for end in ends):
        return ""
    return " \u2013 ".join(show(name, end, n) for end in ends)


def show_difference(name: str, value: float | None) -> str:
    """A difference with its sign; of shares in points, always with two decimals, as published figures have them.

    >>> show_difference("accuracy", 0.0031)
    '+0.31'
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    scaled = 100 * value if is_share(name) else value
    text = f"{abs(scaled):,.{2 if is_share(name) else 3}f}"
    if not float(text.replace(",", "")):
        return f"±{text}"
    return ("+" if value > 0 else "\u2212") + text


def unit(name: str) -> str:
    """What stands behind the name of a metric in a table's head."""
    return "\u00a0%" if is_share(name) else ""


def show_p(p: float) -> str:
    """A p-value, no more exactly than it deserves.

    >>> show_p(0.00001)
    '< 0.001'
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _digits(name: str, value: float, n: float) -> str:
    if is_count(name):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    if is_share(name):
        return f"{100 * value:.{_decimals(n)}f}"
    if name.endswith(("_km", "_km2")):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:.{3 if abs(value) < 100 else 1}f}"


def _decimals(n: float) -> int:
    return 0 if n < 50 else 1 if n < 1000 else 2
