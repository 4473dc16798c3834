"""Captions rewritten: whatever a model answers, no caption says what its labels do not."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from lying_server import (  # type: ignore[import-not-found] # of the generators' tests
    LyingServer,
    echo,
    fails,
    hangs,
    prompt_of,
    raw,
    says,
)
from rasterio.transform import Affine
from rasterio.warp import transform

import rsvlm
from rsvlm.captioning import CaptioningError
from rsvlm.captioning.rewrite import PROMPTS, load_prompt
from rsvlm.captioning.sample import SamplePaths
from rsvlm.captioning.verify import verify
from rsvlm.models import ModelError
from rsvlm.shards import ShardError

QUICK = {"first_wait": 0.01, "longest_wait": 0.02, "timeout": 5.0, "retries": 1}


@pytest.fixture(scope="module")
def mask(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WorldCover codes of 8 chips of 64 pixels: patches of trees, water, crops and grass."""
    random = np.random.default_rng(5)
    coarse = random.choice([10, 80, 40, 30], size=(16, 32), p=[0.45, 0.1, 0.3, 0.15])
    codes = np.kron(coarse, np.ones((8, 8))).astype(np.uint8)
    path = tmp_path_factory.mktemp("mask") / "cover.tif"
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": 128,
        "width": 256,
        "dtype": "uint8",
        "crs": "EPSG:32632",
    }
    with rasterio.open(path, "w", **profile, transform=Affine(10, 0, 5e5, 0, -10, 5e6)) as file:
        file.write(codes, 1)
    return path


def all_true(folder: Path) -> Counter[str]:
    """Check every caption of a dataset by its style's reader; return who wrote the pairs' captions."""
    writers: Counter[str] = Counter()
    for pair in rsvlm.open_pairs(folder):
        assert pair.verified
        for caption in pair.captions:
            assert verify(caption["text"], pair.labels, caption["style"]) == []
        assert pair.caption == pair.captions[0]["text"]
        assert (pair.generator == "template") == (not pair.style.endswith("-rewritten"))
        writers[pair.generator] += 1
    return writers


def faithful(prompt: str, images: Sequence[Any]) -> str:
    """What a good model would write of ChatEarthNet's context."""
    overall = re.search(r"from most to least are: (.*?);", prompt)
    assert overall is not None
    told = [f"The image is dominated by {overall[1]}."]
    for region, amounts in re.findall(r"The ([a-z ]+) mainly contains the following .*?: (.*)\.\n?", prompt):
        parts = re.findall(r"([a-z ]+?) \((extra small|small|medium|large|extra large) \w+\)", amounts)
        said = [
            f"a {size} portion of {words.replace(' and ', ' ').removeprefix('and ').strip()}"
            for words, size in parts
        ]
        told.append(f"Moving to the {region}, it features {', along with '.join(said)}.")
    return " ".join(told)


def test_a_faithful_model_is_believed(mask: Path, tmp_path: Path) -> None:
    report = rsvlm.caption(
        [], landcover=mask, chips="grid", size=64, out=tmp_path / "pairs", rewrite=faithful
    )
    written = all_true(tmp_path / "pairs")
    assert report.rewriting == {"rewritten": report.pairs}
    (writer,) = written
    assert writer.startswith("function:faithful (code:")
    pair = next(iter(rsvlm.open_pairs(tmp_path / "pairs")))
    assert [caption["style"] for caption in pair.captions] == ["chatearthnet-rewritten", "chatearthnet"]
    assert pair.caption.startswith("The image is dominated by")
    assert pair.captions[0]["text"] != pair.captions[1]["text"]
    assert ("rewriting: rewritten", str(report.pairs)) in [
        (name.strip(), value) for name, value in report.rows()
    ]


def test_settings_of_a_function_are_refused(mask: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="max_tokens"):
        rsvlm.caption(
            [], landcover=mask, out=tmp_path / "pairs", rewrite=faithful, rewrite_options={"max_tokens": 5}
        )


@pytest.mark.parametrize(
    "answer",
    [
        "", "图像显示一个港口。", "I'm sorry, I cannot help with that.", "x" * 1_000_000,
        "The image shows an airport with two runways.", "The image is dominated by snow.",
        "Describe the image from that alone.", "The image shows grass.\n\nThe image shows water.", "\ud800.",
    ],
)  # fmt: skip
def test_what_is_not_true_is_replaced_and_counted(mask: Path, tmp_path: Path, answer: str) -> None:
    report = rsvlm.caption(
        [],
        landcover=mask,
        chips="grid",
        size=64,
        out=tmp_path / "pairs",
        rewrite=lambda prompt, images: answer,
    )
    assert all_true(tmp_path / "pairs") == {"template": report.pairs}
    assert report.rewriting == {"failed the check": report.pairs}
    assert report.pairs == 8
    stats = json.loads((tmp_path / "pairs" / "shards" / "00000.json").read_text(encoding="utf-8"))
    key, style, text, problems = stats["rewriting"]["refused"][0]
    assert key
    assert style == "chatearthnet-rewritten"
    assert problems
    assert len(text) <= 300


def swapped(prompt: str, images: Sequence[Any]) -> str:
    """A model that mixes up left and right, and large and small, in every second answer."""
    text = faithful(prompt, images)
    if int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 2:
        return text
    names = {"left": "right", "right": "left", "large": "small", "small": "large"}
    return re.sub("|".join(names), lambda found: names[found[0]], text)


def test_a_model_that_mixes_things_up(mask: Path, tmp_path: Path) -> None:
    report = rsvlm.caption([], landcover=mask, chips="grid", size=32, out=tmp_path / "pairs", rewrite=swapped)
    written = all_true(tmp_path / "pairs")
    assert written["template"] == report.rewriting["failed the check"] > 0
    assert report.rewriting["rewritten"] > 0
    assert sum(report.rewriting.values()) == report.pairs


def test_osm_captions_are_rewritten_from_the_map(town: SamplePaths, tmp_path: Path) -> None:
    prompts = []

    def model(prompt: str, images: Sequence[Any]) -> str:
        prompts.append(prompt)
        things = re.findall(r"^- (?:one )?(.*?)(?: \(.*?\))?(?:, (?:in|at|on) the .*)?$", prompt, re.M)
        counted = re.findall(r"^- one ", prompt, re.M)
        article = "an" if things[0][:1] in "aeio" else "a"
        return f"The image features {article + ' ' if counted else ''}{things[0]}."

    report = rsvlm.caption(
        town.image, osm=town.osm, out=tmp_path / "pairs", rewrite=model, style=["natural", "skyscript"]
    )
    all_true(tmp_path / "pairs")
    assert report.rewriting["rewritten"] > 0
    assert "{facts}" not in prompts[0]
    assert report.styles["natural-rewritten"] == report.rewriting["rewritten"]


def test_more_than_a_hundred_of_a_kind_are_told_in_digits(tmp_path: Path) -> None:
    image = tmp_path / "estate.tif"
    profile = {"driver": "GTiff", "count": 3, "height": 512, "width": 512, "dtype": "uint8"}
    place = {"crs": "EPSG:32632", "transform": Affine(1, 0, 5e5, 0, -1, 5e6)}
    with rasterio.open(image, "w", **profile, **place) as file:
        file.write(np.random.default_rng(0).integers(1, 255, (3, 512, 512), dtype=np.uint8))
    lines = ["<osm version='0.6'>"]
    for house in range(130):
        west, north = 5e5 + 20 + 35 * (house % 13), 5e6 - 20 - 45 * (house // 13)
        lon, lat = transform(
            "EPSG:32632", "EPSG:4326", [west, west, west + 12, west + 12], [north, north - 9] * 2
        )
        corners = [4 * house + number + 1 for number in range(4)]
        lines += [f"<node id='{c}' lon='{x}' lat='{y}'/>" for c, x, y in zip(corners, lon, lat, strict=True)]
        ring = (corners[0], corners[1], corners[3], corners[2], corners[0])
        nodes = "".join(f"<nd ref='{corner}'/>" for corner in ring)
        lines.append(f"<way id='{house + 1}'>{nodes}<tag k='building' v='house'/></way>")
    (tmp_path / "estate.osm").write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    prompts = []

    def model(prompt: str, images: Sequence[Any]) -> str:
        prompts.append(prompt)
        return "The image features 130 houses."

    report = rsvlm.caption(
        image,
        osm=tmp_path / "estate.osm",
        chips="whole",
        style="natural",
        out=tmp_path / "pairs",
        rewrite=model,
    )
    all_true(tmp_path / "pairs")
    assert report.rewriting == {"rewritten": 1}
    assert "- 130 houses" in prompts[0]


def test_styles_without_a_prompt_are_passed_by(town: SamplePaths, tmp_path: Path) -> None:
    def never(prompt: str, images: Sequence[Any]) -> str:
        raise AssertionError

    report = rsvlm.caption(
        town.image, osm=town.osm, out=tmp_path / "pairs", rewrite=never, style="skyscript", limit=6
    )
    assert report.rewriting == {"no prompt for their style": report.pairs}


def test_the_vision_prompt_sends_the_image(town: SamplePaths, tmp_path: Path) -> None:
    seen = []

    def looks(prompt: str, images: Sequence[Any]) -> str:
        seen.append((prompt, [image.size for image in images]))
        return "no"

    rsvlm.caption(
        town.image, landcover=town.landcover, out=tmp_path / "pairs", limit=2, rewrite=looks,
        rewrite_prompt="chatearthnet-vision",
    )  # fmt: skip
    assert all(len(sizes) == 1 for _, sizes in seen)
    assert re.search(r"top left \d+\.\d\d%", seen[0][0])
    assert re.search(r"top left: .*: \d\.\d\d;", seen[0][0])


def test_over_the_wire_with_429s_garbage_and_lies(server: LyingServer, mask: Path, tmp_path: Path) -> None:
    def model(handler: Any, document: dict[str, Any]) -> None:
        handler.send(handler.completion(faithful(prompt_of(document), [])))

    server.behaviour = model
    server.plan = [
        fails(429, "slow down"), raw(b"<html>"), says("图像"), echo, says("x" * 1_000_000), fails(503), says(None),
        says("The image is", reason="length"), hangs,
    ]  # fmt: skip
    options = {**QUICK, "timeout": 0.5, "workers": 1}
    report = rsvlm.caption(
        [], landcover=mask, chips="grid", size=32, out=tmp_path / "pairs",
        rewrite=f"{server.address}#tiny", rewrite_options=options,
    )  # fmt: skip
    all_true(tmp_path / "pairs")
    assert report.pairs == 32
    assert report.rewriting == {"rewritten": 32 - 6, "failed the check": 4, "no answer": 2}
    assert any("gave no answer" in warning for warning in report.warnings)
    run = json.loads((tmp_path / "pairs" / "run.json").read_text(encoding="utf-8"))
    assert run["config"]["rewrite"]["generator"] == f"{server.address}#tiny"
    assert run["config"]["rewrite"]["prompts"]["chatearthnet"] == load_prompt("chatearthnet").version


def test_a_server_that_dies_stops_the_run_and_a_second_run_pays_only_for_the_rest(
    server: LyingServer, mask: Path, tmp_path: Path
) -> None:
    served: list[str] = []

    def mortal(handler: Any, document: dict[str, Any]) -> None:
        if len(served) >= 20:
            handler.close_connection = True
            return
        served.append(prompt_of(document))
        handler.send(handler.completion(faithful(prompt_of(document), [])))

    server.behaviour = mortal
    arguments: dict[str, Any] = {
        "landcover": mask, "chips": "grid", "size": 16, "out": tmp_path / "pairs",
        "rewrite": f"{server.address}#tiny", "rewrite_options": {**QUICK, "retries": 0, "workers": 1},
    }  # fmt: skip
    with pytest.raises(ShardError, match="run the same command again"):
        rsvlm.caption([], **arguments)
    assert len(served) == 20
    asked: list[str] = []

    def alive(handler: Any, document: dict[str, Any]) -> None:
        asked.append(prompt_of(document))
        handler.send(handler.completion(faithful(prompt_of(document), [])))

    server.behaviour = alive
    report = rsvlm.caption([], **arguments)
    all_true(tmp_path / "pairs")
    assert report.pairs == 128
    assert not set(asked) & set(served)
    again = rsvlm.caption([], **{**arguments, "out": tmp_path / "again"})
    assert again.rewriting == report.rewriting
    assert len(asked) == len(set(asked))
    for name in ("00000.parquet", "00000.tar"):
        one, other = (tmp_path / folder / "shards" / name for folder in ("pairs", "again"))
        assert one.read_bytes() == other.read_bytes()


def test_the_command(server: LyingServer, mask: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "rsvlm",
        "caption",
        "--landcover",
        str(mask),
        "--chips",
        "grid",
        "--size",
        "64",
    ]
    command += [
        "--out",
        str(tmp_path / "pairs"),
        "--rewrite",
        f"{server.address}#tiny",
        "--offline",
        "--json",
    ]
    command += [
        "--rewrite-option",
        "key_variable=MY_KEY",
        "--rewrite-option",
        "max_tokens=99",
        "--workers",
        "2",
    ]
    environment = {"MY_KEY": "sk-not-to-be-seen", "RSVLM_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rewriting"] == {"failed the check": 8}
    assert server.requests[0]["max_tokens"] == 99
    assert server.headers[0]["Authorization"] == "Bearer sk-not-to-be-seen"
    assert "not-to-be-seen" not in done.stdout + done.stderr
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"not-to-be-seen" not in file.read_bytes()


def test_prompts_and_mistakes(mask: Path, tmp_path: Path) -> None:
    for name in PROMPTS:
        prompt = load_prompt(name)
        assert prompt.text.count("{facts}") == 1
        assert len(prompt.version) == 8
    with pytest.raises(CaptioningError, match="no prompt 'poem'"):
        rsvlm.caption([], landcover=mask, out=tmp_path / "a", rewrite=faithful, rewrite_prompt="poem")
    with pytest.raises(CaptioningError, match="need --rewrite"):
        rsvlm.caption([], landcover=mask, out=tmp_path / "a", rewrite_prompt="osm")
    with pytest.raises(ValueError, match="there is no generator"):
        rsvlm.caption([], landcover=mask, out=tmp_path / "a", rewrite="no-such-model")
    assert not (tmp_path / "a").exists()
