"""An index in place of a data set: the same numbers, and no image is opened."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from colours import CLASSES, Colours  # type: ignore[import-not-found] # in tests/
from PIL import Image

import rsvlm
from rsvlm.eval import EvalError
from rsvlm.retrieval import Index, RetrievalError


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Forty tiles in folders of their classes, some of them in a wrong one."""
    random = np.random.default_rng(0)
    for number, colour in enumerate(random.integers(0, 256, (40, 3)).tolist()):
        name = CLASSES[int(np.argmax(colour)) if number % 5 else number % 3]
        (tmp_path / "tiles" / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), tuple(colour)).save(tmp_path / "tiles" / name / f"{number:02d}.png")
    return tmp_path / "tiles"


def labelled(tiles: Path, folder: Path) -> Path:
    """Index tiles and label them by their folders; one more has no label."""
    Image.new("RGB", (8, 8)).save(tiles.parent / "more.png")
    index = Index.build([tiles, tiles.parent / "more.png"], folder, Colours())
    keys = [key for key in index.rows(index.numbers())["key"].to_pylist() if not key.endswith("more.png")]
    table = folder.parent / "labels.csv"
    table.write_text("\n".join(["path,label", *(f"{key},{Path(key).parent.name}" for key in keys)]))
    assert index.label(table) == len(keys)
    return folder


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("zero-shot", {}),
        ("retrieval", {"protocol": "classes"}),
        ("probe", {"folds": "random", "n_folds": 2, "kind": "knn"}),
    ],
)
def test_numbers_are_those_of_the_images_which_may_be_gone(
    task: str, options: dict[str, Any], tiles: Path, tmp_path: Path
) -> None:
    index = labelled(tiles, tmp_path / "index")
    by_image = rsvlm.evaluate(task, data=tiles, encoder=Colours(), **options)
    shutil.rmtree(tiles)
    found = rsvlm.evaluate(task, data=index, encoder=Colours(), **options)
    assert found.n == by_image.n == 40
    assert found.metrics == pytest.approx(by_image.metrics, abs=1e-6)


def test_captions_of_an_index_are_searched(tmp_path: Path) -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    rows = [{"key": str(n), "captions": [f"a {CLASSES[n]} field"] if n < 3 else []} for n in range(4)]
    Index.from_vectors(tmp_path / "index", vectors, rows, encoder="colours", revision="1")
    found = rsvlm.evaluate("retrieval", data=tmp_path / "index", encoder=Colours())
    assert found.metrics["t2i_success@1"] == 1


def test_learning_from_one_index_and_judging_on_another(tiles: Path, tmp_path: Path) -> None:
    index = labelled(tiles, tmp_path / "index")
    other = tiles.parent / "other"
    random = np.random.default_rng(5)
    for number, colour in enumerate(random.integers(0, 256, (20, 3)).tolist()):
        (other / CLASSES[int(np.argmax(colour))]).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), tuple(colour)).save(
            other / CLASSES[int(np.argmax(colour))] / f"{number}.png"
        )
    (tmp_path / "second").mkdir()
    judged = labelled(other, tmp_path / "second" / "index")
    result = rsvlm.evaluate("probe", data=judged, train=index, encoder=Colours(), kind="knn")
    assert result.metrics["accuracy"] > 0.5
    with pytest.raises(EvalError, match="is an index, and other images are read"):
        rsvlm.evaluate("probe", data=other, train=index, encoder=Colours(), kind="knn")
    with pytest.raises(EvalError, match="an index holds no numbers such as wealth"):
        rsvlm.evaluate("probe", data=judged, train=index, encoder=Colours(), target="wealth")
    with pytest.raises(EvalError, match="an index holds vectors: name the images"):
        rsvlm.evaluate("probe", data=judged, train=index, encoder=Colours(), kind="fine-tuned")
    with pytest.raises(EvalError, match="is learned from and judged"):
        rsvlm.evaluate("probe", data=index, train=index, encoder=Colours())


def test_what_cannot_be_asked_of_an_index_is_said(tiles: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    Index.build(tiles, folder, Colours())
    with pytest.raises(EvalError, match="none of its 40 rows has labels; give it some: rsvlm index label"):
        rsvlm.evaluate("zero-shot", data=folder, encoder=Colours())
    with pytest.raises(EvalError, match="none of its 40 rows has captions"):
        rsvlm.evaluate("retrieval", data=folder, encoder=Colours())
    with pytest.raises(EvalError, match="is an index, which has no split test"):
        rsvlm.evaluate("zero-shot", data=folder, split="test", encoder=Colours())
    other = Colours()
    other.revision = "2"
    with pytest.raises(RetrievalError, match="was made by colours"):
        rsvlm.evaluate("zero-shot", data=labelled(tiles, tmp_path / "labelled"), encoder=other)
