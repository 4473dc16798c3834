"""2,000 questions whose answers follow from labels of validation images: better than the majority answer?

    rsvlm knowledge build DIR/rsicd/train.parquet --out WORK/rsicd       # and DIR/ucm/train.parquet --out WORK/ucm
    python rag/label_questions.py --data DIR --work WORK

Of RSICD's and UC Merced's validation images, whose captions name a thing twice or not at all: is it there (as often as
not), which of four scenes is it, how many of a thing are there (where two captions say the same number up to four). Of
the Korean land-cover masks of December 2024, by `rsvlm.eval.questions`: shares, the largest cover, more of this than of
that, which quarter or ninth has most of something. Everything is asked as a sentence. The majority answer is the one
that is right most often of all questions of its kind; for letters, which are shuffled, that is the luckiest letter.
"""

import argparse
import io
import json
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from pictures import common_things, pictures  # type: ignore[import-not-found] # beside this file
from PIL import Image

from rsvlm.eval.questions import ClassMap, make_questions
from rsvlm.models import load_encoder
from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.rag.composer.amounts import numbers_of
from rsvlm.rag.composer.naming import scene_names

PRESENCE = (
    "Is there {a} in the image?", "Can you see {a} here?", "Does this picture show {a}?", "Do you see {a} anywhere?",
    "Tell me whether there is {a}.", "{Bare} visible?",
)  # fmt: skip
WHICH = ("Is this {options}?", "What is it: {options}?", "Which of these does the image show: {options}?")
COUNT = (
    "How many {things} are there?",
    "Count the {things}.",
    "What is the number of {things} in the image?",
)
LETTERS = "ABCDEFGHI"


class Asked(NamedTuple):
    """A question, the image that it is about, and what is right."""

    kind: str
    image: Any
    question: str
    gold: str


def of_captions(file: Path, work: Path, encoder: Any, counts: dict[str, int], seed: int) -> Iterator[Asked]:
    """Questions on captioned images."""
    found, chance = pictures(file, encoder, work), random.Random(seed)
    images = [Image.open(io.BytesIO(one["bytes"])) for one in pq.read_table(file)["image"].to_pylist()]
    things = [one for one in common_things(found, 10) if one.name in set(scene_names()) | _CONCEPTS]
    truths = {thing: found.truth(thing) for thing in things}
    for number in range(counts["presence"]):
        wanted = number % 2
        while True:
            thing = chance.choice(things)
            places = [place for place, one in enumerate(truths[thing]) if one == wanted]
            if places:
                break
        name = thing.name
        words = {"a": f"an {name}" if name[0] in "aeiou" else f"a {name}", "Bare": f"Any {name}"}
        yield Asked(
            "presence",
            images[chance.choice(places)],
            chance.choice(PRESENCE).format(**words),
            ("no", "yes")[wanted],
        )
    labels = sorted({label for label in found.labels if label in scene_names()})
    for _ in range(counts["which"]):
        place = chance.choice([place for place, label in enumerate(found.labels) if label in labels])
        right, shown = found.labels[place], found.named[place]
        wrong = chance.sample([one for one in labels if one != right and not shown[one]], 3)
        names = chance.sample([right, *wrong], 4)
        listed = f"{', '.join(names[:3])} or {names[3]}"
        yield Asked("which of four", images[place], chance.choice(WHICH).format(options=listed), right)
    counted = [
        (place, thing, said)
        for thing in things
        for place, texts in enumerate(found.captions)
        for said, times in Counter(
            number for text in texts for number in set(numbers_of(text, thing, vague=False))
        ).items()
        if times >= 2 and 2 <= said <= 4
    ]
    for place, thing, said in chance.sample(counted, min(counts["count"], len(counted))):
        yield Asked("count", images[place], chance.choice(COUNT).format(things=f"{thing.name}s"), str(said))


def of_masks(data: Path, folder: Path, count: int) -> Iterator[Asked]:
    """Questions on land-cover masks."""
    for part in ("masks", "images"):
        (folder / part).mkdir()
        for file in sorted((data / "korea-sentinel2-landcover" / part).glob("202412*")):
            (folder / part / file.name).symlink_to(file)
    source = ClassMap(labels=folder / "masks", images=folder / "images", legend="korea")
    tasks = ["SL_1_1_1", "SL_1_1_2", "AS_3_3_1", "AS_3_3_4", "AS_3_3_5", "SC_3_1_6"]
    make_questions([source], folder / "questions", count=count, seed=0, tasks=tasks)
    names = {
        "SL": "position",
        "AS_3_3_1": "share",
        "AS_3_3_4": "largest cover",
        "AS_3_3_5": "more of",
        "SC": "more of",
    }
    for file in sorted((folder / "questions" / "QA_Pairs").rglob("*.json")):
        kind = next(name for code, name in names.items() if file.stem.startswith(code))
        for one in json.loads(file.read_text(encoding="utf-8")):
            options = "".join(f" {letter}) {text}" for letter, text in one.get("options", {}).items())
            image = folder / "questions" / one["image_path"]
            yield Asked(kind, image, one["question"] + options, one["answer"].lower())


_CONCEPTS = {
    "tree",
    "building",
    "road",
    "car",
    "river",
    "pond",
    "ship",
    "house",
    "airplane",
    "bridge",
    "lake",
    "sea",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--show", type=int, default=0, help="print so many wrong answers of each kind")
    parser.add_argument("--share", type=float, default=1.0, help="of the questions, for a trial")
    options = parser.parse_args()
    encoder = load_encoder("built-in")
    table: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)

    def ask(name: str, base: str | Path, asked: list[Asked]) -> None:
        answerer = VisualQuestionAnswerer(base, encoder)
        shown: Counter[str] = Counter()
        for one, answer in zip(
            asked, answerer.ask_many((one.image, one.question) for one in asked), strict=True
        ):
            right = answer.short.lower() == one.gold
            table[name, one.kind].append((one.gold, right))
            if not right and shown[one.kind] < options.show:
                shown[one.kind] += 1
                print(f"  {one.question!r} ({answer.kind}) wants {one.gold}: {answer.text!r}")

    for name, counts in (("rsicd", (500, 250, 100)), ("ucm", (250, 150, 50))):
        wanted = dict(
            zip(("presence", "which", "count"), (int(one * options.share) for one in counts), strict=True)
        )
        file = options.data / name / "validation.parquet"
        asked = list(of_captions(file, options.work, encoder, wanted, seed=0))
        ask(f"{name}, base of its train split", options.work / name, asked)
        ask(f"{name}, no base", "none", asked)
    with tempfile.TemporaryDirectory() as folder:
        asked = list(of_masks(options.data, Path(folder), int(700 * options.share)))
        ask("Korean scenes, built-in base", "built-in", asked)
    print("| images | kind | questions | majority answer, % | composer, % |\n|---|---|---|---|---|")
    for (name, kind), answers in table.items():
        print(f"| {name} | {kind} | {_row(answers)} |")
    with_base = [one for (name, _), answers in table.items() if "no base" not in name for one in answers]
    lucky = sum(
        Counter(gold for gold, _ in answers).most_common(1)[0][1]
        for (name, _), answers in table.items()
        if "no base" not in name
    )
    shares = " | ".join(
        f"{100 * one / len(with_base):.1f}" for one in (lucky, sum(right for _, right in with_base))
    )
    print(f"| all but those without a base | | {len(with_base):,} | {shares} |")


def _row(answers: list[tuple[str, bool]]) -> str:
    most = Counter(gold for gold, _ in answers).most_common(1)[0][1]
    right = sum(one for _, one in answers)
    return f"{len(answers):,} | {100 * most / len(answers):.1f} | {100 * right / len(answers):.1f}"


if __name__ == "__main__":
    main()
