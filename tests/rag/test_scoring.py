"""Fusion and top-k: what RS-RAG's loop over all chunks finds (Wen et al. 2025), on bases of every shape."""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod

from rsvlm.rag import Chunk, KnowledgeBase
from rsvlm.rag.record import Record, write_record
from rsvlm.rag.scoring import ImageSide, Side, TextSide, best_chunks
from rsvlm.rag.searching import Query
from rsvlm.retrieval import Filter, Index, Plan, TextIndex
from rsvlm.retrieval.manifest import EncoderRecord
from rsvlm.retrieval.stored import StoredVectors, Stores
from rsvlm.retrieval.tokens import tokens

pytest.importorskip("bm25s")

Floats = NDArray[np.float64]
EXACT = Plan(kind="exact")


def cosine(stored: NDArray[np.float32], query: Floats) -> float:
    """Of unit vectors, in float64."""
    return float((stored.astype(np.float64) * query).sum())


def first(scores: dict[int, float], k: int) -> list[int]:
    """The k numbers with the highest scores; of equals the lower ones."""
    return sorted(scores, key=lambda number: (-scores[number], number))[:k]


class Drawn(NamedTuple):
    """Vectors of chunks, of pictures and of pieces of texts, and which belongs to which."""

    texts: NDArray[np.float32]
    pictures: NDArray[np.float32]
    picture_of: NDArray[np.int64]
    pieces: NDArray[np.float32]
    chunk_of: NDArray[np.int64]
    extra: Floats
    allowed: NDArray[np.bool_]


def drawn(seed: int, chunks: int, dimension: int, different: int) -> Drawn:
    """A base with few different vectors, so that many scores are equal."""
    random = np.random.default_rng(seed)

    def unit(count: int) -> NDArray[np.float32]:
        pool = random.normal(size=(different, dimension))
        pool /= np.linalg.norm(pool, axis=1, keepdims=True)
        found: NDArray[np.float32] = pool[random.integers(0, different, count)].astype(np.float32)
        return found

    pictures = int(random.integers(1, chunks + 1))
    picture_of = random.integers(-1, pictures, chunks)
    without = np.flatnonzero(picture_of < 0)
    owners = np.repeat(without, random.integers(0, 4, len(without)))  # some have no piece at all
    return Drawn(
        unit(chunks), unit(pictures), picture_of, unit(max(1, len(owners))), owners,
        random.choice([0.0, 0.1, 0.2], chunks), random.random(chunks) < random.choice([0.05, 0.5, 1.0]),
    )  # fmt: skip


def stores(folder: Path, name: str, vectors: NDArray[np.float32], parts: int) -> Stores:
    """Vectors in files, cut into parts as an index that grew has them."""
    found = []
    for number, part in enumerate(np.array_split(vectors, min(parts, len(vectors)))):
        file = folder / f"{name}-{number}"
        part.astype("<f4").tofile(file)
        found.append(StoredVectors(file, len(part), vectors.shape[1], 32))
    return Stores(found, vectors.shape[1])


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), chunks=st.integers(1, 60), dimension=st.integers(1, 12),
    different=st.integers(1, 12), k=st.integers(1, 70), alpha=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    parts=st.integers(1, 3),
)  # fmt: skip
def test_the_first_k_are_those_of_a_loop(
    seed: int, chunks: int, dimension: int, different: int, k: int, alpha: float, parts: int
) -> None:
    base = drawn(seed, chunks, dimension, different)
    question, picture = np.random.default_rng(seed + 1).normal(size=(2, dimension))
    question, picture = question / np.linalg.norm(question), picture / np.linalg.norm(picture)
    with tempfile.TemporaryDirectory() as place:
        texts, pictures, pieces = (
            stores(Path(place), name, getattr(base, name), parts) for name in ("texts", "pictures", "pieces")
        )
        rows = np.arange(len(base.chunk_of))
        sides: list[tuple[float, Side]] = [
            (alpha, ImageSide(picture, pictures, base.picture_of, pieces, (rows, base.chunk_of))),
            (1 - alpha, TextSide(texts, question)),
        ]
        found = best_chunks(sides, base.extra, base.allowed, k)
        expected: dict[int, float] = {}
        for chunk in np.flatnonzero(base.allowed).tolist():
            own = np.flatnonzero(base.chunk_of == chunk).tolist()
            if base.picture_of[chunk] >= 0:
                seen = cosine(base.pictures[base.picture_of[chunk]], picture)
            else:
                seen = max((cosine(base.pieces[piece], picture) for piece in own), default=0.0)
            expected[chunk] = float(base.extra[chunk])
            if alpha:
                expected[chunk] += alpha * seen
            if alpha < 1:
                expected[chunk] += (1 - alpha) * cosine(base.texts[chunk], question)
        assert found.rows.tolist() == first(expected, k)
        assert found.scores.tolist() == [expected[chunk] for chunk in found.rows.tolist()]


WORDS = ["river", "bridge", "forest", "farm", "harbour", "ships", "tennis", "court", "green", "large"]
TYPES = ["note", "caption", "place"]
DIMENSION = 6
HERE = (9.0, 47.0)


class Made(NamedTuple):
    """A base in a folder, with all that it was made of."""

    base: KnowledgeBase
    chunks: list[Chunk]
    removed: set[str]
    pictures: dict[str, Floats]


def make_base(folder: Path, seed: int) -> Made:
    """A base of texts from few words: equal ones, pictures with several chunks, chunks without, removed ones."""
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 40))
    pictures = {f"/p/{n}.tif": unit(random) for n in range(int(random.integers(1, 9)))}
    chunks = [drawn_chunk(random, number, list(pictures)) for number in range(count)]
    removed = {one.key for one in chunks if random.random() < 0.15}
    removed -= {chunks[0].key}
    rows = [one.row() for one in chunks]
    texts = TextIndex.build(rows, folder / "texts", HashingEncoder(dimension=12), plan=EXACT)
    if removed:
        texts.remove(removed)
    Index.from_vectors(
        folder / "pictures", np.stack(list(pictures.values())), [{"key": key} for key in pictures],
        encoder="tiny", revision="1", plan=EXACT,
    )  # fmt: skip
    seers = [one for one in chunks if one.image is None and one.type != "place"]
    if seers:
        keys = [f"{number} {one.key}" for one in seers for number in range(1 + len(one.text) % 3)]
        pieces = np.stack([piece_vector(key) for key in keys])
        named = [{"key": key} for key in keys]
        Index.from_vectors(folder / "words", pieces, named, encoder="tiny", revision="1", plan=EXACT)
    record = EncoderRecord(name="tiny", revision="1", dimension=DIMENSION)
    write_record(folder, Record(rsvlm="0", encoder=record))
    return Made(KnowledgeBase(folder), chunks, removed, pictures)


def unit(random: np.random.Generator) -> Floats:
    """A unit vector in float32, as it is stored."""
    found = random.normal(size=DIMENSION)
    return (found / np.linalg.norm(found)).astype(np.float32).astype(np.float64)


def piece_vector(key: str) -> Floats:
    """The vector of a piece of a text, by what it is called."""
    return unit(np.random.default_rng([*key.encode()]))


def sentence_vector(text: str) -> Floats:
    found: Floats = HashingEncoder(dimension=12).encode_texts([text])[0].astype(np.float64)
    return found


def drawn_chunk(random: np.random.Generator, number: int, pictures: Sequence[str]) -> Chunk:
    kind = str(random.choice(TYPES))
    text = " ".join(random.choice(WORDS, random.integers(1, 6)))
    place = HERE[0] + float(random.choice([0, 0.1, 1])), HERE[1] + float(random.choice([0, 0.2, 2]))
    return Chunk(
        "/s/a.md", f"row {number}", text, kind,
        image=str(random.choice(pictures)) if kind != "place" and random.random() < 0.6 else None,
        bbox=(*place, *place) if random.random() < 0.7 else None,
        licence=str(random.choice(["CC0", "CC BY 4.0"])),
    )  # fmt: skip


def bm25(texts: list[str], query: str) -> list[float]:
    """Lucene's BM25 as Kamphuis et al. (ECIR 2020) write it, k1 1.5, b 0.75."""
    split = [tokens(text) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = [0.0] * len(split)
    for word in tokens(query):
        holding = sum(word in one for one in split)
        idf = math.log(1 + (len(split) - holding + 0.5) / (holding + 0.5))
        for number, one in enumerate(split):
            count = one.count(word)
            scores[number] += idf * count / (count + 1.5 * (0.25 + 0.75 * len(one) / mean))
    return scores


def score_of(made: Made, question: str, picture: Floats | None, alpha: float, by: str, near: bool) -> Any:
    """RS-RAG's loop: the score of each chunk that is there, by itself."""
    live = [one for one in made.chunks if one.key not in made.removed]
    words = bm25([one.text for one in live], question)
    asked = sentence_vector(question)
    found: dict[str, float] = {}
    for one, shared in zip(live, words, strict=True):
        of_text = 0.0
        if by != "words":
            of_text += cosine(HashingEncoder(dimension=12).encode_texts([one.text])[0], asked)
        if by != "meaning":
            of_text += shared / max(words) if max(words) else 0.0
        of_text /= 2 if by == "both" else 1
        of_image = 0.0
        if picture is not None and one.image is not None:
            of_image = float((made.pictures[one.image] * picture).sum())
        elif picture is not None and one.type != "place":
            pieces = [piece_vector(f"{number} {one.key}") for number in range(1 + len(one.text) % 3)]
            of_image = max(float((piece * picture).sum()) for piece in pieces)
        found[one.key] = of_text if picture is None else alpha * of_image + (1 - alpha) * of_text
        if near and one.bbox is not None:
            km = Geod(ellps="WGS84").inv(*HERE, *one.bbox[:2])[2] / 1000
            found[one.key] += 0.2 * math.exp(-km / 25)
    return found


def check(made: Made, seed: int) -> None:
    """Ask a base at random, and hold what it finds against the loop."""
    random = np.random.default_rng(seed)
    question = " ".join(random.choice([*WORDS, "unheard"], random.integers(1, 5)))
    picture = unit(random) if random.random() < 0.7 else None
    alpha, by = float(random.choice([0, 0.3, 0.5, 1])), random.choice(["meaning", "words", "both"])
    near, k = random.random() < 0.5, int(random.integers(1, 50))
    types = [str(one) for one in random.choice(TYPES, random.integers(0, 3))]
    licence = str(random.choice(["", "CC0"]))
    query = Query(question, sentence_vector(question), picture, HERE if near else None, alpha)
    wanted = Filter(licences=[licence]) if licence else None
    found = made.base.find(query, k=k, by=by, types=types, filter=wanted, fold=False)
    scores = score_of(made, question, picture, alpha, by, near)
    fit = {
        one.key: scores[one.key]
        for one in made.chunks
        if one.key in scores and (not types or one.type in types) and licence in ("", one.licence)
    }
    best = sorted(fit.values(), reverse=True)[:k]
    assert len({one.chunk.key for one in found}) == len(found) == len(best)
    # bm25s scores in float32: what differs by less may stand the other way round
    assert [one.score for one in found] == pytest.approx(best, abs=2e-6)
    assert [fit[one.chunk.key] for one in found] == pytest.approx([one.score for one in found], abs=2e-6)
    assert [one.chunk for one in found] == [
        next(chunk for chunk in made.chunks if chunk.key == one.chunk.key) for one in found
    ]


@pytest.mark.parametrize(
    ("begin", "end"), [(0, 5), pytest.param(5, 300, marks=pytest.mark.slow)], ids=["some", "300"]
)
def test_whole_bases_find_what_the_loop_finds(begin: int, end: int, tmp_path: Path) -> None:
    for seed in range(begin, end):
        made = make_base(tmp_path / str(seed), seed)
        for number in range(8):
            check(made, 1000 * seed + number)
