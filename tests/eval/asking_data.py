"""What the tests of asking share: questions about pictures of one colour in all forms, and a model that can see."""

import csv
import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

COLOURS = {"red": (220, 30, 20), "green": (20, 200, 40), "blue": (30, 20, 210)}
FORMS = ("jsonl", "csv", "parquet bytes", "parquet paths", "rsvqa")
SECRET = "harbour_7"
"""Part of the names of all files: whoever is told it, was told a name."""


def draw(folder: Path) -> list[dict[str, Any]]:
    """Draw pictures, and return two questions about each."""
    rows = []
    for number, (name, colour) in enumerate(COLOURS.items()):
        file = f"images/{SECRET}_{number}.png"
        (folder / "images").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 16), colour).save(folder / file)
        rows.append({"image": file, "question": "Which colour is it?", "answer": name, "type": "colour"})
        answer = "yes" if name == "red" else "no"
        rows.append({"image": file, "question": "Is it {red}?", "answer": answer, "type": "presence"})
    return rows


def write_form(folder: Path, rows: Sequence[dict[str, Any]], form: str) -> Path:
    """Write questions in one of the forms, beside the folder of images."""
    if form == "rsvqa":
        return _write_rsvqa(folder, rows)
    path = folder / f"questions.{form.split()[0]}"
    if form == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    elif form == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        table = [dict(row) for row in rows]
        for row in table:
            if form == "parquet bytes":  # all called the same, as some data sets do
                row["image"] = {"bytes": (folder / row["image"]).read_bytes(), "path": "image.png"}
        pq.write_table(pa.Table.from_pylist(table), path, row_group_size=2)
    return path


def _write_rsvqa(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """The three files of RSVQA, and its pictures, which are called by their number."""
    names = list(dict.fromkeys(row["image"] for row in rows))
    for number, name in enumerate(names):
        with Image.open(folder / name) as picture:
            picture.save(folder / f"{number}.tif")
    questions, answers = [], []
    for number, row in enumerate(rows):
        one = {"id": number, "active": True, "img_id": names.index(row["image"]), "type": row["type"]}
        questions.append(one | {"question": row["question"]})
        answers.append({"id": number, "active": True, "question_id": number, "answer": row["answer"]})
    questions.append({"id": 99, "active": False, "question": "?"})
    images = [{"id": number, "active": True} for number in range(len(names))]
    for what, entries in (("questions", questions), ("answers", answers), ("images", images)):
        (folder / f"LR_{what}.json").write_text(json.dumps({what: entries}), encoding="utf-8")
    return folder / "LR_questions.json"


class Seeing:
    """Answers from the picture alone, and remembers what it was asked."""

    name, revision = "seeing", "1"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.info: dict[str, Any] = {"temperature": 0, "device": "a processor"}

    def generate(self, prompt: str, images: Sequence[Any] = ()) -> str:
        self.asked.append(prompt)
        (image,) = images
        mean = np.asarray(image, np.float64).reshape(-1, 3).mean(axis=0)
        colour = min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))
        if "{red}" in prompt:
            return "Yes." if colour == "red" else "No."
        return f" {colour.title()}\n"


class Odd:
    """A function that fails every third time, and else answers oddly; right where it is `well`."""

    def __init__(self) -> None:
        self.count = 0
        self.well = False

    def __call__(self, prompt: str, images: Sequence[Any]) -> str:
        self.count += 1
        if self.well:
            return Seeing().generate(prompt, images)
        if self.count % 3 == 0:
            raise RuntimeError("out of\nmemory")
        return [prompt, "是的有水。", "y" * 2**20, "", ""][self.count % 5]


def load_lying_server() -> Any:
    """The module with the server of the tests of generators, which lies in another folder."""
    if "lying_server" not in sys.modules:
        path = Path(__file__).parents[1] / "models" / "generators" / "lying_server.py"
        spec = importlib.util.spec_from_file_location("lying_server", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["lying_server"] = module
        spec.loader.exec_module(module)
    return sys.modules["lying_server"]


def command_line(monkeypatch: Any, folder: Path) -> Callable[..., int]:
    """Run the command line in this process, away from the user's cache; gives its exit code."""
    from rsvlm.cli import main

    monkeypatch.setenv("RSVLM_CACHE", str(folder / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["rsvlm", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run
