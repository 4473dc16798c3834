"""Questions about images as a task of lmms-eval."""

import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from rsvlm.files import atomic_write

from .export_images import image_bytes
from .export_items import Exported, ExportItem, check

_YAML = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {name}.jsonl
test_split: test
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: answer
process_results: !function utils.process_results
generation_kwargs:
  max_new_tokens: 64
  temperature: 0
  do_sample: false
metric_list:
  - metric: accuracy
    aggregation: mean
    higher_is_better: true
metadata:
  - version: 1.0
"""


def export_lmms_eval(items: Sequence[ExportItem], folder: Path, name: str) -> Exported:
    """Write a task of lmms-eval: `lmms_eval --include_path FOLDER --tasks NAME`.

    The folder holds NAME.yaml, the questions as NAME.jsonl, their images in images/ and utils.py, which asks them and
    judges the answers. An answer that names more options than were asked for is wrong.

    Args:
        items: The questions.
        folder: Where; made if it is not there.
        name: Of the task: letters, digits and `_`.

    Raises:
        EvalError: Nothing to export, a name or an answer that does not fit, or an image that cannot be read.
    """
    check(items, name)
    names: dict[str, str] = {}
    rows = []
    for item in items:
        paths = [_store(image_bytes(image, item), folder / "images", names) for image in item.images]
        rows.append({
            "key": item.key, "images": paths, "question": item.question, "options": list(item.options),
            "several": item.several, "answer": item.answer, "type": item.type, "category": item.category,
        })  # fmt: skip
    texts = {
        f"{name}.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "utils.py": files(__package__).joinpath("lmms_task.py").read_text("utf-8"),
        f"{name}.yaml": _YAML.format(name=name),
    }
    for file, text in texts.items():
        _write(folder / file, text)
    return Exported(tuple(folder / file for file in texts), {f"{name}.jsonl": len(rows)})


def _store(image: tuple[bytes, str], folder: Path, names: dict[str, str]) -> str:
    """Put an image into a folder, each once, and return its path from the folder above."""
    content, ending = image
    digest = hashlib.sha256(content).hexdigest()[:20]
    if digest not in names:
        names[digest] = f"{folder.name}/{digest}{ending}"
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / f"{digest}{ending}") as path:
            path.write_bytes(content)
    return names[digest]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
