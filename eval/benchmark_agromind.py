"""How long scoring AgroMind takes without asking anybody, and whether its own program judges alike.

    python eval/benchmark_agromind.py --data DIR                       # DIR/agromind.tar.xz or DIR/QA_Pairs
    python eval/benchmark_agromind.py --data DIR --reference CHECKOUT  # of github.com/rssysu/AgroMind

The 23,826 questions that need no sentence model, each way in a process of its own on one thread, best of `--repeat`:

* rsvlm, compat and strict: `score_agromind`, which besides makes baselines, groups, 1,000 resamples for each interval,
  and a table of all items.
* reference: the checkers of the checkout (`AgroMind/utils/check_func.py`) over the same answers, and nothing else.

With `--reference` it also counts on how many answers compat and these checkers differ: those of the random client, and
the right ones in a dozen forms that models use. Answers to which the reference draws a letter at random are counted
apart, as are those on which it breaks.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

FORMS = (
    "{}", "({})", "The answer is {}.", "{}: yes", "**{}**", "{})", "Answer: {}\n", "I think ({}) and not (A)", "{}, A",
    "{} or A", "['{}']", "it could be {} but also B since both are possible here", "yes, no, {}", "{}!!", "-{}", "{}.0",
)  # fmt: skip
"""What the right answer is put into."""


def questions(data: Path) -> Any:
    """AgroMind without free text."""
    from rsvlm.eval.agromind import read_agromind
    from rsvlm.eval.agromind.tasks import QuestionType

    whole = read_agromind(data)
    return whole.only(sorted({item.file for item in whole.items if item.kind is not QuestionType.FREE_TEXT}))


def answers_of(data: Path) -> dict[str, str]:
    """The random client's answers; "" where it has none, which the reference would break on as None."""
    from rsvlm.eval.agromind import random_answers

    return {key: answer or "" for key, answer in random_answers(questions(data).items, seed=0).items()}


def formed(item: Any, number: int) -> str:
    return FORMS[number % len(FORMS)].format(item.gold)


def score_ours(data: Path, mode: Any) -> dict[str, Any]:
    from rsvlm.eval.agromind import score_agromind

    asked, answers = questions(data), answers_of(data)
    start = time.perf_counter()
    result = score_agromind(asked, answers, mode=mode)
    return {"seconds": time.perf_counter() - start, "n": result.n, "accuracy": result.metrics["accuracy"]}


class Drawn(Exception):  # noqa: N818 - no error: the reference draws a letter
    """Raised in place of a random letter."""


def score_reference(data: Path, reference: Path) -> dict[str, Any]:
    from rsvlm.eval.agromind.judging import judge

    sys.path.insert(0, str(reference / "AgroMind"))
    from utils.check_func import check_answer  # type: ignore[import-not-found] # the checkout's own

    items, answers = questions(data).items, answers_of(data)
    raw = {
        f"{path.stem}/{row['item_id']}": row
        for path in data.rglob("*.json")
        for row in json.loads(path.read_text(encoding="utf-8"))
    }
    random.seed(0)
    start = time.perf_counter()
    right = sum(bool(check_answer(None, raw[item.key], answers[item.key])) for item in items)
    seconds = time.perf_counter() - start

    def draw(_: Any) -> Any:
        raise Drawn

    random.choice = draw  # type: ignore[assignment]
    counts = dict.fromkeys(("compared", "differ", "drawn", "broken"), 0)
    for number, item in enumerate(items):
        for answer in (answers[item.key], formed(item, number)):
            if not answer.strip():
                continue
            try:
                theirs = bool(check_answer(None, raw[item.key], answer))
            except Drawn:
                counts["drawn"] += 1
                continue
            except Exception:
                counts["broken"] += 1
                continue
            counts["compared"] += 1
            counts["differ"] += theirs != judge(item, answer, mode="compat").right
    return {"seconds": seconds, "n": len(items), "accuracy": right / len(items), **counts}


def measure(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, *command], env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with agromind.tar.xz or QA_Pairs")
    parser.add_argument("--reference", type=Path, help="a checkout of AgroMind")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--way", choices=("compat", "strict", "reference"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way == "reference":
        print(json.dumps(score_reference(options.data, options.reference)))
        return
    if options.way:
        print(json.dumps(score_ours(options.data, options.way)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        data = options.data
        if (data / "agromind.tar.xz").exists():
            with tarfile.open(data / "agromind.tar.xz") as archive:
                archive.extractall(temporary, filter="data")
            data = Path(temporary)
        ways = {"rsvlm, compat": ["compat"], "rsvlm, strict": ["strict"]}
        if options.reference:
            ways["reference"] = ["reference", "--reference", str(options.reference)]
        print("| way | answers | accuracy, random client | seconds |\n|---|---|---|---|")
        for name, way in ways.items():
            runs = [measure(["--data", str(data), "--way", *way]) for _ in range(options.repeat)]
            best = min(runs, key=lambda run: float(run["seconds"]))
            print(f"| {name} | {best['n']:,} | {100 * best['accuracy']:.2f} % | {best['seconds']:.2f} |")
        if options.reference:
            print(
                f"\ncompat and the reference differ on {best['differ']} of {best['compared']:,} answers; it draws a "
                f"letter for {best['drawn']:,}, and breaks on {best['broken']:,}"
            )


if __name__ == "__main__":
    main()
