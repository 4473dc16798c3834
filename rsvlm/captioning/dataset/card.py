"""The dataset card: README.md for people and for the Hugging Face hub, with sample pictures."""

import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from rsvlm.files import atomic_write

from .choosing.words import CHOSEN, chosen_text
from .manifest import Manifest
from .markdown import markdown_text
from .problems import read_problems
from .reader import PairsDataset, Row

SAMPLES = 6
SAMPLE_SIDE = 256

_HUB_LICENCES = {
    "odbl": r"odbl|open data commons open database",
    "cc-by-sa-4.0": r"cc[ -]by[ -]sa[ -]4",
    "cc-by-4.0": r"cc[ -]by[ -]4",
    "cdla-permissive-1.0": r"cdla-permissive-1",
    "mit": r"\bmit\b",
    "cc0-1.0": r"cc0|publicdomain/zero",
}
"""Names of licences on the hub, by what sources call them."""

_STYLES = {
    "natural": "one or two sentences as a person would write them, at most 77 CLIP tokens",
    "natural-long": "the same with more of what is there",
    "skyscript": "SkyScript's single-object form",
    "skyscript-multi": "SkyScript's form of several objects",
    "chatearthnet": "a paragraph of land cover, region by region, as in ChatEarthNet",
    "chatearthnet-rewritten": "a paragraph of land cover by a language model, each sentence checked against the labels",
    "natural-rewritten": "sentences by a language model, each checked against the labels",
    "scene": "a sentence that names the classes of the whole image",
}

_COLUMNS = """\
| column | what it is |
| --- | --- |
| `key` | name of the chip |
| `image` | the picture; null where captions were made without imagery |
| `caption`, `style` | the caption to train on, and its style |
| `captions` | all variants: `style`, `text` |
| `labels` | what the captions were made from: map objects with id, role, tags and box in pixels, land cover by region |
| `bbox` | west, south, east, north in degrees; west > east across the antimeridian |
| `crs`, `gsd`, `datetime` | of the image: reference system, metres a pixel, acquisition |
| `sources` | name, licence, attribution and address of imagery and labels |
| `generator` | what wrote the caption |
| `verified` | whether the caption passed the check |
| `score` | similarity of image and caption, where a model measured it |"""


def write_card(dataset: PairsDataset) -> None:
    """Write README.md and samples/ into the folder of a dataset whose shards are done."""
    rows = dataset.sample(SAMPLES, columns=["key", "image", "caption"])
    pictures = [_write_sample(dataset.folder, row) for row in rows]
    parts = [
        "---\n"
        + yaml.safe_dump(_front_matter(dataset.manifest), sort_keys=False, allow_unicode=True)
        + "---",
        _opening(dataset.manifest),
        _samples(rows, pictures),
        _loading(dataset.manifest),
        _sources(dataset.manifest),
        *_choosing(dataset.manifest),
        _checking(dataset),
        "## Columns\n\n" + _COLUMNS,
    ]
    with atomic_write(dataset.folder / "README.md") as path:
        path.write_bytes(("\n\n".join(parts) + "\n").encode("utf-8"))


def _front_matter(manifest: Manifest) -> dict[str, Any]:
    return {
        "pretty_name": "Captioned overhead imagery",
        "language": ["en"],
        "license": hub_licences(manifest),
        "task_categories": ["image-to-text", "zero-shot-image-classification"],
        "tags": ["remote-sensing", "earth-observation", "image-text-pairs", "rsvlm"],
        "size_categories": [_size_category(manifest.counts.pairs)],
        "configs": [{"config_name": "default", "data_files": "shards/*.parquet"}],
    }


def hub_licences(manifest: Manifest) -> list[str]:
    """The licences of the sources as the hub names them, "other" where it has no name, or "unknown"."""
    found = set()
    for source in manifest.sources:
        stated = source.licence or ""
        names = [name for name, known in _HUB_LICENCES.items() if re.search(known, stated, re.IGNORECASE)]
        found.add(names[0] if names else "other" if stated else "unknown")
    return sorted(found) or ["unknown"]


def _size_category(pairs: int) -> str:
    """The hub's name for the order of magnitude."""
    limits = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B"]
    step = max(len(str(pairs)) - 3, 0)
    return f"{limits[step - 1]}<n<{limits[step]}" if step else "n<1K"


def _opening(manifest: Manifest) -> str:
    counts = manifest.counts
    images = (
        f"{counts.pairs:,} image-text pair{'' if counts.pairs == 1 else 's'}"
        if counts.images
        else f"{counts.pairs:,} caption{'' if counts.pairs == 1 else 's'} without images"
    )
    if 0 < counts.images < counts.pairs:
        images += f" ({counts.images:,} with an image)"
    styles = [
        f"- `{name}` ({count:,}): {_STYLES.get(name, 'see the caption')}"
        for name, count in counts.styles.items()
    ]
    return (
        "# Captioned overhead imagery\n\n"
        f"{images}, made by rsvlm {manifest.versions['rsvlm']} from imagery and map labels. Each caption was "
        "written from labels that are kept beside it, so it can be checked and made again.\n\n"
        "Caption styles:\n\n" + "\n".join(styles)
    )


def _write_sample(folder: Path, row: Row) -> str | None:
    """Store a small JPEG of a row's image; returns its path inside the dataset."""
    if row["image"] is None:
        return None
    with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
        small = image.convert("RGB")
    small.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    name = f"samples/{row['key']}.jpg"
    (folder / "samples").mkdir(exist_ok=True)
    with atomic_write(folder / name) as path:
        small.save(path, "JPEG", quality=88)
    return name


def _samples(rows: list[Row], pictures: list[str | None]) -> str:
    lines = ["## Samples", "", "| | |", "| --- | --- |"]
    for row, picture in zip(rows, pictures, strict=True):
        shown = f"![{row['key']}]({picture})" if picture else f"`{row['key']}`"
        lines.append(f"| {shown} | {markdown_text(row['caption'])} |")
    return "\n".join(lines)


def _loading(manifest: Manifest) -> str:
    last = manifest.counts.shards - 1
    tars = f"shards/{{00000..{last:05d}}}.tar" if last else "shards/00000.tar"
    image, pillow = ('"jpg;png"', '.decode("pil")') if manifest.counts.images else ('"json"', ".decode()")
    return f"""\
## Load it

```python
from datasets import load_dataset

pairs = load_dataset("parquet", data_files="shards/*.parquet", split="train")
pairs[0]["image"], pairs[0]["caption"]
```

```python
import webdataset as wds

pairs = wds.WebDataset("{tars}", shardshuffle=False){pillow}.to_tuple({image}, "txt")
```

```python
import rsvlm

for pair in rsvlm.open_pairs("."):
    pair.image, pair.caption, pair.labels
```

open_clip: `--dataset-type webdataset --train-data "{tars}" --train-num-samples {manifest.counts.pairs}`"""


def _sources(manifest: Manifest) -> str:
    lines = [
        "## Sources and licences",
        "",
        "| source | pairs | licence | attribution |",
        "| --- | --- | --- | --- |",
    ]
    for source in manifest.sources:
        name = markdown_text(source.title)
        if source.url and re.fullmatch(r"https?://[^\s<>()]+", source.url):
            name = f"[{name}]({source.url})"
        licence = markdown_text(source.licence or "not stated")
        credit = markdown_text(source.attribution or "")
        lines.append(f"| {name} | {source.pairs:,} | {licence} | {credit} |")
    lines += [
        "",
        "Who passes these pairs on keeps the attributions; they stand in each row under `sources` as well.",
    ]
    return "\n".join(lines)


def _choosing(manifest: Manifest) -> list[str]:
    chosen = manifest.report.get(CHOSEN)
    return [chosen_text(chosen)] if chosen else []


def _checking(dataset: PairsDataset) -> str:
    counts = dataset.manifest.counts
    text = (
        "## How the captions were checked\n\n"
        "Each caption was held against its labels by code that shares nothing with the code that wrote it: "
        "it may name only classes, objects, numbers, places and sizes that the labels hold. "
        f"{counts.verified:,} of {counts.pairs:,} pairs passed. That says that captions agree with the "
        "labels; where the map is wrong, or older than the image, so is the caption."
    )
    if not counts.errors:
        return text
    kinds = Counter(problem.kind for problem in read_problems(dataset.folder))
    listed = "\n".join(f"- {markdown_text(kind)}: {count:,}" for kind, count in sorted(kinds.items()))
    return (
        f"{text}\n\n{counts.errors:,} inputs, chips or pairs were left out; `errors.parquet` names each with "
        f"its reason:\n\n{listed}"
    )
