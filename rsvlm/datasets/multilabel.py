"""BigEarthNet as its authors distribute it: a folder for each patch, with its labels in a json."""

import json
from pathlib import Path

from rsvlm.imagery.discover import natural_order

from .errors import DatasetError
from .sets import EvalSet
from .sources import folder_record
from .textfiles import read_utf8

METADATA = "_labels_metadata.json"


def read_bigearthnet(folder: Path, name: str = "bigearthnet", split: str | None = None) -> EvalSet:
    """Read patches of BigEarthNet-S2 v1: folders with a file for each band and `<patch>_labels_metadata.json`.

    Labels are the 43 of CORINE; `rsvlm.vocabularies.bigearthnet.bigearthnet_19` joins them.

    Args:
        folder: The folder of the patches.
        name: The data set's.
        split: Which split this is.

    Raises:
        DatasetError: There is no patch, or a json is none.
    """
    patches = sorted((path.parent for path in folder.glob(f"*/*{METADATA}")), key=natural_order)
    if not patches:
        raise DatasetError(f"{folder}: holds no patch with a {METADATA}")
    files = sorted(path for patch in patches for path in patch.iterdir() if path.is_file())
    return EvalSet(
        name=name,
        images=[str(patch) for patch in patches],
        keys=tuple(patch.name for patch in patches),
        labels=tuple(_labels(patch / f"{patch.name}{METADATA}") for patch in patches),
        split=split,
        multi_label=True,
        sources=(folder_record(folder, files),),
    )


def _labels(path: Path) -> tuple[str, ...]:
    try:
        labels = json.loads(read_utf8(path))["labels"]
        return tuple(str(label) for label in labels)
    except (ValueError, KeyError, TypeError):
        raise DatasetError(f"{path}: is no json with `labels`") from None
