"""Texts found by words, by meaning and by both: against the formulas of the papers, and after any change."""

import math
import re
import shutil
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from filelock import FileLock
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from numpy.typing import NDArray

from rsvlm.models import load_reranker, load_sentence_encoder
from rsvlm.retrieval import Filter, Hits, RetrievalError, TextIndex, verify, write_hits
from rsvlm.retrieval.fusion import fused
from rsvlm.retrieval.tokens import tokens

pytest.importorskip("bm25s")

WORDS = [
    "river",
    "bridge",
    "forest",
    "farm",
    "harbour",
    "ships",
    "tennis",
    "court",
    "houses",
    "road",
    "green",
    "large",
]


def drawn_texts(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 9))) for _ in range(count)]


def rows_of(texts: list[str]) -> list[dict[str, Any]]:
    return [{"key": f"t{n}", "text": text, "gsd": float(n)} for n, text in enumerate(texts)]


def bm25_scores(texts: list[str], query: str, k1: float = 1.5, b: float = 0.75) -> NDArray[np.float64]:
    """Lucene's BM25 as Kamphuis et al. (ECIR 2020) write it."""
    split = [text.split() for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = np.zeros(len(split))
    for word in query.split():
        holding = sum(word in one for one in split)
        idf = math.log(1 + (len(split) - holding + 0.5) / (holding + 0.5))
        for n, one in enumerate(split):
            count = Counter(one)[word]
            scores[n] += idf * count / (count + k1 * (1 - b + b * len(one) / mean))
    return scores


def in_order(scores: NDArray[np.float64]) -> list[int]:
    """Row numbers by falling score, of (nearly) equal ones the lower first."""
    order: list[int] = np.lexsort((np.arange(len(scores)), -np.round(scores, 5))).tolist()
    return order


def hits(found: Hits | list[Hits]) -> Hits:
    assert isinstance(found, Hits)
    return found


@pytest.fixture
def index(tmp_path: Path) -> TextIndex:
    return TextIndex.build(rows_of(drawn_texts(200)), tmp_path / "texts", HashingEncoder())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A River, near two TENNIS courts.", "a river near two tennis courts"),
        ("natural=water; landuse:golf_course", "natural water landuse golf course"),
        ("0.5 m a pixel, 2023-09-14, 1,200 t", "0.5 m a pixel 2023 09 14 1,200 t"),
        ("Stra\u00dfe \u00dcber-FLUSS caf\u00e9", "strasse uber fluss cafe"),
        ("cafe\u0301 \uff21\uff22", "cafe ab"),
        ("\u0130stanbul ISTANBUL \u0131stanbul", "istanbul istanbul istanbul"),
        ("\u0386\u03b8\u03c9 \u0391\u0398\u03a9", "\u03b1\u03b8\u03c9 \u03b1\u03b8\u03c9"),
        ("\u043c\u043e\u0439 \u041c\u043e\u0438", "\u043c\u043e\u0439 \u043c\u043e\u0438"),
        ("\u6cb3\u4e0a\u6709\u4e00\u6865 bridge", "\u6cb3 \u4e0a \u6709 \u4e00 \u6865 bridge"),
        ("\u0928\u0926\u0940 \ud55c\uac15", "\u0928\u0926\u0940 \ud55c\uac15"),
        ("\u0420\u0435\u043a\u0430", "\u0440\u0435\u043a\u0430"),
        ("... --- !", ""),
    ],
)  # fmt: skip
def test_words_of_any_script(text: str, words: str) -> None:
    assert tokens(text) == words.split()


def test_words_are_ranked_by_the_formula_of_the_paper(index: TextIndex) -> None:
    texts = drawn_texts(200)
    for query in ("river", "tennis court court", "large ships green unheard"):
        expected = bm25_scores(texts, query)
        found = hits(index.search(query, k=200, by="words"))
        assert found.numbers.tolist() == [row for row in in_order(expected) if expected[row] > 0]
        assert np.allclose(found.scores, expected[found.numbers], atol=1e-5)
    assert len(hits(index.search("unheard", by="words"))) == 0


def test_both_is_the_sum_of_reciprocal_ranks(index: TextIndex) -> None:
    query = "large ships on a river"
    by_words = hits(index.search(query, k=200, by="words"))
    by_meaning = hits(index.search(query, k=200, by="meaning"))
    assert len(by_meaning) == 200
    expected: dict[str, float] = {}
    for one in (by_words, by_meaning):
        for rank, key in enumerate(one.keys, 1):
            expected[key] = expected.get(key, 0) + 1 / (60 + rank)
    found = hits(index.search(query, k=200))
    assert found.keys == sorted(expected, key=lambda key: (-round(expected[key], 12), int(key[1:])))
    assert np.allclose(found.scores, [expected[key] for key in found.keys])
    for row in found:
        assert row["by_meaning"] == by_meaning.keys.index(row["key"]) + 1
        if row["key"] in by_words.keys:
            assert row["by_words"] == by_words.keys.index(row["key"]) + 1
        else:
            assert row["by_words"] is None
    second = hits(index.search(query, k=7, offset=7))
    assert second.keys == found.keys[7:14]
    assert second.to_list()[0]["rank"] == 8


def test_equal_sums_of_ranks_are_equal_whatever_their_order() -> None:
    a, b, c = np.array([5, 3, 9]), np.array([3, 9, 5]), np.array([9, 5, 3])
    found = fused([a, b, c])
    assert found.rows.tolist() == [3, 5, 9]
    assert len(set(found.scores)) == 1


def test_a_filter_comes_before_the_search(index: TextIndex) -> None:
    texts = drawn_texts(200)
    only = Filter(gsd=(150, 150))
    for by in ("words", "meaning", "both"):
        found = hits(index.search(texts[150], k=5, by=by, filter=only))
        assert found.keys == ["t150"]
        assert found.total == 1
        assert found.to_list()[0]["captions"] == [texts[150]]
    assert len(hits(index.search("river", filter=Filter(gsd=(500, None))))) == 0


def test_after_changes_by_others_it_finds_what_one_made_anew_finds(index: TextIndex, tmp_path: Path) -> None:
    index.search("river")
    other = TextIndex(index.folder, HashingEncoder())
    changed = {f"t{n}": text for n, text in enumerate(drawn_texts(200))}
    other.add([{"key": key, "text": f"{text} lake"} for key, text in list(changed.items())[:9]])
    other.add(pa.table({"key": ["new"], "text": ["a lake by a river"]}))
    assert other.remove(["t20", "t21"]) == 2
    assert hits(index.search("lake", by="words")).total == 200  # as it was when it was opened
    index.refresh()
    for key in [f"t{n}" for n in range(9)]:
        changed[key] += " lake"
    rows = [(key, text) for key, text in changed.items() if key not in ("t20", "t21")]
    anew = TextIndex.build(
        [{"key": key, "text": text} for key, text in [*rows, ("new", "a lake by a river")]],
        tmp_path / "anew", HashingEncoder(),
    )  # fmt: skip
    for by in ("words", "meaning"):
        ours = {row["key"]: row["score"] for row in hits(index.search("lake river", k=300, by=by))}
        theirs = {row["key"]: row["score"] for row in hits(anew.search("lake river", k=300, by=by))}
        assert ours.keys() == theirs.keys()
        assert all(abs(ours[key] - theirs[key]) < 1e-6 for key in ours)
    assert index.verify() == []
    assert len(list((index.folder / "bm25").iterdir())) == 1


def test_what_was_computed_of_words_may_be_lost_or_damaged(index: TextIndex) -> None:
    expected = hits(index.search("river ships", by="words")).to_list()
    [place] = (index.folder / "bm25").iterdir()
    for file in sorted(place.iterdir()):
        for content in (b"", b"{}", b"\xff" * file.stat().st_size):
            file.write_bytes(content)
            assert verify(index.folder)[0].startswith(f"{file}: is damaged: remove {place}")
            assert hits(TextIndex(index.folder).search("river ships", by="words")).to_list() == expected
            assert verify(index.folder) == []  # computed again, and kept
    (place / "record.json").unlink()  # as whoever is killed while it is written leaves it
    assert verify(index.folder) == []
    assert hits(TextIndex(index.folder).search("river ships", by="words")).to_list() == expected
    shutil.rmtree(place)
    assert verify(index.folder) == []
    assert hits(TextIndex(index.folder).search("river ships", by="words")).to_list() == expected


def test_hostile_arrays_are_not_used(index: TextIndex) -> None:
    expected = hits(index.search("river ships", by="words")).to_list()
    [place] = (index.folder / "bm25").iterdir()
    from rsvlm.retrieval.bm25 import stored_words

    manifest = index.manifest
    assert stored_words(index.folder, manifest) is not None
    file = place / "indices.csc.index.npy"
    indices = np.load(file)
    indices[0] = 10**6
    np.save(file, indices)  # of the size that was written
    assert stored_words(index.folder, manifest) is None
    (place / "record.json").write_text(
        '{"files": {"../../manifest.json": {"bytes": 1, "sha256": "0"}}}', "utf-8"
    )
    assert stored_words(index.folder, manifest) is None
    assert hits(TextIndex(index.folder).search("river ships", by="words")).to_list() == expected


def test_where_nothing_can_be_kept_words_are_found_all_the_same(index: TextIndex) -> None:
    with FileLock(index.folder / ".bm25.lock"):
        assert len(hits(index.search("river", by="words"))) == 10
    assert not (index.folder / "bm25").exists()


def test_texts_without_a_word(tmp_path: Path) -> None:
    index = TextIndex.build([{"key": "a", "text": "..."}], tmp_path / "texts", HashingEncoder())
    assert len(hits(index.search("river", by="words"))) == 0
    assert hits(index.search("river")).keys == ["a"]


def test_several_searches_at_once(index: TextIndex) -> None:
    found = index.search(["river", "ships"], k=3)
    assert isinstance(found, list)
    assert [one.keys for one in found] == [hits(index.search(text, k=3)).keys for text in ("river", "ships")]


def test_a_cross_encoder_puts_the_first_hits_in_order(
    tmp_path: Path, sentence_model: Path, cross_encoder: Path
) -> None:
    texts = [
        f"a {one} bridge {two}" for one in ("river", "forest", "ships") for two in ("court", "houses", "the")
    ]
    index = TextIndex.build(rows_of(texts), tmp_path / "texts", sentence_model)
    assert index.encoder.name == sentence_model.as_posix()
    found = hits(TextIndex(index.folder).search("a harbour", k=9, reranker=cross_encoder))
    scores = load_reranker(cross_encoder).score("a harbour", texts)
    assert found.numbers.tolist() == np.argsort(-scores, kind="stable").tolist()
    assert np.allclose(found.scores, scores[found.numbers])
    assert {row["by_meaning"] for row in found} == set(range(1, 10))
    best = hits(index.search("a harbour", k=1, reranker=load_reranker(cross_encoder)))
    assert best.keys == found.keys[:1]
    write_hits(found, tmp_path / "hits.geojson")


def test_what_there_cannot_be_is_refused(index: TextIndex, tmp_path: Path, sentence_model: Path) -> None:
    for says, call in (
        ("text 0 is empty", lambda: index.search(" ")),
        ("by 'sense': give words, meaning or both", lambda: index.search("river", by="sense")),  # type: ignore[call-overload]
        ("k 0: give one from 1", lambda: index.search("river", k=0)),
        ("row 1 has no text", lambda: index.add([{"key": "a", "text": "b"}, {"key": "b"}])),
        ("Casting field 'key'", lambda: index.add([{"text": "b"}])),
        ("cannot be stored", lambda: index.add([{"key": "a", "text": "\ud800"}])),
        ("have no column text; there are key", lambda: index.add(pa.table({"key": ["a"]}))),
        ("no texts to make", lambda: TextIndex.build([], tmp_path / "none", HashingEncoder())),
        ("is an index already", lambda: TextIndex.build(rows_of(["a"]), index.folder, HashingEncoder())),
        ("was made by hashing", lambda: TextIndex(index.folder, load_sentence_encoder(sentence_model))),
        ("was made by hashing", lambda: TextIndex(index.folder, HashingEncoder("2"))),
        ("has no row 'gone'; nothing was removed", lambda: index.remove(["gone"])),
    ):
        with pytest.raises(RetrievalError, match=re.escape(says)):
            call()
    assert index.verify() == []
    assert len(index) == 200


def test_one_key_is_one_key(index: TextIndex) -> None:
    assert index.remove("t12") == 1
    assert len(index) == 199


def test_a_text_is_what_is_found_whatever_captions_are_beside_it(tmp_path: Path) -> None:
    rows = [
        {"key": "a", "text": "a river", "captions": ["a farm"]},
        {"key": "b", "text": "ships", "captions": []},
    ]
    made = TextIndex.build(rows, tmp_path / "texts", HashingEncoder())
    assert made.search("river", by="words")[0]["captions"] == ["a river"]


class ByNumber:
    """Prefers texts in an order that has nothing to do with the search."""

    name, revision = "by number", "1"

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([zlib.crc32(text.encode()) for text in texts], np.float64)


@pytest.mark.parametrize(("page", "pages", "reranker"), [(10, 10, ByNumber()), (400, 4, None)])
def test_pages_fit_together(tmp_path: Path, page: int, pages: int, reranker: ByNumber | None) -> None:
    random = np.random.default_rng(0)
    texts = [" ".join(f"w{one}" for one in random.integers(0, 40, 12)) for _ in range(1700)]
    made = TextIndex.build(rows_of(texts), tmp_path / "texts", HashingEncoder())
    found = [
        made.search("w1 w2 w3", k=page, offset=page * number, reranker=reranker).keys
        for number in range(pages)
    ]
    assert len({key for keys in found for key in keys}) == page * pages
