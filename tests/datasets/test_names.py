"""Spellings of one class, and captions in COCO's form."""

import json
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from rsvlm.datasets import DatasetError, read_eval_set
from rsvlm.datasets.labels import distinct_names
from rsvlm.vocabularies import vocabulary_from_classes


def test_spellings_of_one_class_are_one(tmp_path: Path) -> None:
    rows = ["a.png,Sea Lake", "b.png,sealake", "c.png,SEA_LAKE", "d.png,Forest"]
    (tmp_path / "set.csv").write_text("\n".join(["path,label", *rows]))
    found = read_eval_set(tmp_path / "set.csv")
    assert found.label_names == ("Forest", "SEA_LAKE")
    assert len(vocabulary_from_classes(found.label_names, "set").names) == 2
    assert distinct_names(["b", "a", "b"]) == ("a", "b")


def test_accents_apart_from_their_letters_are_the_same_name() -> None:
    classes = vocabulary_from_classes(["For\u00eat", "Prairie"], "set")
    assert classes.by_name(unicodedata.normalize("NFD", "for\u00eat")) is classes.classes[0]


def test_captions_as_coco_has_them(tmp_path: Path) -> None:
    for name in "ab":
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")
    images = [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"}]
    said = [
        {"image_id": 7, "caption": "a lake"},
        {"image_id": 8, "caption": "a wood"},
        {"image_id": 7, "caption": "water"},
    ]
    path = tmp_path / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": said}))
    found = read_eval_set(path)
    assert (found.keys, found.captions) == (("a.png", "b.png"), (("a lake", "water"), ("a wood",)))
    assert list(found.images) == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    path.write_text(json.dumps({"images": images, "annotations": [{"bbox": [0, 0, 1, 1]}]}))
    with pytest.raises(DatasetError, match="COCO's captions"):
        read_eval_set(path)
