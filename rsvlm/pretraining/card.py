"""The model card of an adapter: what it was made from and how, what it gained and what it lost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rsvlm
from rsvlm.eval.report.picture import Picture, to_image
from rsvlm.files import atomic_write

from .data.specs import LISTS
from .judging import Measure
from .outcome import outcome
from .pictures import loss_picture, tradeoff_picture
from .progress import read_metrics
from .report import PretrainReport

CARD, CURVE, TRADEOFF = "README.md", "loss.png", "tradeoff.png"
_NAMED = 5

NOT_MEASURED = "Forgetting was not measured: name labelled sets that must not get worse (--retain)."


def write_card(report: PretrainReport) -> None:
    """Write the card and its pictures into the adapter's folder."""
    folder = report.adapter
    metrics = read_metrics(folder)
    if metrics:
        held = [record for record in report.epochs if record["loss"] is not None]
        _write_picture(loss_picture(metrics, held, report.steps, report.judged_by), folder / CURVE)
    if report.before.measures:
        _write_picture(
            tradeoff_picture(report.points, report.strength, report.plan["tolerance"]), folder / TRADEOFF
        )
    parts = [
        _head(report), _results(report), _data(report), _training(report), _emissions(report), _use(report)
    ]  # fmt: skip
    with atomic_write(folder / CARD) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _head(report: PretrainReport) -> str:
    base, name = report.resolved["base"], report.adapter.resolve().name
    return "\n".join(
        [
            "---", "library_name: rsvlm", f"base_model: {base['name']}", "tags: [remote-sensing, clip, lora]", "---",
            "", f"# {name}", "",
            f"An adapter for `{base['name']}` ({base['revision']}), made by rsvlm {rsvlm.__version__}. "
            f"{report.learning[0]:,} numbers learned; {report.learning[1]:,} stayed as they were.",
        ]
    )  # fmt: skip


def _results(report: PretrainReport) -> str:
    lines = ["## Results", ""]
    if report.compared:
        lines += ["| set | measure | images | base | adapter | change |", "|---|---|--:|--:|--:|--:|"]
        lines += [" | ".join(row).join(("| ", " |")) for row in result_rows(report)]
        lines += [
            "",
            "In per cent, with 95 % intervals over images. \\* decides nothing, is only reported.",
            "",
        ]
    lines += [outcome(report), ""]
    for note in report.notes:
        lines += [f"{note}.", ""]
    if not report.retention_measured:
        lines += [changed_text(report) + NOT_MEASURED, ""]
    if report.before.measures:
        lines += [f"![What is gained and lost by strength]({TRADEOFF})", ""]
    return "\n".join(lines).rstrip()


def result_rows(report: PretrainReport) -> list[tuple[str, ...]]:
    """Set, measure, images, base, adapter and change of all that was measured."""
    return [
        (
            before.name + " \\*" * (before.role == "target"), before.metric, f"{before.n:,}", _shown(before),
            _shown(after), f"{100 * (after.value - before.value):+.1f}",
        )
        for before, after in report.compared
    ]  # fmt: skip


def changed_text(report: PretrainReport) -> str:
    """Say how many held-out images are seen as something else; nothing without held-out pairs."""
    changed, kind = report.after.changed, report.judged_by
    return (
        "" if changed is None else f"{changed:.0%} of the {kind} images are now another class of RESISC45. "
    )


def passed_over_text(report: PretrainReport) -> str:
    """Say how often a pair could not be used, and why the first ones."""
    told = [
        reason if reason.startswith(key) else f"{key}: {reason}"
        for key, reason in ((one["key"], one["reason"]) for one in report.problems[:_NAMED])
    ]
    more = ", ..." if len(report.problems) > _NAMED else "."
    return f"Passed over, {report.passed_over:,} times in all epochs: {'; '.join(told)}{more}"


def _shown(measure: Measure) -> str:
    return f"{100 * measure.value:.1f} ({100 * measure.low:.1f}-{100 * measure.high:.1f})"


def cut_text(report: PretrainReport) -> str:
    """Say how many of the captions that were shown were longer than the model reads."""
    shown, tokens = report.resolved["shown"], report.resolved["context_length"]
    return (
        f"{report.cut:,} of {shown:,} captions, of all epochs, were longer than the model reads ({tokens} tokens), "
        "and were cut."
    )


def _data(report: PretrainReport) -> str:
    specs = [*report.plan["data"], *(spec for spec, _ in report.plan["replay"])]
    shares = [None] * len(report.plan["data"]) + [share for _, share in report.plan["replay"]]
    lines = ["## Data", "", "| source | pairs | licences | captions |", "|---|--:|---|---|"]
    listed = zip(specs, shares, report.resolved["sources"], report.licences, strict=True)
    for spec, share, known, licences in listed:
        name = spec["data"] + ("" if share is None else f" (replay, {share:.0%} of each batch)")
        pairs = "a stream" if known["pairs"] is None else f"{known['pairs']:,}"
        if known["pairs"] is not None and known["unread"]:
            pairs = f"{known['pairs'] - known['unread']:,} of {pairs} learned from"
        told = "; ".join(f"{licence} ({n:,})" for licence, n in licences.items()) or "not looked for"
        lines.append(f"| {name} | {pairs} | {told} | {_captions(spec, known)} |")
    plan = report.plan
    if plan["validation"]:
        lines += ["", "Chosen on: " + ", ".join(spec["data"] for spec in plan["validation"]) + "."]
    elif plan["held_out"]:
        lines += [
            "",
            f"{plan['held_out']:.0%} was to be held out by place or image; what was, whole blocks, scenes and images, "
            "is listed in held-out.json.",
        ]
    if plan["negatives"]:
        lines += ["", f"{plan['negatives']['n']:,} captions without images were told apart from every image."]
    if report.passed_over:
        lines += ["", passed_over_text(report)]
    if report.cut:
        lines += ["", cut_text(report)]
    return "\n".join(lines)


def _captions(spec: dict[str, Any], known: dict[str, Any]) -> str:
    if known["captions"] is None:
        words = spec["vocabulary"] or spec["label_column"] or "their own"
        return f"made of class names ({Path(words).name if words.endswith(LISTS) else words})"
    return f"column {spec['caption_column']}" if spec["caption_column"] else "its own"


def _training(report: PretrainReport) -> str:
    plan, resolved = report.plan, report.resolved
    settings = {
        **{f"LoRA {name}": value for name, value in plan["lora"].items()}, **plan["training"],
        "scale": f"{resolved['scale']:.6g}" + ("" if resolved["bias"] is None else f", bias {resolved['bias']:.6g}"),
        "epochs": resolved["epochs"], "batch size": resolved["batch_size"], "steps in an epoch": report.steps,
        "processes": resolved["processes"], "device": resolved["device"],
        "augmentation": "none" if plan["augmentation"] is None else _listed(plan["augmentation"]),
        "versions": _listed(resolved["versions"]),
    }  # fmt: skip
    rows = [f"| {name.replace('_', ' ')} | {_plain(value)} |" for name, value in settings.items()]
    picture = [f"![The loss by epoch]({CURVE})", ""] if (report.adapter / CURVE).exists() else []
    return "\n".join(["## Training", "", *picture, "| setting | value |", "|---|---|", *rows])


def _plain(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return "default" if value is None else str(value)


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _emissions(report: PretrainReport) -> str:
    part = " since the run last went on; what came before was not counted" if report.resumed else ""
    took = f"Training and measuring took {report.seconds / 60:.1f} minutes{part}."
    found = report.emissions
    if not found:
        return f"## Energy\n\n{took} Energy was not measured: codecarbon is not installed."
    return (
        f"## Energy\n\n{took} {found['kwh']:.3g} kWh, {1000 * found['kg_co2eq']:.3g} g CO2eq ({found['place']}, "
        f"by {found['by']}, which estimates)."
    )


def _use(report: PretrainReport) -> str:
    licence = report.resolved["licence"]
    of_base = "" if licence is None else f" The base's licence: {licence}."
    return (
        "## Use\n\n```python\nimport rsvlm\n\n"
        f'encoder = rsvlm.load_encoder("{report.adapter.resolve().name}/")\n```\n\n'
        f"It may be used as its base and all its data may: see the licences above.{of_base}"
    )


def _write_picture(picture: Picture, path: Path) -> None:
    with atomic_write(path) as temporary:
        to_image(picture).save(temporary, "PNG")
