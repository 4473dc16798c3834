"""Evaluation in a few lines: questions about the sample town, asked of two clients, and one page of both results."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rsvlm.captioning.sample import write_sample
from rsvlm.eval.agromind import evaluate_agromind, read_agromind
from rsvlm.eval.compare import compare_results
from rsvlm.eval.questions import ClassMap, make_questions
from rsvlm.eval.report import write_report


def first(prompt: str, images: Sequence[Any]) -> str:
    """Any function is a generator; `rsvlm.load_generator` takes models and endpoints. This one does not look."""
    return "A"


def counting(prompt: str, images: Sequence[Any]) -> str:
    """This one knows that counts are small, and that yes is as likely as no."""
    return "2" if "number" in prompt.lower() else "Yes" if "yes" in prompt.lower() else "B"


with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    town = write_sample(folder / "town")
    labels = ClassMap(labels=town.landcover, images=town.image, legend="worldcover")
    print(make_questions([labels], folder / "questions", count=40).lines()[0])
    asked = read_agromind(folder / "questions")
    results = [
        evaluate_agromind(asked, client, folder / f"{client.__name__}.jsonl") for client in (first, counting)
    ]
    for result in results:
        right, chance = result.metrics["accuracy"], result.metrics["chance"]
        print(f"{result.config['generator']['name']}: {right:.0%} right, guessing gets {chance:.0%}")
    print(f"p of the difference: {compare_results(*results).metrics[0].p:.2f}")
    write_report(results, folder / "report.html")
    print(f"one page, {(folder / 'report.html').stat().st_size // 1024} KiB")
