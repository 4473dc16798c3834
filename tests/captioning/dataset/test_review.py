"""What people found, counted, with how sure it is."""

from pathlib import Path

import pytest

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import PairsDataset, ReviewLine, summarise
from rsvlm.shares import wilson

HEAD = "key,style,source,verdict\n"


def save(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "reviewed.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # R: binom::binom.wilson; 961 of 1,000 is SkyScript's own check
    [(961, 1000, 0.9471, 0.9713), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 2, 0.0945, 0.9055)],
)
def test_wilson(right: int, total: int, low: float, high: float) -> None:
    assert wilson(right / total, total) == pytest.approx((low, high), abs=5e-4)


def test_by_style_and_source(dataset: PairsDataset, tmp_path: Path) -> None:
    lines = [f'"town_{n:05d}","natural","a","{"wrong" if n == 3 else "right"}"' for n in range(10)]
    lines += [f'"town_{n:05d}","natural","b","right"' for n in range(10, 12)]
    lines += ['"town_00000","skyscript","a","wrong"', '"town_00001","skyscript","a","skip"']
    found = summarise(save(tmp_path, HEAD + "\n".join(lines) + "\n"), dataset)
    assert [(line.style, line.source, line.right, line.total) for line in found] == [
        ("natural", "a", 9, 10),
        ("natural", "b", 2, 2),
        ("natural", "", 11, 12),
        ("skyscript", "a", 0, 1),
        ("", "", 11, 13),
    ]
    assert found[0] == ReviewLine("natural", "a", 9, 10, 0.9, *wilson(9 / 10, 10))


def test_a_style_that_the_dataset_does_not_have_is_refused(dataset: PairsDataset, tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match=r"style 'haiku', which .* does not have \(natural, "):
        summarise(save(tmp_path, HEAD + "town_00001,haiku,a,wrong\n"), dataset)


def test_the_last_verdict_counts(dataset: PairsDataset, tmp_path: Path) -> None:
    text = HEAD + "town_00001,natural,a,wrong\ntown_00001,natural,a,right\n"
    assert summarise(save(tmp_path, text), dataset)[0].right == 1


def test_a_spreadsheet_may_save_it_again(dataset: PairsDataset, tmp_path: Path) -> None:
    text = "key;style;source;verdict\r\ntown_00001;natural;a, b;Right\r\n"
    [line, total] = summarise(save(tmp_path, text, "utf-8-sig"), dataset)
    assert (line.source, line.right) == ("a, b", 1)
    assert total.total == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column 'key'"),
        ("key,style,verdict\n", "has no column 'source'"),
        (HEAD, "holds no verdict"),
        (HEAD + "town_00001,natural,a,perhaps\n", "holds no verdict"),
        (HEAD + "elsewhere_1,natural,a,right\n", "judges 1 pair that .* does not have, as elsewhere_1"),
        (HEAD + "town_00001\n", "holds no verdict"),
    ],
)
def test_other_files_are_refused(dataset: PairsDataset, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CaptioningError, match=message) as caught:
        summarise(save(tmp_path, text), dataset)
    assert "\n" not in str(caught.value)


def test_not_text_is_refused(dataset: PairsDataset, tmp_path: Path) -> None:
    (tmp_path / "reviewed.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CaptioningError, match="cannot be read as UTF-8 text"):
        summarise(tmp_path / "reviewed.csv", dataset)
