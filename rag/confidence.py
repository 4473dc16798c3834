"""Is an answer right as often as it says that it is sure? Of "what is this" and "which of these", on validation images.

    rsvlm knowledge build DIR/rsicd/train.parquet --out WORK/rsicd       # and DIR/ucm/train.parquet --out WORK/ucm
    python rag/confidence.py --data DIR --work WORK

Questions are those of `label_questions.py` with another seed, and "What is this?" of every image whose class has a
name.
Expected calibration error in 15 equal groups (Naeini et al. 2015, with as many answers in each).
"""

import argparse
import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from calibrate import group_error  # type: ignore[import-not-found] # beside this file
from label_questions import of_captions, read_forms  # type: ignore[import-not-found] # beside this file
from pictures import pictures  # type: ignore[import-not-found] # beside this file
from PIL import Image

from rsvlm.models import load_encoder
from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.rag.composer.naming import scene_names

SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    encoder = load_encoder("built-in")
    forms = read_forms(Path(__file__).parent / "forms-1.yaml")
    print("| images | asked | base | answers | right | mean confidence | calibration error |")
    print("|---" * 7 + "|")
    for name in ("rsicd", "ucm"):
        file = options.data / name / "validation.parquet"
        found = pictures(file, encoder, options.work)
        images = [Image.open(io.BytesIO(one["bytes"])) for one in pq.read_table(file)["image"].to_pylist()]
        asked = {
            "what is this": [
                (image, "What is this?", label)
                for image, label in zip(images, found.labels, strict=True)
                if label in scene_names()
            ],
            "which of four": [
                (one.image, one.question, one.gold)
                for one in of_captions(
                    file, options.work, encoder, {"presence": 0, "which": 400, "count": 0}, SEED, forms
                )
            ],
        }
        for kind, items in asked.items():
            for base in (name, "none"):
                answerer = VisualQuestionAnswerer(options.work / name if base == name else "none", encoder)
                sure, right = [], []
                for (_, _, gold), answer in zip(
                    items, answerer.ask_many((image, question) for image, question, _ in items), strict=True
                ):
                    if answer.confidence is not None:
                        sure.append(answer.confidence)
                        right.append(answer.short.lower() == gold.lower())
                told = group_error(np.array(sure), np.array(right, float))
                print(
                    f"| {name} | {kind} | {'its train split' if base == name else 'none'} | {len(sure):,} | "
                    f"{np.mean(right):.3f} | {np.mean(sure):.3f} | {told:.3f} |"
                )


if __name__ == "__main__":
    main()
