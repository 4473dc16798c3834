"""Tables with a row for each caption, as SkyScript's, and how their columns are named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eval_pictures import NAMES, Colours, picture, png  # type: ignore[import-not-found] # beside this file

from rsvlm.datasets import DatasetError, EvalSet, read_eval_set
from rsvlm.eval import evaluate
from rsvlm.eval.captions import evaluate_captions
from rsvlm.eval.layout import find_sets

SAID = {f"{name}.png": [f"a {name} field", f"{name} land", f"all is {name}"] for name in NAMES}
ROWS = [(file, text) for file, texts in SAID.items() for text in texts]


def as_csv(folder: Path) -> Path:
    lines = ["filepath,title", *(f"{file},{text}" for file, text in ROWS)]
    path = folder / "colours_img_txt_pairs_test.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def as_paths(folder: Path) -> Path:
    table = pa.table({"filepath": [file for file, _ in ROWS], "title": [text for _, text in ROWS]})
    pq.write_table(table, folder / "paths.parquet")
    return folder / "paths.parquet"


def as_bytes(folder: Path) -> Path:
    images = [{"bytes": png(file.partition(".")[0]), "path": file} for file, _ in ROWS]
    table = pa.table({"image": images, "caption": [text for _, text in ROWS]})
    pq.write_table(table, folder / "bytes.parquet", row_group_size=2)
    return folder / "bytes.parquet"


def as_doubled_json(folder: Path) -> Path:
    images = [{"filename": file, "sentences": [{"raw": text}]} for file, text in ROWS]
    (folder / "doubled.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    return folder / "doubled.json"


@pytest.fixture
def karpathy(tmp_path: Path) -> EvalSet:
    """The same as json, an image with all its captions."""
    for file in SAID:
        picture(file.partition(".")[0]).save(tmp_path / file)
    images = [
        {"filename": file, "split": "test", "sentences": [{"raw": text} for text in texts]}
        for file, texts in SAID.items()
    ]
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"images": images}), encoding="utf-8")
    return read_eval_set(path)


@pytest.mark.parametrize("write", [as_csv, as_paths, as_bytes, as_doubled_json])
def test_rows_and_json_give_the_same_numbers(
    karpathy: EvalSet, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    rows = read_eval_set(write(tmp_path))
    assert rows.keys == karpathy.keys == tuple(SAID)
    assert rows.captions == karpathy.captions
    for protocol in ("skyscript", "remoteclip"):
        one, other = (
            evaluate("retrieval", data=data, encoder=Colours(), protocol=protocol)
            for data in (rows, karpathy)
        )
        assert one.metrics == other.metrics
        assert one.n == other.n == 3 + 9
    said = {file: texts[0] for file, texts in SAID.items()}
    scores = [evaluate_captions(said, data, synonyms=False) for data in (rows, karpathy)]
    assert scores[0].metrics == scores[1].metrics
    assert [(score.n, score.n_unanswered) for score in scores] == [(3, 0), (3, 0)]


def csv(folder: Path, *lines: str) -> EvalSet:
    path = folder / "a.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_eval_set(path)


def test_what_else_the_rows_say(tmp_path: Path) -> None:
    found = csv(
        tmp_path, "path,caption,label,yield,height,lat,lon", "b.png,one,red,1,5,10,20", "a.png,two,blue,3,6,1,2",
        "b.png,three,red,2,5,10,20", "b.png,,red,1,5,10,20",
    )  # fmt: skip
    assert found.keys == ("b.png", "a.png")
    assert found.captions == (("one", "three"), ("two",))
    assert found.labels == (("red",), ("blue",))
    assert not found.multi_label
    assert np.isnan(found.targets["yield"][0])  # its rows say 1 and 2
    assert found.targets["yield"][1] == 3
    assert found.targets["height"].tolist() == [5, 6]
    assert found.places is not None
    assert found.places.tolist() == [[20, 10], [2, 1]]


def test_items_to_be_classified_stay_as_many_as_they_are(tmp_path: Path) -> None:
    without = csv(tmp_path, "path,label", "a.png,red", "a.png,red", "b.png,blue")
    assert without.keys == ("a.png", "a.png #2", "b.png")
    same = csv(tmp_path, "path,label,caption", "a.png,red,x", "a.png,red,x", "b.png,blue,y")
    assert same.keys == ("a.png", "a.png #2", "b.png")
    with pytest.raises(
        DatasetError, match=r"the rows of a\.png have different labels, red and blue; give them"
    ):
        csv(tmp_path, "path,label,caption", "a.png,red,x", "a.png,blue,y")


def test_stored_images_of_one_name_are_told_apart_by_their_bytes(tmp_path: Path) -> None:
    images: list[dict[str, Any]] = [
        {"bytes": png(name), "path": "image.png"} for name in ("red", "blue", "red")
    ]
    images += [{"bytes": None, "path": None}] * 2
    pq.write_table(pa.table({"image": images, "caption": ["a", "b", "c", "d", "e"]}), tmp_path / "x.parquet")
    found = read_eval_set(tmp_path / "x.parquet")
    assert found.keys == ("image.png", "image.png #2", "x 3", "x 4")
    assert found.captions == (("a", "c"), ("b",), ("d",), ("e",))


def test_white_space_around_the_names_of_columns(tmp_path: Path) -> None:
    folder = tmp_path / "sets" / "colours"
    folder.mkdir(parents=True)
    picture("red").save(folder / "a.png")
    found = csv(folder, "path , label", "a.png, red")
    assert found.labels == (("red",),)
    assert find_sets(folder.parent).sets[0].judged().labels == (("red",),)
