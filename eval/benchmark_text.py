"""How fast free answers are scored, beside RS-RAG's own way.

    pip install rsvlm nltk rouge-score pycocoevalcap
    python eval/benchmark_text.py --data DIR      # DIR/rswk.tar.xz: RS-RAG's published answers

Each way in a process of its own, on one thread, over the files of answers to questions (5,242 each; `--files` of
them), best of `--repeat`:

* rsvlm: `score_rsrag`, which besides makes a table of all items and bootstrap intervals.
* loops: what RS-RAG's evaluation script does: for every pair nltk's `sentence_bleu` four times, `meteor_score`, and
  `rouge_score`, then pycocoevalcap's CIDEr. It needs nltk's WordNet (`python -m nltk.downloader wordnet`); where only
  Debian's `wordnet-base` is there, its files are laid out for nltk.

Then it holds the metrics of both against each other. WordNet is loaded within the time of both, libraries before it;
what importing them takes has a column of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

DEBIAN = Path("/usr/share/wordnet")
WEIGHTS = ((1, 0, 0, 0), (0.5, 0.5, 0, 0), (0.33, 0.33, 0.33, 0), (0.25, 0.25, 0.25, 0.25))
METRICS = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr")


def lay_out_wordnet(folder: Path) -> None:
    """Debian's WordNet as nltk_data, with the two files that nltk's reader asks for besides."""
    corpus = folder / "corpora" / "wordnet"
    corpus.mkdir(parents=True)
    for file in (*DEBIAN.glob("data.*"), *DEBIAN.glob("index.*"), *DEBIAN.glob("*.exc")):
        shutil.copy(file, corpus)
    (corpus / "index.sense").write_text("", encoding="utf-8")
    names = "".join(f"{number:02d}\tname{number}\t1\n" for number in range(45))
    (corpus / "lexnames").write_text(names, encoding="utf-8")


def score_rsvlm(files: list[Path]) -> dict[str, Any]:
    start = time.perf_counter()
    from rsvlm.eval.rsrag import score_rsrag

    ready = time.perf_counter()
    scores = {file.stem: score_rsrag(file).metrics for file in files}
    return {"imports": ready - start, "seconds": time.perf_counter() - ready, "scores": scores}


def score_loops(files: list[Path]) -> dict[str, Any]:
    start = time.perf_counter()
    import nltk.translate.bleu_score
    import nltk.translate.meteor_score
    import pycocoevalcap.cider.cider
    import rouge_score.rouge_scorer

    ready = time.perf_counter()
    smoothing = nltk.translate.bleu_score.SmoothingFunction().method1
    scores = {}
    for file in files:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
        pairs = [(row["messages"][1]["content"], row["prediction"]) for row in rows]
        golds = {str(number): [gold] for number, (gold, _) in enumerate(pairs)}
        answers = {str(number): [answer] for number, (_, answer) in enumerate(pairs)}
        rouge = rouge_score.rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)
        sums = [0.0] * 6
        for gold, answer in pairs:
            for place, weights in enumerate(WEIGHTS):
                sums[place] += nltk.translate.bleu_score.sentence_bleu(
                    [gold.split()], answer.split(), weights=weights, smoothing_function=smoothing
                )
            sums[4] += nltk.translate.meteor_score.meteor_score([gold.split()], answer.split())
            sums[5] += rouge.score(gold, answer)["rougeL"].fmeasure
        cider, _ = pycocoevalcap.cider.cider.Cider().compute_score(golds, answers)
        scores[file.stem] = dict(
            zip(METRICS, [*(value / len(pairs) for value in sums), float(cider)], strict=True)
        )
    return {"imports": ready - start, "seconds": time.perf_counter() - ready, "scores": scores}


def measure(way: str, files: list[Path], nltk_data: Path) -> dict[str, Any]:
    """Run one way in a fresh process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NLTK_DATA": str(nltk_data)}
    command = [sys.executable, __file__, "--way", way, *map(str, files)]
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(done.stderr)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured | {"process": time.perf_counter() - start}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help="folder with rswk.tar.xz")
    parser.add_argument(
        "--files", type=int, default=2, dest="count", help="how many files of answers to score"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--way", choices=("rsvlm", "loops"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps((score_rsvlm if options.way == "rsvlm" else score_loops)(options.files)))
        return
    if options.data is None:
        parser.error("--data is missing: name the folder that holds rswk.tar.xz")
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(options.data / "rswk.tar.xz") as archive:
            archive.extractall(temporary, filter="data")
        files = sorted(Path(temporary).glob("answers_vqa/*.jsonl"))[: options.count]
        nltk_data = Path(temporary) / "nltk_data"
        if DEBIAN.is_dir():
            lay_out_wordnet(nltk_data)
        best = {}
        for way in ("rsvlm", "loops"):
            runs = [measure(way, files, nltk_data) for _ in range(options.repeat)]
            best[way] = min(runs, key=lambda run: float(run["seconds"]))
    answers = 5242 * len(files)
    print("| way | scoring, s | answers a second | imports, s | whole process, s |\n|---|---|---|---|---|")
    for way, run in best.items():
        speed = f"{run['seconds']:.2f} | {answers / run['seconds']:,.0f}"
        print(f"| {way} | {speed} | {run['imports']:.2f} | {run['process']:.2f} |")
    ours, theirs = best["rsvlm"]["scores"], best["loops"]["scores"]
    apart = max(abs(ours[file][metric] - theirs[file][metric]) for file in ours for metric in METRICS)
    print(
        f"\n{best['loops']['seconds'] / best['rsvlm']['seconds']:.1f} times as fast; largest difference {apart:.1e}"
    )


if __name__ == "__main__":
    main()
