"""Retrieval: cases worked out on paper, the papers' own loops written out, and ranx and ir-measures as judges."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from rsvlm.eval.class_retrieval import retrieve_by_class
from rsvlm.eval.errors import EvalError
from rsvlm.eval.ranking import (
    NOT_FOUND,
    rank_pairs,
    similarity_blocks,
    unit_rows,
)
from rsvlm.eval.result import EvalResult, load_result
from rsvlm.eval.retrieval import mean_success, retrieve
from rsvlm.eval.retrieval_protocols import prepare_captions, retrieval_protocol_names, retrieval_set
from rsvlm.eval.trec import DEFAULT_MEASURES, trec_measures

Ints = NDArray[np.int64]

ROWS = [  # Two images share a caption word for word, and one image has it twice.
    ("river.jpg", "a River bends ."),
    ("river.jpg", "a River bends ."),
    ("lake.jpg", "a lake ."),
    ("bay.jpg", "a River bends ."),
    ("bay.jpg", "a bay ."),
]


def test_skyscript_takes_each_image_and_each_text_once() -> None:
    found = retrieval_set("ucm", ROWS, "skyscript")
    assert found.images == ("bay.jpg", "lake.jpg", "river.jpg")
    assert found.texts == (
        "a satellite image. a River bends .",
        "a satellite image. a bay .",
        "a satellite image. a lake .",
    )
    assert found.pairs.tolist() == [[0, 0], [0, 1], [1, 2], [2, 0]]


def test_remoteclip_keeps_every_caption_for_its_own_image() -> None:
    found = retrieval_set("ucm", ROWS, "remoteclip")
    assert found.images == ("bay.jpg", "lake.jpg", "river.jpg")
    assert found.texts == ("A river bends .", "A bay .", "A lake .", "A river bends .", "A river bends .")
    assert found.pairs.tolist() == [[0, 0], [0, 1], [1, 2], [2, 3], [2, 4]]


def test_wording_of_captions() -> None:
    assert prepare_captions("SkyScript", ["power pole"], "skyscript") == ["power pole"]
    assert prepare_captions("rsicd", ["Trees ."], "skyscript") == ["a satellite image. Trees ."]
    assert prepare_captions("rsicd", ["ÉTANG in Paris", ""], "remoteclip") == ["Étang in paris", ""]
    assert retrieval_protocol_names() == ("skyscript", "remoteclip")
    with pytest.raises(EvalError, match="skyscript, remoteclip"):
        prepare_captions("rsicd", [], "karpathy")
    with pytest.raises(EvalError, match="no captions"):
        retrieval_set("rsicd", [], "skyscript")


# Images by row, texts by column; image 0 goes with texts 0 and 1, image 1 with 2, image 2 with 1 and 3.
PAPER = np.array([[9, 1, 5, 3], [8, 2, 4, 6], [7, 7, 7, 2]])
PAIRS = [(0, 0), (0, 1), (1, 2), (2, 1), (2, 3)]


def searched(scores: Ints, pairs: list[tuple[int, int]], protocol: str, **options: Any) -> EvalResult:
    """Search by vectors whose cosines are these whole numbers, all divided by the same one: so that ties stay ties."""
    left = 1 + (scores**2).sum(axis=0).max() - (scores**2).sum(axis=0)
    rows = [*scores]
    while left.any():
        rows.append(np.sqrt(left).astype(np.int64))
        left = left - rows[-1] ** 2
    return retrieve(np.eye(len(scores), len(rows)), np.array(rows).T, pairs, protocol, **options)


def test_both_conventions_on_paper() -> None:
    # i2t: image 0 orders texts 0 2 3 1: first right one at 1. Image 1: 0 3 2 1: at 3. Image 2 ties 0 1 2: at 2.
    # t2i: text 0 orders images 0 1 2: at 1. Text 1: 2 1 0: at 1. Text 2: 2 0 1: at 3. Text 3: 1 0 2: at 3.
    i2t, t2i = [1 / 3, 1.0, 1.0], [2 / 4, 1.0, 1.0]
    sky = searched(PAPER, PAIRS, "skyscript")
    assert list(sky.metrics)[:2] == ["i2t_mean_success", "t2i_mean_success"]
    for way, expected in (("i2t", i2t), ("t2i", t2i)):
        found = [sky.metrics[f"{way}_success@{k}"] for k in (1, 5, 10)]
        assert found == pytest.approx(expected)
        assert sky.metrics[f"{way}_mean_success"] == pytest.approx(sum(expected) / 3)
        assert sky.metrics[f"{way}_success@100"] == 1
    remote = searched(PAPER, PAIRS, "remoteclip")
    assert next(iter(remote.metrics)) == "mean_success"
    assert remote.metrics["mean_success"] == pytest.approx(sum(i2t + t2i) / 6)
    assert "t2i_success@100" not in remote.metrics
    assert sky.items is not None
    assert sky.items["rank"].to_pylist() == [1, 3, 2, 1, 1, 3, 3]
    assert sky.items["answer"].to_pylist() == ["0", "0", "0", "0", "2", "2", "1"]
    assert sky.items["gold"].to_pylist()[:3] == [["0", "1"], ["2"], ["1", "3"]]
    assert "Recall@k" in sky.notes[0]


def test_success_is_not_recall() -> None:
    # One of the two right texts of image 0 comes first: a success, but half of a recall.
    pytest.importorskip("ir_measures")
    found = searched(PAPER[:1], [(0, 0), (0, 1)], "remoteclip", measures=("Success@1", "R@1"))
    assert found.metrics["i2t_success@1"] == found.metrics["i2t_Success@1"] == 1
    assert found.metrics["i2t_R@1"] == 0.5


def test_means_of_the_published_ucm_run() -> None:
    # SkyScript's notebook prints these; its table has 72.22 and 59.33.
    i2t, t2i = (
        (0.38571428571428573, 0.8428571428571429, 0.9380952380952381),
        (
            0.3183023872679045,
            0.6419098143236074,
            0.8196286472148541,
        ),
    )
    successes = {f"i2t_success@{k}": value for k, value in zip((1, 5, 10), i2t, strict=True)}
    successes |= {f"t2i_success@{k}": value for k, value in zip((1, 5, 10), t2i, strict=True)}
    means = mean_success(successes, "skyscript")
    assert {name: round(100 * value, 2) for name, value in means.items()} == {
        "i2t_mean_success": 72.22,
        "t2i_mean_success": 59.33,
    }
    assert mean_success(successes, "remoteclip")["mean_success"] == pytest.approx(
        (0.7222 + 0.5933) / 2, abs=1e-4
    )


def random_case(seed: int, n_images: int, n_texts: int) -> tuple[Ints, list[tuple[int, int]]]:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 12, (n_images, n_texts))  # many ties
    pairs = {(int(rng.integers(n_images)), text) for text in range(n_texts)}
    pairs |= {(image, int(rng.integers(n_texts))) for image in range(n_images)}
    return scores, sorted(pairs)


def without_ties(scores: Ints, seed: int) -> Ints:
    return scores * scores.size + np.random.default_rng(seed).permutation(scores.size).reshape(scores.shape)


def loop_success(scores: Ints, pairs: list[tuple[int, int]], k: int) -> float:
    """The loop of SkyScript's notebook, with ties in order."""
    hits = 0
    for row in range(len(scores)):
        ranking = sorted(range(scores.shape[1]), key=lambda item: (-scores[row, item], item))
        hits += bool(set(ranking[:k]) & {item for query, item in pairs if query == row})
    return hits / len(scores)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 15), st.integers(1, 30))
def test_success_is_that_of_the_papers_loops(seed: int, n_images: int, n_texts: int) -> None:
    scores, pairs = random_case(seed, n_images, n_texts)
    found = searched(scores, pairs, "skyscript")
    for k in (1, 5, 10, 100):
        assert found.metrics[f"i2t_success@{k}"] == loop_success(scores, pairs, k)
        back = [(text, image) for image, text in pairs]
        assert found.metrics[f"t2i_success@{k}"] == loop_success(scores.T, back, k)


@pytest.mark.parametrize("seed", range(3))
def test_trec_measures_are_those_of_ranx_and_ir_measures(seed: int) -> None:
    ir_measures = pytest.importorskip("ir_measures")
    scores, pairs = random_case(seed, 12, 40)
    scores = without_ties(scores, seed)
    found = searched(scores, pairs, "remoteclip", measures=DEFAULT_MEASURES)
    judged = {str(row): {str(item): 1 for query, item in pairs if query == row} for row in range(12)}
    run = {
        str(row): {str(item): float(value) for item, value in enumerate(own)}
        for row, own in enumerate(scores)
    }
    measures = [ir_measures.parse_measure(name) for name in DEFAULT_MEASURES]
    for measure, value in ir_measures.calc_aggregate(measures, judged, run).items():
        assert found.metrics[f"i2t_{measure}"] == pytest.approx(value, abs=1e-9)


def test_trec_measures_are_those_of_ranx(monkeypatch: pytest.MonkeyPatch) -> None:
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)  # compiling takes half a minute, computing nothing
    ranx = pytest.importorskip("ranx")
    scores, pairs = random_case(7, 10, 30)
    scores = without_ties(scores, 7)
    found = searched(scores, pairs, "remoteclip", measures=DEFAULT_MEASURES)
    judged = ranx.Qrels({str(q): {str(item): 1 for row, item in pairs if row == q} for q in range(10)})
    run = ranx.Run(
        {str(q): {str(item): float(v) for item, v in enumerate(own)} for q, own in enumerate(scores)}
    )
    names = {"nDCG@10": "ndcg@10", "AP": "map", "RR": "mrr", "P@10": "precision@10", "R@10": "recall@10"}
    theirs = ranx.evaluate(judged, run, list(names.values()))
    for ours, name in names.items():
        assert found.metrics[f"i2t_{ours}"] == pytest.approx(theirs[name], abs=1e-9)
    for k in (1, 5, 10):
        assert found.metrics[f"i2t_success@{k}"] == pytest.approx(ranx.evaluate(judged, run, f"hit_rate@{k}"))


def test_trec_measures_by_hand_and_with_failures() -> None:
    pytest.importorskip("ir_measures")
    ranks = [np.array([1, 4]), np.array([NOT_FOUND]), np.array([2, NOT_FOUND])]
    found = trec_measures(ranks, 50, ("RR", "AP", "R@3", "Success@1"))
    assert found["RR"] == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert found["AP"] == pytest.approx(((1 + 2 / 4) / 2 + 0 + 1 / 4) / 3)
    assert found["R@3"] == pytest.approx((1 / 2 + 0 + 1 / 2) / 3)
    assert found["Success@1"] == pytest.approx(1 / 3)
    twice = trec_measures([np.array([1])], 50, ("AP", "MAP", "nDCG@10", "NDCG@10", "RR", "MRR", "RR"))
    assert twice == dict.fromkeys(("AP", "MAP", "nDCG@10", "NDCG@10", "RR", "MRR"), 1.0)
    with pytest.raises(EvalError, match="nDGC"):
        trec_measures(ranks, 50, ("nDGC@10",))
    with pytest.raises(EvalError, match="no queries"):
        trec_measures([], 50)


def test_trec_measures_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(EvalError, match=r"rsvlm\[eval\]"):
        trec_measures([np.array([1])], 3)


def vectors(seed: int, n: int, d: int = 8) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 20), st.integers(1, 40), st.integers(1, 200))
def test_blocks_do_not_change_ranks(seed: int, n: int, m: int, block: int) -> None:
    queries, items = unit_rows(vectors(seed, n)), unit_rows(vectors(seed + 1, m))
    rng = np.random.default_rng(seed)
    pairs = np.unique(np.stack([rng.integers(0, n, 30), rng.integers(0, m, 30)], axis=1), axis=0)
    found = rank_pairs(similarity_blocks(queries, items, block), pairs[:, 0], pairs[:, 1], n)
    whole = queries.vectors.astype(np.float64) @ items.vectors.T.astype(np.float64)
    expected = rank_pairs(iter([(0, whole.astype(np.float32))]), pairs[:, 0], pairs[:, 1], n)
    np.testing.assert_array_equal(found.ranks, expected.ranks)
    np.testing.assert_array_equal(found.best, expected.best)


def test_equal_vectors_tie_wherever_they_stand() -> None:
    items = np.tile(vectors(3, 1, 512), (997, 1))
    items[500] = -items[500]
    queries = vectors(4, 20, 512) + 2 * items[0]
    every = np.arange(997)
    for row in range(20):
        found = rank_pairs(
            similarity_blocks(unit_rows(queries), unit_rows(items)), np.full(997, row), every, 20
        )
        expected = np.where(every < 500, every + 1, every)
        expected[500] = 997
        np.testing.assert_array_equal(found.ranks, expected)


def test_a_constant_encoder_is_not_flattered() -> None:
    found = retrieve(np.ones((50, 4)), np.ones((50, 4)), [(i, i) for i in range(50)], "remoteclip")
    assert found.metrics["i2t_success@1"] == 1 / 50
    assert found.metrics["t2i_success@10"] == 10 / 50


def test_failed_vectors_are_wrong_and_never_found(tmp_path: Path) -> None:
    images, texts = np.eye(4), np.eye(4)
    images[1] = np.nan
    texts[2] = 0
    words = retrieval_set("own", [(f"{i}.jpg", f"text {i}") for i in range(4)], "remoteclip")
    found = retrieve(images, texts, words.pairs, "remoteclip", words=words, name="own")
    assert found.metrics["i2t_success@10"] == found.metrics["t2i_success@10"] == 0.5
    assert (found.n, found.n_failed) == (8, 2)
    assert found.items is not None
    row = found.items.slice(1, 1).to_pylist()[0]
    assert (row["key"], row["answer"], row["rank"], row["correct"]) == ("1.jpg", None, None, False)
    assert row["error"]
    found.save(tmp_path / "own.json")
    assert load_result(tmp_path / "own.json").metrics == found.metrics


def test_more_than_there_is_finds_no_failure() -> None:
    # Success@10 among 2 items: the item that failed stays unfound however far one looks.
    found = retrieve([[1.0, 0.0]], [[np.nan, 0.0], [0.0, 1.0]], [(0, 0)], "skyscript")
    assert found.metrics["i2t_success@100"] == 0
    assert found.groups["direction"]["i2t"]["median_rank"] == 3


def test_distractors_are_searched_but_not_asked() -> None:
    found = retrieve(np.eye(3), np.eye(3)[:2], [(0, 0), (1, 1)], "remoteclip")
    assert found.n == 4
    assert found.config["n_images"] == 3


def test_intervals_hold_the_metric_and_draw_images() -> None:
    images = vectors(1, 60, 16)
    texts = np.repeat(images, 5, axis=0) + 1.2 * vectors(2, 300, 16)
    pairs = [(text // 5, text) for text in range(300)]
    for protocol in retrieval_protocol_names():
        found = retrieve(images, texts, pairs, protocol)
        for name, (low, high) in found.intervals.items():
            assert low <= found.metrics[name] <= high
        assert set(found.intervals) == set(found.metrics)
        assert found.intervals == retrieve(images, texts, pairs, protocol).intervals


@pytest.mark.parametrize(
    "pairs",
    [[], [(0, 5)], [(-1, 0)], [(0,)], [(0.5, 1.0)], [(0, 0, 0)]],
    ids=["none", "far", "-1", "1", "float", "3"],
)
def test_bad_pairs_are_refused(pairs: Any) -> None:
    with pytest.raises(EvalError):
        retrieve(np.eye(3), np.eye(3), pairs, "skyscript")


def test_bad_vectors_are_refused() -> None:
    with pytest.raises(EvalError, match="one model"):
        retrieve(np.eye(3), np.eye(4), [(0, 0)], "skyscript")
    with pytest.raises(EvalError, match="shape"):
        retrieve(np.ones(3), np.eye(3), [(0, 0)], "skyscript")


def test_class_retrieval_by_hand() -> None:
    # Query "a" sees items in the order 0 1 2 3 with classes a b a a: right at 1, 3, 4.
    items = np.array([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    found = retrieve_by_class([[1.0, 0.0]], [0], items, [0, 1, 0, 0], ks=(1, 2, 10), names=["a", "b"])
    assert found.metrics["map"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert [found.metrics[f"p@{k}"] for k in (1, 2, 10)] == pytest.approx([1, 0.5, 0.3])
    assert found.groups["class"]["a"]["n"] == 1
    items[2] = np.nan
    failed = retrieve_by_class([[1.0, 0.0]], [0], items, [0, 1, 0, 0], ks=(1,))
    assert failed.metrics["map"] == pytest.approx((1 + 2 / 3) / 3)
    with pytest.raises(EvalError, match="no class has an item"):
        retrieve_by_class([[1.0, 0.0]], [7], items, [0, 1, 0, 0], ks=(1,))


def test_precision_that_no_order_reaches_is_told() -> None:
    vectors, classes = np.repeat(np.eye(2), 5, axis=0), np.repeat([0, 1], 5)
    found = retrieve_by_class(vectors, classes, vectors, classes, same=True, ks=(1, 5))
    assert found.metrics["p@5"] == pytest.approx(0.8)
    assert found.notes == ["p@5 is at most 0.8000: some queries have fewer than 5 right items"]


def test_success_among_no_more_items_than_k_is_told() -> None:
    found = retrieve(np.eye(12), np.eye(12), np.stack([np.arange(12)] * 2, axis=1), "skyscript")
    trivial = [note for note in found.notes if "says nothing" in note]
    assert [note.partition(" ")[0] for note in trivial] == ["i2t_success@100", "t2i_success@100"]


def test_no_image_finds_itself() -> None:
    items = np.array([[1.0, 0.0], [0.99, 0.1], [0.0, 1.0]])
    found = retrieve_by_class(items, [0, 0, 1], items, [0, 0, 1], same=True, ks=(1,))
    assert found.metrics["p@1"] == found.metrics["map"] == 1.0
    assert found.n == 2  # the third has no other of its class
    assert found.notes == ["1 queries are left out, for their class has nothing to be found"]
    assert found.items is not None
    assert found.items["key"].to_pylist() == ["0", "1"]
    for bad in (([0],), ([0, 0, 1],)):
        with pytest.raises(EvalError):
            retrieve_by_class(items[:2], bad[0], items, [0, 0, 1], same=True)


@pytest.mark.parametrize("same", [False, True])
def test_class_retrieval_is_that_of_ir_measures(same: bool) -> None:
    ir_measures = pytest.importorskip("ir_measures")
    queries = items = vectors(5, 40)
    labels = np.random.default_rng(5).integers(0, 4, 40)
    found = retrieve_by_class(queries, labels, items, labels, same=same)
    scores = unit_rows(queries).vectors @ unit_rows(items).vectors.T
    others = [[i for i in range(40) if not same or i != q] for q in range(40)]
    judged = {str(q): {str(i): int(labels[i] == labels[q]) for i in others[q]} for q in range(40)}
    run = {str(q): {str(i): float(scores[q, i]) for i in others[q]} for q in range(40)}
    theirs = ir_measures.calc_aggregate(
        [ir_measures.parse_measure(name) for name in ("AP", "P@1", "P@5", "P@10", "Success@5")], judged, run
    )
    for measure, value in theirs.items():
        name = {"AP": "map"}.get(str(measure), str(measure).lower())
        assert found.metrics[name] == pytest.approx(value, abs=1e-6)


def whurs19(data_dir: Path, model: str) -> tuple[Any, Any, Any]:
    with np.load(data_dir / "whurs19-embeddings" / f"{model}.npz", allow_pickle=False) as file:
        return file["images"], file["texts_average"], file["labels"].astype(np.int64)


@pytest.mark.parametrize(
    ("model", "expected"), [("RemoteCLIP-ViT-B-32", 0.8815), ("SkyCLIP50-ViT-B-32", None)]
)
def test_words_find_scenes_of_whurs19(data_dir: Path, model: str, expected: float | None) -> None:
    images, texts, labels = whurs19(data_dir, model)
    found = retrieve_by_class(texts, np.arange(19), images, labels)
    cosines = texts.astype(np.float64) @ images.T.astype(np.float64)
    theirs = [average_precision_score(labels == row, cosines[row]) for row in range(19)]
    assert found.metrics["map"] == pytest.approx(np.mean(theirs), abs=1e-6)
    firsts = [(labels[np.argsort(-row)[:10]] == number).mean() for number, row in enumerate(cosines)]
    assert found.metrics["p@10"] == pytest.approx(np.mean(firsts), abs=1e-9)
    assert expected is None or found.metrics["map"] == pytest.approx(expected, abs=1e-4)
