"""One encoder on all the data sets of a folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_pictures import Colours, picture, write_parquet  # type: ignore[import-not-found] # beside this file

from rsvlm.eval import EvalError, EvalResult
from rsvlm.eval.floors import ColourHistogram
from rsvlm.eval.layout import find_sets
from rsvlm.eval.suite import run_suite
from rsvlm.eval.suite_means import suite_means
from rsvlm.eval.suite_options import SuiteOptions

NAMES = ["red", "green", "blue"]
QUICK = SuiteOptions(probes=("linear", "knn"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data sets in several layouts, and things that are none."""
    data = tmp_path / "sets"
    captions = [[f"a {name} field .", f"{name} land ."] for name in NAMES * 4]
    write_parquet(data / "colours" / "train.parquet", NAMES * 10, captions=captions[:1] * 30)
    write_parquet(data / "colours" / "test.parquet", NAMES * 4, seed=900, captions=captions)
    write_parquet(data / "fields" / "validation.parquet", [["red", "green"], ["blue"], ["green"]], seed=300)
    (data / "aid").mkdir()
    for row, name in enumerate(NAMES):
        picture(name, row).save(data / "aid" / f"{row}.png")
    rows = [f"{row}.png,{row}" for row in range(3)]
    (data / "aid" / "aid_img_txt_pairs_test.csv").write_text(
        "\n".join(["filepath,label", *rows]), encoding="utf-8"
    )
    (data / "aid" / "classnames.txt").write_text("\n".join(NAMES), encoding="utf-8")
    for part in ("before", "after", "EuroSAT"):
        (data / "pairs" / part).mkdir(parents=True)
        picture("red").save(data / "pairs" / part / "1.png")
    for name in ("Forest", "Sea_Lake"):
        (data / "eurosat-small" / name).mkdir(parents=True)
        picture("green").save(data / "eurosat-small" / name / "1.png")
    (data / "osm").mkdir()
    return data


def test_what_a_folder_holds(folder: Path) -> None:
    layout = find_sets(folder)
    assert [found.name for found in layout.sets] == ["aid", "colours", "eurosat-small", "fields"]
    assert [found.train is not None for found in layout.sets] == [False, True, False, False]
    assert set(layout.passed_over) == {"osm", "pairs"}
    assert all("nothing says what its images show" in reason for reason in layout.passed_over.values())


def test_a_run(folder: Path, tmp_path: Path) -> None:
    encoder = Colours()
    report = run_suite(encoder, folder, tmp_path / "out", QUICK)
    assert set(report.results) == {
        "aid-zero-shot-rsvlm", "eurosat-small-zero-shot-rsvlm", "fields-validation-zero-shot-rsvlm",
        "colours-test-zero-shot-rsvlm", "colours-test-retrieval-skyscript", "colours-test-retrieval-remoteclip",
        "colours-test-probe-linear", "colours-test-probe-knn", "aid-retrieval-classes",
        "eurosat-small-retrieval-classes", "colours-test-retrieval-classes",
    }  # fmt: skip
    assert report.problems == {}
    assert encoder.seen == 3 + 2 + 3 + 12 + 30  # each image once
    for name in ("aid-zero-shot-rsvlm", "colours-test-zero-shot-rsvlm", "colours-test-probe-linear"):
        assert report.results[name].metrics["accuracy"] == 1.0, name
    assert report.results["fields-validation-zero-shot-rsvlm"].metrics["map"] == 1.0
    assert "i2t_success@1" in report.results["colours-test-retrieval-remoteclip"].metrics
    summary = json.loads((tmp_path / "out" / "suite.json").read_text(encoding="utf-8"))
    assert set(summary["results"]) == set(report.results)
    assert set(summary["passed_over"]) == {"osm", "pairs"}
    shots = [r for r in report.results.values() if r.task == "zero-shot" and "accuracy" in r.metrics]
    assert summary["means"]["Classification/rsvlm/accuracy"] == pytest.approx(
        np.mean([result.metrics["accuracy"] for result in shots])
    )
    assert summary["means"]["Classification/rsvlm/map"] == 1.0


def test_a_stopped_run_goes_on_and_a_finished_one_is_read(folder: Path, tmp_path: Path) -> None:
    killed = Colours()

    def stop(what: str, images: int) -> None:
        if killed.seen >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_suite(killed, folder, tmp_path / "out", QUICK, progress=stop)
    assert not (tmp_path / "out" / "suite.json").exists()
    encoder = Colours()
    first = run_suite(encoder, folder, tmp_path / "out", QUICK)
    assert 0 < encoder.seen < 50
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*zero-shot*.json")}
    again = run_suite(Colours(), folder, tmp_path / "out", QUICK)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert {name: one.metrics for name, one in again.results.items()} == {
        n: r.metrics for n, r in first.results.items()
    }
    whole = run_suite(Colours(), folder, tmp_path / "other", QUICK)
    assert {name: one.metrics for name, one in whole.results.items()} == {
        n: r.metrics for n, r in first.results.items()
    }


def test_other_data_are_evaluated_anew_and_other_weights_elsewhere(folder: Path, tmp_path: Path) -> None:
    only = SuiteOptions(probes=("knn",), sets=("colours",), conventions=())
    run_suite(Colours(), folder, tmp_path / "out", only)
    names = ["green", "blue", "red"] * 4
    write_parquet(folder / "colours" / "test.parquet", names, seed=40, captions=[[name] for name in names])
    encoder = Colours()
    run_suite(encoder, folder, tmp_path / "out", only)
    assert encoder.seen == 12
    for name, value in (("revision", "2"), ("info", {"adapter": "mine"})):
        other = Colours()
        setattr(other, name, value)
        with pytest.raises(EvalError, match=r"holds the results of .*; name another folder"):
            run_suite(other, folder, tmp_path / "out", only)
        run_suite(other, folder, tmp_path / name, only)
        assert other.seen == 42


def test_a_floor_is_probed_only(folder: Path, tmp_path: Path) -> None:
    report = run_suite(ColourHistogram(), folder, tmp_path / "out", QUICK)
    assert set(report.results) == {"colours-test-probe-linear", "colours-test-probe-knn"}
    assert report.results["colours-test-probe-knn"].metrics["accuracy"] == 1.0


def test_a_set_that_cannot_be_evaluated_is_told_and_the_others_go_on(folder: Path, tmp_path: Path) -> None:
    (folder / "fields" / "validation.parquet").write_bytes(b"no parquet")
    report = run_suite(Colours(), folder, tmp_path / "out", SuiteOptions(probes=()))
    assert list(report.problems) == ["fields"]
    assert "aid-zero-shot-rsvlm" in report.results


def test_a_task_that_fails_does_not_take_the_others_along(folder: Path, tmp_path: Path) -> None:
    report = run_suite(Colours(), folder, tmp_path / "out", SuiteOptions(sets=("eurosat-small",), probes=()))
    assert report.problems == {}

    class Mute(Colours):  # type: ignore[misc]
        def encode_texts(self, texts: Any) -> Any:
            raise RuntimeError("out of memory")

    report = run_suite(Mute(), folder, tmp_path / "mute", SuiteOptions(sets=("colours",), probes=("knn",)))
    assert set(report.results) == {"colours-test-probe-knn"}
    assert report.problems["colours-test-zero-shot-rsvlm"] == "out of memory"


def test_what_there_is_not_is_refused_first() -> None:
    for options, message in (
        ({"protocols": ("clip",)}, "no protocol clip; take some of rsvlm"),
        ({"conventions": ("coco",)}, "no convention coco; take some of skyscript, remoteclip, classes"),
        ({"probes": ("svm",)}, "no probe svm; take some of linear"),
    ):
        with pytest.raises(EvalError, match=message):
            SuiteOptions(**options)  # type: ignore[arg-type]


def test_a_papers_protocol_takes_its_own_list_of_classes(folder: Path, tmp_path: Path) -> None:
    report = run_suite(
        Colours(), folder, tmp_path / "out", SuiteOptions(protocols=("skyscript",), sets=("aid",))
    )
    config = report.results["aid-zero-shot-skyscript"].config
    assert config["classes"] == NAMES
    assert config["templates"] == ["a satellite photo of {}.", "a satellite image of {}"]


def test_splits_are_kept_apart(folder: Path, tmp_path: Path) -> None:
    write_parquet(folder / "colours" / "validation.parquet", NAMES * 3, seed=600)
    report = run_suite(Colours(), folder, tmp_path / "out", SuiteOptions(probes=("knn",), sets=("colours",)))
    probe = report.results["colours-test-probe-knn"]
    assert probe.config["probe"]["chosen_on"] == "the validation items"
    assert probe.config["data"]["split"] == "test"
    assert probe.config["train"]["split"] == "train"


def test_nothing_to_evaluate(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="holds no mine; it has aid, colours"):
        run_suite(Colours(), folder, tmp_path / "out", SuiteOptions(sets=("mine",)))
    with pytest.raises(EvalError, match="no such folder"):
        find_sets(tmp_path / "nowhere")
    with pytest.raises(EvalError, match="holds no data set"):
        find_sets(folder / "pairs")
    write_parquet(tmp_path / "only" / "mine" / "train.parquet", ["red"])
    with pytest.raises(EvalError, match="holds no data set"):
        find_sets(tmp_path / "only")


def test_skyscripts_means() -> None:
    """The seven printed numbers of RemoteCLIP ViT-B-32 have the mean that is printed beside them."""
    printed = {
        "aid": 0.8705, "eurosat": 0.3074, "fmow": 0.1113, "millionaid": 0.4626, "patternnet": 0.5605, "nwpu": 0.6788,
        "rsicb256": 0.4455, "roof_shape": 0.3050, "smoothness": 0.2100, "surface": 0.4386,
    }  # fmt: skip

    def result(name: str, value: float, protocol: str = "skyscript") -> EvalResult:
        return EvalResult("zero-shot", name, {"accuracy": value}, n=1, config={"protocol": protocol})

    results = {name: result(name, value) for name, value in printed.items()}
    found = suite_means(results)
    assert found["skyscript-seven/skyscript"] == pytest.approx(0.4909, abs=5e-5)
    assert found["skyscript-fine-grained/skyscript"] == pytest.approx(np.mean([0.3050, 0.2100, 0.4386]))
    del results["fmow"]
    results["fmow-other"] = result("fmow", 0.5, "rsvlm")
    assert set(suite_means(results)) == {"skyscript-fine-grained/skyscript"}


def test_on_real_data_without_learning(data_dir: Path, tmp_path: Path) -> None:
    """All that is judged quickly: what has no training split, by an encoder that knows nothing of it."""

    class Grey(Colours):  # type: ignore[misc]
        def encode_texts(self, texts: Any) -> Any:
            rng = np.random.default_rng(len(texts))
            found = rng.normal(size=(len(texts), 3))
            return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    options = SuiteOptions(sets=("eurosat-multispectral", "bigearthnet-s2", "ucm"), probes=("knn",))
    report = run_suite(Grey(), data_dir, tmp_path, options)
    assert report.problems == {}
    assert {
        name: (one.n, one.n_failed) for name, one in report.results.items() if one.task == "zero-shot"
    } == {
        "bigearthnet-s2-zero-shot-rsvlm": (11, 0),
        "eurosat-multispectral-zero-shot-rsvlm": (60, 0),
        "ucm-validation-zero-shot-rsvlm": (210, 0),
    }
    assert report.results["ucm-validation-probe-knn"].metrics["accuracy"] > 1 / 21
    assert "harvey-pairs" in report.passed_over
