"""What `rsvlm eval suite` found of a model, as docs/built-in.md shows it: confusion pictures, and recalls by class.

rsvlm eval suite --data DIR --out suite/
python pretraining/built_in/figures.py suite/ --out docs/images/
"""

import argparse
from pathlib import Path

from rsvlm.eval.report.heatmap import confusion_picture, read_confusion
from rsvlm.eval.report.picture import to_image
from rsvlm.eval.result import EvalResult, load_result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["eurosat-rgb", "ucm", "rsicd", "rsscn7"])
    options = parser.parse_args()
    for file in sorted(options.suite.glob("*-zero-shot-rsvlm.json")):
        result = load_result(file)
        confusion = read_confusion(result.confusion)
        if confusion is None or result.name not in options.sets:
            continue
        picture = options.out / f"built-in-{result.name}.png"
        to_image(confusion_picture(confusion)).quantize(64).save(picture, optimize=True)
        print(f"{result.name} ({picture}): {recalls(result)}\n")


def recalls(result: EvalResult) -> str:
    """The share of each class that was told, the least first, with the 95 % interval of the whole."""
    low, high = (100 * end for end in result.intervals["accuracy"])
    classes = sorted(result.groups["class"].items(), key=lambda item: item[1]["recall"])
    listed = ", ".join(f"{name} {100 * numbers['recall']:.0f}" for name, numbers in classes)
    return f"{100 * result.metrics['accuracy']:.1f} ({low:.1f}-{high:.1f}); {listed}"


if __name__ == "__main__":
    main()
