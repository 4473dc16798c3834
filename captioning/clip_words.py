"""Write rsvlm/captioning/clip_words.txt: how many CLIP tokens each word of our vocabularies takes.

CLIP's vocabulary (bpe_simple_vocab_16e6.txt.gz, MIT) is in every open_clip wheel:

    pip download open_clip_torch --no-deps
    unzip open_clip_torch-*.whl open_clip/bpe_simple_vocab_16e6.txt.gz
    python captioning/clip_words.py --vocab open_clip/bpe_simple_vocab_16e6.txt.gz

Run it again when tags, legends or the wording of captions (docs/caption-grammar.md) change.
"""

import argparse
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from rsvlm.captioning.english import number_word
from rsvlm.vocabularies import legend_names, load_legend, load_tags

ROOT = Path(__file__).resolve().parent.parent
MERGES = slice(1, 49152 - 256 - 2 + 1)
"""Lines of the vocabulary that CLIP uses as merges, as its tokenizer cuts them out."""


class BytePairs:
    """CLIP's byte pair encoding (Radford et al. 2021; Sennrich et al. 2016), as far as counting needs it."""

    def __init__(self, vocabulary: Path) -> None:
        lines = gzip.decompress(vocabulary.read_bytes()).decode("utf-8").split("\n")[MERGES]
        self.ranks = {tuple(line.split()): rank for rank, line in enumerate(lines)}
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        rest = [b for b in range(256) if b not in printable]
        self.letters = {b: chr(b) for b in printable} | {b: chr(256 + n) for n, b in enumerate(rest)}

    def count(self, word: str) -> int:
        """Count the tokens of one word: a run of letters, a digit, or a run of other signs."""
        parts = [self.letters[b] for b in word.encode("utf-8")]
        parts[-1] += "</w>"
        while len(parts) > 1:
            pairs = set(pairwise(parts))
            best = min(pairs, key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if best not in self.ranks:
                break
            parts = _merged(parts, best)
        return len(parts)


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    """Join each occurrence of a pair, from the left."""
    merged: list[str] = []
    for part in parts:
        # A part that was itself just merged is never a pair's first half again in the same round.
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def texts() -> Iterator[str]:
    """Yield all texts whose words captions are made of."""
    for entry in load_tags().entries:
        if entry.max_gsd is not None:
            yield from (entry.key, entry.value, entry.phrase, entry.plural)
    for name in legend_names():
        for item in load_legend(name).classes:
            yield from (item.name, item.phrase, item.chatearthnet or "")
    grammar = (ROOT / "docs" / "caption-grammar.md").read_text(encoding="utf-8")
    yield re.sub(r"(\w+)\[(\w+)\]", r"\1 \1\2", grammar)  # lie[s] stands for two words
    yield from map(number_word, range(100))


def words(lines: Iterable[str]) -> set[str]:
    """Return the runs of letters in texts, in lower case."""
    return {word for line in lines for word in re.findall(r"[^\W\d_]{2,}", line.lower())}


def main() -> None:
    """Write the table: on each line a number of tokens and the words that take so many."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vocab", type=Path, required=True, help="bpe_simple_vocab_16e6.txt.gz of open_clip")
    parser.add_argument("--out", type=Path, default=ROOT / "rsvlm" / "captioning" / "clip_words.txt")
    arguments = parser.parse_args()
    pairs = BytePairs(arguments.vocab)
    by_count: defaultdict[int, list[str]] = defaultdict(list)
    for word in sorted(words(texts())):
        by_count[pairs.count(word)].append(word)
    lines = [f"{count} {' '.join(found)}\n" for count, found in sorted(by_count.items())]
    arguments.out.write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{sum(map(len, by_count.values()))} words, {arguments.out.stat().st_size} bytes: {arguments.out}")


if __name__ == "__main__":
    main()
