"""What is kept of a run is used again only where nothing that decides it has changed."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from eval_pictures import NAMES, Colours, picture, write_parquet  # type: ignore[import-not-found] # beside this file

from rsvlm.eval import EvalError, evaluate, load_result, read_eval_set
from rsvlm.eval.asking import ask_questions
from rsvlm.eval.layout import find_sets
from rsvlm.eval.measuring import Draws
from rsvlm.eval.probes.splits import spatial_blocks
from rsvlm.eval.suite import run_suite
from rsvlm.eval.suite_options import SuiteOptions
from rsvlm.eval.vectors import image_vectors
from rsvlm.models.generators import FunctionGenerator


def write_csv(
    folder: Path, shown: list[str], labels: list[str], name: str = "test.csv", seed: int = 0
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for row, colour in enumerate(shown):
        picture(colour, seed + row).save(folder / f"{name[:-4]}{row}.png")
    lines = [f"{name[:-4]}{row}.png,{label}" for row, label in enumerate(labels)]
    (folder / name).write_text("\n".join(["path,label", *lines]), encoding="utf-8")
    return folder / name


def test_other_images_under_the_same_list_are_encoded_anew(tmp_path: Path) -> None:
    labels = ["red", "green", "blue"]
    one = read_eval_set(write_csv(tmp_path / "rgb", labels, labels))
    other = read_eval_set(write_csv(tmp_path / "nir", labels[::-1], labels))
    assert one.fingerprint == other.fingerprint  # the same list of files
    cache = tmp_path / "vectors"
    first, second = image_vectors(Colours(), one, cache=cache), image_vectors(Colours(), other, cache=cache)
    assert np.allclose(first.values, second.values[::-1], atol=0.2)
    encoder = Colours()
    again = image_vectors(encoder, one, cache=cache)
    assert encoder.seen == 0
    assert np.array_equal(again.values, first.values)


def test_images_that_failed_are_tried_again(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "set", ["red", "green", "blue"], ["red", "green", "blue"])
    content = (tmp_path / "set" / "test1.png").read_bytes()
    stamp = (tmp_path / "set" / "test1.png").stat()
    (tmp_path / "set" / "test1.png").write_bytes(b"\0" * len(content))
    os.utime(tmp_path / "set" / "test1.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    given = read_eval_set(file)
    found = image_vectors(Colours(), given, cache=tmp_path / "vectors")
    assert found.failed.tolist() == [False, True, False]
    (tmp_path / "set" / "test1.png").write_bytes(content)
    os.utime(tmp_path / "set" / "test1.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    encoder = Colours()
    mended = image_vectors(encoder, given, cache=tmp_path / "vectors")
    assert not mended.failed.any()
    assert encoder.seen == 1
    assert np.array_equal(mended.values, image_vectors(Colours(), given).values)


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for split, n, seed in (("train", 30, 0), ("validation", 12, 300), ("test", 12, 900)):
        labels = rng.choice(NAMES, n).tolist()
        write_parquet(tmp_path / "sets" / "colours" / f"{split}.parquet", labels, seed=seed)
    return tmp_path / "sets"


KNN = SuiteOptions(probes=("knn",), conventions=(), protocols=())


def test_a_probe_is_made_anew_where_its_validation_split_changed(sets: Path, tmp_path: Path) -> None:
    def run() -> str:
        return str(
            run_suite(Colours(), sets, tmp_path / "out", KNN).results["colours-test-probe-knn"].config["run"]
        )

    first = run()
    assert run() == first
    write_parquet(sets / "colours" / "validation.parquet", ["red", "green", "blue"] * 2, seed=40)
    assert run() != first


def test_nothing_is_kept_of_an_encoder_without_a_revision(sets: Path, tmp_path: Path) -> None:
    for _ in range(2):
        encoder = Colours()
        encoder.revision = ""
        run_suite(encoder, sets, tmp_path / "out", KNN)
        assert encoder.seen == 30 + 12 + 12


def test_a_damaged_table_of_items_is_made_anew(sets: Path, tmp_path: Path) -> None:
    run_suite(Colours(), sets, tmp_path / "out", KNN)
    table = tmp_path / "out" / "colours-test-probe-knn.parquet"
    table.write_bytes(table.read_bytes()[:200])
    with pytest.raises(EvalError, match="is no result of an evaluation"):
        load_result(table.with_suffix(".json"))
    assert run_suite(Colours(), sets, tmp_path / "out", KNN).problems == {}
    assert pq.read_table(table).num_rows == 12


def test_a_broken_training_split_does_not_take_zero_shot_along(sets: Path, tmp_path: Path) -> None:
    (sets / "colours" / "train.parquet").write_bytes(b"no parquet")
    report = run_suite(
        Colours(), sets, tmp_path / "new" / "out", SuiteOptions(conventions=(), probes=("knn",))
    )
    assert set(report.results) == {"colours-test-zero-shot-rsvlm"}
    assert "is no parquet file" in report.problems["colours-test-probe-knn"]


def test_tables_of_one_name_are_the_splits_of_one_set(tmp_path: Path) -> None:
    shown = ["red", "green", "blue"]
    for name in ("alpha", "beta"):
        write_csv(tmp_path / name, shown * 2, shown * 2, "train.csv")
        write_csv(tmp_path / name, shown, shown, "test.csv", seed=50)
    for split in ("train", "test"):
        write_csv(tmp_path / "aid", shown, shown, f"aid_img_txt_pairs_{split}.csv")
    write_csv(tmp_path / "al_pha", shown, shown)
    write_csv(tmp_path / "al pha", shown, shown)
    layout = find_sets(tmp_path)
    assert [found.name for found in layout.sets] == ["aid", "al pha", "alpha", "beta"]
    assert list(layout.passed_over) == ["al_pha/al_pha"]
    assert "has the name of another data set, al pha" in layout.passed_over["al_pha/al_pha"]
    aid, _, alpha, beta = layout.sets
    for found, n in ((aid, 3), (alpha, 6), (beta, 6)):
        assert found.train is not None
        assert (found.judged().split, len(found.judged())) == ("test", 3)
        assert (found.train().split, len(found.train())) == ("train", n)


def test_multi_label_sets_have_no_few_shot_probe(tmp_path: Path) -> None:
    labels = [["red", "green"], ["blue"], ["green"]] * 4
    for split in ("train", "test"):
        write_parquet(tmp_path / "sets" / "several" / f"{split}.parquet", labels, seed=len(split))
    report = run_suite(
        Colours(), tmp_path / "sets", tmp_path / "out", SuiteOptions(probes=("few-shot", "knn"))
    )
    assert report.problems == {}
    assert "several-test-probe-knn" in report.results
    with pytest.raises(EvalError, match="holds no sevral; it has several"):
        run_suite(Colours(), tmp_path / "sets", tmp_path / "out", SuiteOptions(sets=("sevral",)))


def test_no_picture_is_located_by_itself_or_its_copy(tmp_path: Path) -> None:
    places = {"latitude": [0.0, 10.0, 20.0, None], "longitude": [0.0, 10.0, 20.0, 5.0]}
    labels = ["red", "red", "blue", "green"]
    for split in ("train", "test"):
        write_parquet(
            tmp_path / "set" / f"{split}.parquet", labels, seed=3 if split == "test" else 60, **places
        )
    alone = evaluate("geolocation", data=tmp_path / "set", split="test", encoder=Colours())
    for against in ("test", tmp_path / "set" / "test.parquet"):
        same = evaluate(
            "geolocation", data=tmp_path / "set", split="test", encoder=Colours(), against=against
        )
        assert same.metrics["median_km"] == alone.metrics["median_km"] > 1000
    assert alone.n == 3
    assert any("1 images have no place" in note for note in alone.notes)
    assert alone.items is not None
    assert alone.items["key"].to_pylist() == ["red_0.png", "red_1.png", "blue_2.png"]
    write_parquet(tmp_path / "set" / "train.parquet", labels[:1], seed=3, latitude=[0.0], longitude=[0.0])
    with pytest.raises(EvalError, match="all of its pictures are those that are looked for"):
        evaluate("geolocation", data=tmp_path / "set", split="test", encoder=Colours(), against="train")


def test_an_answer_about_another_picture_is_asked_anew(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(
        '{"image": "a.png", "question": "Which colour?", "answer": "red"}\n', encoding="utf-8"
    )
    for folder, colour in (("A", "red"), ("B", "blue")):
        (tmp_path / folder).mkdir()
        picture(colour).save(tmp_path / folder / "a.png")
    calls: list[str] = []

    def answer(prompt: str, images: Any) -> str:
        colour = np.asarray(images[0]).mean(axis=(0, 1)).argmax()
        calls.append(str(NAMES[colour]))
        return calls[-1]

    model = FunctionGenerator(answer, revision="1")

    for folder in ("A", "A", "B"):
        found = ask_questions(
            tmp_path / "q.jsonl", model, tmp_path / "answers.jsonl", images=tmp_path / folder
        )
    assert calls == ["red", "blue"]
    assert [answer.text for answer in found.values()] == ["blue"]


def test_what_has_no_group_is_a_group_by_itself(tmp_path: Path) -> None:
    write_parquet(tmp_path / "test.parquet", ["red"] * 4, group_name=[None, "", "a", "a"])
    table = pq.read_table(tmp_path / "test.parquet")
    pq.write_table(table.rename_columns(["image", "label", "group"]), tmp_path / "test.parquet")
    groups = read_eval_set(tmp_path / "test.parquet").groups
    assert groups is not None
    assert len(set(groups)) == 3
    assert groups[2] == groups[3]


def test_draws_of_groups_take_whole_groups() -> None:
    cells = np.array([0, 0, 1, 2])
    draws = Draws(4, ["a", "a", "b", "b"], seed=0)
    for table in draws.tables(cells, 3, draws=50):
        assert table.sum() == 4
        assert table[0] % 2 == 0
        assert table[1] == table[2]


def test_blocks_have_the_same_width_all_around_the_earth() -> None:
    longitudes = np.linspace(0, 359.99, 20_000)
    blocks = spatial_blocks(np.stack([longitudes, np.full(20_000, 50.5)], axis=1), 1.0)
    counts = np.unique(blocks, return_counts=True)[1]
    assert counts.max() - counts.min() <= 1
    assert 360 / len(counts) * np.cos(np.radians(51)) >= 1.0  # at least as wide on the ground as high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": "random", "limit": 5}, "leave out train and limit"),
        ({"kind": "fine-tuned", "target": "wealth"}, "leave out target and other features"),
        ({"split": "test", "train": "test", "features": ("place",)}, "nothing to judge on beside test"),
    ],
)
def test_options_without_effect_are_refused(sets: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        evaluate("probe", data=sets / "colours", encoder=Colours(), **options)


def test_the_same_items_are_not_learned_from_and_judged(sets: Path) -> None:
    file = sets / "colours" / "test.parquet"
    with pytest.raises(EvalError, match="is learned from and judged"):
        evaluate("probe", data=file, train=file, encoder=Colours())


def test_stored_vectors_take_no_templates(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "m.npz", images=np.eye(3), labels=np.arange(3), texts=np.eye(3), classes=np.array(NAMES)
    )
    with pytest.raises(EvalError, match="have no templates"):
        evaluate("zero-shot", data=tmp_path / "m.npz", templates="simple")
