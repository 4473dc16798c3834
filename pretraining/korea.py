"""Does going on with training on captions that `rsvlm caption` made help? Sentinel-2 scenes of Korea, with a control.

    pip install "rsvlm[cpu]"
    python pretraining/korea.py --data DIR --out work/

A base that has never seen Sentinel-2 (RSICD and UC Merced, training splits) is adapted by LoRA to captions made from
the land-cover masks of the scenes, as SkyScript's models were to captions made from OpenStreetMap, and once more to the
same captions dealt out to other images. Both replay the base's own pairs; UC Merced and RSICD validation choose the
base's epoch, and then say what was forgotten. Nothing is held out, so that all that was learned is kept: of captions so
alike which image finds its own (recall@1 is 5 %) says little, and no strength could be chosen by it.

Most of the scenes is forest; captions of the other classes come more often than there are chips of them.

Scenes overlap in part. Groups of scenes that touch are made, and every third group is kept for the test, so that no
test pixel was seen. Settings were chosen with other scenes kept back, the last third (README.md), and then frozen.
Measured are (in domain) the majority class of 64 px chips of the test scenes, and (transfer) EuroSAT: choices were made
on its training split, its validation split is reported. It goes on where it was stopped.
Several processes share the work: `--only adapted-0 shuffled-0` in one, other runs in others, then all without it.
"""

import argparse
import json
import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
from numpy.typing import NDArray
from shapely.geometry import box

import rsvlm
from rsvlm.eval import EvalResult, EvalSet
from rsvlm.eval.statistics import paired_bootstrap
from rsvlm.pretraining import Augmentation, LoraSettings, SourceSpec, TrainingSettings

SIZE, SIZES = 64, (48, 64, 96)
"""Pixels of a chip that is judged, and of those that are learned from."""

NAMES = {10: "building", 30: "road", 50: "field", 70: "forest"}
MINE = (
    "build", "road", "field", "forest", "wood", "crop", "farm", "tree", "resident", "street", "highway", "house",
)  # fmt: skip
"""Parts of words that the masks can name."""

WHAT = ("adapted", "shuffled captions")

Run = tuple[str, int]
"""What was learned, and the seed."""

SHARES = {("forest",): 0.45, ("field",): 0.4, ("road", "building"): 0.15}
"""How often captions come, by the class that they name first."""

COARSE = Augmentation(scale=(0.35, 1.0), ratio=(0.75, 1.33), coarsen=0.5)
"""Aerial images with as few pixels as Sentinel-2 has, so that coarseness says nothing about what an image shows."""

TEMPLATES = ("{}", "a satellite photo of a {}.", "an aerial image of {}.", "a {} seen from above.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--base-epochs", type=int, default=3)
    parser.add_argument(
        "--choose", action="store_true", help="measure on EuroSAT's training split, to choose by"
    )
    parser.add_argument("--only", nargs="+", default=[], help="make these runs, and measure nothing")
    options = parser.parse_args()
    names = {f"{what.split()[0]}-{seed}" for what in WHAT for seed in range(options.seeds)}
    if unknown := sorted(set(options.only) - names):
        parser.error(f"--only {unknown[0]}: there is no such run; there are {', '.join(sorted(names))}")
    options.out.mkdir(parents=True, exist_ok=True)
    train, test = split(sorted((options.data / "korea-sentinel2-landcover" / "images").glob("*.tif")))
    print(
        f"{len(train)} scenes to learn from, {len(test)} to be judged by: {', '.join(path.stem for path in test)}"
    )
    base = trained_base(options)
    pairs = captioned(train, options)
    chips = majority_chips(test, options.data / "korea-sentinel2-landcover" / "masks")
    runs = {}
    for seed in range(options.seeds):
        for what in WHAT:
            name = f"{what.split()[0]}-{seed}"
            if not options.only or name in options.only:
                sources = by_class(pairs, name, options.out, seed if what != "adapted" else None)
                runs[what, seed] = adapted(base, sources, options.out / name, seed, options)
    if options.only:
        return
    sets = judged_by(chips, options)
    results = {("base", 0): measured("base", base, sets)}
    results |= {run: measured(" ".join(map(str, run)), adapter, sets) for run, adapter in runs.items()}
    figures = [
        {"what": what, "seed": seed, **{name: figure(one) for name, one in found.items()}}
        for (what, seed), found in results.items()
    ]
    differences = [
        {"what": what, "than": than, **{name: gain(results, sets[name], what, than) for name in sets}}
        for what, than in (("adapted", "base"), ("adapted", WHAT[1]), (WHAT[1], "base"))
    ]
    (options.out / "korea.json").write_text(
        json.dumps({"models": figures, "differences": differences}, indent=1), encoding="utf-8"
    )
    print_figures(figures)
    print_differences(differences)


def split(scenes: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Scenes to learn from and to be judged by; no footprint of one touches one of the other."""
    footprints = []
    for path in scenes:
        with rasterio.open(path) as image:
            footprints.append(box(*image.bounds))
    groups: list[list[int]] = []
    for number, footprint in enumerate(footprints):
        near = [group for group in groups if any(footprint.intersects(footprints[one]) for one in group)]
        touching = sorted([number, *(one for group in near for one in group)])
        groups = [group for group in groups if group not in near] + [touching]
    groups.sort()
    kept = {number for group in groups[::3] for number in group}
    return [path for n, path in enumerate(scenes) if n not in kept], [scenes[n] for n in sorted(kept)]


def own_pairs(data: Path) -> list[SourceSpec]:
    """What the base learns from, and what is replayed."""
    found = []
    for name, vocabulary in (("rsicd", "rsicd"), ("ucm", "ucmerced")):
        file = str(data / name / "train.parquet")
        found.append(SourceSpec(data=file, caption_column="captions"))
        found.append(SourceSpec(data=file, label_column="label", vocabulary=vocabulary, templates=TEMPLATES))
    return found


def trained_base(options: argparse.Namespace) -> Path:
    data: Path = options.data
    out: Path = options.out / "base"
    rsvlm.pretrain(
        own_pairs(data), out=out, encoder="built-in-base", batch_size=128,
        lora=LoraSettings(rank=0, sides=("image",), whole=("all",)),
        training=TrainingSettings(
            learning_rate=1e-3, heads_first=0.08, weight_decay=0.05, epochs=options.base_epochs, train_size=128,
        ),
        augmentation=COARSE,
        validation=[
            SourceSpec(data=str(data / name / "validation.parquet"), caption_column="captions")
            for name in ("ucm", "rsicd")
        ],
    )  # fmt: skip
    return out


def captioned(scenes: Iterable[Path], options: argparse.Namespace) -> list[Path]:
    """The pairs that `rsvlm caption` makes of the scenes, in chips of several sizes."""
    found: list[Path] = []
    for size in SIZES:
        found.append(options.out / f"pairs-{size}")
        rsvlm.caption(
            list(scenes), landcover=options.data / "korea-sentinel2-landcover" / "masks", legend="korea", size=size,
            style=["natural"], out=found[-1], imagery_licence="MIT",
        )  # fmt: skip
    return found


def by_class(pairs: Iterable[Path], name: str, out: Path, shuffle: int | None) -> list[SourceSpec]:
    """The pairs by the class that their captions name first, each with its share.

    Args:
        pairs: Datasets of `rsvlm caption`.
        name: Of the run.
        out: The files are written there.
        shuffle: Deal captions out to other images first, with this seed.
    """
    found = [pair for folder in pairs for pair in rsvlm.open_pairs(folder)]
    told = [(pair.captions, first_class(pair.labels["landcover"])) for pair in found]
    if shuffle is not None:
        random.Random(shuffle).shuffle(told)
    sources = []
    for classes, share in SHARES.items():
        rows = [
            {
                "image": {"bytes": pair.image, "path": f"{pair.key}.{pair.format}"},
                "captions": captions,
                "bbox": pair.bbox,
            }
            for pair, (captions, first) in zip(found, told, strict=True)
            if first in classes
        ]
        file = out / f"{name}-{'-'.join(classes)}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), file)
        sources.append(SourceSpec(data=str(file), weight=share, licence="MIT"))
    return sources


def first_class(landcover: Any) -> str:
    """The class that has most of a chip, and that its captions name first."""
    return str(landcover["regions"]["overall"][0]["name"])


def adapted(
    base: Path, sources: Sequence[SourceSpec], out: Path, seed: int, options: argparse.Namespace
) -> Path:
    own = own_pairs(options.data)
    rsvlm.pretrain(
        sources, out=out, encoder=base, batch_size=128,
        lora=LoraSettings(rank=16, sides=("image",)),
        training=TrainingSettings(learning_rate=5e-4, epochs=options.epochs, seed=seed, train_size=128),
        augmentation=COARSE, replay=[(spec, 0.5 / len(own)) for spec in own], negatives=negatives(),
        held_out=0,
    )  # fmt: skip
    return out


def negatives() -> list[str]:
    """What the masks cannot name: the words of other class lists, in templates."""
    words: set[str] = set()
    for name in ("resisc45", "rsi-cb256", "bigearthnet-43"):
        words |= {word for one in rsvlm.vocabulary(name).classes for word in one.words}
    kept = sorted(word for word in words if not any(part in word.lower() for part in MINE))
    return [template.format(word) for word in kept for template in TEMPLATES]


def majority_chips(scenes: Iterable[Path], masks: Path) -> EvalSet:
    """Chips of the scenes of which half or more is labelled, and the class that most of it has."""
    images, labels, keys, groups = [], [], [], []
    for path in scenes:
        with rasterio.open(path) as image, rasterio.open(masks / path.name) as mask:
            pixels, codes = image.read([1, 2, 3]).transpose(1, 2, 0), mask.read(1)
        for y in range(0, codes.shape[0] - SIZE + 1, SIZE):
            for x in range(0, codes.shape[1] - SIZE + 1, SIZE):
                part = codes[y : y + SIZE, x : x + SIZE]
                shares = {code: float((part == code).mean()) for code in NAMES}
                if sum(shares.values()) >= 0.5:
                    code = max(shares, key=lambda one: shares[one])
                    images.append(np.ascontiguousarray(pixels[y : y + SIZE, x : x + SIZE]))
                    labels.append((NAMES[code],))
                    keys.append(f"{path.stem} {x} {y}")
                    groups.append(path.stem)
    return EvalSet(
        "Korea",
        tuple(images),
        tuple(keys),
        labels=tuple(labels),
        groups=tuple(groups),
        classes=tuple(NAMES.values()),
    )


def judged_by(chips: EvalSet, options: argparse.Namespace) -> dict[str, EvalSet]:
    sets = {"Korea": chips}
    eurosat = "train" if options.choose else "validation"
    for name, split_name in (("eurosat-rgb", eurosat), ("ucm", "validation"), ("rsicd", "validation")):
        sets[name] = rsvlm.eval.read_eval_set(options.data / name, split=split_name)
    return sets


def measured(what: str, encoder: Path, sets: Mapping[str, EvalSet]) -> dict[str, EvalResult]:
    model = rsvlm.load_encoder(encoder, precision="fp32")
    found = {name: rsvlm.evaluate("zero-shot", data=one, encoder=model) for name, one in sets.items()}
    print(what, {name: round(result.metrics["accuracy"], 4) for name, result in found.items()}, flush=True)
    return found


def figure(result: EvalResult) -> dict[str, float]:
    low, high = result.intervals["accuracy"]
    names = ("accuracy", "balanced_accuracy")
    return {name: result.metrics[name] for name in names} | {"low": low, "high": high}


def gain(results: Mapping[Run, Mapping[str, EvalResult]], data: EvalSet, what: str, than: str) -> list[float]:
    """How much more of the same images is told, the mean over seeds: the difference and its 95 % interval.

    Chips of a scene are drawn together.
    """

    def right(model: str) -> NDArray[np.float64]:
        tables = [found[data.name].items for (one, _), found in results.items() if one == model]
        seeds = np.array([table["correct"].to_numpy() for table in tables if table is not None], np.float64)
        mean: NDArray[np.float64] = seeds.mean(axis=0)
        return mean

    found = paired_bootstrap(right(what), right(than), groups=data.groups)
    return [found.difference, *found.interval]


def print_figures(rows: Sequence[dict[str, Any]]) -> None:
    names = [name for name in rows[0] if name not in ("what", "seed")]
    print("\n| model | " + " | ".join(names) + " |\n|---|" + "--:|" * len(names))
    for what in dict.fromkeys(row["what"] for row in rows):
        cells = []
        for name in names:
            own = [row[name] for row in rows if row["what"] == what]
            values = [100 * one["accuracy"] for one in own]
            low, high = (100 * own[0][end] for end in ("low", "high"))
            spread = f"± {statistics.stdev(values):.1f}" if len(values) > 1 else f"({low:.1f}-{high:.1f})"
            cells.append(f"{statistics.mean(values):.1f} {spread}")
        print(f"| {what} | " + " | ".join(cells) + " |")


def print_differences(rows: Sequence[dict[str, Any]]) -> None:
    names = [name for name in rows[0] if name not in ("what", "than")]
    print("\n| difference | " + " | ".join(names) + " |\n|---|" + "--:|" * len(names))
    for row in rows:
        cells = [" to ".join(f"{100 * number:+.1f}" for number in row[name][1:]) for name in names]
        cells = [f"{100 * row[name][0]:+.1f} ({cell})" for name, cell in zip(names, cells, strict=True)]
        print(f"| {row['what']} - {row['than']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
