"""The card tells people, and the hub, what they have."""

import re
from pathlib import Path

import pytest
import yaml
from made_pairs import make_dataset, pair  # type: ignore[import-not-found]
from PIL import Image

from rsvlm.captioning.dataset import Caption, PairsDataset
from rsvlm.captioning.dataset.card import _size_category
from rsvlm.captioning.dataset.markdown import markdown_text


def read(dataset: PairsDataset) -> tuple[dict[str, object], str]:
    front, _, text = (
        (dataset.folder / "README.md").read_text("utf-8").removeprefix("---\n").partition("---\n")
    )
    return yaml.safe_load(front), text


def test_front_matter(dataset: PairsDataset) -> None:
    front, _ = read(dataset)
    assert front["license"] == ["cc-by-4.0", "odbl", "unknown"]
    assert front["size_categories"] == ["n<1K"]
    assert front["configs"] == [{"config_name": "default", "data_files": "shards/*.parquet"}]


@pytest.mark.parametrize(
    ("pairs", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (123_456, "100K<n<1M"), (5_200_000, "1M<n<10M")],
)
def test_size_categories_of_the_hub(pairs: int, name: str) -> None:
    assert _size_category(pairs) == name


def test_what_people_read(dataset: PairsDataset) -> None:
    _, text = read(dataset)
    assert "25 image-text pairs" in text
    assert "`shards/{00000..00002}.tar`" not in text  # in code blocks alone
    assert 'wds.WebDataset("shards/{00000..00002}.tar"' in text
    assert "| scene\\_0.tif and others | 25 | not stated |  |" in text
    assert (
        "[OpenStreetMap](https://www.openstreetmap.org/copyright) | 25 | ODbL 1.0 | © OpenStreetMap" in text
    )
    assert "25 of 25 pairs passed" in text
    assert "2 inputs, chips or pairs were left out" in text
    assert "- unreadable: 1" in text
    assert "\n| column | what it is |\n| --- | --- |\n| `key` | name of the chip |\n" in text
    assert "How the pairs were chosen" not in text


def test_sample_pictures_are_there(dataset: PairsDataset) -> None:
    _, text = read(dataset)
    names = re.findall(r"!\[.*?\]\((samples/.*?)\)", text)
    assert len(names) == 6
    for name in names:
        with Image.open(dataset.folder / name) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= 256


def test_text_cannot_break_the_card(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> | ![x](http://evil) `code` [a](b)\n# heading"
    made = make_dataset(
        tmp_path / "pairs", [pair(1, caption=evil, captions=[Caption(style="natural", text=evil)])]
    )
    _, text = read(made)
    assert "<script" not in text
    row = next(line for line in text.splitlines() if "alert" in line)
    assert row.count("|") - row.count("\\|") == 3
    assert r"!\[x\](http" in row
    assert "\n# heading" not in text


def test_markdown_text() -> None:
    assert markdown_text("a_b *c* <i>\nd") == r"a\_b \*c\* &lt;i&gt; d"
    assert markdown_text("1. first") == r"1\. first"
    assert markdown_text("# heading") == r"\# heading"
    assert markdown_text("At 0.6 m, built-up (27%)") == "At 0.6 m, built-up (27%)"


def test_captions_without_images(tmp_path: Path) -> None:
    made = make_dataset(tmp_path / "pairs", [pair(number, image=False) for number in range(3)])
    _, text = read(made)
    assert "3 captions without images" in text
    assert not (made.folder / "samples").exists()
