"""Files of questions as items of an export."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .agromind.layout import find_image, image_folders
from .agromind.read import read_agromind
from .export_items import ExportItem, agromind_items
from .vqa import UNTYPED, Question, read_questions


def read_export_items(questions: Path, images: Path | None = None) -> list[ExportItem]:
    """Read questions that are to be exported.

    Args:
        questions: A folder in AgroMind's layout, as `make_questions` writes one, or a .jsonl that
            `rsvlm.eval.vqa.read_questions` reads.
        images: Folder that the paths of images start from; None: that of the questions.

    Raises:
        EvalError: The questions cannot be read, or an image of AgroMind's is not there.
    """
    if not questions.is_dir():
        return vqa_items(read_questions(questions), images or questions.parent)
    folders = image_folders(questions, images)
    return [
        replace(item, images=tuple(str(find_image(str(name), folders)) for name in item.images))
        for item in agromind_items(read_agromind(questions), "")
    ]


def vqa_items(questions: Sequence[Question], images: Path) -> list[ExportItem]:
    """Return questions that are answered in words; of several right answers the first one is kept.

    Args:
        questions: From `rsvlm.eval.vqa.read_questions`.
        images: The folder below which the paths of their images lie.
    """
    return [
        ExportItem(
            one.key, (str(images / one.image),) if one.image else (), one.question, one.golds[0],
            type="" if one.type == UNTYPED else one.type, category="" if one.type == UNTYPED else one.type,
        )
        for one in questions
    ]  # fmt: skip
