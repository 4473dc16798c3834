"""Facts that are in a base, and facts that were taken out of it: are they told, and is nothing told in their place?

    python rag/facts.py --data DIR       # DIR/rswk.tar.xz: RS-RAG's RSWK, questions of measured variables

Each question of RSWK asks for the value of one variable in one month at one place. A base is made of short texts that
hold these facts, in three forms; 500 facts are left out of it. The images are not here, so questions name the place. A
value is right when it is equal to the last digit.
"""

import argparse
import json
import random
import re
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from rsvlm.rag import KnowledgeBase, VisualQuestionAnswerer

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_ASKED = re.compile(
    rf"\b([A-Z][A-Z0-9]{{1,}})\b.*?\b({MONTHS}) (\d{{4}})|\b({MONTHS}) (\d{{4}}).*?\b([A-Z][A-Z0-9]{{1,}})\b"
)
_PLACE = re.compile(
    r"\b(?:the|this) (?:remote )?(?:image|location|area|landmark|place|site|scene)(?: shown)?\b"
)
FILE = "vqa_rsk_full_test_2993.jsonl"


class Fact(NamedTuple):
    """A value of a variable in a month at a place, and how RSWK asks for it."""

    place: str
    variable: str
    month: str
    year: str
    value: str
    question: str

    def text(self, form: int) -> str:
        """Say it."""
        forms = (
            f"{self.place}: {self.variable} in {self.month} {self.year}: {self.value}",
            f"In {self.month} {self.year} the {self.variable} of {self.place} was {self.value}.",
            f"monthly expert knowledge - of {self.year} {self.month}:\n{self.variable}: {self.value}",
        )
        return forms[form]

    def asked(self) -> str:
        """Ask for it, naming the place in place of the image."""
        question = self.question.replace("<image>", "")
        named = _PLACE.sub(self.place, question, count=1)
        return named if named != question else f"{self.place}: {question}"


def facts(archive: Path) -> list[Fact]:
    """Read the facts, each once; of one that is told in two ways, none."""
    with tarfile.open(archive) as opened:
        file = opened.extractfile(f"./{FILE}")
        assert file is not None
        rows = [json.loads(line) for line in file.read().decode().splitlines() if line.strip()]
    found: dict[tuple[str, ...], Fact | None] = {}
    for row in rows:
        question, value = (one["content"] for one in row["messages"])
        match = _ASKED.search(question)
        if match is None:
            continue
        variable, month, year = match[1] or match[6], match[2] or match[4], match[3] or match[5]
        place = Path(row["images"][0]).stem
        key = (place, variable, month, year)
        found[key] = None if key in found else Fact(place, variable, month, year, value.strip(), question)
    return [one for one in found.values() if one is not None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show", type=int, default=0, help="print so many that went wrong")
    options = parser.parse_args()
    every = facts(options.data / "rswk.tar.xz")
    random.Random(0).shuffle(every)
    there, gone = every[:500], every[500:1000]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "facts.jsonl"
        kept = [*there, *every[1000:]]
        rows = [
            {"text": one.text(number % 3), **({"name": one.place} if number % 3 == 2 else {})}
            for number, one in enumerate(kept)
        ]
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        base = KnowledgeBase.build(file, Path(folder) / "base", encoder=None)
        answerer = VisualQuestionAnswerer(base)
        print(f"{len(every):,} facts, {len(base):,} in the base")
        for name, asked in (("in the base", there), ("taken out", gone)):
            counts: Counter[str] = Counter()
            for one, answer in zip(
                asked, answerer.ask_many((None, one.asked()) for one in asked), strict=True
            ):
                said = "abstained" if answer.abstained else "right" if answer.short == one.value else "wrong"
                counts[said] += 1
                if (said == "wrong" or said != ("right" if asked is there else "abstained")) and options.show:
                    options.show -= 1
                    print(
                        f"  {said}: {one.asked()!r} ({answer.kind}) wants {one.value!r} got {answer.text!r}"
                    )
            print(
                f"{name}: "
                + ", ".join(f"{kind} {count / len(asked):.1%}" for kind, count in sorted(counts.items()))
            )


if __name__ == "__main__":
    main()
