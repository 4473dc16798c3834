"""Pairs as people have them: columns without names, names that repeat, boxes of pixels, labels called scene, splits."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from colour_encoder import ColourEncoder  # type: ignore[import-not-found] # in tests/

import rsvlm
from rsvlm.captioning.dataset.export import _save_image
from rsvlm.captioning.errors import CaptioningError
from rsvlm.pretraining import LoraSettings, PretrainingError, SourceSpec, TrainingSettings
from rsvlm.pretraining.data import hold_out, read_pairs_source
from rsvlm.pretraining.data.examples import picture_of
from rsvlm.pretraining.data.mixture import Mixture
from rsvlm.pretraining.data.specs import read_specs
from rsvlm.pretraining.heldout import HeldOut
from rsvlm.pretraining.interrupting import finishing_steps
from rsvlm.pretraining.judging import Judge
from rsvlm.pretraining.preparing import judging
from rsvlm.pretraining.progress import CHECKPOINT, read_metrics
from rsvlm.pretraining.watching import Watcher

own_cache = pytest.fixture(autouse=True)(made.own_cache)


def image(folder: Path, name: str, number: int) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(made.png(number))
    return name


@pytest.mark.parametrize(
    ("header", "line"),
    [(["", "filepath", "caption"], [0, "a.png", "x"]), (["filepath", "caption", ""], ["a.png", "x", ""])],
)
def test_a_csv_with_a_column_without_a_name(tmp_path: Path, header: list[str], line: list[Any]) -> None:
    image(tmp_path, "a.png", 1)
    source = read_pairs_source(made.table(tmp_path / "pairs.csv", header, [line]))
    assert (source[0].key, source[0].captions) == ("a.png", ("x",))


def test_images_of_one_name_are_not_one_image(tmp_path: Path) -> None:
    sources = []
    for number, text in enumerate(("a river", "a forest")):
        folder = tmp_path / str(number)
        lines = [[image(folder, f"{row}.png", 10 * number + row), f"{text} {row}"] for row in range(3)]
        lines.append(["0.png", f"{text} again"])  # tables with a caption a row
        sources.append(read_pairs_source(made.table(folder / "pairs.csv", ["filepath", "caption"], lines)))
    held = HeldOut(sources, seed=0)
    assert len(held) == 6
    assert sorted(len(example.captions) for example in held.examples) == [1, 1, 1, 1, 2, 2]
    same = made.parquet(
        tmp_path / "same.parquet",
        {
            "image": [{"bytes": made.png(n), "path": "image.jpg"} for n in range(5)],
            "caption": [f"{n}" for n in range(5)],
        },
    )
    assert len(HeldOut([read_pairs_source(same)], seed=0)) == 5


def test_a_column_of_labels_is_no_scene(tmp_path: Path) -> None:
    lines = [[image(tmp_path, f"{n}.png", n), ("Forest", "River")[n % 2]] for n in range(20)]
    file = made.table(tmp_path / "pairs.csv", ["filepath", "scene"], lines)
    assert read_pairs_source(file, label_column="scene")[0].scene is None
    assert read_pairs_source(file, caption_column="scene")[0].scene is None


def test_boxes_of_pixels_are_no_places_and_texts_no_credits(tmp_path: Path) -> None:
    boxes = [
        [100.0, 120.0, 300.0, 300.0],
        [50.0, 40.0, 10.0, 20.0],
        [1.0, 2.0, 3.0],
        [126.0, 35.0, 126.5, 35.5],
    ]
    columns = {
        "image": [{"bytes": made.png(n), "path": f"{n}.png"} for n in range(4)],
        "caption": ["a"] * 4, "bbox": boxes, "sources": ["Google"] * 4,
    }  # fmt: skip
    for more, last in (
        ({}, None),
        ({"gsd": [10.0] * 4}, (126.25, 35.25)),
    ):  # those of small chips may look like it
        source = read_pairs_source(made.parquet(tmp_path / f"{len(more)}.parquet", columns | more))
        assert [source[row].place for row in range(4)] == [None, None, None, last]


def test_words_are_for_classes_where_captions_are_there_too(tmp_path: Path) -> None:
    lines = [[image(tmp_path, "a.png", 1), "IMG 0", "Forest"]]
    file = made.table(tmp_path / "pairs.csv", ["filepath", "caption", "label"], lines)
    assert read_pairs_source(file)[0].captions == ("IMG 0",)
    assert "IMG 0" not in read_pairs_source(file, vocabulary="eurosat")[0].captions


def test_to_choose_by_a_folder_gives_its_validation_split(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        made.parquet(tmp_path / "set" / f"{split}.parquet", made.rows(3))
    assert judging(SourceSpec(data=str(tmp_path / "set"))).split == "validation"
    assert judging(SourceSpec(data=str(tmp_path / "set"), split="train")).split == "train"
    (tmp_path / "set" / "validation.parquet").rename(tmp_path / "set" / "test.parquet")
    with pytest.raises(PretrainingError, match="has no split validation, but train, test: name a file of it"):
        judging(SourceSpec(data=str(tmp_path / "set")))


def test_of_a_json_of_captions_the_validation_split_is_retained(tmp_path: Path) -> None:
    splits = ["train"] * 4 + ["val"] * 3 + ["test"] * 2
    rows = [
        {"filename": image(tmp_path, f"{n}.png", n), "split": split, "sentences": [{"raw": f"IMG {n}"}]}
        for n, split in enumerate(splits)
    ]
    file = tmp_path / "dataset.json"
    file.write_text(json.dumps({"images": rows}), encoding="utf-8")
    judge = Judge([str(file)], [str(file)])
    assert [(one.name, one.n) for one in judge.measure(ColourEncoder())] == [("dataset, validation", 3)]
    file.write_text(json.dumps({"images": [*rows[:4], *rows[-2:]]}), encoding="utf-8")
    with pytest.raises(PretrainingError, match="has several splits; choose one of test, train"):
        Judge([str(file)])


def test_copies_of_an_image_stay_on_one_side_beside_a_stream(tmp_path: Path) -> None:
    both = [[image(tmp_path, f"{copy}{n}.png", n), f"{n}"] for n in range(60) for copy in "ab"]
    disk = read_pairs_source(made.table(tmp_path / "pairs.csv", ["filepath", "caption"], both))
    stream = read_pairs_source(
        made.parquet(tmp_path / "far.parquet", made.rows(30, first=100)), streaming=True
    )
    split = hold_out([disk, stream], 0.3, 0)
    sides = [{fact.key[1:] for fact in part[0].facts()} for part in (split.train, split.held)]
    assert sides[0]
    assert sides[1]
    assert not sides[0] & sides[1]


def test_one_stream_needs_no_weight(tmp_path: Path) -> None:
    stream = read_pairs_source(made.parquet(tmp_path / "pairs.parquet", made.rows(9)), streaming=True)
    assert Mixture([(stream, None)], batch_size=4, epoch_size=8).steps == 2
    with pytest.raises(PretrainingError, match="a stream has no length: say how many examples are an epoch"):
        Mixture([(stream, None), (stream, None)], batch_size=4)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"split": "validation"}, "has no splits; leave out split=validation"),
        ({"label_column": "known"}, "the column known holds no names of classes: name another one"),
        ({"label_column": "label", "templates": ["{} of {x}"]}, "needs one {}, where the class goes"),
        ({"label_column": "label", "templates": []}, "templates: give one at least"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    table = pa.table({"image": [made.png(0)], "label": ["sea"], "known": [[{"a": 1}]]})
    pq.write_table(table, tmp_path / "pairs.parquet")
    with pytest.raises(PretrainingError) as error:
        read_pairs_source(tmp_path / "pairs.parquet", **options)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--replay", "old.parquet:inf"], "--replay old.parquet:inf: write DATASET:SHARE"),
        (["--replay", "old.parquet"], "write DATASET:SHARE, such as old.parquet:0.5"),
        (["--replay", "two.yaml:0.5"], "lists 2 sources; give each a --replay of its own"),
        (["--replay", "none.yaml:0.5"], "none.yaml: cannot be read"),
        (["--negatives", "nowhere.txt"], "--negatives nowhere.txt: cannot be read"),
        (
            ["--negatives", "blank.txt"],
            "--negatives blank.txt: is empty; write a text a line, or leave it out",
        ),
        (
            ["--negatives", "latin.txt"],
            "--negatives latin.txt: is not UTF-8 text (invalid continuation byte at byte 1)",
        ),
        (["--validation", "pairs.csv:0"], "pairs.csv: its weight is 0: give one above 0"),
        (["--validation", "pairs.csv:-1"], "pairs.csv: its weight is -1: give one above 0"),
    ],
)
def test_bad_options_are_one_line(
    rsvlm_command: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    options: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    made.table(tmp_path / "pairs.csv", ["filepath", "caption"], [[image(tmp_path, "a.png", 1), "x"]])
    (tmp_path / "blank.txt").write_text("\n \n", "utf-8")
    (tmp_path / "latin.txt").write_bytes("Wälder".encode("latin-1"))
    (tmp_path / "two.yaml").write_text("- data: pairs.csv\n- data: pairs.csv\n", "utf-8")
    assert rsvlm_command("pretrain", "pairs.csv", "--out", "out", *options) == 2
    assert says in " ".join(capsys.readouterr().err.split())


def test_the_sigmoid_loss_begins_as_siglips_where_a_model_has_no_bias(tmp_path: Path) -> None:
    model, pairs = made.small_model(tmp_path / "model"), made.coloured_pairs(tmp_path / "pairs")

    def first_loss(scale: float | None) -> float:
        out = tmp_path / f"scale {scale}"
        training = TrainingSettings(epochs=1, precision="fp32", loss="sigmoid", scale=scale, seed=3)
        rsvlm.pretrain(pairs, out=out, encoder=model, training=training, batch_size=12, held_out=0)
        return float(read_metrics(out)[0]["loss"])

    assert first_loss(None) == first_loss(10.0)
    # where cosines count for nothing: of 12 texts one is right, and 11 are wrong; without a bias it were 12 log 2
    assert first_loss(1e-6) == pytest.approx(np.log1p(np.exp(10)) + 11 * np.log1p(np.exp(-10)), abs=1e-3)


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    import resource

    import torch

    from rsvlm.models.tensor_files import write_tensors

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"weights.safetensors: cannot be written \(.*"):
            write_tensors({"a": torch.zeros(10_000)}, tmp_path / "weights.safetensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_what_was_used_and_what_not_is_counted(tmp_path: Path, rsvlm_command: Any, capsys: Any) -> None:
    """Of 16 pairs 2 have no picture that can be read, and all captions are longer than the model reads."""
    model, pairs = made.small_model(tmp_path / "model"), made.coloured_pairs(tmp_path / "pairs", 16)
    text = pairs.read_text(encoding="utf-8")
    text = text.replace("water", "field").replace("field", "field" + " of green" * 80)
    pairs.write_text(text, encoding="utf-8")
    (pairs.parent / "03.png").write_bytes(b"nothing")
    (pairs.parent / "04.png").unlink()
    out = tmp_path / "adapter"
    command = [
        "pretrain",
        pairs,
        "--encoder",
        model,
        "--out",
        out,
        "--held-out",
        "0",
        "--epochs",
        "1",
        "--loss",
        "sigmoid",
    ]
    assert rsvlm_command(*command) == 0
    cut = "14 of 14 captions, of all epochs, were longer than the model reads (77 tokens), and were cut."
    assert cut in " ".join(capsys.readouterr().err.split())
    card = (out / "README.md").read_text(encoding="utf-8")
    for said in (cut, f"| {pairs} | 14 of 16 learned from |", "| scale | 10, bias -10 |"):
        assert said in card


def test_held_out_images_without_a_caption_are_counted(tmp_path: Path) -> None:
    whole = made.coloured_pairs(tmp_path / "whole", 3)
    lines = [*whole.read_text(encoding="utf-8").splitlines(), "none.png,", "torn.png,a field"]
    (whole.parent / "torn.png").write_bytes(b"nothing")
    whole.write_text("\n".join(lines), encoding="utf-8")
    held = HeldOut([read_pairs_source(whole)], seed=0)
    lacking = "1 of the 5 held-out images has no caption, or no picture, and is left out: none.png"
    assert held.note == lacking
    held.score(ColourEncoder())
    assert str(held.note).startswith(
        f"{lacking}. 1 of the 4 held-out images cannot be read, and are left out"
    )


def test_a_run_whose_disk_is_full_keeps_what_was_done(tmp_path: Path) -> None:
    """On a disk of its own, which this process can make where the system lets it."""
    small = tmp_path / "small"
    small.mkdir()
    model, pairs = made.small_model(tmp_path / "model"), made.coloured_pairs(tmp_path / "pairs")
    mount = f"mount -t tmpfs -o size=1200k none '{small}'"
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*alone, mount], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    command = f"{sys.executable} -m rsvlm pretrain '{pairs}' --encoder '{model}' --out '{small}/adapter' --held-out 0"
    run = f"{command} --epochs 4 --batch-size 12 --whole image:all --sides image --rank 0"
    script = f"{mount} && {{ {run}; echo code $?; ls {small}/adapter {small}/adapter/work; }}"
    environment = {**os.environ, "HF_DATASETS_CACHE": str(tmp_path / "datasets")}
    done = subprocess.run([*alone, script], capture_output=True, text=True, encoding="utf-8", env=environment)
    said = done.stderr.strip().splitlines()[-1]
    assert said == f"rsvlm: no space left for {small}/adapter: free some, then the same command begins again"
    listed = done.stdout.split()
    assert listed[:2] == ["code", "1"]
    assert {"epochs.jsonl", "metrics.jsonl", "epoch-0.safetensors"} <= {*listed}
    assert not any(name.endswith(".tmp") for name in listed)


@pytest.mark.parametrize("name", ["../../escaped.jpg", "/tmp/escaped.jpg", "a\\b.jpg", ".."])
def test_an_export_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptioningError, match="which is no name of a file"):
        _save_image(tmp_path, "images", {"image": {"path": name, "bytes": b"x"}})
    assert list(tmp_path.rglob("*")) == []


def test_a_folder_called_like_a_model_that_ships_is_not_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rsvlm.models.writing import _anywhere

    monkeypatch.chdir(tmp_path)
    for name in ("built-in", "mine"):
        (tmp_path / name).mkdir()
    assert (_anywhere("built-in"), _anywhere("mine")) == ("built-in", str(tmp_path / "mine"))


@pytest.mark.parametrize("at_the_end_of_an_epoch", [False, True])
def test_ctrl_c_keeps_the_steps_that_were_made(tmp_path: Path, at_the_end_of_an_epoch: bool) -> None:
    """And the run goes on to the losses of one that was not stopped."""
    model, pairs = made.small_model(tmp_path / "model"), made.coloured_pairs(tmp_path / "pairs")
    options: Any = {
        "encoder": model, "lora": LoraSettings(rank=4, alpha=8), "batch_size": 12, "held_out": 0.2,
        "training": TrainingSettings(epochs=2, learning_rate=3e-3, precision="fp32", scale=10.0, seed=3),
    }  # fmt: skip

    class Stopping(Watcher):
        def step(self, line: dict[str, Any], steps: int) -> None:
            if line["total"] == (steps // 2 if at_the_end_of_an_epoch else steps // 2 - 1):
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        rsvlm.pretrain(pairs, out=tmp_path / "stopped", watcher=Stopping(), **options)
    assert (tmp_path / "stopped" / CHECKPOINT).exists()
    made_steps = read_metrics(tmp_path / "stopped")
    assert {line["epoch"] for line in made_steps} == {0}
    assert made_steps
    rsvlm.pretrain(pairs, out=tmp_path / "stopped", **options)
    rsvlm.pretrain(pairs, out=tmp_path / "whole", **options)
    one, two = ([line["loss"] for line in read_metrics(tmp_path / name)] for name in ("stopped", "whole"))
    assert len(made_steps) == len(two) // 2 - (not at_the_end_of_an_epoch)
    assert np.allclose(one, two, rtol=0, atol=1e-6)


def test_a_second_ctrl_c_stops_at_once_and_threads_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    with finishing_steps(alone=True) as stopping:
        assert not stopping()
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    seen: list[Any] = []

    def inside() -> None:
        with finishing_steps(alone=True) as stopping:
            seen.append(stopping())

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [False]


def test_a_caption_a_line_makes_an_image_a_row(tmp_path: Path) -> None:
    lines = [
        [image(tmp_path, f"{n}.png", n), f"caption {number} of {n}", n]
        for number in range(3)
        for n in range(4)
    ]
    source = read_pairs_source(made.table(tmp_path / "pairs.csv", ["filepath", "caption", "latitude"], lines))
    assert len(source) == 4
    assert source[1].captions == ("caption 0 of 1", "caption 1 of 1", "caption 2 of 1")
    assert [fact.key for fact in source.facts()] == ["0.png", "1.png", "2.png", "3.png"]
    mixture = Mixture([(source, None)], batch_size=4)
    assert all(len({draw.row for draw in batch}) == 4 for batch in mixture.batches(0))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_labels_that_are_numbers_with_gaps_are_no_names(tmp_path: Path, kind: str) -> None:
    names = [image(tmp_path, f"{n}.png", n) for n in range(3)]
    file = tmp_path / f"pairs.{kind}"
    if kind == "csv":
        made.table(file, ["path", "label"], list(zip(names, ["", "0.0", "1.0"], strict=True)))
    else:
        pq.write_table(pa.table({"path": names, "label": pa.array([None, 0.0, 1.0])}), file)
    with pytest.raises(
        PretrainingError, match="its labels are numbers, and nothing says what they stand for"
    ):
        read_pairs_source(file)
    (tmp_path / "classnames.txt").write_text("hill\nlake\n", encoding="utf-8")
    source = read_pairs_source(file, templates=["{}"])
    assert [example.captions for example in source] == [(), ("hill",), ("lake",)]


def test_lists_of_captions_in_cells(tmp_path: Path) -> None:
    cells = [repr(["a hill", "it's green"]), json.dumps(["a lake", "water"]), "[plain] text"]
    lines = [[image(tmp_path, f"{n}.png", n), cell] for n, cell in enumerate(cells)]
    source = read_pairs_source(made.table(tmp_path / "pairs.csv", ["path", "captions"], lines))
    assert [example.captions for example in source] == [
        ("a hill", "it's green"), ("a lake", "water"), ("[plain] text",)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["bytes", "path", "path of bytes", "no path", "no bytes"])
def test_a_caption_a_row_of_parquet_makes_an_image_a_row(tmp_path: Path, kind: str) -> None:
    forms: dict[str, Any] = {
        "bytes": lambda n: made.png(n % 4),
        "path": lambda n: f"{n % 4}.png",
        "path of bytes": lambda n: {"path": "image.png", "bytes": made.png(n % 4)},  # all called alike
        "no path": lambda n: {"path": None, "bytes": made.png(n % 4)},
        "no bytes": lambda n: {"path": f"{n % 4}.png", "bytes": None},
    }
    columns = {
        "image": [*map(forms[kind], range(12)), None, None],
        "captions": [[f"caption {n // 4} of {n % 4}"] for n in range(12)] + [["none"], ["none"]],
        "latitude": [float(n % 4) for n in range(12)] + [50.0, 51.0],
    }
    pq.write_table(pa.table(columns), tmp_path / "pairs.parquet")
    source = read_pairs_source(tmp_path / "pairs.parquet")
    assert len(source) == 6
    assert source[1].captions == ("caption 0 of 1", "caption 1 of 1", "caption 2 of 1")
    assert source.take([3, 1])[0].captions == ("caption 0 of 3", "caption 1 of 3", "caption 2 of 3")
    assert [fact.key for fact in source.facts()] == [example.key for example in source]


def test_names_that_repeat_do_not_make_images_one(tmp_path: Path) -> None:
    images = [{"path": name, "bytes": made.png(n)} for n, name in ((0, "a"), (1, "a"), (0, "b"))]
    columns = {"image": images, "text": ["one", "two", "three"]}
    assert len(read_pairs_source(made.parquet(tmp_path / "pairs.parquet", columns))) == 3


@pytest.mark.parametrize("inside", ["", "train"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_folder_of_images_with_metadata(tmp_path: Path, inside: str, kind: str) -> None:
    folder = tmp_path / "set" / inside
    lines = [[image(folder, f"class {n % 2}/{n}.png", n), f"text {n}"] for n in range(4)]
    if kind == "csv":
        made.table(folder / "metadata.csv", ["file_name", "text"], lines)
    else:
        rows = [json.dumps({"file_name": name, "text": text}) for name, text in lines]
        (folder / "metadata.jsonl").write_text("\n".join(rows), encoding="utf-8")
    source = read_pairs_source(tmp_path / "set")
    assert [example.captions for example in source] == [(f"text {n}",) for n in range(4)]
    assert all(Path(str(example.image)).is_file() for example in source)


@pytest.mark.parametrize("form", ["coco", "karpathy", "records"])
def test_a_json_of_captions(tmp_path: Path, form: str, rsvlm_command: Any, capsys: Any) -> None:
    names = [image(tmp_path / "images", f"{n}.png", n) for n in range(4)]
    texts = {name: [f"a {n}", f"b {n}"] for n, name in enumerate(names)}
    records = [{"image": f"images/{name}", "caption": said} for name, said in texts.items()]
    karpathy = [
        {
            "filename": name,
            "split": "train" if n else "test",
            "sentences": [{"raw": text} for text in texts[name]],
        }
        for n, name in enumerate(names)
    ]
    coco = {
        "images": [{"id": n, "file_name": name} for n, name in enumerate(names)],
        "annotations": [
            {"image_id": n, "caption": text} for n, name in enumerate(names) for text in texts[name]
        ],
    }
    content = {"coco": coco, "karpathy": {"images": karpathy}, "records": records}[form]
    file = tmp_path / "pairs.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    known = names[1:] if form == "karpathy" else names
    for streaming in (False, True):
        source = read_pairs_source(file, streaming=streaming)
        assert [example.captions for example in source] == [tuple(texts[name]) for name in known]
        assert [Path(str(one.image)) for one in source] == [tmp_path / "images" / name for name in known]
    if form == "karpathy":
        assert [one.captions for one in read_pairs_source(file, split="test")] == [("a 0", "b 0")]
        file.write_text(json.dumps({"images": karpathy[:1]}), encoding="utf-8")
        with pytest.raises(PretrainingError, match=r"has no image of the split train; its splits are test"):
            read_pairs_source(file)
    else:
        with pytest.raises(PretrainingError, match="split"):
            read_pairs_source(file, split="test")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "pairs.json: is no JSON"),
        ("[1, 2]", "pairs.json: is no list of records, such as"),
        ('{"type": "FeatureCollection"}', "pairs.json: is no json with `images`"),
    ],
)
def test_another_json_is_refused_in_a_line(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "pairs.json").write_text(content, encoding="utf-8")
    with pytest.raises(PretrainingError) as error:
        read_pairs_source(tmp_path / "pairs.json")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["csv", "parquet", "stream"])
@pytest.mark.parametrize(
    ("names", "given"), [(("caption_1", "caption_2"), None), (("short", "long"), "short, long")]
)
def test_a_column_for_each_caption(
    tmp_path: Path, names: tuple[str, str], given: str | None, kind: str
) -> None:
    lines = [[image(tmp_path, f"{n % 3}.png", n % 3), f"a {n}", "" if n == 1 else f"b {n}"] for n in range(4)]
    if kind == "csv":
        file = made.table(tmp_path / "pairs.csv", ["filename", *names], lines)
    else:
        columns = dict(zip(("filename", *names), map(list, zip(*lines, strict=True)), strict=True))
        file = made.parquet(tmp_path / "pairs.parquet", columns)
    source = read_pairs_source(file, caption_column=given, streaming=kind == "stream")
    wanted = [("a 0", "b 0"), ("a 1",), ("a 2", "b 2"), ("a 3", "b 3")]
    if kind != "stream":  # the last row is of the first one's image
        wanted = [(*wanted[0], *wanted[3]), *wanted[1:3]]
    assert [example.captions for example in source] == wanted
    with pytest.raises(PretrainingError, match=r"has no column other; its columns are filename, "):
        read_pairs_source(file, caption_column=f"{names[0]},other")


def test_lines_of_json(tmp_path: Path) -> None:
    rows = [{"image": image(tmp_path, f"{n}.png", n), "caption": [f"a {n}", f"b {n}"]} for n in (0, 1)]
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(map(json.dumps, [*rows, *rows])), encoding="utf-8")
    for source in (read_pairs_source(file), read_pairs_source(file, streaming=True)):
        assert next(iter(source)).image == str(tmp_path / "0.png")
    assert read_pairs_source(file)[1].captions == ("a 1", "b 1", "a 1", "b 1")
    file.write_text('{"image": "0.png", "caption"\n', encoding="utf-8")
    with pytest.raises(PretrainingError, match=r"pairs\.jsonl: cannot be read") as error:
        read_pairs_source(file)
    assert "\n" not in str(error.value)


def test_held_out_images_that_cannot_be_read_are_no_wrong_answers(tmp_path: Path) -> None:
    whole = made.coloured_pairs(tmp_path / "whole", 3)
    lines = whole.read_text(encoding="utf-8").splitlines()
    torn = whole.with_name("torn.csv")
    (whole.parent / "torn.png").write_bytes(b"nothing")
    torn.write_text("\n".join([*lines, "torn.png,a torn field", "gone.png,a red field"]), encoding="utf-8")
    wanted, held = HeldOut([read_pairs_source(whole)], seed=0), HeldOut([read_pairs_source(torn)], seed=0)
    assert held.score(ColourEncoder()) == pytest.approx(wanted.score(ColourEncoder()), nan_ok=True)
    assert wanted.note is None
    assert held.note is not None
    assert held.note.startswith("2 of the 5 held-out images cannot be read, and are left out; the first: ")
    assert "torn.png" in held.note
    judge = Judge()
    judge.held_out = held
    assert [(one.name, one.n) for one in judge.measure(ColourEncoder())] == [("held-out pairs", 3)]
    assert judge.notes == [held.note]


def test_bands_are_named_in_a_list_of_sources(tmp_path: Path) -> None:
    import rasterio

    profile = {
        "driver": "GTiff", "width": 8, "height": 8, "count": 4, "dtype": "uint8", "photometric": "MINISBLACK",
        "transform": rasterio.Affine(1e-4, 0, 5, 0, -1e-4, 50), "crs": "EPSG:4326",
    }  # fmt: skip
    with rasterio.open(tmp_path / "a.tif", "w", **profile) as file:
        file.write(np.arange(4, dtype=np.uint8)[:, None, None] * np.full((8, 8), 50, np.uint8))
    made.table(tmp_path / "pairs.csv", ["path", "text"], [["a.tif", "a field"]])
    (tmp_path / "list.yaml").write_text(
        "- {data: pairs.csv}\n- {data: pairs.csv, bands: [nir, blue, green, red], stretch: none}\n",
        encoding="utf-8",
    )
    unnamed, named = (spec.source() for spec in read_specs(tmp_path / "list.yaml"))
    with pytest.raises(
        PretrainingError, match=r"sensor: .* bands: \[red, .*, for this source in a .yaml of sources$"
    ):
        picture_of(unnamed[0])
    assert np.asarray(picture_of(named[0]))[0, 0].tolist() == [150, 100, 50]
    assert HeldOut([named], seed=0).score(ColourEncoder()).n == 1


@pytest.mark.parametrize("streaming", [False, True])
def test_what_datasets_saved_to_the_disk(tmp_path: Path, streaming: bool) -> None:
    saved = datasets.Dataset.from_dict({"image": [made.png(n) for n in (0, 1, 1)], "text": ["a", "b", "c"]})
    saved.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": saved, "test": saved.select([1])}).save_to_disk(tmp_path / "several")
    wanted = [("a",), ("b",), ("c",)] if streaming else [("a",), ("b", "c")]
    for name in ("one", "several"):
        source = read_pairs_source(tmp_path / name, streaming=streaming)
        assert [example.captions for example in source] == wanted
        assert next(iter(source)).image == made.png(0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"path,text\na.png,W\xe4lder\n",
            "is not UTF-8 text (invalid continuation byte at byte 17); save it as UTF-8",
        ),
        (b"path,text\n" + b"a.png,field\n" * 30000 + b"a.png,W\xe4lder\n", "is not UTF-8 text (invalid"),
        (b"\npath,text\na.png,field\n", "its first line does not name its columns, as a csv's does"),
    ],
)
def test_a_csv_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "pairs.csv").write_bytes(content)
    with pytest.raises(PretrainingError) as error:
        read_pairs_source(tmp_path / "pairs.csv")
    assert f"pairs.csv: {says}" in str(error.value)
    assert "\n" not in str(error.value)
