"""Searches that do not look at every vector: what they find, what filters make of it, and what the disk holds."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from rsvlm.retrieval import Filter, Index, Plan, RetrievalError, paging, searching, verify
from rsvlm.retrieval.kinds import cells_of, memory_of
from rsvlm.retrieval.manifest import ApproximateRecord

faiss = pytest.importorskip("faiss")

ROWS, DIMENSION, CLASSES = 30_000, 96, 300
Vectors = NDArray[np.float32]


def classes(count: int, seed: int) -> tuple[Vectors, NDArray[np.int64]]:
    """Unit vectors around the centres of 300 classes, in a space of which they use a part, and their classes."""
    centres = np.random.default_rng(0).standard_normal((CLASSES, DIMENSION)) * np.geomspace(
        2, 0.05, DIMENSION
    )
    random = np.random.default_rng(seed)
    of = random.integers(CLASSES, size=count)
    found = (
        centres[of] + random.standard_normal((count, DIMENSION)) * np.geomspace(1, 0.1, DIMENSION) / 2 + 0.3
    )
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), of


def words(count: int, seed: int) -> Vectors:
    """What lies to a side of all images, as texts do: a gap, a class in part, and directions of their own."""
    images, _ = classes(count, seed)
    random = np.random.default_rng(seed)
    away = np.random.default_rng(1).standard_normal(DIMENSION)
    found = 0.4 * images + away / np.linalg.norm(away) + 0.02 * random.standard_normal(images.shape)
    unit: Vectors = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return unit


VECTORS, CLASS = classes(ROWS, 2)


def rows() -> list[dict[str, Any]]:
    """A row for each vector, with its class as label and a licence that one in a hundred has."""
    return [
        {
            "key": f"k{number}",
            "labels": [f"class {one}"],
            "licence": "rare" if number % 100 == 7 else "common",
        }
        for number, one in enumerate(CLASS.tolist())
    ]


@pytest.fixture(scope="module", params=["ivf-sq8", "hnsw-sq8", "ivf-flat"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp(request.param) / "index"
    plan = Plan(kind=request.param, texts=words(400, 3))
    return Index.from_vectors(folder, VECTORS, rows(), encoder="toy", plan=plan)


def nearest(queries: Vectors, allowed: NDArray[np.bool_] | None = None, k: int = 10) -> NDArray[np.int64]:
    scores = queries.astype(np.float64) @ VECTORS.astype(np.float64).T
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    return np.argsort(-scores, axis=1)[:, :k]


def recall(found: list[Any], truth: NDArray[np.int64]) -> float:
    return float(np.mean([np.isin(want, one).mean() for one, want in zip(found, truth, strict=True)]))


def record(index: Index) -> ApproximateRecord:
    found = index.manifest.parts[0].approximate
    assert found is not None
    return found


@pytest.mark.parametrize("asked", ["pictures", "words", "both"])
@pytest.mark.parametrize("k", [1, 10, 60, 300])
def test_it_finds_what_an_exact_search_finds(index: Index, asked: Any, k: int) -> None:
    pictures, texts = classes(200, 4)[0], words(200, 4)
    queries: Vectors = {"pictures": pictures, "words": texts, "both": (pictures + texts) / np.float32(2)}[
        asked
    ]
    found = index.nearest(queries, k, asked=asked)
    assert recall([one.rows for one in found], nearest(queries, k=k)) >= 0.98
    for one, query in zip(found, queries, strict=True):
        assert len(one.rows) == k
        assert np.all(np.diff(one.scores) <= 0)
        stored = VECTORS[one.rows].astype(np.float16).astype(np.float64)
        np.testing.assert_allclose(one.scores, stored @ query.astype(np.float64), atol=1e-9)


@pytest.mark.parametrize("asked", ["pictures", "words"])
@pytest.mark.parametrize("fold", [None, 0.999])
def test_pages_neither_repeat_nor_lose_a_hit(index: Index, asked: Any, fold: float | None) -> None:
    queries = (classes(100, 5)[0] if asked == "pictures" else words(100, 5))[: 40 if fold is None else 20]
    first = index.search_vectors(queries, k=10, asked=asked, fold=fold)
    pages = [
        index.search_vectors(queries, k=10, offset=offset, asked=asked, fold=fold)
        for offset in range(0, 100, 10)
    ]
    long = index.search_vectors(queries, k=100, asked=asked, fold=fold)
    shown = [[row for page in pages for row in page[number].numbers] for number in range(len(queries))]
    for number, rows in enumerate(shown):
        assert len(set(rows)) == len(rows) == 100
        assert rows[:10] == first[number].numbers.tolist()
        assert all(np.all(np.diff(page[number].scores) <= 0) for page in pages)
    if fold is None:
        truth = nearest(queries, k=100)
        assert recall(shown, truth) >= recall([one.numbers for one in long], truth) - 0.002


def test_a_page_beyond_the_end_is_empty_and_looked_for_nowhere(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []

    def seen(snapshot: Any, queries: Any, depth: int, *more: Any, **named: Any) -> Any:
        depths.append(depth)
        return searching.nearest(snapshot, queries, depth, *more, **named)

    monkeypatch.setattr(paging, "nearest", seen)
    queries = classes(2, 5)[0]
    for filter, total in ((None, len(index)), (Filter(licences=["rare"]), 300)):
        for offset in (total, 10**9):
            found = index.search_vectors(queries, k=10, offset=offset, filter=filter)
            assert [(len(hits), hits.total) for hits in found] == [(0, total)] * 2
    assert depths == []
    found = index.search_vectors(queries, k=5000, filter=Filter(licences=["rare"]))
    assert ([len(hits) for hits in found], depths) == ([300, 300], [5000])
    [hits] = index.search_vectors(queries[:1], k=10, offset=295, filter=Filter(licences=["rare"]))
    assert len(hits) == 5


@pytest.mark.parametrize("asked", ["pictures", "words"])
def test_the_length_of_a_query_changes_scores_and_no_rows(index: Index, asked: Any) -> None:
    queries = classes(50, 4)[0] if asked == "pictures" else words(50, 4)
    for once, thrice in zip(
        index.nearest(queries, asked=asked), index.nearest(3 * queries, asked=asked), strict=True
    ):
        assert once.rows.tolist() == thrice.rows.tolist()
        np.testing.assert_allclose(3 * once.scores, thrice.scores, rtol=1e-6)


def test_the_manifest_says_what_was_measured(index: Index) -> None:
    found = record(index)
    for one in (found.pictures, found.words):
        assert one is not None
        assert [effort.hits for effort in one.efforts] == [10, 30, 100, 300, 1000]
        assert all(effort.recall >= 0.99 for effort in one.efforts)
        assert one.cells in (0, cells_of(ROWS))
    assert index.summary()["kind"] == found.kind


@pytest.mark.parametrize("share", [2, 10, 100, 1000, ROWS])
def test_a_filter_keeps_the_recall(index: Index, share: int) -> None:
    wanted = np.arange(ROWS) % share == 7 % share
    from rsvlm.retrieval.searching import nearest as search
    from rsvlm.retrieval.snapshot import open_snapshot

    snapshot = open_snapshot(index.folder)
    sorts: list[tuple[Vectors, Any]] = [(words(100, 5), "words"), (classes(100, 5)[0], "pictures")]
    for queries, sort in sorts:
        truth = nearest(queries, wanted, k=min(10, int(wanted.sum())))
        found = search(snapshot, queries, 10, wanted, kind=sort)
        assert recall([one.rows for one in found], truth) >= 0.98
        assert all(wanted[one.rows].all() and len(one.rows) == truth.shape[1] for one in found)


def test_a_filter_that_keeps_what_is_far_from_the_query(index: Index) -> None:
    """All rows of the 150 classes that are farthest from a query: what was tuned without a filter looks elsewhere."""
    [query] = classes(1, 6)[0]
    closeness = np.array([VECTORS[one == CLASS].mean(axis=0) @ query for one in range(CLASSES)])
    far = np.argsort(closeness)[:150]
    labels = [f"class {one}" for one in far]
    [hits] = index.search_vectors(query[None], filter=Filter(labels=labels), asked="pictures")
    truth = nearest(query[None], np.isin(CLASS, far))
    assert recall([hits.numbers], truth) == 1.0


def test_removed_rows_are_not_found_and_added_ones_are(tmp_path: Path) -> None:
    index = Index.from_vectors(
        tmp_path / "index", VECTORS, rows(), encoder="toy", plan=Plan(kind="ivf-sq8", texts=words(400, 3))
    )
    [first] = index.nearest(VECTORS[:1], 10, asked="pictures")
    index.remove([f"k{number}" for number in first.rows[:5]])
    [second] = index.nearest(VECTORS[:1], 5, asked="pictures")
    assert second.rows.tolist() == first.rows[5:].tolist()
    index.add_vectors(VECTORS[:1], [{"key": "again"}])
    [third] = index.nearest(VECTORS[:1], 5, asked="pictures")
    assert third.rows.tolist() == [ROWS, *first.rows[5:9].tolist()]
    assert verify(tmp_path / "index") == []
    assert index.summary()["kind"] == "ivf-sq8, exact"


def test_many_small_additions_make_few_parts_and_keep_numbers_and_labels(tmp_path: Path) -> None:
    index = Index.from_vectors(tmp_path / "index", VECTORS[:40], rows()[:40], encoder="toy")
    index.remove(["k3"])
    for first in range(40, 400, 10):
        index.add_vectors(VECTORS[first : first + 10], rows()[first : first + 10])
    assert len(index.manifest.parts) <= 9
    assert len(index) == 399
    [found] = index.nearest(VECTORS[350:351], 1)
    assert index.rows(found.rows)["key"].to_pylist() == ["k350"]
    assert found.rows.tolist() == [350]
    assert index.rows([350])["labels"].to_pylist() == [[f"class {CLASS[350]}"]]
    assert verify(tmp_path / "index") == []


def test_small_parts_that_outgrow_an_exact_search_get_cells_and_asked_for_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("kinds", "changes"):
        monkeypatch.setattr(f"rsvlm.retrieval.{module}.EXACT_UP_TO", 2000)
    grown = Index.from_vectors(tmp_path / "grown", VECTORS[:1500], rows()[:1500], encoder="toy")
    grown.add_vectors(VECTORS[1500:2600], rows()[1500:2600], plan=Plan(texts=words(400, 3)))
    [part] = grown.manifest.parts
    assert part.rows == 2600
    assert part.kind in ("ivf-sq8", "hnsw-sq8")
    assert record(grown).words is not None
    asked = Index.from_vectors(
        tmp_path / "asked", VECTORS[:3000], rows()[:3000], encoder="toy", plan=Plan(kind="exact")
    )
    for first in range(3000, 3100, 10):
        asked.add_vectors(VECTORS[first : first + 10], rows()[first : first + 10])
    assert [part.kind for part in asked.manifest.parts[:1]] == ["exact"]
    assert asked.manifest.parts[0].rows == 3000
    assert 1 < len(asked.manifest.parts) <= 9
    [found] = asked.nearest(VECTORS[3095:3096], 1)
    assert found.rows.tolist() == [3095]


def test_words_are_made_for_what_a_part_will_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few images that are added to many get words to tune with, if all of them become one part."""
    from rsvlm.retrieval.making import tuned_for

    class Speaker:
        def encode_texts(self, texts: list[str]) -> Vectors:
            return words(len(texts), 1)

    for module in ("kinds", "changes"):
        monkeypatch.setattr(f"rsvlm.retrieval.{module}.EXACT_UP_TO", 2000)
    index = Index.from_vectors(tmp_path / "index", VECTORS[:1990], rows()[:1990], encoder="toy")
    for count, given in ((10, False), (11, True)):
        table = index.rows(range(count))
        plan = tuned_for(Plan(), Speaker(), table, index.manifest)  # type: ignore[arg-type] # no more is asked of it
        assert (plan.texts is not None) == given


def test_words_to_tune_with_are_captions_of_rows_from_the_first_to_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a large archive not all captions are looked at: together they may be more than Arrow holds in an array."""
    from rsvlm.retrieval.making import tuned_for
    from rsvlm.retrieval.rows import table_of

    asked: list[list[str]] = []

    class Speaker:
        def encode_texts(self, texts: list[str]) -> Vectors:
            asked.append(texts)
            return words(len(texts), 1)

    flatten, most = pc.list_flatten, 400
    monkeypatch.setattr("rsvlm.retrieval.making._ROWS", most)

    def narrow(lists: Any) -> Any:
        if len(lists) > most:
            raise pa.ArrowCapacityError("array cannot contain more than 2147483646 bytes")
        return flatten(lists)

    monkeypatch.setattr(pc, "list_flatten", narrow)
    given = [{"key": f"k{n}", "captions": [f"a{n}", f"b{n}"] if n % 4 == 0 else []} for n in range(4000)]
    for table in (table_of(given), table_of(given[:1600])):
        tuned_for(Plan(kind="ivf-sq8"), Speaker(), table)  # type: ignore[arg-type] # no more is asked of it
    evenly = np.linspace(0, 799, 500).astype(int)
    small = [f"{'ab'[place % 2]}{place // 2 * 4}" for place in evenly]
    assert asked[1] == small, "of few all captions count"
    assert asked[0][0] == "a0"
    assert asked[0][-1] == "b3996"
    assert len({*asked[0]}) == 500


def test_words_to_tune_with_are_checked_before_anything_is_written(tmp_path: Path) -> None:
    for texts, says in (
        (words(10, 1)[:, 1:], "texts of the plan: vectors have 95 numbers, those of the index have 96"),
        (np.zeros((3, DIMENSION), np.float32), r"texts of the plan: vector 0 has no direction"),
    ):
        plan = Plan(kind="ivf-sq8", texts=texts)
        with pytest.raises(RetrievalError, match=says):
            Index.from_vectors(tmp_path / "index", VECTORS[:2000], rows()[:2000], encoder="toy", plan=plan)
        assert not (tmp_path / "index").exists()


def test_cells_are_written_as_faiss_writes_them(tmp_path: Path) -> None:
    """Byte for byte what `add` and `write_index` make, for full and for mostly empty cells."""
    from rsvlm.retrieval.cells import cells_of_rows, train_cells, write_cells

    for kind, cells, count in (
        ("ivf-sq8", 16, 3000),
        ("ivf-flat", 16, 3000),
        ("ivf-rabitq", 8, 3000),
        ("ivf-sq8", 64, 10),
    ):
        vectors = VECTORS[:count]
        index = train_cells(VECTORS[:3000], kind, cells)  # type: ignore[arg-type]

        def block(first: int, last: int, vectors: Vectors = vectors) -> Vectors:
            return vectors[first:last]

        other = faiss.deserialize_index(faiss.serialize_index(index))
        other.add(vectors)
        write_cells(tmp_path / "ours", index, cells_of_rows(index, count, block), block)
        faiss.write_index(other, str(tmp_path / "theirs"))
        assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


class ShortFile(io.FileIO):
    """A file to which the system writes no more than 1,000 bytes at a time, as it may."""

    def write(self, content: Any) -> int:
        return super().write(memoryview(content).cast("B")[:1000])


class ShortPath(type(Path())):  # type: ignore[misc] # the class of this system's paths
    def open(self, mode: str = "r", buffering: int = -1, *more: Any, **named: Any) -> Any:
        raw = ShortFile(self, mode)
        return raw if buffering == 0 else io.BufferedWriter(raw)


def test_cells_are_written_whole_where_the_system_writes_some_bytes_at_a_time(tmp_path: Path) -> None:
    from rsvlm.retrieval.cells import cells_of_rows, train_cells, write_cells

    index = train_cells(VECTORS[:3000], "ivf-flat", 4)

    def block(first: int, last: int) -> Vectors:
        return VECTORS[first:last]

    cell_of = cells_of_rows(index, 3000, block)
    write_cells(tmp_path / "whole", index, cell_of, block)
    write_cells(ShortPath(tmp_path / "short"), index, cell_of, block)
    assert (tmp_path / "short").read_bytes() == (tmp_path / "whole").read_bytes()


def test_without_words_to_tune_with_every_vector_is_compared_for_words(tmp_path: Path) -> None:
    index = Index.from_vectors(tmp_path / "index", VECTORS, rows(), encoder="toy", plan=Plan(kind="ivf-sq8"))
    assert record(index).words is None
    queries = words(20, 8)
    assert recall([one.rows for one in index.nearest(queries)], nearest(queries)) >= 0.995
    queries = classes(20, 8)[0]
    assert recall([one.rows for one in index.nearest(queries, asked="pictures")], nearest(queries)) >= 0.97


@pytest.mark.parametrize("kind", ["ivf-sq8", "hnsw-sq8"])
def test_equal_vectors(tmp_path: Path, kind: Any) -> None:
    """Of equals, as many as there may be candidates, those with the lowest rows come first, and none comes twice."""
    same = np.tile(VECTORS[:300], (5, 1))
    index = Index.from_vectors(
        tmp_path / "same", same, [{"key": str(n)} for n in range(1500)], encoder="toy", plan=Plan(kind=kind)
    )
    assert index.summary()["kind"] == kind
    [found] = index.nearest(VECTORS[:1], 5, asked="pictures")
    assert found.rows.tolist() == list(range(0, 1500, 300))


@pytest.mark.parametrize("kind", [pytest.param("ivf-pq", marks=pytest.mark.slow), "ivf-rabitq"])
def test_coarse_codes_on_request_are_ordered_by_the_vectors(tmp_path: Path, kind: Any) -> None:
    index = Index.from_vectors(
        tmp_path / "index", VECTORS[:5000], rows()[:5000], encoder="toy", plan=Plan(kind=kind, recall=0.9)
    )
    queries = classes(50, 9)[0]
    truth = np.argsort(-(queries @ VECTORS[:5000].T), axis=1)[:, :10]
    assert recall([one.rows for one in index.nearest(queries, asked="pictures")], truth) >= 0.85


def test_blocks_are_taken_one_at_a_time(tmp_path: Path) -> None:
    index = Index.from_vectors(
        tmp_path / "index", (VECTORS[n : n + 7000] for n in range(0, ROWS, 7000)), rows(), encoder="toy"
    )
    assert len(index) == ROWS
    with pytest.raises(RetrievalError, match="1000 rows of 96 numbers"):
        Index.from_vectors(tmp_path / "other", iter([VECTORS[:999]]), rows()[:1000], encoder="toy")
    with pytest.raises(RetrievalError, match="vectors have 95 numbers, those of the index have 96"):
        Index.from_vectors(
            tmp_path / "third", iter([VECTORS[:9], VECTORS[:9, 1:]]), rows()[:18], encoder="toy"
        )


def test_another_process_opens_what_was_written_and_damage_is_named(tmp_path: Path) -> None:
    plan = Plan(kind="hnsw-sq8", texts=words(400, 3))
    index = Index.from_vectors(
        tmp_path / "index", VECTORS[:12_000], rows()[:12_000], encoder="toy", plan=plan
    )
    here = index.nearest(VECTORS[:3], 5, asked="pictures")
    script = (
        "import sys, numpy as np; from rsvlm.retrieval import Index; "
        "v = np.load(sys.argv[2]); "
        "print([one.rows.tolist() for one in Index(sys.argv[1]).nearest(v, 5, asked='pictures')])"
    )
    np.save(tmp_path / "queries.npy", VECTORS[:3])
    shown = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "index"), str(tmp_path / "queries.npy")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.strip() == str([one.rows.tolist() for one in here])
    for file in sorted((tmp_path / "index" / "parts" / "00001").iterdir()):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        assert any(file.name in problem for problem in verify(tmp_path / "index")), file.name
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    graph = tmp_path / "index" / "parts" / "00001" / "pictures.faiss"
    graph.write_bytes(b"x" * graph.stat().st_size)
    with pytest.raises(RetrievalError, match=r"pictures\.faiss: cannot be read by faiss"):
        Index(tmp_path / "index").nearest(VECTORS[:1], asked="pictures")


def test_exact_search_serves_where_faiss_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(kind="ivf-sq8", texts=words(400, 3))
    index = Index.from_vectors(tmp_path / "index", VECTORS, rows(), encoder="toy", plan=plan)
    monkeypatch.setitem(sys.modules, "faiss", None)
    queries = words(20, 8)
    found = Index(index.folder).nearest(queries)
    assert recall([one.rows for one in found], nearest(queries)) >= 0.995
    assert Plan().first_kind(10**6) == "exact"
    with pytest.raises(RetrievalError, match="faiss is not installed: pip install"):
        Index.from_vectors(tmp_path / "other", VECTORS, rows(), encoder="toy", plan=plan)


def test_plans_and_sizes() -> None:
    assert Plan().first_kind(100_000) == "exact"
    assert Plan().first_kind(100_001) == "ivf-sq8"
    assert Plan(kind="ivf-flat").first_kind(1000) == "ivf-flat"
    assert Plan(kind="ivf-flat").first_kind(999) == "exact"
    assert Plan(max_memory=10**9).wants_graph(10**6, 128, 0.1)
    assert not Plan(max_memory=10**8).wants_graph(10**6, 128, 0.1)
    assert not Plan(max_memory=10**9).wants_graph(10**6, 128, 0.001)
    assert not Plan(kind="ivf-sq8").wants_graph(10**6, 128, 0.1)
    assert [cells_of(count) for count in (1, 10**6, 10**7)] == [1, 1024, 4096]
    assert memory_of("8GiB") == memory_of("8 g") == 8 * 2**30
    assert memory_of("1.5 mb") == 1.5 * 2**20
    for text in ("", "0", "many", "8 EiB", "-1g"):
        with pytest.raises(RetrievalError, match="give a size such as 8GiB"):
            memory_of(text)
    for wrong in ({"kind": "flat"}, {"recall": 1.0}, {"recall": 0.0}):
        with pytest.raises(RetrievalError):
            Plan(**wrong)
