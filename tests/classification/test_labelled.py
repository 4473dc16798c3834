"""Labelled images to calibrate on, in the forms in which they come."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from colours import plain  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.classification import ClassificationError, read_labelled

COLOURS = {"red": (200, 10, 10), "sea": (10, 10, 200)}


def png(name: str) -> bytes:
    content = io.BytesIO()
    Image.fromarray(plain(COLOURS[name])).save(content, "PNG")
    return content.getvalue()


def parquet(path: Path, images: list[Any], labels: list[Any], metadata: dict[str, Any] | None = None) -> Path:
    table = pa.table({"image": images, "label": labels})
    if metadata:
        table = table.replace_schema_metadata({"huggingface": json.dumps(metadata)})
    pq.write_table(table, path)
    return path


def shown(image: Any) -> Any:
    """The colour of a picture, or of the file at a path."""
    with Image.open(image) if isinstance(image, str) else image as picture:
        return picture.convert("RGB").getpixel((0, 0))


def test_class_folders_with_copies_and_with_what_is_no_class(tmp_path: Path) -> None:
    for name in COLOURS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(name))
    shutil.copy(tmp_path / "sea" / "1.png", tmp_path / "sea" / "2.png")
    (tmp_path / "@eaDir").mkdir()
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text("sea/1.png")
    found = read_labelled(tmp_path)
    assert found.labels == [("red",), ("sea",), ("sea",)]
    assert [shown(image) for image in found.images] == [COLOURS["red"], COLOURS["sea"], COLOURS["sea"]]


def test_a_broken_image_in_a_class_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "sea").mkdir()
    (tmp_path / "sea" / "1.png").write_bytes(png("sea")[:20])
    with pytest.raises(ClassificationError, match=r"1\.png"):
        read_labelled(tmp_path)


def test_parquet_as_datasets_writes_it(tmp_path: Path) -> None:
    """Labels are numbers, whose names stand in the metadata; images are bytes, or paths beside the file."""
    (tmp_path / "sea.png").write_bytes(png("sea"))
    names = {"info": {"features": {"label": {"names": ["red", "sea"], "_type": "ClassLabel"}}}}
    images = [{"bytes": png("red"), "path": "red.png"}, {"bytes": None, "path": "sea.png"}]
    found = read_labelled(parquet(tmp_path / "a.parquet", images, [0, 1], names))
    assert found.labels == [("red",), ("sea",)]
    assert [shown(image) for image in found.images] == list(COLOURS.values())


def test_parquet_of_names_lists_and_nothing(tmp_path: Path) -> None:
    images = [png("red")] * 4
    found = read_labelled(
        parquet(tmp_path / "a.parquet", images, [["sea", "red"], ["red"], None, ["none of these"]])
    )
    assert found.labels == [("sea", "red"), ("red",), (), ()]


def test_csv_of_paths(tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(png("red"))
    (tmp_path / "a.csv").write_text("path,label\nred.png ,red; sea\nred.png,none of these\nred.png,\n")
    found = read_labelled(tmp_path / "a.csv")
    assert found.labels == [("red", "sea"), (), ()]
    assert [shown(image) for image in found.images] == [COLOURS["red"]] * 3


def test_csv_of_skyscripts_sets(tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(png("red"))
    (tmp_path / "classnames.txt").write_text("sea\nred\n")
    (tmp_path / "a.csv").write_text("filepath,label_v1\nred.png,1\n")
    assert read_labelled(tmp_path / "a.csv").labels == [("red",)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "path,name\nred.png,red\n", "has no labels"),
        ("a.csv", "name,label\nred.png,red\n", "has no column filepath"),
        ("a.csv", "path,label\n", "holds no images"),
        ("a.csv", "path,label\n,red\n", "line 2 lacks its path"),
        ("a.csv", "path,label\nred.png,0\n", "nothing says what they stand for"),
        ("a.parquet", "PAR1", "no parquet file that can be read"),
        ("a.txt", "red.png red", "a data set is a folder of class folders"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ClassificationError, match=said) as caught:
        read_labelled(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_places_with_nothing_in_them(tmp_path: Path) -> None:
    with pytest.raises(ClassificationError, match="there is no such file or folder"):
        read_labelled(tmp_path / "nowhere")
    (tmp_path / "sea").mkdir()
    with pytest.raises(ClassificationError, match="holds no folder with images"):
        read_labelled(tmp_path)


def test_bytes_that_are_no_image_are_told_by_their_row(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", [png("red"), b"no picture"], ["red", "red"])
    with pytest.raises(ClassificationError, match="image 'a 1' cannot be read"):
        read_labelled(file)
