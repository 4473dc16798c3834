"""Stored calibrations: found again by what they belong to, whole or not there, and never silently wrong."""

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from labelled_cosines import IDENTITY, fit, separate  # type: ignore[import-not-found]

from rsvlm.classification.calibration import Calibration, fit_calibration
from rsvlm.classification.calibration_store import (
    calibration_folder,
    calibration_path,
    load_calibration,
    store_calibration,
)
from rsvlm.classification.errors import ClassificationError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RSVLM_CALIBRATION", str(tmp_path / "kept"))
    return tmp_path / "kept"


def load() -> Calibration | None:
    return load_calibration(**IDENTITY)


def test_what_was_stored_comes_back_to_the_last_bit() -> None:
    single = fit(separate(30, foreign=5))
    store_calibration(single)
    assert load() == single
    sets = [{int(label)} for label in separate(30).labels]
    multi = fit_calibration(separate(30).cosines, sets, multi_label=True, **IDENTITY)
    store_calibration(multi)
    assert load() == multi


def test_nothing_is_there_before_and_others_are_not_meant(folder: Path) -> None:
    assert load() is None
    assert not folder.exists()
    store_calibration(fit(separate(30)))
    for key in IDENTITY:
        assert load_calibration(**{**IDENTITY, key: "another"}) is None
    assert [path.parent for path in folder.iterdir()] == [folder]


def test_the_file_is_plain_json_the_same_each_time() -> None:
    path = store_calibration(fit(separate(30)))
    content = path.read_bytes()
    assert store_calibration(fit(separate(30))).read_bytes() == content
    assert json.loads(content)["calibration"]["encoder"] == "tiny"
    assert path == calibration_path(**IDENTITY)


def test_the_folder_without_the_variable_is_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RSVLM_CALIBRATION")
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    assert calibration_folder() == tmp_path / "calibration"


def damaged() -> dict[str, bytes]:
    """Files that are no calibration, from a whole one."""
    path = store_calibration(fit(separate(30)))
    whole = path.read_bytes()
    value = json.loads(whole)
    inner = value["calibration"]

    def changed(**fields: object) -> bytes:
        return json.dumps({**value, "calibration": {**inner, **fields}}).encode()

    return {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "zeros": bytes(len(whole)),
        "not text": b"\xff\xfe\x00",
        "a list": b"[]",
        "deep": b"[" * 100_000,
        "another program's": b'{"scale": 3}',
        "another version": json.dumps({**value, "version": 2}).encode(),
        "text for a number": changed(scale="100"),
        "not a number": changed(scale=float("nan")),
        "too much": changed(more=1),
        "for others": changed(encoder="another"),
        "a scale of nothing": changed(scale=0.0),
        "a slope that turns round": changed(none_slope=-1.0),
        "thresholds of other classes": changed(thresholds=[0.1], multi_label=True),
    }


@pytest.mark.parametrize("kind", [
    "empty", "truncated", "zeros", "not text", "a list", "deep", "another program's", "another version",
    "text for a number", "not a number", "too much", "for others", "a scale of nothing", "a slope that turns round",
    "thresholds of other classes",
])  # fmt: skip
def test_a_damaged_file_is_one_line_with_the_remedy_and_can_be_replaced(kind: str) -> None:
    path = calibration_path(**IDENTITY)
    content = damaged()[kind]
    path.write_bytes(content)
    with pytest.raises(ClassificationError, match="delete the file and calibrate again") as caught:
        load()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    store_calibration(fit(separate(30)))
    assert load() is not None


def test_a_folder_that_cannot_be_made(folder: Path) -> None:
    folder.write_bytes(b"a file")
    with pytest.raises(ClassificationError, match="RSVLM_CALIBRATION"):
        store_calibration(fit(separate(30)))


def test_a_folder_in_place_of_the_file(folder: Path) -> None:
    calibration_path(**IDENTITY).mkdir(parents=True)
    with pytest.raises(ClassificationError, match="cannot be read"):
        load()


def test_a_file_that_is_in_use_for_a_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, while another program replaces it."""
    store_calibration(fit(separate(30)))
    read, refusals = Path.read_bytes, [PermissionError(13, "Permission denied")] * 2

    def read_bytes(path: Path) -> bytes:
        if refusals:
            raise refusals.pop()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert load() is not None
    refusals += [PermissionError(13, "Permission denied")] * 100
    with pytest.raises(ClassificationError, match="cannot be read: Permission denied"):
        load()


def _store_often(calibration: Calibration) -> None:
    for _ in range(20):
        store_calibration(calibration)


def test_two_programs_at_once_leave_one_whole_file(folder: Path) -> None:
    calibrations = [replace(fit(separate(30)), scale=scale) for scale in (50.0, 60.0)]
    store_calibration(calibrations[0])
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=_store_often, args=(calibration,)) for calibration in calibrations]
    for program in programs:
        program.start()
    while any(program.is_alive() for program in programs):
        assert load() in calibrations
    for program in programs:
        program.join()
        assert program.exitcode == 0
    assert load() in calibrations
    assert len(list(folder.iterdir())) == 1


def test_scores_after_a_round_trip_are_the_same_bytes() -> None:
    data = separate(30)
    fitted = fit(data)
    store_calibration(fitted)
    loaded = load()
    assert loaded is not None
    np.testing.assert_array_equal(loaded.scores(data.cosines), fitted.scores(data.cosines))
