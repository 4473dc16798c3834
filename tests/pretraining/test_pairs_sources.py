"""Sources of pairs: every form gives the same examples, as a table and as a stream; faults are told in one line."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import datasets
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest

import rsvlm
from rsvlm.captioning.sample import SamplePaths
from rsvlm.pretraining.data import Example, PairsSource, caption_of, read_pairs_source
from rsvlm.pretraining.data.finding import files_told
from rsvlm.pretraining.data.rows import texts
from rsvlm.pretraining.errors import PretrainingError

own_cache = pytest.fixture(autouse=True)(made.own_cache)


def of_csv(folder: Path) -> Path:
    folder.mkdir()
    for number in range(9):
        (folder / f"ä {number}.png").write_bytes(made.png(number))
    lines = [[f"ä {number}.png", f"field, {number}"] for number in range(9)]
    return Path(made.table(folder / "pairs.csv", ["filepath", "title"], lines))


def of_parquet(folder: Path) -> Path:
    made.parquet(folder / "a-0.parquet", made.rows(9))
    made.parquet(folder / "a-1.parquet", made.rows(5, 9))
    return folder


def of_tars(folder: Path) -> Path:
    made.tar_of_pairs(folder / "0.tar", 6)
    made.tar_of_pairs(folder / "1.tar", 6, 6)
    return folder


def of_folders(folder: Path) -> Path:
    return Path(made.folders(folder, ["AnnualCrop", "Sea é"]))


KINDS = {"csv": (of_csv, 9), "parquet": (of_parquet, 14), "tar": (of_tars, 12), "folders": (of_folders, 6)}


def content(examples: Any) -> list[tuple[object, ...]]:
    return [(e.key, e.image, e.captions, e.place, e.scene, e.licence) for e in examples]


@pytest.mark.parametrize("kind", KINDS)
def test_stream_and_table_hold_the_same(kind: str, tmp_path: Path) -> None:
    make, n = KINDS[kind]
    place = make(tmp_path / "odd [1] ünï")
    source, stream = read_pairs_source(place), read_pairs_source(place, streaming=True)
    assert (source.streaming, stream.streaming) == (False, True)
    assert len(source) == len({example.key for example in source}) == n
    assert content(source) == content(stream)
    assert content([source[3]]) == content(source)[3:4]
    shuffled = content(stream.shuffled(7, 4))
    assert shuffled != content(stream)
    assert sorted(map(str, shuffled)) == sorted(map(str, content(stream)))
    facts = [(fact.key, fact.place, fact.image, fact.captions) for fact in source.facts()]
    assert facts == [(example.key, example.place, None, ()) for example in source]


@pytest.mark.parametrize("streaming", [False, True])
def test_pairs_dataset(town: SamplePaths, streaming: bool, tmp_path: Path) -> None:
    pairs = made.of_town(town, tmp_path)
    source = read_pairs_source(pairs, streaming=streaming)
    for pair, example in zip(rsvlm.open_pairs(pairs), source, strict=True):
        assert (example.key, example.image) == (pair.key, pair.image)
        assert example.captions == tuple(caption["text"] for caption in pair.captions)
        assert example.scene == "town.tif"
        assert example.licence == "CC0-1.0"
        assert pair.bbox is not None
        assert example.place is not None
        west, south, east, north = pair.bbox
        assert west < example.place[0] < east
        assert south < example.place[1] < north
    tar = read_pairs_source(pairs / "shards" / "*.tar", streaming=streaming)
    assert content(tar) == content(source)
    only = read_pairs_source(pairs, caption_column="caption", streaming=streaming)
    assert [e.captions for e in only] == [(pair.caption,) for pair in rsvlm.open_pairs(pairs)]


def test_unfinished_pairs_dataset_is_refused(town: SamplePaths, tmp_path: Path) -> None:
    pairs = made.of_town(town, tmp_path, limit=3)
    (pairs / "shards" / "00000.parquet").unlink()
    with pytest.raises(PretrainingError, match="shards missing or damaged: 00000"):
        read_pairs_source(pairs)


def test_splits_and_patterns(tmp_path: Path) -> None:
    for split, n, first in (("train", 4, 0), ("val", 2, 4)):
        made.parquet(tmp_path / f"{split}.parquet", made.rows(n, first))
    assert len(read_pairs_source(tmp_path)) == 4
    assert len(read_pairs_source(tmp_path, split="validation")) == 2
    assert len(read_pairs_source(str(tmp_path / "*.parquet"))) == 6
    with pytest.raises(PretrainingError, match="has no split test; it has train, validation"):
        read_pairs_source(tmp_path, split="test")


def test_csv_keeps_texts_as_they_stand_and_finds_images_above(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "007.png").write_bytes(made.png(7))
    path = made.table(
        tmp_path / "lists" / "train.csv", ["filepath", "title", "key"], [["images/007.png", "NA", "007"]]
    )
    example = read_pairs_source(path)[0]
    assert (example.key, example.captions) == ("007", ("NA",))
    assert example.image == str(tmp_path / "images" / "007.png")


def test_several_captions_and_repeated_images(tmp_path: Path) -> None:
    path = made.table(tmp_path / "a.csv", ["path", "caption"], [["a.png", "one"], ["a.png", "two"]])
    assert [(e.key, e.captions) for e in read_pairs_source(path)] == [("a.png", ("one", "two"))]
    assert texts([{"text": " a\n b "}, "c", None, {"raw": ["d"]}]) == ["a b", "c", "d"]


def test_images_without_names_are_called_by_their_bytes(tmp_path: Path) -> None:
    images = [made.png(1), made.png(2), made.png(1)]
    path = made.parquet(tmp_path / "a.parquet", {"image": images, "label": ["a", "b", "c"]})
    keys = [example.key for example in read_pairs_source(path)]
    assert keys[0] == keys[2] != keys[1]
    assert [fact.key for fact in read_pairs_source(path).facts()] == keys


@pytest.mark.parametrize("streaming", [False, True])
def test_class_folders(streaming: bool, tmp_path: Path) -> None:
    place = made.folders(tmp_path / "sets", ["AnnualCrop", "River"])
    plain = read_pairs_source(place, streaming=streaming, templates=["{} here"])
    assert Counter(e.captions for e in plain) == {("annual crop here",): 3, ("River here",): 3}
    words = read_pairs_source(place, streaming=streaming, vocabulary="eurosat", templates="skyscript")
    crops = rsvlm.vocabulary("eurosat").classes[0].words
    wanted = [text.format(word) for word in crops for text in rsvlm.vocabularies.template_set("skyscript")]
    assert next(iter(words)).captions == tuple(wanted)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_text_beside_each_image(streaming: bool, tmp_path: Path) -> None:
    place = made.folders(tmp_path / "sets", ["AnnualCrop", "River"])
    (place / "River" / "0.txt").write_text("\ufeffa river\n\n a bend of it \n", encoding="utf-8")
    (place / "AnnualCrop" / "1.txt").write_text("rows of wheat", encoding="utf-8")
    (place / "notes.txt").write_text("of no image", encoding="utf-8")
    source = read_pairs_source(place, streaming=streaming)
    assert {e.key: e.captions for e in source if e.captions} == {
        "AnnualCrop/1.png": ("rows of wheat",),
        "River/0.png": ("a river", "a bend of it"),
    }
    assert sum(not e.captions for e in source) == 4  # counted in training, as images without a caption
    labelled = read_pairs_source(place, streaming=streaming, label_column="label", templates=["{}"])
    assert Counter(e.captions for e in labelled) == {("annual crop",): 3, ("River",): 3}


def test_texts_beside_images_of_one_folder(tmp_path: Path) -> None:
    place = made.folders(tmp_path, ["photos"]) / "photos"
    before = files_told(place)
    with pytest.raises(PretrainingError, match=r"holds no pairs: .* no images with a \.txt beside"):
        read_pairs_source(place)
    for name in ("0", "1", "2"):
        (place / f"{name}.txt").write_text("0 0.5 0.5 0.1 0.2", encoding="utf-8")  # boxes of a detector
    with pytest.raises(PretrainingError, match="holds no pairs"):
        read_pairs_source(place)
    for name in ("0", "1"):
        (place / f"{name}.txt").write_text(f"pond {name}", encoding="utf-8")
    assert [e.captions for e in read_pairs_source(place)] == [("pond 0",), ("pond 1",), ()]
    assert files_told(place) != before
    (place / "2.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PretrainingError, match=r"2\.txt: is not UTF-8 text"):
        read_pairs_source(place)


@pytest.mark.parametrize("streaming", [False, True])
def test_class_labels_in_the_metadata_of_parquet(streaming: bool, tmp_path: Path) -> None:
    columns = {"image": made.rows(3)["image"], "land": [1, 0, -1]}
    path = made.parquet(
        tmp_path / "a.parquet", columns, land=datasets.ClassLabel(names=["Forest", "SeaLake"])
    )
    source = read_pairs_source(path, streaming=streaming, templates=["{}."])  # found by its type
    assert [e.captions for e in source] == [("sea lake.",), ("Forest.",), ()]
    with pytest.raises(PretrainingError, match=r"classes that the vocabulary two lacks: Forest, SeaLake"):
        read_pairs_source(
            path, streaming=streaming, vocabulary=rsvlm.vocabularies.vocabulary_from_classes("a,b", "two")
        )


def test_labels_in_a_csv_by_name_by_number_and_unknown(tmp_path: Path) -> None:
    named = made.table(tmp_path / "a.csv", ["path", "label"], [["a.png", "river"], ["b.png", "forest;beach"]])
    captions = [e.captions for e in read_pairs_source(named, vocabulary="ucmerced", templates=["{}"])]
    assert captions == [
        ("river", "creek", "river between trees"),
        ("forest", "woodland", "beach", "sandy beach"),
    ]
    numbered = made.table(tmp_path / "b.csv", ["path", "label"], [["a.png", "1"], ["b.png", "0"]])
    with pytest.raises(PretrainingError, match="nothing says what they stand for"):
        read_pairs_source(numbered, streaming=True)
    (tmp_path / "classnames.txt").write_text("hill\nlake\n", encoding="utf-8")
    assert [e.captions for e in read_pairs_source(numbered, templates=["{}"])] == [("lake",), ("hill",)]
    wrong = made.parquet(
        tmp_path / "c.parquet", {"path": ["a.png", "b.png"], "label": ["river", "moon base"]}
    )
    with pytest.raises(PretrainingError, match="vocabulary ucmerced lacks: moon base"):
        read_pairs_source(wrong, vocabulary="ucmerced")
    stream = read_pairs_source(wrong, vocabulary="ucmerced", streaming=True)
    assert [bool(e.captions) for e in stream] == [True, False]  # seen too late to refuse: it is passed over


def test_labels_rather_than_captions(data_dir: Path) -> None:
    source = read_pairs_source(
        data_dir / "ucm", split="validation", label_column="label", vocabulary="ucmerced"
    )
    assert len(source) == 210
    assert all(len(example.captions) >= 5 for example in source)
    own = read_pairs_source(data_dir / "ucm", split="validation")
    assert own[0].captions != source[0].captions
    assert len(own[0].captions) == 5


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"caption_column": "titel"}, "has no column titel; its columns are image, captions"),
        ({"image_column": "img"}, "has no column img; its columns are image, captions"),
        ({"label_column": "class"}, "has no column class; its columns are image, captions"),
        ({"label_column": "image", "caption_column": "captions"}, "name one"),
        ({"vocabulary": "moon"}, "is no vocabulary and no file"),
        ({"templates": "moon"}, "moon"),
        ({"templates": ["a photo"]}, "needs one {}"),
    ],
)
def test_wrong_settings(options: dict[str, Any], message: str, streaming: bool, tmp_path: Path) -> None:
    path = made.parquet(tmp_path / "a.parquet", made.rows(2))
    with pytest.raises(PretrainingError, match=message) as caught:
        read_pairs_source(path, streaming=streaming, **options)
    assert "\n" not in str(caught.value)


def test_an_empty_csv_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(PretrainingError, match=r"a\.csv: is empty"):
        read_pairs_source(tmp_path / "a.csv")


def test_columns_that_nobody_can_guess(tmp_path: Path) -> None:
    path = made.table(tmp_path / "a.csv", ["where", "what"], [["a.png", "a field"]])
    with pytest.raises(
        PretrainingError,
        match=r"no column of images, name it with image_column \(--image-column\); its columns are where, what",
    ):
        read_pairs_source(path)
    with pytest.raises(PretrainingError, match="no column of captions or labels"):
        read_pairs_source(path, image_column="where")
    assert read_pairs_source(path, image_column="where", caption_column="what")[0].captions == ("a field",)


def nothing(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def no_rows(folder: Path) -> Path:
    return Path(made.table(folder / "a.csv", ["path", "caption"], []))


def no_rows_in_parquet(folder: Path) -> Path:
    return Path(made.parquet(folder / "a.parquet", {"image": [], "caption": []}))


def no_table(folder: Path) -> Path:
    (folder / "a.parquet").write_bytes(b"PAR1 and then nothing")
    return folder / "a.parquet"


def torn_tar(folder: Path) -> Path:
    whole = made.tar_of_pairs(folder / "a.tar", 1).read_bytes()
    (folder / "a.tar").write_bytes(whole[:700])
    return folder / "a.tar"


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (nothing, "holds no pairs"),
        (no_rows, "holds no pairs"),
        (no_rows_in_parquet, "holds no pairs"),
        (no_table, "cannot be read"),
        (torn_tar, "cannot be read"),
        (lambda folder: folder / "gone", "there is no such file or folder"),
        (lambda folder: "hf:name", "hf:owner/name"),
    ],
)
def test_sources_that_are_none(
    make: Callable[[Path], Path], message: str, streaming: bool, tmp_path: Path
) -> None:
    with pytest.raises(PretrainingError, match=message) as caught:
        read_pairs_source(make(tmp_path), streaming=streaming)
    assert "\n" not in str(caught.value)


def test_swapped_places_are_told(tmp_path: Path) -> None:
    path = made.table(tmp_path / "a.csv", ["path", "text", "lat", "lon"], [["a.png", "a", "139", "35"]])
    with pytest.raises(PretrainingError, match="are they swapped"):
        read_pairs_source(path)
    path = made.table(
        tmp_path / "b.csv",
        ["path", "text", "lat", "lon"],
        [["a.png", "a", "3", "5"], ["b.png", "b", "139", "3"]],
    )
    assert [example.place for example in read_pairs_source(path)] == [(5.0, 3.0), None]


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    path = made.parquet(tmp_path / "a.parquet", made.rows(2))
    assert len(read_pairs_source(path)) == 2
    made.parquet(path, made.rows(3))
    assert len(read_pairs_source(path)) == 3


def test_hub_is_asked_only_when_named_and_never_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def load(name: str, **options: Any) -> Any:
        asked.append((name, options))
        return datasets.Dataset.from_dict(made.rows(2))

    monkeypatch.setattr(datasets, "load_dataset", load)
    source = read_pairs_source("hf:owner/pairs", split="test")
    assert asked == [("owner/pairs", {"split": "test", "streaming": False})]
    assert source[1].captions == ("field 1", "meadow 1")


def test_a_run_that_fetches_nothing_asks_the_hub_for_no_data(tmp_path: Path) -> None:
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET  # noqa: N815 - as BaseHTTPRequestHandler calls them

        def log_message(self, *_: Any) -> None:
            pass

    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    code = (
        "import rsvlm\n"
        "for offline in (True, False):\n"
        f"    try: rsvlm.pretrain('hf:owner/pairs', out={str(tmp_path / 'out')!r}, offline=offline)\n"
        "    except ValueError as error: print(error, flush=True)\n"
        "    if offline: input()"
    )
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0",
        "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, encoding="utf-8", env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("hf:owner/pairs: is not in the cache of datasets"), said
        assert asked == []
        said, _ = process.communicate("\n")
    hub.shutdown()
    hub.server_close()
    assert said.startswith("hf:owner/pairs: cannot be read (")
    assert asked  # and without it, the hub is asked


def test_hub_offline(tmp_path: Path) -> None:
    code = (
        "from rsvlm.pretraining.data import read_pairs_source\n"
        "try: read_pairs_source('hf:owner/pairs', streaming=True)\n"
        "except ValueError as error: print(error)"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", env=environment
    )
    assert done.stdout.startswith("hf:owner/pairs: cannot be read ("), done.stderr
    assert "offline" in done.stdout.lower()
    assert done.stdout.count("\n") == 1


def test_a_caption_is_chosen_by_key_visit_and_seed_alone() -> None:
    example = Example("a", None, ("one", "two", "three"))
    chosen = [caption_of(example, visit, 0) for visit in range(300)]
    assert chosen == [caption_of(example, visit, 0) for visit in range(300)]
    assert all({*chosen[visit : visit + 3]} == {*example.captions} for visit in range(298))  # each in turn
    others = [Example(str(key), None, example.captions) for key in range(20)]
    assert {caption_of(other, 0, 0) for other in others} == {*example.captions}
    assert {caption_of(example, 0, seed) for seed in range(20)} == {*example.captions}
    assert caption_of(Example("a", None, ()), 0, 0) is None


def test_part_of_a_source(tmp_path: Path) -> None:
    source = read_pairs_source(made.parquet(tmp_path / "a.parquet", made.rows(9)))
    part: PairsSource = source.take([7, 2, 5]).take([0, 2])
    assert [example.key for example in part] == [fact.key for fact in part.facts()] == ["7.png", "5.png"]
    stream = read_pairs_source(tmp_path / "a.parquet", streaming=True).where(lambda e: e.key > "3")
    stream = stream.where(lambda e: e.key > "7")
    assert [example.key for example in stream] == ["7.png", "8.png"]
    with pytest.raises(TypeError, match="is a stream"):
        len(stream)
