"""All rooms joined: caption -> pretrain -> index -> classify, search, ask -> a report of what each step brought.

    python rag/rooms.py --scenes DIR/korea-sentinel2-landcover --out rooms/      # 28 scenes, masks of the Korean legend
    python rag/rooms.py --sample --out rooms/                                    # the sample town, in a minute or two

Each stage reads only folders that an earlier one wrote. Of the Korean scenes those of September 2023 teach and those of
December 2024 are asked about; of the sample town chips of 128 pixels teach, and chips of 192 are asked about. The
report, `report.html`, shows captions found by the base model and by the adapted one, and captions made with and without
retrieval.
"""

import argparse
import io
import json
from pathlib import Path

from PIL import Image

import rsvlm
from rsvlm.captioning.sample import write_sample
from rsvlm.eval.captions import evaluate_captions
from rsvlm.eval.report import write_report
from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.retrieval import Hits

CLASSES = ["forest", "farmland", "residential area", "road"]


def caption(options: argparse.Namespace) -> tuple[Path, Path]:
    """Write pairs to learn from, and pairs to be asked about."""
    out = options.out
    if options.sample:
        town = write_sample(out / "town")
        for name, size in (("pairs", 128), ("asked", 192)):
            rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=out / name, size=size)
    else:
        for name, date in (("pairs", "202309"), ("asked", "202412")):
            images = sorted((options.scenes / "images").glob(f"{date}*.tif"))
            rsvlm.caption(
                images,
                landcover=options.scenes / "masks",
                legend="korea",
                out=out / name,
                size=128,
                min_valid=0.5,
            )
    return out / "pairs", out / "asked"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=Path)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    out = options.out
    pairs, asked = caption(options)

    rsvlm.pretrain([pairs], out=out / "adapter", epochs=options.epochs)
    adapted = rsvlm.load_encoder(out / "adapter")

    index = rsvlm.Index.build(asked, out / "index", encoder=adapted)
    labels = rsvlm.ZeroShotClassifier(CLASSES, encoder=adapted).classify(index)
    labels.to_table()
    print("classified:", {name: labels.labels.count(name) for name in CLASSES})
    hits = index.search("forest beside fields", k=3)
    assert isinstance(hits, Hits)  # of several texts it is a list of them
    for hit in hits:
        print(f"found: {hit['score']:.3f} {hit['key']}")

    base = rsvlm.KnowledgeBase.build(pairs, out / "knowledge", encoder=adapted)
    results = []
    for name, knowledge in (("without retrieval", "none"), ("with retrieval", base)):
        answerer = VisualQuestionAnswerer(knowledge, adapted)
        chips = list(rsvlm.open_pairs(asked))
        items = ((Image.open(io.BytesIO(pair.image or b"")), "Describe this image.") for pair in chips)
        answers = answerer.ask_many(items, answers=out / f"{name}.jsonl")
        said = {pair.key: answer.short for pair, answer in zip(chips, answers, strict=True)}
        result = evaluate_captions(said, asked)
        result.name = f"captions, {name}"
        results.append(result)
    for name, encoder in (("base", "built-in"), ("adapted", adapted)):
        result = rsvlm.evaluate("retrieval", encoder=encoder, data=asked)
        result.name = f"retrieval, {name}"
        results.append(result)
    for result in results:
        print(
            result.name,
            json.dumps({name: round(value, 4) for name, value in list(result.metrics.items())[:6]}),
        )
    write_report(results, out / "report.html")
    print(f"written: {out / 'report.html'}")


if __name__ == "__main__":
    main()
