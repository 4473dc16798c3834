"""How the pairs of a dataset were chosen, in words: for its card and the screen."""

from typing import Any

from ..markdown import markdown_text
from .rule import percent

CHOSEN = "chosen"
"""Where the manifest's report says how pairs were chosen, see `outcome`."""

HEADINGS = ("style", "scored", "kept", "lowest kept")


def chosen_text(report: dict[str, Any]) -> str:
    """Say in Markdown how pairs were chosen.

    Args:
        report: `chosen` of the manifest's report.
    """
    encoder = report["encoder"]
    name = markdown_text(f"{encoder['name']} ({encoder['revision']})")
    text = (
        "## How the pairs were chosen\n\n"
        f"Of the {report['of']:,} pairs of another dataset {report['kept']:,} were kept: {rule_text(report)}. "
        f"The score is the cosine of image and caption by the encoder {name}; it stands in the column `score`. "
        "`errors.parquet` names the others, each with its score or the reason why it has none. `config` in "
        "`manifest.json` holds the manifest of that dataset."
    )
    rows = [HEADINGS, ("---",) * len(HEADINGS), *style_rows(report)]
    return text + "\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def rule_text(report: dict[str, Any]) -> str:
    """Say a rule: "the best 30 % of each style"."""
    rule = report["rule"]
    parts = []
    if rule["top"] is not None:
        groups = [*(["style"] * (rule["per"] == "style")), *(["main label"] * rule["balanced"])]
        of = f" of each {' and '.join(groups)}" if groups else ""
        parts.append(f"the best {percent(rule['top'])}{of}")
    if rule["min_score"] is not None:
        parts.append(f"those with a score of at least {rule['min_score']:g}")
    return ", and of these ".join(parts)


def style_rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """The rows of a table under `HEADINGS`."""
    return [
        (
            style["style"] or "all",
            f"{style['scored']:,}",
            f"{style['kept']:,}",
            "" if style["lowest"] is None else f"{style['lowest']:.4f}",
        )
        for style in report["styles"]
    ]
