"""How fast evidence is found in 100,000 chunks of RSWK's shape, and how fast `ask` answers with them.

    pip install "rsvlm[cpu]" qdrant-client lancedb
    python rag/benchmark.py --data DIR --work WORK           # DIR/rswk.tar.xz, DIR/ucm; the base is kept in WORK

Landmarks have the names of RSWK's, made texts and values, and 19 chunks each (RS-RAG's builder); of each there is one
picture, whose vector is that of a real tile with noise; so are the vectors of the texts of all landmarks but the first
300, which stand for those of texts of the same form (to encode 100,000 takes a quarter of an hour, and has no say in
how long a search takes). RS-RAG's way is that of its `answer_utils`: two cosines for
each point, in Python, from lists; Qdrant's local mode and LanceDB (without an index, as it is below 256,000 rows) get
both vectors as one, with the weights in the query, so that their first k are the same.
"""

import argparse
import io
import random
import re
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pictures import pictures  # type: ignore[import-not-found] # beside this file
from PIL import Image

import rsvlm
from rsvlm.models import load_encoder
from rsvlm.models.sentences import load_sentence_encoder
from rsvlm.rag import Chunk, KnowledgeBase, VisualQuestionAnswerer
from rsvlm.rag.record import PICTURES, TEXTS, Record, write_record
from rsvlm.rag.searching import Query
from rsvlm.retrieval import Index, Plan
from rsvlm.retrieval.making import encoder_record
from rsvlm.retrieval.textindex import rows_of_texts

LANDMARKS, PER_LANDMARK, ENCODED = 5264, 19, 300
K, ALPHA, QUERIES = 5, 0.5, 50
VARIABLES = (
    "ALBEDO",
    "EVLAND",
    "EMIS",
    "GWETPROF",
    "PRECTOTLAND",
    "SLP",
    "SMLAND",
    "TS",
    "NDVI",
    "NDWI",
    "NDBI",
)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
Floats = NDArray[np.float64]


def names(archive: Path) -> list[str]:
    """Names of RSWK's landmarks, with a number behind them where they are too few."""
    found: set[str] = set()
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            if member.isfile() and "test" in member.name:
                text = opened.extractfile(member).read().decode()  # type: ignore[union-attr] # it is a file
                found |= {Path(one).stem for one in re.findall(r'"([^"]+?\.png)"', text)}
    known = sorted(found)
    return [
        known[n % len(known)] + (f" {n // len(known) + 1}" if n >= len(known) else "")
        for n in range(LANDMARKS)
    ]


def chunks(places: list[str]) -> list[dict[str, str]]:
    """Rows with text, name and image: 19 of each landmark."""
    chance = random.Random(0)
    rows = []
    for place in places:
        year, city = chance.randint(1100, 1990), chance.choice(places)
        texts = [
            f"Name: {place}; Category: Landmark; Location: {city}; Construction_Period: {year}",
            f"Architectural_Characteristics: stone and brick; Details: {chance.randint(2, 90)} rooms",
            f"Cultural_Significance: known in {city}; Notable_Visitors: {chance.choice(places)}",
            f"expert knowledge: LC_Type1: {chance.randint(1, 17)}; elevation: {chance.randint(0, 3000)} m",
            f"Image Description: an overhead image of {place}",
            f"{place} was founded in {year} and lies near {city}.",
            f"{place} has {chance.randint(1000, 900000):,} visitors a year.",
        ]
        for month in MONTHS:
            values = "; ".join(f"{name}: {chance.uniform(0, 1):.2f}" for name in chance.sample(VARIABLES, 6))
            texts.append(f"monthly expert knowledge - of 2019 {month}:\n{values}")
        rows += [{"name": place, "text": text, "image": f"{place}.png"} for text in texts]
    return rows


def build(data: Path, work: Path) -> KnowledgeBase:
    """Make the base, unless it is there."""
    encoder, folder = load_encoder("built-in"), work / "base-100k"
    if not folder.exists():
        rows = chunks(names(data / "rswk.tar.xz"))
        every = [
            Chunk("landmarks", f"row {n}", f"{row['name']}: {row['text']}", image=row["image"])
            for n, row in enumerate(rows)
        ]
        sentences, count = load_sentence_encoder(), ENCODED * PER_LANDMARK
        known = sentences.encode_texts([one.text for one in every[:count]])
        noise = np.random.default_rng(1).normal(0, 0.02, (len(every), sentences.dimension))
        vectors = known[np.arange(len(every)) % count] + noise * (np.arange(len(every)) >= count)[:, None]
        made = rows_of_texts([one.row() for one in every])
        plan = Plan(kind="exact")
        Index.from_vectors(
            folder / TEXTS, vectors, made, encoder=sentences.name, revision=sentences.revision, plan=plan
        )
        write_record(folder, Record(rsvlm=rsvlm.__version__, encoder=encoder_record(encoder)))
        keys = list(dict.fromkeys(str(one.image) for one in every))
        tiles = pictures(data / "ucm" / "train.parquet", encoder, work).vectors
        noise = np.random.default_rng(0).normal(0, 0.02, (len(keys), tiles.shape[1]))
        vectors = tiles[np.arange(len(keys)) % len(tiles)] + noise
        pairs = [{"key": key, "image": key} for key in keys]
        Index.from_vectors(folder / PICTURES, vectors, pairs, encoder=encoder.name, revision=encoder.revision)
    return KnowledgeBase(folder, encoder)


def search(base: KnowledgeBase, data: Path, work: Path) -> None:
    """Print how long each way takes for the first k."""
    chunk_count = len(base)
    texts = base.texts.snapshot.stores.take(np.arange(chunk_count))
    assert base.pictures is not None
    rows = {key: row for row, key in enumerate(base.pictures.column("key").to_pylist())}
    looks = base.pictures.stores.take(np.arange(len(rows)))
    owners = np.array([rows[str(one.image)] for one in base.chunks()])
    asked = (
        pictures(data / "ucm" / "validation.parquet", base.encoder, work).vectors[:QUERIES].astype(np.float64)
    )
    words = [f"What is the NDVI of {name} in May 2019?" for name in names(data / "rswk.tar.xz")[:QUERIES]]
    meanings = base.texts.encoder.encode_texts(words).astype(np.float64)
    both = np.concatenate([looks[owners], texts], axis=1)
    weighted = np.concatenate([ALPHA * asked, (1 - ALPHA) * meanings], axis=1).astype(np.float32)
    points = [
        {"vector": text.tolist(), "image_vector": looks[owner].tolist()}
        for text, owner in zip(texts, owners, strict=True)
    ]

    def loop(number: int) -> list[int]:
        scores = []
        for place, point in enumerate(points):
            image, text = np.array(point["image_vector"]), np.array(point["vector"])
            one = asked[number] @ image / (np.linalg.norm(asked[number]) * np.linalg.norm(image) + 1e-8)
            other = meanings[number] @ text / (np.linalg.norm(meanings[number]) * np.linalg.norm(text) + 1e-8)
            scores.append((ALPHA * one + (1 - ALPHA) * other, place))
        return [place for _, place in sorted(scores, key=lambda one: -one[0])[:K]]

    def ours(number: int) -> list[int]:
        query = Query(words[number], meanings[number], asked[number], alpha=ALPHA)
        found = base.find(query, k=K, by="meaning", fold=False)
        return [places[one.chunk.key] for one in found]

    places = {one.key: place for place, one in enumerate(base.chunks())}
    ways: dict[str, tuple[Callable[[int], list[int]], int]] = {"rsvlm": (ours, QUERIES)}
    ways |= {
        name: (way, QUERIES)
        for name, way in {**_qdrant(both, weighted), **_lancedb(both, weighted, work)}.items()
    }
    ways["RS-RAG's loop"] = (loop, 3)
    print(f"{chunk_count:,} chunks, {len(rows):,} pictures, k {K}, one query at a time\n")
    print("| way | ms, median | times ours | same first k |\n|---|---|---|---|")
    truth: dict[int, list[int]] = {}
    own = 0.0
    for name, (way, count) in ways.items():
        way(0)
        seconds, same = [], 0
        for number in range(count):
            begin = time.perf_counter()
            found = way(number)
            seconds.append(time.perf_counter() - begin)
            truth.setdefault(number, found)
            same += set(found) == set(truth[number])
        middle = float(np.median(seconds)) * 1000
        own = own or middle
        print(f"| {name} | {middle:,.1f} | {middle / own:,.1f} | {same} of {count} |", flush=True)


def _qdrant(both: NDArray[np.float32], asked: NDArray[np.float32]) -> dict[str, Callable[[int], list[int]]]:
    try:
        from qdrant_client import QdrantClient, models
    except ImportError:
        return {}
    client = QdrantClient(":memory:")
    size = models.VectorParams(size=both.shape[1], distance=models.Distance.DOT)
    client.create_collection("chunks", size)
    for first in range(0, len(both), 10_000):
        some = both[first : first + 10_000]
        client.upload_collection("chunks", some, ids=list(range(first, first + len(some))))
    return {
        "Qdrant, local mode": lambda n: [
            int(one.id) for one in client.query_points("chunks", query=asked[n], limit=K).points
        ]
    }


def _lancedb(
    both: NDArray[np.float32], asked: NDArray[np.float32], work: Path
) -> dict[str, Callable[[int], list[int]]]:
    try:
        import lancedb
        import pyarrow as pa
    except ImportError:
        return {}
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(both.ravel()), both.shape[1])
    rows = pa.table({"id": pa.array(np.arange(len(both))), "vector": vectors})
    table = lancedb.connect(work / "lance").create_table("chunks", rows, mode="overwrite")
    return {
        "LanceDB": lambda n: (
            table.search(asked[n])
            .distance_type("dot")
            .limit(K)
            .select(["id", "_distance"])
            .to_arrow()["id"]
            .to_pylist()
        )
    }


def ask(base: KnowledgeBase, data: Path) -> None:
    """Print how long `ask` takes, by step, and how many are answered a second."""
    answerer = VisualQuestionAnswerer(base)
    images = [
        Image.open(io.BytesIO(one["bytes"])).convert("RGB")
        for one in pq.read_table(data / "ucm" / "validation.parquet")["image"].to_pylist()[:100]
    ]
    places = names(data / "rswk.tar.xz")
    facts = [f"What is the {VARIABLES[n % 11]} of {places[n]} in {MONTHS[n % 12]} 2019?" for n in range(100)]
    looking = [
        "What is this?",
        "Is there any water?",
        "How many cars are there?",
        "Where are the houses?",
        "Describe it.",
    ]
    mixed: list[tuple[Any, str]] = [
        (image, facts[n] if n % 2 else looking[n // 2 % len(looking)]) for n, image in enumerate(images)
    ]
    list(answerer.ask_many(mixed[:10]))
    print(
        "\n| questions | ms, median | p95 | images | look-alikes | evidence | the rest | answered a second, together |"
    )
    print("|---" * 8 + "|")
    for name, items in (
        ("facts, with an image", list(zip(images, facts, strict=True))),
        ("of looks", [(image, looking[n % 5]) for n, image in enumerate(images)]),
        ("mixed", mixed),
    ):
        answers, times = [], []
        for image, question in items:
            begin = time.perf_counter()
            answers.append(answerer.ask(image, question))
            times.append(time.perf_counter() - begin)
        steps = [
            np.median([(one.seconds or {})[step] for one in answers]) * 1000
            for step in ("images", "look-alikes", "evidence", "answer")
        ]
        begin = time.perf_counter()
        list(answerer.ask_many(items))
        rate = len(items) / (time.perf_counter() - begin)
        cells = " | ".join(
            f"{one:.0f}" for one in (1000 * np.median(times), 1000 * np.percentile(times, 95), *steps)
        )
        print(f"| {name} | {cells} | {rate:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    base = build(options.data, options.work)
    search(base, options.data, options.work)
    ask(base, options.data)


if __name__ == "__main__":
    main()
