"""Calibrations on disk: one JSON file for each encoder, weights and set of class vectors, in the user's data folder."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rsvlm.files import write_json
from rsvlm.folders import data_folder

from .calibrated import Calibration
from .errors import ClassificationError

VERSION = 1
"""Rises when what a calibration's numbers mean changes; files of other versions are refused."""

_TRIES, _PAUSE = 5, 0.05

T = TypeVar("T")


class _File(BaseModel):
    """What is in a file: every field of `Calibration`, of the right kind and finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)

    version: int
    calibration: Calibration


def calibration_folder() -> Path:
    """Return where calibrations lie: `$RSVLM_CALIBRATION`, else `calibration` in the user's data folder."""
    return Path(os.environ.get("RSVLM_CALIBRATION") or data_folder() / "calibration")


def calibration_path(encoder: str, revision: str, vocabulary: str) -> Path:
    """Return the file of an encoder with these weights and these class vectors; it need not be there."""
    key = json.dumps([encoder, revision, vocabulary], ensure_ascii=False)
    return calibration_folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def store_calibration(calibration: Calibration) -> Path:
    """Write a calibration in place of an older one for the same encoder, weights and class vectors.

    The file is there whole or not at all; of two programs that store at once, one wins.

    Returns:
        Its path.

    Raises:
        ClassificationError: The folder or file cannot be written.
    """
    path = calibration_path(calibration.encoder, calibration.revision, calibration.vocabulary)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"version": VERSION, "calibration": asdict(calibration)}
        _patiently(lambda: write_json(path, content, indent=1))
    except OSError as error:
        raise ClassificationError(
            f"the calibration cannot be kept in {path.parent}: {error.strerror}; "
            "name another folder in RSVLM_CALIBRATION"
        ) from error
    return path


def load_calibration(encoder: str, revision: str, vocabulary: str) -> Calibration | None:
    """Return the stored calibration of an encoder with these weights and these class vectors, None without one.

    A damaged file is an error, and not as good as none: results would silently change their labels.

    Raises:
        ClassificationError: The file cannot be read, is damaged, of another version, or speaks of something else.
    """
    path = calibration_path(encoder, revision, vocabulary)
    try:
        found = _File.model_validate_json(_patiently(path.read_bytes))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClassificationError(f"the calibration {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise _unusable(path, _first_line(error)) from error
    if found.version != VERSION:
        raise _unusable(path, f"it is of version {found.version}, this program's is {VERSION}")
    calibration = found.calibration
    if (calibration.encoder, calibration.revision, calibration.vocabulary) != (encoder, revision, vocabulary):
        raise _unusable(path, f"it is for {calibration.encoder} and other weights or classes")
    if not _is_sound(calibration):
        raise _unusable(path, "its numbers contradict each other")
    return calibration


def told(calibration: Calibration) -> str:
    """One line on a stored calibration that is used: where it lies, since when, of how many images, and its notes."""
    path = calibration_path(calibration.encoder, calibration.revision, calibration.vocabulary)
    when = time.strftime("%Y-%m-%d", time.localtime(_patiently(path.stat).st_mtime))
    line = f"scores are calibrated by {path}, which was fitted on {calibration.n_images:,} labelled images on {when}"
    return "; ".join([line, *calibration.notes])


def _patiently(action: Callable[[], T]) -> T:
    """Try again for a moment: Windows refuses a file that another program is just replacing or reading."""
    for _ in range(_TRIES - 1):
        try:
            return action()
        except PermissionError:
            time.sleep(_PAUSE)
    return action()


def _unusable(path: Path, reason: str) -> ClassificationError:
    return ClassificationError(
        f"the calibration {path} cannot be used: {reason}; delete the file and calibrate again"
    )


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _is_sound(calibration: Calibration) -> bool:
    thresholds = calibration.thresholds
    sizes = thresholds is None or len(thresholds) == calibration.n_classes
    return (
        sizes
        and calibration.multi_label == (thresholds is not None)
        and calibration.n_classes > 0
        and calibration.scale > 0
        and calibration.none_slope > 0
    )
