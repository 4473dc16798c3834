"""RSVQA's and HRVQA's questions that the package configilm carries along, answered whole by the composer.

    pip download --no-deps configilm && unzip configilm-*.whl -d DATA
    python rag/rsvqa.py --data DATA [--knowledge BASE ...]

All splits of the low- and the high-resolution set, a few images of each, and ten questions of HRVQA. Accuracy is by
RSVQA's own intervals of counts and areas; "I don't know" is wrong. The majority answer is the most frequent one of each
type, found in the very questions that it is judged by.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rsvlm.eval import EvalResult
from rsvlm.eval.data.questions import QuestionSet, read_question_set
from rsvlm.eval.rsvqa_bins import binned, counts_in_intervals
from rsvlm.eval.vqa import Question, score_vqa
from rsvlm.rag import ComposerGenerator
from rsvlm.rag.answering import NO_KNOWLEDGE
from rsvlm.rag.shippednotes import NAME as BUILT_IN

SETS = {
    "RSVQA-LR": (("LR_split_train", "LR_split_val", "LR_split_test"), "Images_LR"),
    "RSVQA-HR": (
        ("USGS_split_train", "USGS_split_val", "USGS_split_test", "USGS_split_test_phili"),
        "Images/Data",
    ),
}


def question_sets(data: Path) -> Iterator[tuple[str, list[Question]]]:
    """Return the questions of each data set."""
    [folder] = data.rglob("mock_data")
    for name, (splits, images) in SETS.items():
        read: list[QuestionSet] = [
            read_question_set(folder / name / f"{split}_questions.json", folder / name / images)
            for split in splits
        ]
        yield (
            name,
            [
                Question(f"{split}/{one.key}", one.image, one.question, one.golds, one.type)
                for split, asked in zip(splits, read, strict=True)
                for one in asked.questions
            ],
        )
    yield "HRVQA", list(hrvqa(folder / "HRVQA"))


def hrvqa(folder: Path) -> Iterator[Question]:
    """Return HRVQA's questions whose answers are told."""
    for split in ("train", "val"):
        asked, told = (
            json.loads((folder / "jsons" / f"{split}_{what}.json").read_text(encoding="utf-8"))
            for what in ("question", "answer")
        )
        golds = {one["question_id"]: one["multiple_choice_answer"] for one in told["annotations"]}
        for one in asked["questions"]:
            image = str(folder / "images" / f"{one['image_id']}.png")
            yield Question(
                str(one["question_id"]),
                image,
                one["question"],
                (golds[one["question_id"]],),
                one["question_type"],
            )


def answered(
    name: str, questions: Sequence[Question], composer: ComposerGenerator, answers: Path
) -> EvalResult:
    """Ask the composer; answers are kept, and a run goes on where it was stopped."""
    from rsvlm.eval.asking import ask_questions

    asked = QuestionSet(name, tuple(questions), tuple(one.image for one in questions), ({"sha256": name},))
    found = ask_questions(asked, composer, answers)
    return score_vqa(
        questions,
        {key: answer.text for key, answer in found.items()},
        errors={key: answer.error for key, answer in found.items() if answer.error is not None},
        compat="rsvqa",
        name=name,
    )


def majority(questions: Sequence[Question]) -> float:
    """The share of the most frequent right answer."""
    counts = counts_in_intervals({one.type for one in questions})
    golds = Counter(binned(one.golds[0], one.type, counts=counts) for one in questions)
    return max(golds.values()) / len(questions)


def rows(name: str, questions: Sequence[Question], results: dict[str, EvalResult]) -> Iterator[str]:
    """Lines of the table: a type of question each, and all of them."""
    types = list(dict.fromkeys(one.type for one in questions))
    in_intervals = counts_in_intervals(types)
    baseline = 0.0
    for kind in types:
        of = [one for one in questions if one.type == kind]
        counts = Counter(binned(one.golds[0], kind, counts=in_intervals) for one in of)
        best = counts.most_common(1)[0][1]
        baseline += best / len(questions)
        cells = [
            f"{group['accuracy']:.1%} ({1 - group['n_unanswered'] / group['n']:.0%})"
            for group in (result.groups["type"][kind] for result in results.values())
        ]
        yield f"| {name} | {kind} | {len(of):,} | {best / len(of):.1%} | {' | '.join(cells)} |"
    cells = [
        f"**{result.metrics['accuracy']:.1%}** ({1 - result.n_unanswered / result.n:.0%})"
        for result in results.values()
    ]
    yield f"| {name} | all | {len(questions):,} | {baseline:.1%} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--knowledge", type=Path, action="append", default=[], help="also with these bases")
    parser.add_argument("--answers", type=Path, help="folder in which answers are kept (default: nowhere)")
    options = parser.parse_args()
    bases = [NO_KNOWLEDGE, BUILT_IN, *map(str, options.knowledge)]
    every = list(question_sets(options.data))
    results: dict[str, dict[str, EvalResult]] = {name: {} for name, _ in every}
    with tempfile.TemporaryDirectory() as nowhere:
        for base in bases:
            composer = ComposerGenerator(base)
            for name, questions in every:
                file = (options.answers or Path(nowhere)) / f"{name}-{Path(base).name}.jsonl"
                results[name][base] = answered(name, questions, composer, file)
    names = {NO_KNOWLEDGE: "no base", BUILT_IN: "built-in base"}
    heads = [f"{names.get(base, Path(base).name)} (answered)" for base in bases]
    print(f"| set | type | questions | majority | {' | '.join(heads)} |")
    print("|---" * (4 + len(heads)) + "|")
    for name, questions in every:
        print("\n".join(rows(name, questions, results[name])))


if __name__ == "__main__":
    main()
