"""Data sets as their authors distribute them."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eval_pictures import Colours, picture, png, write_parquet  # type: ignore[import-not-found] # beside this file
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.datasets import (
    DatasetError,
    EvalSet,
    from_torchgeo,
    open_picture,
    read_bigearthnet,
    read_eval_set,
    read_karpathy,
)
from rsvlm.datasets.sets import unique_keys
from rsvlm.eval import EvalError
from rsvlm.eval.data import read_question_set, read_rsvqa, write_questions
from rsvlm.eval.vectors import image_vectors
from rsvlm.eval.vqa import read_questions
from rsvlm.imagery import ChipReader


def pixels(eval_set: EvalSet, row: int) -> Any:
    with ChipReader() as reader:
        return np.asarray(open_picture(eval_set.images[row], reader, eval_set.opening))


def test_class_folders(tmp_path: Path) -> None:
    for name, file in (("red", "a.png"), ("red", "sub/ä 2.png"), ("sea green", "a.png")):
        path = tmp_path / "colours" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(name.split()[-1]).save(path)
    (tmp_path / "colours" / "red" / "Thumbs.db").write_bytes(b"no image")
    (tmp_path / "colours" / ".cache").mkdir()
    found = read_eval_set(tmp_path / "colours")
    assert found.name == "colours"
    assert found.keys == ("red/a.png", "red/sub/ä 2.png", "sea green/a.png")
    assert found.labels == (("red",), ("red",), ("sea green",))
    assert found.classes == ("red", "sea green")
    assert np.array_equal(pixels(found, 2), np.asarray(picture("green")))
    assert found.sources[0]["files"] == 3


def test_split_folders_and_their_other_names(tmp_path: Path) -> None:
    for split in ("train", "val"):
        (tmp_path / split / "red").mkdir(parents=True)
        picture("red").save(tmp_path / split / "red" / "a.png")
    assert read_eval_set(tmp_path, split="validation").split == "validation"
    assert len(read_eval_set(tmp_path, split="val")) == 1
    with pytest.raises(DatasetError, match="several splits; choose one of train, validation"):
        read_eval_set(tmp_path)
    with pytest.raises(DatasetError, match="no split test"):
        read_eval_set(tmp_path, split="test")


def test_parquet_of_several_row_groups_and_files(tmp_path: Path) -> None:
    write_parquet(tmp_path / "test-00000-of-00002.parquet", ["red", "green", "blue"] * 4, group=5)
    write_parquet(tmp_path / "test-00001-of-00002.parquet", ["white"], seed=50)
    found = read_eval_set(tmp_path)
    assert found.split == "test"
    assert len(found) == 13
    assert found.labels is not None
    assert found.labels[12] == ("white",)
    for row in (12, 0, 11, 4, 5):  # backwards through the row groups, too
        name = found.labels[row][0]
        assert np.array_equal(pixels(found, row), np.asarray(picture(name, row if row < 12 else 50)))


def test_parquet_columns(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet", ["red", "blue"], captions=[["a red field ."], []], latitude=[48.5, None],
        longitude=[9.0, None], yield_t=[3.5, 4], datetime=["2021-05-01", ""], scene=["x", "y"], note=["p", "q"],
    )  # fmt: skip
    found = read_eval_set(path)
    assert found.captions == (("a red field .",), ())
    assert found.places is not None
    assert found.places[0].tolist() == [9.0, 48.5]
    assert np.isnan(found.places[1]).all()
    assert found.targets["yield_t"].tolist() == [3.5, 4.0]
    assert "note" not in found.targets
    assert found.times == ("2021-05-01", None)
    assert found.groups == ("x", "y")


def test_swapped_coordinates_are_told(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", ["red"], latitude=[139.0], longitude=[35.0])
    with pytest.raises(DatasetError, match="swapped"):
        read_eval_set(path)


def test_parquet_numbers_are_named_by_the_file_itself_or_a_list_beside_it(tmp_path: Path) -> None:
    table = pa.table({"image": [png("red"), png("blue")], "label": [0, 1]})
    pq.write_table(table, tmp_path / "bare.parquet")
    with pytest.raises(DatasetError, match="labels are numbers"):
        read_eval_set(tmp_path / "bare.parquet")
    features = {"info": {"features": {"label": {"names": ["Red", "Blue"], "_type": "ClassLabel"}}}}
    named = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(named, tmp_path / "named.parquet")
    assert read_eval_set(tmp_path / "named.parquet").labels == (("Red",), ("Blue",))
    label = features["info"]["features"]["label"]
    for several in ({"feature": label, "_type": "Sequence"}, {"feature": label, "_type": "List"}, [label]):
        metadata = {"huggingface": json.dumps({"info": {"features": {"label": several}}})}
        lists = pa.table({"image": table["image"], "label": [[1, 0], []]}).replace_schema_metadata(metadata)
        pq.write_table(lists, tmp_path / "lists.parquet")
        found = read_eval_set(tmp_path / "lists.parquet")
        assert (found.labels, found.multi_label) == ((("Blue", "Red"), ()), True)
    (tmp_path / "classnames.txt").write_text("rot\nblau\n", encoding="utf-8")
    assert read_eval_set(tmp_path / "bare.parquet").labels == (("rot",), ("blau",))


def test_a_path_without_bytes_is_a_file_whose_change_is_seen(tmp_path: Path) -> None:
    picture("red").save(tmp_path / "a.png")
    cells = [{"bytes": None, "path": "a.png"}, {"bytes": png("blue"), "path": "b.png"}, None]
    for values in (cells, [{"path": "a.png"}]):
        pq.write_table(
            pa.table({"image": values, **{name: ["?"] * len(values) for name in ("question", "answer")}}),
            tmp_path / "a.parquet",
        )
        found = read_eval_set(tmp_path / "a.parquet")
        path = str(tmp_path / "a.png")
        assert [getattr(image, "path", 0) for image in found.images] == [path, None, None][: len(values)]
        assert read_question_set(tmp_path / "a.parquet").images[0] == path
        before = found.state
        picture("green", seed=len(values)).resize((99, 99)).save(tmp_path / "a.png")
        assert found.state != before


def test_parquet_with_lists_of_labels(tmp_path: Path) -> None:
    found = read_eval_set(write_parquet(tmp_path / "a.parquet", [["red", "green"], ["blue"]]))
    assert found.multi_label
    assert found.labels == (("red", "green"), ("blue",))


def skyscript_csv(folder: Path, rows: list[str], classes: list[str], header: str = "filepath,label") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "classnames.txt").write_text("\n".join(classes), encoding="utf-8")
    path = folder / "aid_img_txt_pairs_test.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_skyscript_csv_by_name_and_by_number(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    picture("red").save(tmp_path / "images" / "a.png")
    by_name = read_eval_set(skyscript_csv(tmp_path / "one", ["images/a.png,red"], ["blue", "red"]))
    by_number = read_eval_set(skyscript_csv(tmp_path / "two", ["images/a.png,1"], ["blue", "red"]))
    assert by_name.labels == by_number.labels == (("red",),)
    assert by_name.classes == ("blue", "red")
    assert pixels(by_name, 0).shape == (8, 8, 3)  # the path is relative to the folder above
    with pytest.raises(DatasetError, match="only 2 class names"):
        read_eval_set(skyscript_csv(tmp_path / "three", ["images/a.png,2"], ["blue", "red"]))


def test_two_lists_of_labels(tmp_path: Path) -> None:
    path = skyscript_csv(tmp_path, ["a.png,flat,0"], ["flat"], "filepath,label_v1,label_v2")
    (tmp_path / "classnames_v2.txt").write_text("gabled", encoding="utf-8")
    assert read_eval_set(path).labels == (("flat",),)
    assert read_eval_set(path, label="label_v2").labels == (("gabled",),)
    with pytest.raises(DatasetError, match="no column label_v3"):
        read_eval_set(path, label="label_v3")


def test_csv_problems(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text, match in (
        ("path,label\n,red\n", "line 2 lacks its path"),
        ("path,label\na.png\n", "line 2 has fewer fields"),
        ("path,label\na.png,red,4\n", "line 2 has more fields"),
        ("name,label\na.png,red\n", "no column filepath"),
        ("path,label\n", "holds no images"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DatasetError, match=match):
            read_eval_set(path)
    path.write_bytes("path,label\nä.png,rot".encode("latin-1"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        read_eval_set(path)


def test_what_cannot_be_read_is_counted_and_not_dropped(tmp_path: Path) -> None:
    cut = png("red")[:60]
    (tmp_path / "cut.png").write_bytes(cut)
    picture("red").save(tmp_path / "Straße 1.png")
    csv = tmp_path / "a.csv"
    csv.write_text(
        "path,label\nStraße 1.png,red\nnowhere.png,red\ncut.png,blue\nStraße 1.png,red\n", encoding="utf-8"
    )
    found = read_eval_set(csv)
    assert found.keys == ("Straße 1.png", "nowhere.png", "cut.png", "Straße 1.png #2")
    vectors = image_vectors(Colours(), found)
    assert vectors.failed.tolist() == [False, True, True, False]
    assert np.isnan(vectors.values[1]).all()
    assert vectors.hashes[0] == vectors.hashes[3] != ""
    table = pa.table(
        {"image": [{"bytes": cut, "path": None}, {"bytes": None, "path": None}, {"bytes": b"x", "path": "x"}]}
    )
    pq.write_table(table, tmp_path / "b.parquet")
    assert image_vectors(Colours(), read_eval_set(tmp_path / "b.parquet")).failed.all()


def test_karpathy(tmp_path: Path) -> None:
    (tmp_path / "RSICD_images").mkdir()
    picture("red").save(tmp_path / "RSICD_images" / "a.png")
    content = {
        "dataset": "rsicd",
        "images": [
            {"filename": "a.png", "split": "test", "sentences": [{"raw": "one"}, {"raw": "two"}]},
            {"filename": "b.png", "split": "val", "sentences": []},
        ],
    }
    path = tmp_path / "dataset_rsicd.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    found = read_karpathy(path)
    assert (found.name, found.split, found.keys) == ("rsicd", "test", ("a.png",))
    assert found.captions == (("one", "two"),)
    assert pixels(found, 0).shape == (8, 8, 3)
    assert read_eval_set(path, split="validation").keys == ("b.png",)
    assert len(read_karpathy(path, split=None)) == 2
    with pytest.raises(DatasetError, match="its splits are test, val"):
        read_karpathy(path, split="train")
    for broken in ("[]", '{"images": [{"split": "test"}]}', '{"images": [{"filename": 3}]}', "{"):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(DatasetError, match="dataset_rsicd"):
            read_karpathy(path)


def rsvqa(folder: Path, **changes: Any) -> Path:
    """Two questions about one image, and one that was deleted, as RSVQA's three files have them."""
    parts = {
        "questions": [
            {
                "id": 0,
                "img_id": 7,
                "type": "presence",
                "question": "Is there a road?",
                "answers_ids": [0],
                "active": True,
            },
            {
                "id": 1,
                "img_id": 7,
                "type": "count",
                "question": "How many?",
                "answers_ids": [1],
                "active": True,
            },
            {"id": 2, "img_id": 8, "question": "gone", "active": False},
        ],
        "answers": [
            {"id": 0, "question_id": 0, "answer": "yes", "active": True},
            {"id": 1, "question_id": 1, "answer": 3, "active": True},
        ],
        "images": [{"id": 7, "active": True}, {"id": 8, "active": False}],
        **changes,
    }
    for what, entries in parts.items():
        (folder / f"LR_split_test_{what}.json").write_text(json.dumps({what: entries}), encoding="utf-8")
    return folder / "LR_split_test_questions.json"


def test_rsvqa(tmp_path: Path) -> None:
    (tmp_path / "Images_LR").mkdir()
    picture("red").save(tmp_path / "Images_LR" / "7.tif")
    found = read_rsvqa(rsvqa(tmp_path))
    assert [(one.key, one.golds, one.type) for one in found] == [
        ("0", ("yes",), "presence"),
        ("1", ("3",), "count"),
    ]
    assert Path(found[0].image) == tmp_path / "Images_LR" / "7.tif"
    write_questions(tmp_path / "own.jsonl", found)
    assert read_questions(tmp_path / "own.jsonl") == found


def test_rsvqa_problems(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="1 questions have no answer or no image, the first is 1"):
        read_rsvqa(rsvqa(tmp_path, answers=[{"id": 0, "question_id": 0, "answer": "yes", "active": True}]))
    with pytest.raises(EvalError, match="no active question"):
        read_rsvqa(rsvqa(tmp_path, questions=[]))
    rsvqa(tmp_path)
    (tmp_path / "LR_split_test_images.json").unlink()
    with pytest.raises(EvalError, match="LR_split_test_images"):
        read_rsvqa(tmp_path / "LR_split_test_questions.json")
    with pytest.raises(EvalError, match="ends with _questions"):
        read_rsvqa(tmp_path / "LR_split_test_answers.json")


def test_rsvqa_as_distributed() -> None:
    installed = find_spec("configilm")  # never imported: its own dependencies are many
    if installed is None or installed.origin is None:
        pytest.skip("configilm is not installed, which carries parts of RSVQA")
    folder = Path(installed.origin).parent / "extra" / "mock_data"
    counts = {}
    for path in sorted(folder.glob("RSVQA-*/*_questions.json")):
        found = read_rsvqa(path)
        counts[path.name.removesuffix("_questions.json")] = len(found)
        assert all(Path(one.image).is_file() for one in found)
    assert counts == {
        "LR_split_test": 400, "LR_split_train": 300, "LR_split_val": 500, "USGS_split_test": 300,
        "USGS_split_test_phili": 201, "USGS_split_train": 400, "USGS_split_val": 300,
    }  # fmt: skip


def test_bigearthnet(tmp_path: Path) -> None:
    for name, labels in (("P_2", ["Pastures", "Mixed forest"]), ("P_10", [])):
        (tmp_path / name).mkdir()
        content = json.dumps({"labels": labels, "acquisition_date": "2017-06-17 11:33:21"})
        (tmp_path / name / f"{name}_labels_metadata.json").write_text(content, encoding="utf-8")
    found = read_eval_set(tmp_path)
    assert found.keys == ("P_2", "P_10")
    assert found.labels == (("Pastures", "Mixed forest"), ())
    assert found.multi_label
    with pytest.raises(DatasetError, match="no patch"):
        read_bigearthnet(tmp_path / "P_2")


class Torchgeo:
    """What torchgeo's data sets for classification have in common."""

    classes = ("red", "blue")

    def __len__(self) -> int:
        return 2

    def __getitem__(self, row: int) -> dict[str, Any]:
        return {
            "image": np.stack([np.full((4, 5), 1000.0 * (band + row)) for band in range(4)]),
            "label": np.array(row),
        }


def test_torchgeo() -> None:
    found = from_torchgeo(Torchgeo(), "s2", bands=(3, 2, 1), value_range=(0, 3000))
    assert found.labels == (("red",), ("blue",))
    assert pixels(found, 0)[0, 0].tolist() == [255, 170, 85]
    assert pixels(found, 1).shape == (4, 5, 3)
    assert found.fingerprint is None  # nothing says which images they are, so nothing is kept
    with pytest.raises(DatasetError, match="no `classes`"):
        from_torchgeo([1], "none")


def test_take_keeps_all_in_step(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet", ["red", "blue", "green"], value=[1, 2, 3], lat=[1, 2, 3], lon=[4, 5, 6]
    )
    found = read_eval_set(path).take([2, 0])
    assert found.labels == (("green",), ("red",))
    assert found.targets["value"].tolist() == [3.0, 1.0]
    assert found.places is not None
    assert found.places.tolist() == [[6.0, 3.0], [4.0, 1.0]]
    assert found.fingerprint != read_eval_set(path).fingerprint


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path) -> None:
    first = read_eval_set(write_parquet(tmp_path / "a" / "test.parquet", ["red"]))
    same = read_eval_set(write_parquet(tmp_path / "b" / "test.parquet", ["red"]))
    other = read_eval_set(write_parquet(tmp_path / "c" / "test.parquet", ["red"], seed=9))
    assert first.fingerprint == same.fingerprint != other.fingerprint


@given(st.lists(st.sampled_from(["a", "b", "a #2", "a #3", ""])))
def test_keys_are_unique_and_in_order(names: list[str]) -> None:
    keys = unique_keys(names)
    assert len(set(keys)) == len(names)
    assert all(key.startswith(name) for key, name in zip(keys, names, strict=True))


def test_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file or folder"):
        read_eval_set(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"a data set is a folder of class folders, a \.parquet"):
        read_eval_set(tmp_path / "a.txt")
    with pytest.raises(DatasetError, match="no folder with images"):
        read_eval_set(tmp_path)


@pytest.mark.parametrize(
    ("name", "split", "n", "classes"),
    [
        ("eurosat-rgb", "validation", 2500, 10),
        ("ucm", "train", 1680, 21),
        ("rsicd", "validation", 1094, 31),
        ("rsscn7", None, 2800, 7),
    ],
)
def test_real_parquet(data_dir: Path, name: str, split: str | None, n: int, classes: int) -> None:
    found = read_eval_set(data_dir / name, split=split)
    assert len(found) == n
    assert len(found.label_names) == classes
    assert (found.captions is not None) == (name in ("ucm", "rsicd"))
    assert (found.places is not None) == (name == "eurosat-rgb")
    assert pixels(found, n - 1).ndim == 3
