"""METEOR with exact, stem and synonym matches, as nltk computes it.

Lavie and Agarwal, "METEOR: an automatic metric for MT evaluation", WMT 2007. It is not METEOR 1.5 (Java), whose
function words and paraphrases give other values.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from .ngrams import Tokens
from .porter import stem

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5
"""Weight of recall, exponent and weight of the penalty for matches that lie scattered."""

Synonyms = Callable[[str], frozenset[str]]
"""From a word to the words that may stand for it."""

Pair = tuple[int, int]


def meteor(candidate: Tokens, references: Sequence[Tokens], synonyms: Synonyms | None) -> float:
    """METEOR against the reference that gives the highest: nltk's `meteor_score`.

    Args:
        candidate: Tokens; case does not matter.
        references: Likewise, one or more.
        synonyms: `WordNet.synonyms`; None leaves synonyms out.
    """
    words = [token.lower() for token in candidate]
    return max(_score(words, [token.lower() for token in reference], synonyms) for reference in references)


def _score(words: list[str], reference: list[str], synonyms: Synonyms | None) -> float:
    matches = align(words, reference, synonyms)
    if not matches:
        return 0.0
    precision, recall = len(matches) / len(words), len(matches) / len(reference)
    mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
    chunks = 1 + sum(after != (before[0] + 1, before[1] + 1) for before, after in pairwise(matches))
    return float((1 - GAMMA * (chunks / len(matches)) ** BETA) * mean)


def align(words: list[str], reference: list[str], synonyms: Synonyms | None) -> list[Pair]:
    """Positions that match, in order: equal words first, then equal stems, then synonyms of stems."""
    left, right = list(enumerate(words)), list(enumerate(reference))
    matches, left, right = _match_equal(left, right)
    if left and right:
        stems, left, right = _match_equal(
            [(at, stem(word)) for at, word in left], [(at, stem(word)) for at, word in right]
        )
        matches += stems
    if left and right and synonyms is not None:
        matches += _match_synonyms(left, right, synonyms)
    return sorted(matches)


Numbered = list[tuple[int, str]]


def _positions(right: Numbered) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for at, word in right:
        positions.setdefault(word, []).append(at)
    return positions


def _match_equal(left: Numbered, right: Numbered) -> tuple[list[Pair], Numbered, Numbered]:
    """Matches, from the last word back, each with the last free equal word; and what is left on both sides."""
    positions = _positions(right)
    matches = [(at, positions[word].pop()) for at, word in reversed(left) if positions.get(word)]
    if not matches:
        return matches, left, right
    used, taken = {at for at, _ in matches}, {at for _, at in matches}
    return (
        matches,
        [pair for pair in left if pair[0] not in used],
        [pair for pair in right if pair[0] not in taken],
    )


def _match_synonyms(left: Numbered, right: Numbered, synonyms: Synonyms) -> list[Pair]:
    """As `_match_equal`, with the last free word among a word's synonyms."""
    positions = _positions(right)
    matches = []
    for at, word in reversed(left):
        fits = synonyms(word) & positions.keys()
        if fits:
            chosen = max(fits, key=lambda fit: positions[fit][-1])
            matches.append((at, positions[chosen].pop()))
            if not positions[chosen]:
                del positions[chosen]
    return matches
