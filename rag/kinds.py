"""Does the composer understand people? 300 questions worded by people who had not seen it, with what each asks for.

    python rag/kinds.py          # reads questions.jsonl beside it

`questions.jsonl` was written after the rules that read questions, and has not been looked at to change them. A question
counts as understood when everything that it asks (some ask two or three things) is read as the right kind, in order.
"""

import json
from collections import Counter
from pathlib import Path

from rsvlm.rag.questions import KINDS, understand


def main() -> None:
    rows = [
        json.loads(line)
        for line in Path(__file__).with_name("questions.jsonl").read_text("utf-8").splitlines()
    ]
    read = [[one.kind for one in understand(row["question"], images=row["images"])] for row in rows]
    right = [kinds == row["kinds"] for kinds, row in zip(read, rows, strict=True)]
    asked, understood = Counter(row["kinds"][0] for row in rows), Counter[str]()
    understood.update(row["kinds"][0] for row, good in zip(rows, right, strict=True) if good)
    print("| first asked for | questions | understood whole |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {asked[kind]} | {understood[kind]} |")
    first = sum(kinds[0] == row["kinds"][0] for kinds, row in zip(read, rows, strict=True))
    print(f"| all | {len(rows)} | {sum(right)}: {sum(right) / len(rows):.1%} |")
    print(f"\nThe first thing asked is read as the right kind in {first / len(rows):.1%}.")


if __name__ == "__main__":
    main()
