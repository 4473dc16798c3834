"""Tokens of COCO's evaluation, by rule and against the Java program that it calls."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rsvlm.eval.text.tokens import coco_tokens, split_tokens

JAVAS = {
    "''",
    "'",
    "``",
    "`",
    "-LRB-",
    "-RRB-",
    "-LCB-",
    "-RCB-",
    ".",
    "?",
    "!",
    ",",
    ":",
    "-",
    "--",
    "...",
    ";",
}
"""What COCO's evaluation takes out of PTBTokenizer's tokens."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Many green trees are around it .", ["many", "green", "trees", "are", "around", "it"]),
        ("There's a T-junction, it isn't big.", ["there", "'s", "a", "t-junction", "it", "is", "n't", "big"]),
        ("houses (2 . )", ["houses", "-lrb-", "2", "-rrb-"]),
        ("1,250.5 m/s and -0.07, 0.5mm", ["1,250.5", "m/s", "and", "-0.07", "0.5", "mm"]),
        ("a 19th-century church; 30-metre tower", ["a", "19th-century", "church", "30-metre", "tower"]),
        ("we cannot see\u2026 \u201cit\u2019s\u201d \u2014 dark", ["we", "can", "not", "see", "it", "'s", "dark"]),
        ("St. John's in the U.S. coast.", ["st.", "john", "'s", "in", "the", "u.s.", "coast"]),
        ("une forêt 湖", ["une", "forêt", "湖"]),
        (" \t\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_coco(text: str, expected: list[str]) -> None:
    assert coco_tokens(text) == expected


def test_split_keeps_all() -> None:
    assert split_tokens(" The  forest.\n(Big)") == ["The", "forest.", "(Big)"]


def test_a_megabyte_in_no_time() -> None:
    for text in (
        "a" * 1_000_000,
        "'" * 1_000_000,
        "1," * 500_000,
        "a-" * 500_000,
        "a." * 500_000,
        " " * 1_000_000,
    ):
        assert len(coco_tokens(text)) <= 500_000


def test_real_captions_against_java(data_dir: Path, tmp_path: Path) -> None:
    """Every 5th different caption of RSICD and UCM-captions."""
    peer = find_spec("pycocoevalcap")
    if peer is None or not peer.submodule_search_locations or shutil.which("java") is None:
        pytest.skip("needs pycocoevalcap and java")
    files = [*(data_dir / "rsicd").glob("*.parquet"), *(data_dir / "ucm").glob("*.parquet")]
    groups = [
        group for file in files for group in pq.read_table(file, columns=["captions"])["captions"].to_pylist()
    ]
    texts = sorted({text.replace("\n", " ") for group in groups for text in group})[::5]
    (tmp_path / "texts").write_text("\n".join(texts) + "\n", encoding="utf-8", newline="\n")
    jar = Path(peer.submodule_search_locations[0]) / "tokenizer" / "stanford-corenlp-3.4.1.jar"
    command = [
        "java",
        "-cp",
        str(jar),
        "edu.stanford.nlp.process.PTBTokenizer",
        "-preserveLines",
        "-lowerCase",
    ]
    done = subprocess.run(
        [*command, str(tmp_path / "texts")], capture_output=True, check=True, encoding="utf-8"
    )
    lines = done.stdout.split("\n")[:-1]
    wanted = [[token for token in line.split(" ") if token and token not in JAVAS] for line in lines]
    assert len(wanted) == len(texts) > 3000
    different = [text for text, tokens in zip(texts, wanted, strict=True) if coco_tokens(text) != tokens]
    assert len(different) <= 1, different
