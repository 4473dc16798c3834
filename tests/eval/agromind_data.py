"""AgroMind's questions for tests: the real files unpacked where they are, and small ones of all eleven types."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rsvlm.eval.agromind import AgroMind, read_agromind

FOUR = {letter: f"./Trees/{letter}.png" for letter in "ABCD"}

MADE: dict[str, list[dict[str, Any]]] = {
    "Spatial Perception/BD_1_3_1": [
        {"type_id": 11, "question": "Which box?", "image_path": "./a.png", "answer": [0.0, 0.0, 0.5, 1.0]},
        {"type_id": 11, "question": "Which box?", "image_path": "./b.png", "answer": [0.1, 0.2, 0.9, 0.8]},
    ],
    "Object Understanding/OC_2_1_1": [
        {
            "type_id": 1,
            "questions": "Which crop is it?",
            "image_path": "./a.png",
            "options": {"A": "Rice", "B": "Maize", "C": "Rice with weeds", "D": "Bare soil"},
            "answer": gold,
        }
        for gold in "BBBA"
    ],
    "Object Understanding/OC_2_1_4": [
        {"type_id": 3, "question": "Are there trees?", "image_path": "./a.png", "answer": "No"},
        {"type_id": "3", "question": "Are there weeds?", "image_path": "./b.png", "answer": "Yes"},
    ],
    "Object Understanding/GSR_2_3_1": [
        {
            "type_id": 6,
            "question": "How is the tree in the red box?",
            "image_path": "Oil palm/one tree.JPG",
            "options": {"A": "Dead", "B": "Healthy", "C": "Small", "D": "Yellow", "E": "Grass"},
            "answer": "E",
        }
    ],
    "Scene Understanding/SC_3_1_3": [
        {"type_id": 5, "question": "Which 2 images have most trees?", "options": FOUR, "answer": ["A", "C"]},
        {"type_id": 5, "question": "Which image has most trees?", "options": FOUR, "answer": ["D"]},
    ],
    "Scene Understanding/SC_3_1_5": [
        {"type_id": 8, "question": "How many more?", "image1": "./a.png", "image2": "./b.png", "answer": "3"}
    ],
    "Scene Understanding/CO_3_2_1": [
        {"type_id": 2, "question": "How many pests?", "image_path": "./a.png", "answer": "12"},
        {"type_id": 2, "question": "How many pests?", "image_path": "./b.png", "answer": "2"},
        {"type_id": 2, "question": "How many pests?", "image_path": "./b.png", "answer": "2"},
    ],
    "Scene Understanding/CO_3_2_7": [
        {
            "type_id": 1,
            "question": "How many palms?",
            "image_path": "./a.png",
            "options": {"A": 71, "B": 7, "C": 45, "D": 68},
            "answer": "A",
        }
    ],
    "Scene Reasoning/AR_4_2_1": [
        {
            "type_id": 9,
            "question": "which 2 anomalous areas are there?",
            "image_path": "./a.png",
            "options": {"A": "cloud shadow", "B": "double plant", "C": "standing water"},
            "answer": ["A", "B"],
        }
    ],
    "Scene Reasoning/AR_4_2_2": [
        {"type_id": 4, "question": "Which image shows a pest?", "options": FOUR, "answer": "C"}
    ],
    "Scene Reasoning/PL_4_4_1": [
        {
            "type_id": 7,
            "question": "How much, and how wide? Choose from few, many; narrow, wide.",
            "image_path": "./a.png",
            "answer": "Many,Narrow",
        }
    ],
    "Scene Reasoning/VPR_4_1_3": [
        {
            "type_id": 10,
            "question": "Is the crop healthy? If not, what is it?",
            "image_path": "./b.png",
            "answer": "The potato has early blight.\n1. Spray.",
        },
        {
            "type_id": 10,
            "question": "Is the crop healthy? If not, what is it?",
            "image_path": "./a.png",
            "answer": "Yes.",
        },
    ],
}
"""One file a type or more, in the folders of their dimensions; `item_id` is added."""


def write_questions(folder: Path, files: dict[str, list[dict[str, Any]]] = MADE) -> Path:
    """Write question files and return their folder."""
    for name, rows in files.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        numbered = [{"item_id": number, **row} for number, row in enumerate(rows, 1)]
        path.write_text(json.dumps(numbered, ensure_ascii=False), encoding="utf-8")
    return folder


def write_images(folder: Path) -> Path:
    """Write the images that the made questions name, each of one colour, and return their folder."""
    names = ["a.png", "b.png", "Oil palm/one tree.JPG", *(f"Trees/{letter}.png" for letter in "ABCD")]
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (20 * number, 90, 60)).save(path)
    return folder


@pytest.fixture
def made(tmp_path: Path) -> AgroMind:
    """The made questions, with their images beside them."""
    folder = write_questions(tmp_path / "data")
    write_images(folder / "images")
    return read_agromind(folder)


@pytest.fixture(scope="session")
def agromind(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> AgroMind:
    """The real questions, release v1."""
    archive = data_dir / "agromind.tar.xz"
    if not archive.exists():
        pytest.skip("agromind.tar.xz is not there")
    folder = tmp_path_factory.mktemp("agromind")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return read_agromind(folder)
