"""A WordNet of a few words, in the files and the form of the real one (wndb(5WN))."""

from collections.abc import Sequence
from pathlib import Path

PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}

SYNSETS = (
    ("noun", ("house", "dwelling", "home")),
    ("noun", ("forest", "wood", "woods")),
    ("noun", ("road", "route", "main_road")),
    ("noun", ("goose",)),
    ("verb", ("build", "construct", "make")),
    ("adj", ("large(a)", "big")),
    ("adv", ("close", "near", "nigh")),
)
EXCEPTIONS = {"noun": ("geese goose",), "verb": ("built build",)}


def write_wordnet(
    folder: Path, version: str = "3.0", synsets: Sequence[tuple[str, Sequence[str]]] = SYNSETS
) -> Path:
    """Write `data.*`, `index.*` and `*.exc`, and what nltk's reader asks for besides; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    head = f"  1 This software was made for tests.  \n  2 WordNet {version} Copyright 2006 by Princeton University.  \n"
    for part, letter in PARTS.items():
        data = head
        index: dict[str, list[int]] = {}
        for words in (words for of, words in synsets if of == part):
            offset = len(data.encode("utf-8"))
            listed = " ".join(f"{word} 0" for word in words)
            frames = " 00" if part == "verb" else ""
            data += f"{offset:08d} 00 {letter} {len(words):02x} {listed} 000{frames} | made for tests  \n"
            for word in words:
                index.setdefault(word.partition("(")[0].lower(), []).append(offset)
        lines = [
            f"{lemma} {letter} {len(at)} 0 {len(at)} 0 {' '.join(f'{o:08d}' for o in at)}  \n"
            for lemma, at in sorted(index.items())
        ]
        # newline="\n": offsets count bytes, on every system.
        (folder / f"data.{part}").write_text(data, encoding="utf-8", newline="\n")
        (folder / f"index.{part}").write_text(head + "".join(lines), encoding="utf-8", newline="\n")
        exceptions = "".join(f"{line}\n" for line in EXCEPTIONS.get(part, ()))
        (folder / f"{part}.exc").write_text(exceptions, encoding="utf-8", newline="\n")
    lexnames = "".join(f"{number:02d}\tname{number}\t1\n" for number in range(45))
    (folder / "lexnames").write_text(lexnames, encoding="utf-8", newline="\n")
    (folder / "index.sense").write_text("", encoding="utf-8")
    return folder
