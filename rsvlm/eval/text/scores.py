"""Captions and free answers against references: BLEU, METEOR, ROUGE-L and CIDEr in two named conventions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from ..errors import EvalError
from ..intervals import column_intervals
from ..jsonlines import text_column, texts_column
from ..result import EvalResult
from .bleu import RS_RAG_WEIGHTS, coco_sentence_bleu, corpus_bleu, sentence_bleu
from .cider import cider
from .meteor import ALPHA, BETA, GAMMA, Synonyms, meteor
from .ngrams import Floats, Ngrams, Tokens, count_ngrams
from .rouge import coco_rouge_l, rouge_l
from .tokens import coco_tokens, rouge_tokens, split_tokens
from .wordnet import VERSION, find_wordnet

Convention = Literal["coco", "rs-rag"]

METRICS = ("bleu1", "bleu2", "bleu3", "bleu4", "meteor", "rouge_l", "cider")
COCO_METRICS = ("bleu1", "bleu2", "bleu3", "bleu4", "meteor_nltk", "rouge_l", "cider")
"""METEOR of captioning tables is version 1.5 (Java), whose values are far lower than nltk's (0.42 against 0.70 for
people's captions of UC Merced): under one name they would be set beside each other."""


@dataclass(frozen=True)
class Rules:
    """What a convention fixes.

    Attributes:
        metrics: Names of BLEU-1 to BLEU-4, METEOR, ROUGE-L and CIDEr.
        tokens: Cuts texts for BLEU, METEOR and CIDEr.
        rouge_tokens: Cuts texts for ROUGE-L.
        rouge: ROUGE-L of a candidate and its references.
        sentences: (n, 4) BLEU of every candidate.
        corpus: BLEU-1 to BLEU-4 of the set; None for the mean over sentences.
        record: The same in words, for results.
    """

    metrics: tuple[str, ...]
    tokens: Callable[[str], list[str]]
    rouge_tokens: Callable[[str], list[str]]
    rouge: Callable[[Tokens, Sequence[Tokens]], float]
    sentences: Callable[[Ngrams], Floats]
    corpus: Callable[[Ngrams], list[float]] | None
    record: dict[str, Any]


_CIDER = "CIDEr-D as pycocoevalcap, idf from this set's references"

CONVENTIONS: dict[str, Rules] = {
    "coco": Rules(
        COCO_METRICS, coco_tokens, coco_tokens, coco_rouge_l, coco_sentence_bleu, corpus_bleu,
        {
            "tokens": "coco-ptb: lower case, Penn Treebank, no punctuation",
            "bleu": "corpus, closest reference length, no smoothing",
            "rouge_l": "best precision and best recall of any reference, beta 1.2", "cider": _CIDER,
        },
    ),
    "rs-rag": Rules(
        METRICS, split_tokens, rouge_tokens, rouge_l, sentence_bleu, None,
        {
            "tokens": "split: white space, case kept",
            "bleu": "mean of sentences, smoothing 1", "bleu_weights": RS_RAG_WEIGHTS,
            "rouge_l": "rouge-stem tokens, F1 of the best reference", "cider": _CIDER,
        },
    ),
}  # fmt: skip
"""`coco`: pycocoevalcap's, with which captions of RSICD, UCM-captions and the like are compared. `rs-rag`: RS-RAG's
script, a mean over items of nltk's sentence BLEU and METEOR and of Google's ROUGE-L on raw text, with .33 three times
as weights of BLEU-3."""


@dataclass(frozen=True)
class CaptionScores:
    """What `score_captions` found.

    Attributes:
        metrics: `METRICS`, or `COCO_METRICS`: cider is 0..10, all else 0..1.
        items: One row a prediction: key, gold (list), answer, the metrics of the item, unanswered.
        config: Convention, tokens, weights, synonyms; `of_the_set` names metrics that are no mean over items.
        notes: What a reader should know.
        comparable: False where METEOR lacks its synonyms, or rs-rag is given several references.
    """

    metrics: dict[str, float]
    items: pa.Table
    config: dict[str, Any]
    notes: tuple[str, ...]
    comparable: bool

    def result(self, name: str) -> EvalResult:
        """As the result of an evaluation on the data set `name`."""
        means = {metric: metric for metric in self.metrics if metric not in self.config["of_the_set"]}
        unanswered = sum(self.items["unanswered"].to_pylist())
        return EvalResult(
            "captions", name, self.metrics, n=self.items.num_rows, n_unanswered=unanswered,
            intervals=column_intervals(self.items, means), config=self.config, notes=list(self.notes),
            comparable=self.comparable, items=self.items,
        )  # fmt: skip


def score_captions(
    predictions: Sequence[str | None],
    references: Sequence[Sequence[str] | str],
    convention: Convention = "coco",
    *,
    keys: Sequence[str] | None = None,
    synonyms: bool = True,
) -> CaptionScores:
    """Score captions, or free answers, against one or more references each.

    Args:
        predictions: n texts; None and blank ones are unanswered, stay in every mean and score 0.
        references: n times one text or several.
        convention: "coco" or "rs-rag", see `CONVENTIONS`. Their values cannot be set beside each other.
        keys: Names of the items in the table; their numbers if absent.
        synonyms: Whether METEOR matches synonyms, which takes WordNet 3.0.

    Raises:
        EvalError: There is nothing to score, an item has no reference, the numbers of predictions, references and
            keys differ, the convention is unknown, or WordNet 3.0 is not found.
    """
    if convention not in CONVENTIONS:
        raise EvalError(f"{convention!r} is no convention for captions: take one of {', '.join(CONVENTIONS)}")
    if not predictions:
        raise EvalError("there is nothing to score: no predictions were given")
    if keys is not None and len(keys) != len(predictions):
        raise EvalError(f"{len(predictions)} predictions and {len(keys)} keys: give one key each")
    bare = next((key for key, group in zip(keys or (), references, strict=False) if not group), None)
    if bare is not None:
        raise EvalError(f"{bare} has no reference: leave it out or give it one")
    rules = CONVENTIONS[convention]
    answers = [answer or "" for answer in predictions]
    golds = [[group] if isinstance(group, str) else list(group) for group in references]
    items, ngrams = _score_items(rules, answers, golds, find_wordnet().synonyms if synonyms else None)
    metrics = {name: float(items[name].mean()) for name in rules.metrics}
    if rules.corpus is not None:
        metrics.update(zip(rules.metrics, rules.corpus(ngrams), strict=False))
    names = [str(number) for number in range(len(answers))] if keys is None else keys
    unanswered = [not answer.strip() for answer in answers]
    table = pa.table({
        "key": text_column(names), "gold": texts_column(golds), "answer": text_column(predictions), **items,
        "unanswered": unanswered,
    })  # fmt: skip
    config = {
        "convention": convention, **rules.record, "meteor": _meteor_record(synonyms),
        "of_the_set": METRICS[:4] if rules.corpus else (),
        "references": {"least": min(map(len, golds)), "most": max(map(len, golds))},
    }  # fmt: skip
    notes = _notes(convention, synonyms, len(answers), most=max(map(len, golds)), unanswered=sum(unanswered))
    comparable = synonyms and not (convention == "rs-rag" and max(map(len, golds)) > 1)
    return CaptionScores(metrics, table, config, notes, comparable)


def _score_items(
    rules: Rules, answers: list[str], golds: list[list[str]], synonyms: Synonyms | None
) -> tuple[dict[str, Floats], Ngrams]:
    """Every metric by item, and the counts that BLEU of the whole set is made from."""
    candidates = [rules.tokens(answer) for answer in answers]
    references = [[rules.tokens(text) for text in group] for group in golds]
    ngrams = count_ngrams(candidates, references)
    items = dict(zip(rules.metrics, rules.sentences(ngrams).T, strict=False))
    pairs = list(zip(candidates, references, strict=True))
    items[rules.metrics[4]] = np.array([meteor(candidate, group, synonyms) for candidate, group in pairs])
    if rules.rouge_tokens is not rules.tokens:
        candidates = [rules.rouge_tokens(answer) for answer in answers]
        references = [[rules.rouge_tokens(text) for text in group] for group in golds]
    pairs = list(zip(candidates, references, strict=True))
    items["rouge_l"] = np.array([rules.rouge(candidate, group) for candidate, group in pairs])
    items["cider"] = cider(ngrams)
    return items, ngrams


def _meteor_record(synonyms: bool) -> dict[str, Any]:
    wordnet = f"WordNet {VERSION}" if synonyms else None
    return {
        "form": "as nltk: exact, Porter stem, synonyms",
        "alpha": ALPHA,
        "beta": BETA,
        "gamma": GAMMA,
        "synonyms": wordnet,
    }


def _notes(convention: str, synonyms: bool, n: int, *, most: int, unanswered: int) -> tuple[str, ...]:
    notes = []
    if convention == "rs-rag" and most > 1:
        notes.append(
            f"items have up to {most} references, of which the best counts; RS-RAG has one: scores are higher than its"
        )
    if convention == "coco" and unanswered:
        notes.append(
            f"{unanswered:,} items without an answer count with 0, but for BLEU, which is of the whole set: there they "
            "only add to the length penalty, and it may rise where bad answers are taken away"
        )
    if not synonyms:
        notes.append("METEOR was computed without synonyms: it is lower than with them")
    if convention == "coco":
        notes.append(
            "meteor_nltk is not the METEOR 1.5 (Java) of captioning tables, whose values are far lower"
        )
    if n == 1:
        notes.append("CIDEr of a single item is always 0: its weights come from the other items")
    return tuple(notes)
