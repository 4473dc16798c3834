"""Reports: what stands on them, that nothing from outside acts in them, and that they stay small."""

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from eval_pictures import Colours, write_parquet  # type: ignore[import-not-found] # beside this file
from PIL import Image

from rsvlm.datasets import read_eval_set
from rsvlm.eval.compare import compare_results
from rsvlm.eval.errors import EvalError
from rsvlm.eval.geolocation import geolocate
from rsvlm.eval.measuring import Draws, measure_numbers
from rsvlm.eval.report import write_comparison, write_report
from rsvlm.eval.report.drawings import class_drawing, confusion_drawing, curve_drawings
from rsvlm.eval.report.heatmap import common_mistakes, read_confusion
from rsvlm.eval.report.images import DataImages
from rsvlm.eval.report.numbers import (
    lower_is_better,
    metric_label,
    show,
    show_difference,
    show_interval,
    show_p,
)
from rsvlm.eval.report.picture import cut, cut_middle, to_image
from rsvlm.eval.report.thumbnails import ReportThumbnails
from rsvlm.eval.report.words import measures
from rsvlm.eval.report.worst import worst_items
from rsvlm.eval.result import EvalResult, load_result
from rsvlm.eval.retrieval import retrieve
from rsvlm.eval.statistics import Interval
from rsvlm.eval.zeroshot import evaluate_zero_shot

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>|`[a](javascript:b)\u202e\x00'
BROKEN = "\ud800"


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def jpeg(colour: tuple[int, int, int] = (10, 120, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), colour).save(file, "JPEG")
    return file.getvalue()


def classified(names: list[str], n: int = 40, *, seed: int = 0, **changes: Any) -> EvalResult:
    """Answers of which some 7 in 10 are right, one without an answer and one that failed."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, len(names), n)
    said = np.where(rng.random(n) < 0.7, gold, rng.integers(0, len(names), n))
    answers: list[str | None] = [names[index] for index in said]
    errors: list[str | None] = [None] * n
    answers[0], answers[1], errors[1] = "", None, "cannot be read"
    correct = [answer == names[index] for answer, index in zip(answers, gold, strict=True)]
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (gold[2:], said[2:]), 1)
    groups = {
        name: {"recall": float(counts[i, i] / max(counts[i].sum(), 1)), "n": float(counts[i].sum())}
        for i, name in enumerate(names)
    }
    result = EvalResult(
        "zero-shot", "ucm", {"accuracy": float(np.mean(correct)), "kappa": 0.5}, n, 1, 1,
        groups={"class": groups}, intervals={"accuracy": Interval(0.5, 0.9)},
        config={"encoder": {"name": "my-model"}, "protocol": "rsvlm"},
        items=pa.table({
            "key": [f"images/{row}.jpg" for row in range(n)], "gold": [names[index] for index in gold],
            "prediction": answers, "correct": correct, "score": rng.random(n), "error": errors,
        }),
        confusion={"names": names, "counts": counts.tolist()},
    )  # fmt: skip
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def html_of(folder: Path, *results: EvalResult, **options: Any) -> str:
    write_report(results, folder / "report.html", **options)
    return (folder / "report.html").read_text("utf-8")


def test_results_with_other_first_metrics_stand_in_other_tables(tmp_path: Path) -> None:
    several = classified(
        ["river", "forest"], metrics={"map": 0.4}, name="ben", config={"data": {"split": "test"}}
    )
    page = Page(html_of(tmp_path, classified(["river", "forest"]), several))
    words = " ".join(page.words.split())
    assert "Zero-shot classification: accuracy" in words
    assert "Zero-shot classification: mAP" in words
    assert "ben, test" in words
    write_report([classified(["river", "forest"]), several], tmp_path / "report.md")
    assert "## Zero-shot classification: mAP" in (tmp_path / "report.md").read_text("utf-8")


def test_rows_of_one_data_set_and_protocol_stand_together(tmp_path: Path) -> None:
    given = [
        classified(["a", "b"], name=name, config={"encoder": model, "protocol": "knn"})
        for model in ("ours", "floor") for name in ("ucm", "aid")
    ]  # fmt: skip
    words = " ".join(Page(html_of(tmp_path, *given)).words.split())
    places = [
        words.index(text)
        for text in ("aid ours · knn", "aid floor · knn", "ucm ours · knn", "ucm floor · knn")
    ]
    assert places == sorted(places)


def test_shots_stand_in_order_and_are_drawn(tmp_path: Path) -> None:
    shots = {str(k): {"accuracy": k / 20, "n": 5.0} for k in (1, 16, 2, 4, 8)}
    result = EvalResult(
        "probe", "ucm", {"accuracy@1": 0.05}, n=9, groups={"shots": shots}, config={"protocol": "few-shot"}
    )
    result.save(tmp_path / "shots.json")
    words = " ".join(Page(html_of(tmp_path, load_result(tmp_path / "shots.json"))).words.split())
    places = [words.index(f"{100 * k / 20:.0f} 5") for k in (1, 2, 4, 8, 16)]
    assert places == sorted(places)
    (drawing,) = curve_drawings(result)
    assert drawing.heading == "Accuracy by training items"
    assert "from 5% with 1 items a class to 80% with 16" in drawing.picture.alt


def test_classes_without_items_are_named_and_have_no_row(tmp_path: Path) -> None:
    groups = {"class": {name: {"recall": 0.0, "n": 0.0} for name in ("salines", "airports")}}
    groups["class"]["river"] = {"recall": 0.5, "n": 4.0}
    words = Page(html_of(tmp_path, classified(["river", "forest"], groups=groups))).words
    assert "Without an item: salines, airports." in words
    assert words.count("salines") == 1


def test_images_are_found_in_the_data_that_were_judged(tmp_path: Path) -> None:
    names = ["red", "green", "blue"] * 4
    write_parquet(tmp_path / "sets" / "colours" / "test.parquet", names)
    wrong = evaluate_zero_shot(Reversed(), read_eval_set(tmp_path / "sets" / "colours", split="test"))
    pages = {}
    for data in ("sets", "sets/colours", "sets/colours/test.parquet"):
        pages[data] = Page(html_of(tmp_path, wrong, images=DataImages(tmp_path / data)))
        pictures = [attrs for tag, attrs in pages[data].tags if tag == "img"]
        assert len(pictures) == 12, data
    write_parquet(tmp_path / "sets" / "colours" / "test.parquet", names[::-1])  # other data of the same name
    page = Page(html_of(tmp_path, wrong, images=DataImages(tmp_path / "sets")))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    with pytest.raises(EvalError, match="no such file or folder"):
        DataImages(tmp_path / "nowhere")


def test_a_thumbnail_of_16_bits_is_not_white() -> None:
    deep = Image.fromarray(np.tile(np.arange(64, dtype=np.uint16) * 900, (64, 1)))
    small = ReportThumbnails(lambda result, row: lambda: deep).of(EvalResult("vqa", "x", {}, 0), {})
    assert small is not None
    with Image.open(io.BytesIO(small)) as image:
        assert 120 < np.asarray(image).mean() < 136


class Reversed(Colours):  # type: ignore[misc]
    """Takes every colour for another one."""

    name = "reversed"

    def encode_texts(self, texts: Any) -> Any:
        return np.roll(super().encode_texts(texts), 1, axis=1)


def test_headline_has_value_interval_and_counts(tmp_path: Path) -> None:
    result = classified(["river", "forest", "beach"])
    page = Page(html_of(tmp_path, result))
    words = " ".join(page.words.split())
    assert f"{100 * result.metrics['accuracy']:.0f} 50 \u2013 90" in words
    assert "40 1 unanswered 1 failed" in words
    assert "No published figure for this protocol" in words
    assert "my-model" in words


def test_published_figure_stands_beside_the_number(tmp_path: Path) -> None:
    config = {"encoder": {"name": "remoteclip-vit-b-32"}, "protocol": "rs-transclip", "split": "all"}
    same = EvalResult("zero-shot", "whu-rs19", {"accuracy": 957 / 1005}, 1005, config=config)
    words = Page(html_of(tmp_path, same)).words
    assert "95.22388 %, equal as printed" in words
    other = EvalResult("zero-shot", "whu-rs19", {"accuracy": 0.9}, 1005, config=config)
    assert "95.22388 %, \u22125.22 points" in Page(html_of(tmp_path, other)).words
    elsewhere = EvalResult(
        "zero-shot", "whu-rs19", {"accuracy": 0.9}, 1005, config=config | {"protocol": "rsvlm"}
    )
    assert "95.22388" not in html_of(tmp_path, elsewhere)


def test_marks_say_why(tmp_path: Path) -> None:
    result = classified(
        ["a", "b"], comparable=False, notes=["METEOR lacks its synonyms, so not comparable", "hello there"]
    )
    result.config["encoder"] = {"name": "mine", "trained_on": ["UC Merced"]}
    words = Page(html_of(tmp_path, result)).words
    assert words.count("in-domain") >= 2
    assert words.count("not comparable") >= 2
    assert "mine says it was trained on ucm" in words
    assert "METEOR lacks its synonyms" in words
    assert "hello there" in words


def test_nothing_from_outside_acts_or_is_loaded(tmp_path: Path) -> None:
    result = classified([HOSTILE, "b & c"], name=HOSTILE + BROKEN, notes=[HOSTILE + BROKEN])
    result.groups[HOSTILE] = {HOSTILE: {"accuracy": 0.5, HOSTILE: 1.0}}
    result.metrics[HOSTILE] = 0.5
    result.config |= {HOSTILE: HOSTILE + BROKEN, "encoder": {"name": HOSTILE}}
    result.items = result.items.set_column(0, "key", [[HOSTILE] * 40])  # type: ignore[union-attr]
    text = html_of(tmp_path, result, title=HOSTILE)
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed", "link", "base", "form"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert (attributes.get("src") or "data:image/jpeg").startswith("data:image/jpeg")
        assert re.fullmatch(r"#r\d+", attributes.get("href") or "#r1")
    assert "<script" not in text
    assert "\x00" not in text


def test_the_policy_allows_the_one_style_only(tmp_path: Path) -> None:
    text = html_of(tmp_path, classified(["a", "b"]))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'" in text
    assert "http" not in style[1]
    assert "url(" not in style[1]


def test_every_picture_has_words(tmp_path: Path) -> None:
    page = Page(html_of(tmp_path, classified(["a", "b", "c"]), images=lambda result, row: jpeg()))
    pictures = [attributes for tag, attributes in page.tags if tag in ("svg", "img")]
    assert len(pictures) > 5
    for attributes in pictures:
        assert attributes.get("alt") or attributes.get("aria-label")
    heads = [attributes for tag, attributes in page.tags if tag == "th"]
    assert all(attributes.get("scope") in ("col", "row") for attributes in heads)


def test_same_results_same_bytes(tmp_path: Path) -> None:
    assert html_of(tmp_path, classified(["a", "b"])) == html_of(tmp_path, classified(["a", "b"]))


def test_size_does_not_grow_with_the_items(tmp_path: Path) -> None:
    n = 100_000
    rng = np.random.default_rng(0)
    items = pa.table({
        "key": [f"{row}" for row in range(n)], "question": ["why? " * 3] * n,
        "gold": ["yes"] * n, "answer": ["no " * 300_000, *["no"] * (n - 1)],
        "correct": rng.random(n) < 0.5, "score": np.append(1.0, rng.random(n - 1)),
    })  # fmt: skip
    groups = {"file": {f"f{number}": {"accuracy": 0.5, "n": 10.0} for number in range(20_000)}}
    config = {"words": ["x" * 10_000] * 1000, "keys": {str(number): "y" * 500 for number in range(5000)}}
    result = EvalResult("vqa", "large", {"accuracy": 0.5}, n, items=items, groups=groups, config=config)
    text = html_of(tmp_path, result)
    assert len(text) < 300_000
    assert "19,880 more are in the result" in text


def test_many_results_share_the_room_for_pictures(tmp_path: Path) -> None:
    results = [classified(["a", "b"], seed=number) for number in range(60)]
    page = Page(html_of(tmp_path, *results, images=lambda result, row: jpeg()))
    assert len([tag for tag, _ in page.tags if tag == "img"]) <= 240


@pytest.mark.parametrize("count", [2, 62, 300])
def test_confusion_names_its_classes(count: int) -> None:
    names = [f"class {number}" for number in range(count)]
    counts = np.full((count, count), 1) + 20 * np.eye(count, dtype=int)
    counts[1, 0] = 9
    result = EvalResult(
        "probe", "x", {"accuracy": 0.5}, 10, confusion={"names": names, "counts": counts.tolist()}
    )
    drawing = confusion_drawing(result)
    assert drawing is not None
    words = [shape.text for shape in drawing.picture.shapes if hasattr(shape, "text")]
    drawn = min(count, 80)
    assert sum(words.count(name) == 2 for name in names) == drawn
    assert "class 1 taken for class 0, 9" in drawing.picture.alt
    assert ("80 with the most mistakes of 300" in drawing.picture.alt) == (count == 300)
    assert drawing.picture.width < 1300


def test_confusion_with_a_column_of_its_own_for_no_answer() -> None:
    stored = {"names": ["a", "b"], "columns": ["a", "b", "(no answer)"], "counts": [[3, 0, 2], [1, 4, 0]]}
    confusion = read_confusion(stored)
    assert confusion is not None
    pairs = common_mistakes(confusion)
    assert [(pair.true, pair.answer, pair.items) for pair in pairs] == [
        ("a", "(no answer)", 2),
        ("b", "a", 1),
    ]
    assert pairs[0].share == pytest.approx(0.4)


@pytest.mark.parametrize(
    "stored",
    [None, {}, {"names": ["a"], "counts": [[1, 2]]}, {"names": ["a"], "counts": [["x"]]}, {"names": []}],
)
def test_confusion_that_does_not_fit_is_left_out(stored: Any) -> None:
    assert read_confusion(stored) is None


def test_worst_are_the_surest_mistakes() -> None:
    items = pa.table({
        "key": ["a", "b", "c", "d", "e"], "prediction": ["x", "y", "x", None, "x"],
        "correct": [False, True, False, False, False], "score": [0.2, 0.99, 0.9, 0.95, None],
        "error": [None, None, None, "broken", None],
    })  # fmt: skip
    found = worst_items(EvalResult("zero-shot", "x", {"accuracy": 0.2}, 5, items=items), 5)
    assert found is not None
    assert [row["key"] for row in found.rows] == ["c", "a"]


def test_worst_of_agromind_are_not_sorted_by_nearness_to_the_gold() -> None:
    items = pa.table({
        "key": ["a", "b", "c"], "answer": ["x", "y", ""], "correct": [False, False, False], "score": [0.2, 0.9, 0.9],
    })  # fmt: skip
    found = worst_items(EvalResult("agromind", "x", {"accuracy": 0.0}, 3, items=items), 5)
    assert found is not None
    assert [row["key"] for row in found.rows] == ["a", "b"]


def test_worst_of_numbers_and_texts() -> None:
    numbers = measure_numbers("probe", np.array([1.5, 9.0, np.nan]), np.array([1.0, 2.0, 3.0]), Draws(3))
    found = worst_items(numbers, 2)
    assert found is not None
    assert [row["gold"] for row in found.rows] == [2.0, 1.0]
    assert found.heading == "Furthest off"
    assert measures(numbers, found.rows[0]) == [("off by", "7")]
    texts = pa.table({"key": ["a", "b"], "answer": ["x", "y"], "bleu1": [0.5, 0.1]})
    found = worst_items(EvalResult("captions", "x", {"bleu1": 0.3}, 2, items=texts), 1)
    assert found is not None
    assert [row["key"] for row in found.rows] == ["b"]


def test_curves_of_retrieval_and_geolocation(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((30, 8))
    texts = images + rng.standard_normal((30, 8))
    found = retrieve(images, texts, np.repeat(np.arange(30)[:, None], 2, axis=1), "skyscript", name="set")
    assert [drawing.name for drawing in curve_drawings(found)] == ["success"]
    places = rng.uniform((0, 40), (20, 60), (50, 2))
    located = geolocate(images, places[:30], rng.standard_normal((50, 8)), places)
    assert [drawing.name for drawing in curve_drawings(located)] == ["area_km2", "error_km"]
    words = Page(html_of(tmp_path, found, located)).words
    assert "image\u2192text success@5" in words
    assert "median error, km" in words


def test_reliability_needs_shares_of_belief() -> None:
    result = classified(["a", "b"])
    assert [drawing.name for drawing in curve_drawings(result)] == ["reliability", "coverage"]
    result.config["calibrated"] = False
    assert "not calibrated" in curve_drawings(result)[0].note
    cosines = result.items.set_column(4, "score", pa.array(np.linspace(-1, 3, 40)))  # type: ignore[union-attr]
    assert curve_drawings(EvalResult("zero-shot", "x", {"accuracy": 1.0}, 40, items=cosines)) == []


def test_bars_are_sorted() -> None:
    groups = {"class": {"low": {"recall": 0.1}, "high": {"recall": 0.9}, "middle": {"recall": 0.5}}}
    drawing = class_drawing(EvalResult("zero-shot", "x", {"accuracy": 0.5}, 3, groups=groups), "class")
    assert drawing is not None
    words = [shape.text for shape in drawing.picture.shapes if hasattr(shape, "text")]
    assert [word for word in words if word in groups["class"]] == ["high", "middle", "low"]
    assert to_image(drawing.picture).size[0] > 400


def test_thumbnails_from_bytes_and_paths(tmp_path: Path) -> None:
    path = tmp_path / "there.jpg"
    path.write_bytes(jpeg())
    images = [jpeg(), b"no image", jpeg((200, 0, 0))]
    items = pa.table({
        "key": ["a", "b", "c"], "prediction": ["x"] * 3, "correct": [False] * 3, "score": [0.9, 0.8, 0.7],
        "image": images,
    })  # fmt: skip
    result = EvalResult("zero-shot", "x", {"accuracy": 0.0}, 3, items=items)
    assert html_of(tmp_path, result).count("data:image/jpeg") == 2
    result.items = items.set_column(4, "image", [["there.jpg", "../gone.jpg", str(path)]])
    assert html_of(tmp_path, result).count("data:image/jpeg") == 1
    result.save(tmp_path / "result.json")
    write_report([tmp_path / "result.json"], tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8").count("data:image/jpeg") == 2


def test_results_without_anything_but_numbers(tmp_path: Path) -> None:
    page = Page(html_of(tmp_path, EvalResult("captions", "x", {"cider": 1.234, "bleu4": float("nan")}, 7)))
    assert "1.234" in page.words
    assert "\u2013" in page.words


def test_markdown_with_its_pictures(tmp_path: Path) -> None:
    result = classified(["a|b", HOSTILE, "c"], notes=["<b>bold</b> *stars*"])
    write_report([result], tmp_path / "my report.md", images=lambda result, row: jpeg())
    text = (tmp_path / "my report.md").read_text("utf-8")
    shown = re.findall(r"!\[[^\n]*?\]\(<([^>]+)>\)", text)
    assert {Path(name).name for name in shown} >= {"1-confusion.png", "1-reliability.png", "1-bars-class.png"}
    for name in shown:
        with Image.open(tmp_path / name) as picture:
            assert picture.format == "PNG"
    outside_code = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    assert "<script" not in outside_code
    assert "<b>" not in outside_code
    assert r"a\|b" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1, block


def test_comparison_page(tmp_path: Path) -> None:
    names = ["river", "forest"]
    first = classified(names, 60)
    second = classified(names, 60)
    flipped = np.array(second.items["correct"].to_pylist())  # type: ignore[index]
    flipped[5:25] = ~flipped[5:25]
    second.items = second.items.set_column(3, "correct", [flipped.tolist()])  # type: ignore[union-attr]
    second.metrics = {"accuracy": float(flipped.mean())}
    second.config = {"encoder": {"name": HOSTILE}, "protocol": "rsvlm"}
    write_comparison(
        compare_results(first, second), tmp_path / "compare.html", images=lambda result, row: jpeg()
    )
    text = (tmp_path / "compare.html").read_text("utf-8")
    assert "<script" not in text
    assert "McNemar, exact" in text
    assert "encoder.name" in text
    assert text.count("data:image/jpeg") >= 10
    with pytest.raises(EvalError, match=r"written as \.html"):
        write_comparison(compare_results(first, second), tmp_path / "compare.md")


def test_what_cannot_be_reported(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no results"):
        write_report([], tmp_path / "a.html")
    with pytest.raises(EvalError, match=r"\.html or \.md"):
        write_report([classified(["a", "b"])], tmp_path / "a.pdf")
    (tmp_path / "no.json").write_text(json.dumps({"format": 99}), encoding="utf-8")
    with pytest.raises(EvalError, match="another format"):
        write_report([tmp_path / "no.json"], tmp_path / "a.html")


def test_numbers() -> None:
    assert show("accuracy", 0.95224, 1005) == "95.22"
    assert show("accuracy", 0.95224, 210) == "95.2"
    assert show("accuracy", 0.95, 20) == "95"
    assert show("kappa", -0.0123, 20) == "\u22120.012"
    assert show("median_km", 12345.6) == "12,346"
    assert show("n", 25026.0) == "25,026"
    assert show("accuracy", None) == show("accuracy", float("nan")) == "\u2013"
    assert show_interval("accuracy", (0.5, 0.75), 210) == "50.0 \u2013 75.0"
    assert show_interval("accuracy", None) == ""
    assert show_difference("accuracy", -0.0031) == "\u22120.31"
    assert show_difference("accuracy", -1e-9) == "\u00b10.00"
    assert show_difference("cider", 0.25) == "+0.250"
    assert [show_p(0.04), show_p(1e-9)] == ["0.040", "< 0.001"]
    assert metric_label("t2i_success@10") == "text\u2192image success@10"
    assert metric_label("recall@1000km2") == "recall within 1000 km\u00b2"
    assert lower_is_better("rmse")
    assert not lower_is_better("accuracy")


def test_texts_are_cut() -> None:
    assert cut("a\nb\t c", 9) == "a b c"
    assert cut("x" * 10_000_000, 10) == "x" * 9 + "\u2026"
    assert len(cut_middle("long/" * 100 + "end.jpg", 30)) <= 30
    assert cut_middle("long/" * 100 + "end.jpg", 30).endswith("end.jpg")
