"""A split that is asked for is the one that is read, or there is an error."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eval_pictures import Colours, picture, png, write_parquet  # type: ignore[import-not-found] # beside this file

from rsvlm.datasets import DatasetError, read_eval_set
from rsvlm.datasets.splits import split_name, splits_of
from rsvlm.eval.layout import find_sets
from rsvlm.eval.suite import run_suite
from rsvlm.eval.suite_options import SuiteOptions

NOTHING = "nothing says what of it is the split test"


def write_csv(path: Path, header: str = "path,label,split") -> Path:
    """Two images a split, of which the tests have other colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for split, names in (("train", ("red", "blue")), ("val", ("red", "blue")), ("Test", ("green", "red"))):
        for row, name in enumerate(names):
            picture(name, row + 10 * len(split)).save(path.parent / f"{split}{row}.png")
            rows.append(f"{split}{row}.png,{name},{split}")
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_a_column_says_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv")
    test = read_eval_set(path, split="test")
    assert (test.keys, test.split) == (("Test0.png", "Test1.png"), "test")
    assert test.labels == (("green",), ("red",))
    assert read_eval_set(path, split="validation").keys == read_eval_set(path, split="val").keys
    assert read_eval_set(tmp_path, split="train").keys == ("train0.png", "train1.png")  # the only csv there
    assert len(read_eval_set(path)) == 6
    with pytest.raises(
        DatasetError, match="no row of the split extra; its splits are test, train, validation"
    ):
        read_eval_set(path, split="extra")
    names = ["red", "blue", "green"]
    own = {"label": names, "split": ["train", "test_A", None], "value": [1, 2, 3]}
    pq.write_table(pa.table({"image": [png(name) for name in names], **own}), tmp_path / "b.parquet")
    found = read_eval_set(tmp_path / "b.parquet", split="test_A")
    assert (found.labels, found.split) == ((("blue",),), "test_A")
    assert found.targets["value"].tolist() == [2]


def test_a_column_of_other_things_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a_test.csv"
    path.write_text("path,split\na.png,0.1\nb.png,0.9", encoding="utf-8")
    assert len(read_eval_set(path, split="test")) == 2
    with pytest.raises(DatasetError, match="its name says that it is the split test, not train"):
        read_eval_set(path, split="train")


@pytest.mark.parametrize(
    "name",
    [
        "test.parquet",
        "ucm_test.parquet",
        "test-00000-of-00002.parquet",
        "sky_test_5K.parquet",
        "TEST.parquet",
    ],
)
def test_the_name_of_a_file_says_it(tmp_path: Path, name: str) -> None:
    path = write_parquet(tmp_path / name, ["red"])
    assert read_eval_set(path, split="test").split == "test"
    with pytest.raises(DatasetError, match="its name says that it is the split test, not validation"):
        read_eval_set(path, split="val")


def test_what_is_not_divided_has_no_split(tmp_path: Path) -> None:
    table = write_parquet(tmp_path / "a" / "colours.parquet", ["red"])
    with pytest.raises(DatasetError, match=NOTHING):
        read_eval_set(table, split="test")
    for folder in (tmp_path / "scenes", tmp_path / "test"):
        (folder / "red").mkdir(parents=True)
        picture("red").save(folder / "red" / "a.png")
    with pytest.raises(DatasetError, match=NOTHING):
        read_eval_set(tmp_path / "scenes", split="test")
    assert read_eval_set(tmp_path / "test", split="test").split == "test"
    (tmp_path / "pairs" / "shards").mkdir(parents=True)
    (tmp_path / "pairs" / "manifest.json").write_text(
        "{}", encoding="utf-8"
    )  # that of a pairs dataset, not read
    with pytest.raises(DatasetError, match=NOTHING):
        read_eval_set(tmp_path / "pairs", split="test")
    patch = tmp_path / "patches" / "P_1"
    patch.mkdir(parents=True)
    (patch / "P_1_labels_metadata.json").write_text('{"labels": ["Pastures"]}', encoding="utf-8")
    with pytest.raises(DatasetError, match=NOTHING):
        read_eval_set(patch.parent, split="test")
    assert len(read_eval_set(patch.parent)) == 1


def test_several_that_are_one_split_are_refused(tmp_path: Path) -> None:
    for name in ("val", "dev", "test"):
        (tmp_path / "a" / name / "red").mkdir(parents=True)
        picture("red").save(tmp_path / "a" / name / "red" / "a.png")
        write_parquet(tmp_path / "b" / f"{name}.parquet", ["red"])
        write_csv(tmp_path / "c" / f"{name}.csv", "path,label,part")
    for place, ends in (("a", ""), ("b", ".parquet"), ("c", ".csv")):
        with pytest.raises(
            DatasetError, match=f"several that are the split validation, dev{ends}, val{ends}"
        ):
            read_eval_set(tmp_path / place, split="validation")
        assert read_eval_set(tmp_path / place, split="test").split == "test"
    write_parquet(tmp_path / "d" / "val-00000-of-00002.parquet", ["red"])
    write_parquet(tmp_path / "d" / "val-00001-of-00002.parquet", ["red"])
    assert len(read_eval_set(tmp_path / "d")) == 2


def write_json(path: Path, *splits: str) -> Path:
    images = [
        {"filename": f"{row}.png", "split": split, "sentences": [{"raw": "a field"}]}
        for row, split in enumerate(splits)
    ]
    path.write_text(json.dumps({"images": images}), encoding="utf-8")
    return path


def test_a_folder_s_splits_are_its_files_or_one_folder_or_table(tmp_path: Path) -> None:
    for name in ("val", "valid", "dev", "Test", "other"):
        (tmp_path / name).mkdir()
    for name in ("train-00001-of-00002", "train-00000-of-00002", "retrain", "train-1"):
        write_parquet(tmp_path / f"{name}.parquet", ["red"])
    for name in ("test.csv", "TRAIN.csv", "val.txt"):
        (tmp_path / name).write_text("path,label\n", encoding="utf-8")
    found = {split: [path.name for path in paths] for split, paths in splits_of(tmp_path).items()}
    assert found == {
        "train": ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"],
        "validation": ["dev", "val", "valid"],  # whoever reads it is told that they are several
        "test": ["Test"],
    }
    (tmp_path / "Test").rmdir()
    assert splits_of(tmp_path)["test"] == [tmp_path / "test.csv"]


def test_a_json_of_several_splits_asks_for_one(tmp_path: Path) -> None:
    path = write_json(tmp_path / "dataset_a.json", "train", "val", "test", "test")
    with pytest.raises(DatasetError, match="has several splits; choose one of test, train, validation"):
        read_eval_set(path)
    assert len(read_eval_set(path, split="test")) == 2
    only = read_eval_set(write_json(tmp_path / "dataset_b.json", "val", "val"))
    assert (len(only), only.split) == (2, "validation")


def test_a_suite_judges_the_test_rows_of_a_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "sets" / "colours" / "labels.csv", "path, label, split")
    (found,) = find_sets(tmp_path / "sets").sets
    assert found.train is not None
    assert found.validation is not None
    assert [len(one()) for one in (found.judged, found.train, found.validation)] == [2, 2, 2]
    report = run_suite(Colours(), tmp_path / "sets", tmp_path / "out", SuiteOptions(probes=("knn",)))
    assert report.problems == {}
    assert report.results["colours-test-zero-shot-rsvlm"].n == 2
    (tmp_path / "sets" / "colours" / "labels.csv").write_text(
        "path,label,split\na.png,red\n", encoding="utf-8"
    )
    report = run_suite(Colours(), tmp_path / "sets", tmp_path / "out", SuiteOptions(probes=()))
    assert "line 2 has fewer fields" in report.problems["colours"]


@pytest.mark.parametrize("stems", [("aid_train", "aid_test"), ("AID_Train", "AID_Test")])
def test_tables_of_one_set_in_any_case_are_one_set(tmp_path: Path, stems: tuple[str, str]) -> None:
    for stem in stems:
        write_csv(tmp_path / "sets" / "scenes" / f"{stem}.csv", "path,label,part")
    (found,) = find_sets(tmp_path / "sets").sets
    assert found.name.casefold() == "aid"
    assert found.train is not None
    assert found.judged().split == "test"


@pytest.mark.parametrize(
    ("given", "name"), [("val", "validation"), ("Dev", "validation"), (" test ", "test"), ("x", "x")]
)
def test_names_of_splits(given: str, name: str) -> None:
    assert split_name(given) == name
