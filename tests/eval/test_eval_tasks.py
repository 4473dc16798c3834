"""`rsvlm.evaluate` and its commands: probes, geolocation, search by class, stored vectors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from eval_pictures import NAMES, Colours, picture, write_parquet  # type: ignore[import-not-found] # beside this file

import rsvlm
from rsvlm.captioning.sample import SamplePaths
from rsvlm.datasets import DatasetError
from rsvlm.datasets.pairs import middles
from rsvlm.eval import EvalError, EvalSet, evaluate, read_eval_set
from rsvlm.eval.floors import ColourHistogram
from rsvlm.eval.layout import find_sets


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Pictures of three colours with places and a number that follows from the colour."""
    folder = tmp_path / "colours"
    for split, n, seed in (("train", 24, 0), ("validation", 6, 300), ("test", 9, 900)):
        labels = [NAMES[row % 3] for row in range(n)]
        write_parquet(
            folder / f"{split}.parquet", labels, seed=seed,
            latitude=[float(row % 7) * 3 for row in range(n)], longitude=[float(row % 3) * 20 for row in range(n)],
            wealth=[{"red": 1.0, "green": 5.0, "blue": 9.0}[label] for label in labels],
        )  # fmt: skip
    return folder


@pytest.mark.parametrize("kind", ["linear", "knn"])
def test_a_probe_finds_its_splits(colours: Path, kind: str) -> None:
    encoder = Colours()
    result = evaluate("probe", data=colours, encoder=encoder, kind=kind)
    assert result.metrics["accuracy"] == 1.0
    assert result.config["split"] == "test"
    assert result.config["train"]["split"] == "train"
    assert result.config["probe"]["chosen_on"] == "the validation items"
    assert result.config["protocol"] == kind
    assert result.config["encoder"]["name"] == "colours"
    assert encoder.seen == 24 + 6 + 9


def test_a_probe_of_the_validation_split_does_not_choose_on_it(colours: Path) -> None:
    result = evaluate("probe", data=colours, encoder=Colours(), split="validation")
    assert result.n == 6
    assert result.config["probe"]["chosen_on"] == "20% of the training items"


def test_few_shots_and_another_data_set_to_learn_from(colours: Path) -> None:
    result = evaluate(
        "probe",
        data=colours / "test.parquet",
        encoder=Colours(),
        kind="few-shot",
        train=colours / "train.parquet",
    )
    assert result.metrics["accuracy@16"] == 1.0
    assert set(result.groups["shots"]) == {"1", "2", "4", "8", "16"}


def test_numbers_by_spatial_folds(colours: Path) -> None:
    result = evaluate(
        "probe", data=colours, encoder=Colours(), split="train", folds="spatial", target="wealth", block=2.0,
        features=("image", "place"),
    )  # fmt: skip
    assert result.metrics["r2"] > 0.9
    assert set(result.groups["folding"]) == {"spatial", "random"}
    assert result.config["features"] == ["image", "place"]


def test_places_alone_need_no_encoder(colours: Path) -> None:
    result = evaluate("probe", data=colours, features=("place",))
    assert result.metrics["accuracy"] == 1.0  # the three colours lie 20 degrees apart
    assert "encoder" not in result.config


def test_a_floor_by_its_name(colours: Path) -> None:
    assert evaluate("probe", data=colours, encoder="colour-histogram", kind="knn").metrics["accuracy"] == 1.0
    with pytest.raises(EvalError, match="colour-histogram encodes images only"):
        evaluate("zero-shot", data=colours, encoder="colour-histogram", split="test")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "svm"}, "no probe 'svm'; take one of linear, knn"),
        ({"folds": "time"}, "folded by spatial, groups, random"),
        ({"folds": "random", "kind": "few-shot"}, "linear and knn probes are folded"),
        ({"features": ("smell",)}, "features smell: take some of image"),
        ({"target": "price"}, "has no numbers price; it has latitude, longitude, wealth"),
        ({"split": "train"}, "nothing to judge on beside train"),
        ({"train": "fold-3"}, "has no split fold-3 to learn from"),
        ({"shots": 3}, "probe has no option shots; it has kind, train, folds"),
    ],
)
def test_what_a_probe_cannot_do_is_one_line(colours: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        evaluate("probe", data=colours, encoder=Colours(), **options)


def test_a_set_in_memory_must_say_what_to_learn_from() -> None:
    given = EvalSet("two", [picture("red"), picture("blue")], ("a", "b"), (("red",), ("blue",)))
    with pytest.raises(EvalError, match="two: has no split train to learn from"):
        evaluate("probe", data=given, encoder=Colours())


def test_search_by_class(colours: Path) -> None:
    result = evaluate("retrieval", data=colours, encoder=Colours(), split="test", protocol="classes")
    assert result.metrics["t2i_map"] == result.metrics["i2i_map"] == 1.0
    # each image has two others of its class
    assert result.metrics["i2i_p@5"] == pytest.approx(2 / 5)
    assert result.metrics["t2i_p@5"] == pytest.approx(3 / 5)
    assert result.config["templates"]
    assert result.items is not None
    assert result.items["class"].to_pylist()[:3] == list(NAMES)
    captioned = read_eval_set(colours, split="test")
    with pytest.raises(EvalError, match="has no captions to search by"):
        evaluate("retrieval", data=captioned, encoder=Colours())


def test_geolocation_against_another_split(colours: Path) -> None:
    result = evaluate("geolocation", data=colours, encoder=Colours(), split="test", against="train")
    assert result.n == 9
    assert result.config["against"]["split"] == "train"
    assert result.config["n_items"] == 24
    alone = evaluate("geolocation", data=colours / "test.parquet", encoder=Colours())
    assert alone.config["same"] is True
    with pytest.raises(EvalError, match="has no places"):
        evaluate("geolocation", data=EvalSet("x", [picture("red")], ("a",)), encoder=Colours())


def test_no_such_task_and_no_encoder(colours: Path) -> None:
    with pytest.raises(EvalError, match="there are zero-shot, retrieval, probe, geolocation"):
        evaluate("guess", data=colours, encoder=Colours())
    with pytest.raises(EvalError, match="name an encoder"):
        evaluate("zero-shot", data=colours, split="test")


def test_classes_may_be_a_list_of_names(colours: Path) -> None:
    asked: dict[str, dict[str, Any]] = {
        "zero-shot": {},
        "retrieval": {"protocol": "classes"},
        "probe": {"kind": "knn"},
    }
    for task, options in asked.items():
        named, written = (
            evaluate(task, data=colours, encoder=Colours(), split="test", vocabulary=words, **options)
            for words in (list(NAMES), ",".join(NAMES))
        )
        assert named.metrics == written.metrics


def test_what_is_no_data_set_is_one_line(colours: Path) -> None:
    table = pq.read_table(colours / "test.parquet")
    for task in ("zero-shot", "probe"):
        with pytest.raises(EvalError, match=r"^data is a Table: name its folder or file, such as a parquet"):
            evaluate(task, data=table, encoder=Colours())


def test_stored_vectors_need_no_encoder(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "m.npz", images=np.eye(3), labels=np.arange(3), texts=np.eye(3), classes=np.array(NAMES)
    )
    result = rsvlm.evaluate("zero-shot", data=tmp_path / "m.npz", protocol="rs-transclip")
    assert result.metrics["accuracy"] == 1.0
    assert result.config["protocol"] == "rs-transclip"


def test_a_floor_knows_its_dimension() -> None:
    assert ColourHistogram().encode_images([picture("red")]).shape == (1, 512)


def test_the_shell(rsvlm_command: Any, colours: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "probe.json"
    assert rsvlm_command("eval", "probe", colours, "--encoder", "colour-histogram", "--out", out) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["metrics"]["accuracy"] == 1.0
    assert rsvlm_command("eval", "geolocation", colours, "--split", "test", "--against", "train", "--encoder",
                         "colour-histogram", "--json") == 0  # fmt: skip
    capsys.readouterr()
    assert rsvlm_command("eval", "probe", colours, "--features", "place", "--json") == 0
    assert json.loads(capsys.readouterr().out)["config"]["features"] == ["place"]
    assert rsvlm_command("eval", "probe", colours, "--kind", "svm", "--encoder", "colour-histogram") == 2
    assert "no probe 'svm'" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("file", "value"), [("RemoteCLIP", 95.22388), ("SkyCLIP50", 91.04478)])
def test_published_averages_in_the_shell(
    rsvlm_command: Any, data_dir: Path, capsys: Any, file: str, value: float
) -> None:
    stored = data_dir / "whurs19-embeddings" / f"{file}-ViT-B-32.npz"
    command = ["eval", "zero-shot", stored, "--classes", "whu-rs19", "--protocol", "rs-transclip"]
    assert rsvlm_command(*command, "--json") == 0
    found = json.loads(capsys.readouterr().out)["metrics"]["accuracy"]
    assert 100 * found == pytest.approx(value, abs=5e-6)
    assert rsvlm_command(*command) == 0
    assert f"published {value} %" in " ".join(capsys.readouterr().out.split())


def test_a_pairs_dataset_is_a_data_set(town: SamplePaths, tmp_path: Path) -> None:
    rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=tmp_path / "sets" / "pairs")
    given = read_eval_set(tmp_path / "sets" / "pairs")
    pair = next(iter(rsvlm.open_pairs(tmp_path / "sets" / "pairs")))
    assert (given.name, len(given), given.labels) == ("pairs", 64, None)
    assert (given.keys[0], given.captions and given.captions[0]) == (pair.key, (pair.caption,))
    assert pair.bbox is not None
    assert given.places is not None
    assert pair.bbox[0] < given.places[0, 0] < pair.bbox[2]
    assert pair.bbox[1] < given.places[0, 1] < pair.bbox[3]
    result = evaluate("retrieval", data=tmp_path / "sets" / "pairs", encoder=Colours())
    assert result.n == 128
    assert result.n_failed == 0
    (found,) = find_sets(tmp_path / "sets").sets
    assert found.judged().fingerprint == given.fingerprint
    (tmp_path / "sets" / "pairs" / "shards" / "00000.parquet").write_bytes(b"torn")
    with pytest.raises(DatasetError, match="shards missing or damaged: 00000"):
        read_eval_set(tmp_path / "sets" / "pairs")


def test_a_footprint_across_the_antimeridian_has_its_middle_there() -> None:
    found = middles([[179.0, -1.0, -178.0, 1.0], None, [10.0, 40.0, 12.0, 44.0]])
    assert found is not None
    assert np.allclose(found, np.array([[-179.5, 0], [np.nan, np.nan], [11, 42]]), equal_nan=True)
    assert middles([None, None]) is None
