"""2,000 questions whose answers follow from labels of validation images: better than the majority answer?

    rsvlm knowledge build DIR/rsicd/train.parquet --out WORK/rsicd       # and DIR/ucm/train.parquet --out WORK/ucm
    python rag/label_questions.py --data DIR --work WORK --seed 2 --forms rag/forms-2.yaml

Of RSICD's and UC Merced's validation images, whose captions name a thing twice or not at all: is it there (as often as
not), which of four scenes is it, how many of a thing are there (where two captions say the same number up to four). Of
Korean land-cover masks of December 2024 and mosaics of EuroSAT's validation tiles (`cover_questions.py`): shares, the
largest cover, more of this than of that, which quarter has most of something. The forms of the questions were
written by people who had not seen the composer; those of `forms-1.yaml` were read afterwards, to mend the rules, and
those of `forms-2.yaml` were not. The majority answer is the one that is right most often of all questions of its kind.
"""

import argparse
import io
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import yaml
from cover_questions import MAKERS, Ground, mosaics, windows  # type: ignore[import-not-found] # beside this file
from pictures import common_things, pictures  # type: ignore[import-not-found] # beside this file
from PIL import Image

from rsvlm.captioning.english import article
from rsvlm.models import load_encoder
from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.rag.composer.amounts import numbers_of
from rsvlm.rag.composer.naming import scene_names

Forms = dict[str, list[str]]


class Asked(NamedTuple):
    """A question, the image that it is about, and what is right."""

    kind: str
    image: Any
    question: str
    gold: str


def of_captions(
    file: Path, work: Path, encoder: Any, counts: dict[str, int], seed: int, forms: Forms
) -> Iterator[Asked]:
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
        question = chance.choice(forms["presence"]).format(**_words(thing.name))
        yield Asked("presence", images[chance.choice(places)], question, ("no", "yes")[wanted])
    labels = sorted({label for label in found.labels if label in scene_names()})
    for _ in range(counts["which"]):
        place = chance.choice([place for place, label in enumerate(found.labels) if label in labels])
        right, shown = found.labels[place], found.named[place]
        wrong = chance.sample([one for one in labels if one != right and not shown[one]], 3)
        names = chance.sample([right, *wrong], 4)
        listed = f"{', '.join(names[:3])} or {names[3]}"
        yield Asked(
            "which of four", images[place], chance.choice(forms["which_of"]).format(options=listed), right
        )
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
        question = chance.choice(forms["count"]).format(**_words(thing.name))
        yield Asked("count", images[place], question, str(said))


def of_cover(grounds: Iterator[Ground], count: int, chance: random.Random, forms: Forms) -> Iterator[Asked]:
    """So many questions of each kind on land cover, each on a picture of its own; half at most have one answer."""
    for kind, maker in MAKERS.items():
        golds: Counter[str] = Counter()
        for ground in grounds:
            one = maker(ground, chance)
            if one is None or golds[one.gold] >= count / 2:
                continue
            golds[one.gold] += 1
            yield Asked(kind, ground.picture, chance.choice(forms[one.kind]).format(**one.words), one.gold)
            if golds.total() == count:
                break


def read_forms(file: Path) -> Forms:
    """Forms of questions by their kind."""
    found: Forms = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def _words(name: str) -> dict[str, str]:
    plural = f"{name}es" if name.endswith(("s", "ch", "sh", "x")) else f"{name}s"
    return {"a": f"{article(name)} {name}", "thing": name, "things": plural}


_CONCEPTS = {
    "tree", "building", "road", "car", "river", "pond", "ship", "house", "airplane", "bridge", "lake", "sea",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--forms", type=Path, required=True, help="what questions look like")
    parser.add_argument("--show", type=int, default=0, help="print so many wrong answers of each kind")
    parser.add_argument("--seed", type=int, required=True, help="another one draws other questions")
    options = parser.parse_args()
    encoder, forms = load_encoder("built-in"), read_forms(options.forms)
    table: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)

    def ask(name: str, base: str | Path, asked: list[Asked]) -> None:
        answerer = VisualQuestionAnswerer(base, encoder)
        shown: Counter[str] = Counter()
        for one, answer in zip(
            asked, answerer.ask_many((one.image, one.question) for one in asked), strict=True
        ):
            right = _plain(answer.short) == _plain(one.gold)
            table[name, one.kind].append((one.gold, right))
            if not right and shown[one.kind] < options.show:
                shown[one.kind] += 1
                print(f"  {one.question!r} ({answer.kind}) wants {one.gold}: {answer.text!r}")

    for name, numbers in (("rsicd", (500, 200, 60)), ("ucm", (250, 150, 40))):
        counts = dict(zip(("presence", "which", "count"), numbers, strict=True))
        file = options.data / name / "validation.parquet"
        asked = list(of_captions(file, options.work, encoder, counts, seed=options.seed, forms=forms))
        ask(f"{name}, base of its train split", options.work / name, asked)
        ask(f"{name}, no base", "none", asked)
    chance = random.Random(options.seed)
    korea = windows(options.data / "korea-sentinel2-landcover", "202412", chance)
    ask("Korean scenes, built-in base", "built-in", list(of_cover(korea, 60, chance, forms)))
    tiles = mosaics(options.data / "eurosat-rgb" / "validation.parquet", chance)
    ask("mosaics of EuroSAT, built-in base", "built-in", list(of_cover(tiles, 120, chance, forms)))
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


def _plain(answer: str) -> str:
    return " ".join(re.findall(r"\w+", answer.lower()))


def _row(answers: list[tuple[str, bool]]) -> str:
    most = Counter(gold for gold, _ in answers).most_common(1)[0][1]
    right = sum(one for _, one in answers)
    return f"{len(answers):,} | {100 * most / len(answers):.1f} | {100 * right / len(answers):.1f}"


if __name__ == "__main__":
    main()
