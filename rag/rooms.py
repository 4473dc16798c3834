"""All rooms joined: caption -> pretrain -> index -> classify, search, ask -> a report of what each step brought.

    python rag/rooms.py --scenes DIR/korea-sentinel2-landcover --out rooms/      # 28 scenes, masks of the Korean legend
    python rag/rooms.py --sample --out rooms/                                    # the sample town, in a minute

Each stage reads only folders that an earlier one wrote. Of the Korean scenes those of September 2023 teach and those of
December 2024 are asked about; of the sample town chips of 256 pixels teach, and chips of 384 are asked about, which
show the same ground: it tells that the rooms fit together, and not how good they are. `report.html` has captions found
by the base model and by the adapted one, and captions made with and without retrieval.
"""

import argparse
import io
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

import rsvlm
from rsvlm.captioning.sample import write_sample
from rsvlm.eval.captions import evaluate_captions
from rsvlm.eval.report import write_report
from rsvlm.eval.result import EvalResult
from rsvlm.retrieval import Hits
from rsvlm.retrieval.page import write_page

CLASSES = ["forest", "farmland", "residential area", "water"]
MAIN = ("cider", "bleu4", "rouge_l", "meteor_nltk", "mean_success")


def caption(scenes: Path | None, out: Path) -> None:
    """Write `pairs/` to learn from, and `asked/` to be asked about."""
    if scenes is None:
        town = write_sample(out / "town")
        for name, size in (("pairs", 256), ("asked", 384)):
            rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=out / name, size=size)
        return
    for name, date in (("pairs", "202309"), ("asked", "202412")):
        images = sorted((scenes / "images").glob(f"{date}*.tif"))
        masks = scenes / "masks"
        rsvlm.caption(images, landcover=masks, legend="korea", out=out / name, size=128, min_valid=0.5)


def find(out: Path) -> None:
    """Index the chips by the adapted model, tell their classes, and find some by words."""
    adapted = rsvlm.load_encoder(out / "adapter")
    index = rsvlm.Index.build(out / "asked", out / "index", encoder=adapted)
    classes = rsvlm.ZeroShotClassifier(CLASSES, encoder=adapted).classify(index)
    pq.write_table(classes.to_table(), out / "classes.parquet")
    print(
        "classified:", ", ".join(f"{count} {name}" for name, count in Counter(classes.labels).most_common())
    )
    hits = index.search("forest beside fields", k=12)
    assert isinstance(hits, Hits)  # of several texts it is a list of them
    write_page(hits, out / "found.html", "Forest beside fields")


def ask(out: Path) -> list[EvalResult]:
    """Have each chip described with and without the captions to learn from; both against the chip's own captions."""
    adapted = rsvlm.load_encoder(out / "adapter")
    base = rsvlm.KnowledgeBase.build(out / "pairs", out / "knowledge", encoder=adapted)
    chips = list(rsvlm.open_pairs(out / "asked"))
    results = []
    for name, knowledge in (("without retrieval", "none"), ("with retrieval", base)):
        items = ((Image.open(io.BytesIO(pair.image or b"")), "Describe this image.") for pair in chips)
        answerer = rsvlm.VisualQuestionAnswerer(knowledge, adapted)
        answers = answerer.ask_many(items, answers=out / f"{name}.jsonl")
        said = {
            pair.key: re.sub(r" ?\[\d+\]", "", answer.text)
            for pair, answer in zip(chips, answers, strict=True)
        }
        results.append(evaluate_captions(said, out / "asked"))
        results[-1].name = f"captions, {name}"
    return results


def retrieve(out: Path) -> list[EvalResult]:
    """How often captions find their chips, and chips their captions, by the base model and by the adapted one."""
    results = []
    for name, encoder in (("base", "built-in"), ("adapted", out / "adapter")):
        results.append(rsvlm.evaluate("retrieval", encoder=encoder, data=out / "asked"))
        results[-1].name = f"retrieval, {name}"
    return results


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Say how long it took."""
    start = time.perf_counter()
    yield
    print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--scenes", type=Path)
    source.add_argument("--sample", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    out: Path = options.out
    with stage("caption"):
        caption(options.scenes, out)
    with stage("pretrain"):
        rsvlm.pretrain([out / "pairs"], out=out / "adapter", epochs=options.epochs)
    with stage("index, classify, search"):
        find(out)
    with stage("ask"):
        results = ask(out)
    with stage("eval"):
        results += retrieve(out)
    for result in results:
        told = (f"{name} {value:.3f}" for name, value in result.metrics.items() if name in MAIN)
        print(f"{result.name}: {', '.join(told)}")
    write_report(results, out / "report.html")
    print(f"written: {out / 'report.html'}")


if __name__ == "__main__":
    main()
