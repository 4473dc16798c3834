"""What a model gets: the words for each type of question, and one picture with all its images."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from agromind_data import agromind, made, write_images  # type: ignore[import-not-found] # noqa: F401 - fixtures
from PIL import Image

from rsvlm.eval import EvalError
from rsvlm.eval.agromind import AgroMind, Item, read_prompts
from rsvlm.eval.agromind.layout import compose_picture, find_image, grid, image_folders
from rsvlm.eval.agromind.tasks import QuestionType


def first(data: AgroMind, kind: int) -> Item:
    found: Item = next(item for item in data.items if item.kind == kind)
    return found


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (1, ["its letter only", "A: Rice\nB: Maize\nC: Rice with weeds\nD: Bare soil\n\n"]),
        (2, ["a number only"]),
        (3, ["'yes' or 'no' only"]),
        (4, ["option A at the top left", "its letter only"]),
        (5, ["option D at the bottom right", "letters of all right options only, separated by commas"]),
        (6, ["its letter only", "E: Grass\n"]),
        (7, ["a single word or phrase"]),
        (8, ["image 1 on the left", "a number only"]),
        (9, ["letters of all right options only, separated by commas", "C: standing water\n"]),
        (10, ["briefly"]),
        (11, ["xmin,ymin,xmax,ymax", "between 0 and 1"]),
    ],
)
def test_each_type_is_asked_for_its_form(made: AgroMind, kind: int, words: list[str]) -> None:  # noqa: F811
    item = first(made, kind)
    prompt = read_prompts().compose(item)
    assert f"Question: {item.question}\n" in prompt
    for word in words:
        assert word in " ".join(prompt.split()) or word in prompt
    assert "./" not in prompt  # no path of an image
    assert item.gold not in prompt or kind in (1, 3, 4, 5, 6, 8, 9)


def test_real_prompts_hold_question_and_options(agromind: AgroMind) -> None:  # noqa: F811
    prompts = read_prompts()
    for item in agromind.items:
        prompt = prompts.compose(item)
        assert item.question.strip() in prompt
        listed = item.options if item.kind not in (4, 5) else {}
        assert all(f"\n{letter}: {text}" in prompt for letter, text in listed.items())


def own_prompts(folder: Path, **changes: str) -> Path:
    templates = {int(kind): "{question} {options}" for kind in QuestionType}
    templates |= {int(kind.removeprefix("t")): text for kind, text in changes.items()}
    path = folder / "prompts.yaml"
    path.write_text(yaml.safe_dump({"name": "mine", "templates": templates}), encoding="utf-8")
    return path


def test_prompts_nested_too_deep_are_told_by_their_file(tmp_path: Path) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text("[" * 5000, encoding="utf-8")
    with pytest.raises(EvalError, match=r"prompts\.yaml"):
        read_prompts(path)


def test_own_prompts(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    prompts = read_prompts(own_prompts(tmp_path, t2="{{json}} {question}"))
    assert prompts.compose(first(made, 2)) == "{json} How many pests?"
    assert prompts.name == "mine"
    assert prompts.digest != read_prompts().digest == read_prompts().digest


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{question}", "type 1 has the fields question; it needs options, question"),
        ("{question} {options} {answer}", "type 1 has the fields answer, options, question"),
        ("{question", "type 1 is no template"),
    ],
)
def test_wrong_templates_are_told(tmp_path: Path, template: str, complaint: str) -> None:
    with pytest.raises(EvalError, match=complaint):
        read_prompts(own_prompts(tmp_path, t1=template))


@pytest.mark.parametrize(
    "content",
    ["", "- 1", "name: x\ntemplates: {1: a}", "name: x\ntemplates: {12: a}", "a: [", "name: x\ntemplates: 3"],
)
def test_wrong_prompt_files_are_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvalError, match=r"prompts .*p\.yaml: ") as caught:
        read_prompts(path)
    assert "\n" not in str(caught.value)


def test_one_image_is_shown_as_it_is(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    folders = image_folders(made.folder, None)
    picture = compose_picture(first(made, 1), folders)
    assert (picture.size, picture.mode) == ((40, 30), "RGB")
    large = tmp_path / "data" / "images" / "a.png"
    Image.new("L", (4100, 100)).save(large)
    assert compose_picture(first(made, 1), folders).size == (2048, 50)


def test_four_images_in_a_grid(made: AgroMind) -> None:  # noqa: F811
    """Colours of A, B, C, D in reading order, in the middle of their quarters, and black titles over them."""
    picture = np.asarray(compose_picture(first(made, 4), image_folders(made.folder, None)))
    assert picture.shape == (1200, 1200, 3)
    reds = [picture[y, x, 0] for y in (330, 930) for x in (300, 900)]
    assert reds == [60, 80, 100, 120]
    for left, top in ((0, 0), (600, 0), (0, 600), (600, 600)):
        title = picture[top : top + 60, left : left + 600]
        assert title.min() < 50
        assert (title[:, :150] == 255).all()


def test_two_images_side_by_side(made: AgroMind) -> None:  # noqa: F811
    picture = np.asarray(compose_picture(first(made, 8), image_folders(made.folder, None)))
    assert picture.shape == (600, 1200, 3)
    assert [picture[330, x, 0] for x in (300, 900)] == [0, 20]


def test_shapes_of_images_are_kept() -> None:
    tall, wide = Image.new("RGB", (10, 1000), "red"), Image.new("RGB", (3000, 2), "red")
    cells = np.asarray(grid([tall, wide, tall], ["a", "b", "c"]))
    assert cells.shape == (1200, 1200, 3)
    red = (cells == (255, 0, 0)).all(axis=2)
    assert red[:600, :600].any(axis=1).sum() == 520
    assert red[:600, 600:].any(axis=0).sum() == 560
    assert not red[600:, 600:].any()


@pytest.mark.parametrize(
    "name", ["a.png", "./a.png", ".\\a.png", "a.PNG", "Oil palm/one tree.jpg", "./Trees/B.PNG"]
)
def test_paths_as_they_are_spelt(tmp_path: Path, name: str) -> None:
    write_images(tmp_path / "images")
    assert find_image(name, image_folders(tmp_path / "QA_Pairs", None)).is_file()
    assert find_image(name, image_folders(tmp_path, None)).is_file()
    assert find_image(name, image_folders(tmp_path / "else", tmp_path / "images")).is_file()


@pytest.mark.parametrize("name", ["../secret.png", "/etc/a.png", "C:/a.png", "C:\\a.png", "a/../../b.png"])
def test_paths_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    with pytest.raises(EvalError, match="leads out of the folder"):
        find_image(name, (tmp_path / "images",))


def test_pictures_that_cannot_be_shown(made: AgroMind) -> None:  # noqa: F811
    folders = image_folders(made.folder, None)
    path = made.folder / "images" / "a.png"
    Image.new("1", (9000, 9000)).save(path)
    with pytest.raises(EvalError, match="has 9000 x 9000 pixels"):
        compose_picture(first(made, 1), folders)
    path.write_bytes(b"no picture")
    with pytest.raises(EvalError, match="is no picture that can be read"):
        compose_picture(first(made, 1), folders)
    path.unlink()
    with pytest.raises(EvalError, match=r"image \./a\.png: is not in "):
        compose_picture(first(made, 1), folders)
