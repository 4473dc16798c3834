"""The questions of published sets, where their types say the kind."""

import json
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from rsvlm.eval.questions.kinds import KINDS as MADE
from rsvlm.rag.questions import understand

AGROMIND = {
    "GSR_2_3_1": "what", "GSR_2_3_2": "count", "OC_2_1_1": "what", "OC_2_1_2": "what", "OC_2_1_3": "what",
    "OC_2_1_4": "yes-no", "OC_2_1_5": "yes-no", "OC_2_1_6": "yes-no", "PDD_2_2_1": "yes-no what", "PDD_2_2_2": "what",
    "AR_4_2_1": "what", "AR_4_2_2": "compare", "CTR_4_3_1": "which", "CTR_4_3_2": "compare", "CTR_4_3_3": "what",
    "PL_4_4_2": "yes-no", "PL_4_4_3": "which", "PL_4_4_4": "which", "VPR_4_1_1": "how-much", "VPR_4_1_2": "how-much",
    "VPR_4_1_4": "count", "AS_3_3_1": "how-much", "AS_3_3_2": "how-much", "AS_3_3_3": "how-much",
    "AS_3_3_4": "how-much which", "AS_3_3_5": "how-much", "AS_3_3_6": "how-much which", "CO_3_2_1": "count",
    "CO_3_2_2": "count", "CO_3_2_3": "count", "CO_3_2_4": "count", "CO_3_2_5": "count which", "CO_3_2_6": "count",
    "CO_3_2_7": "count", "SC_3_1_1": "compare", "SC_3_1_2": "compare", "SC_3_1_3": "compare", "SC_3_1_4": "yes-no",
    "SC_3_1_5": "compare", "BD_1_3_1": "where", "BD_1_3_2": "where", "SL_1_1_1": "where", "SL_1_1_2": "what",
    "SL_1_1_3": "where", "SL_1_1_4": "which count", "SR_1_2_1": "where",
}  # fmt: skip
"""Kinds of AgroMind's questions by the name of their file, as one reads them without the options, which stand apart."""
RSVQA = {"presence": "yes-no", "comp": "yes-no", "count": "count", "area": "how-much", "rural_urban": "which"}


def kinds(question: str) -> str:
    return " ".join(asked.kind for asked in understand(question))


def told(rows: Iterator[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Kinds of distinct questions by their type."""
    by_type: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, question in dict.fromkeys(rows):
        by_type[kind][kinds(question)] += 1
    return by_type


def agromind(archive: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".json") and (file := tar.extractfile(member)):
                yield from ((Path(member.name).stem, row["question"]) for row in json.load(file)[:60])


def test_agromind(data_dir: Path) -> None:
    found = told(agromind(data_dir / "agromind.tar.xz"))
    assert set(AGROMIND) < set(found)
    for name, kind in AGROMIND.items():
        assert found[name][kind] >= 0.97 * found[name].total(), (name, found[name])


def test_rswk(data_dir: Path) -> None:
    rows: dict[str, list[str]] = defaultdict(list)
    with tarfile.open(data_dir / "rswk.tar.xz") as tar:
        for member in tar:
            if (
                "full_test" in member.name
                and member.name.endswith(".jsonl")
                and (file := tar.extractfile(member))
            ):
                lines = [json.loads(line) for line in file.read().decode("utf-8").splitlines()]
                rows[Path(member.name).stem] += [one["messages"][0]["content"] for one in lines[:600]]
    for name, kind in {"vqa_rsk": "fact", "vqa_wk": "fact", "image_classification": "which"}.items():
        [questions] = [found for stem, found in rows.items() if stem.startswith(name)]
        found = Counter(kinds(question.removeprefix("<image>")) for question in dict.fromkeys(questions))
        assert found[kind] >= 0.97 * found.total(), (name, found)


def test_rswk_names_what_the_answer_must_share(data_dir: Path) -> None:
    with tarfile.open(data_dir / "rswk.tar.xz") as tar:
        [member] = [one for one in tar.getmembers() if "vqa_rsk_full" in one.name]
        file = tar.extractfile(member)
        assert file is not None
        lines = [
            json.loads(line)["messages"][0]["content"] for line in file.read().decode("utf-8").splitlines()
        ]
    for question in dict.fromkeys(line.removeprefix("<image>") for line in lines[:400]):
        [asked] = understand(question)
        [month] = asked.hard.months
        assert re.fullmatch(r"20\d\d-\d\d", month), question
        assert len(asked.hard.codes) == 1, question


def test_rsvqa() -> None:
    spec = find_spec("configilm")
    if spec is None or spec.origin is None:
        pytest.skip("configilm, whose wheel holds questions of RSVQA, is not installed")
    folder = Path(spec.origin).parent / "extra" / "mock_data"
    rows = (
        (row["type"], row["question"])
        for file in sorted(folder.glob("RSVQA-*/*questions.json"))
        for row in json.loads(file.read_text(encoding="utf-8"))["questions"]
    )
    found = told(rows)
    assert set(found) == set(RSVQA)
    for name, kind in RSVQA.items():
        assert found[name][kind] == found[name].total(), (name, found[name])


WORDS = {"what": "forest", "thing": "tree", "things": "trees", "first": "forest", "second": "water", "width": "512",
         "height": "512", "x": "10", "y": "20", "total": "25", "size": "0.5", "side": "9", "earlier": "May 2019",
         "later": "May 2020", "event": "the flood"}  # fmt: skip
YES_NO, MUCH = (
    ("OC_2_1_2", "OC_2_1_4", "SC_3_1_6", "AS_3_3_5", "AR_4_2_1"),
    ("AS_3_3_1", "AS_3_3_3", "AS_3_3_6", "VPR_4_1_4"),
)


@pytest.mark.parametrize(
    ("code", "kind"),
    [*((code, "yes-no") for code in YES_NO), *((code, "how-much") for code in MUCH), ("CO_3_2_1", "count"),
     ("CO_3_2_2", "count"), ("CO_3_2_3", "count"), ("VPR_4_1_2", "count"), ("SL_1_1_2", "where"), ("SL_1_1_4", "where"),
     ("BD_1_3_1", "where"), ("BD_1_3_3", "where"), ("SC_3_1_1", "compare"), ("SC_3_1_2", "compare"),
     ("SC_3_1_4", "compare"), ("SC_3_1_5", "compare"), ("OC_2_1_3", "what"), ("AS_3_3_4", "what"), ("OC_2_1_1", "what"),
     ("SR_1_2_2", "where")],
)  # fmt: skip
def test_questions_that_we_make(code: str, kind: str) -> None:
    assert kinds(MADE[code].say(**WORDS)).split()[-1] == kind
