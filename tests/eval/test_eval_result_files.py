"""Where results go: a parquet that is not a table of items, such as the data set itself, is never written over."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eval_pictures import Colours, write_parquet  # type: ignore[import-not-found] # beside this file

from rsvlm.eval import EvalError, EvalResult, evaluate, load_result
from rsvlm.eval.agromind import beside
from rsvlm.eval.suite import run_suite
from rsvlm.eval.suite_options import SuiteOptions

REASON = "bears no mark that `rsvlm eval` wrote it; name another file"


def result(items: pa.Table | None) -> EvalResult:
    return EvalResult("probe", "colours", {"accuracy": 1.0}, n=1, items=items)


@pytest.mark.parametrize("items", [None, pa.table({"key": ["a"]})])
def test_a_data_set_beside_the_result_stays(tmp_path: Path, items: pa.Table | None) -> None:
    data = write_parquet(tmp_path / "test.parquet", ["red"])
    before = data.read_bytes()
    with pytest.raises(EvalError, match=REASON):
        result(items).save(tmp_path / "test.json")
    assert data.read_bytes() == before
    assert not (tmp_path / "test.json").exists()


def test_a_json_that_is_no_result_stays(tmp_path: Path) -> None:
    data = tmp_path / "dataset_rsicd.json"
    data.write_text('{"images": [], "dataset": "rsicd"}', "utf-8")
    with pytest.raises(EvalError, match="is no result of `rsvlm eval`; name another file"):
        result(None).save(data)
    assert "images" in data.read_text("utf-8")


def test_own_items_are_replaced_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    for key in ("a", "b"):
        result(pa.table({"key": [key]}, metadata={"more": "said"})).save(path)
        stored = load_result(path).items
        assert stored is not None
        assert stored["key"].to_pylist() == [key]
        assert stored.schema.metadata[b"more"] == b"said"
    load_result(path).save(tmp_path / "copy.json")  # what was read is written again
    result(None).save(path)
    assert not path.with_suffix(".parquet").exists()


def test_names_with_points_have_items_of_their_own(tmp_path: Path) -> None:
    for name in ("run-0.1", "run-0.2", "run-0.3.json", "run-0.4.JSON"):
        result(pa.table({"key": [name]})).save(tmp_path / name)
    for name in ("run-0.1", "run-0.2", "run-0.3.json", "run-0.4.JSON"):
        stored = load_result(tmp_path / name).items
        assert stored is not None
        assert stored["key"].to_pylist() == [name]


def test_a_result_never_stands_beside_the_items_of_another(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.json"
    result(pa.table({"key": ["a"]})).save(path)
    bad = result(pa.table({"key": ["b"]}))
    bad.config = {"unwritable": object()}
    with pytest.raises(TypeError):
        bad.save(path)
    assert not path.exists()
    result(pa.table({"key": ["c"]})).save(path)
    assert load_result(path).items is not None


def test_damaged_items_are_replaced_only_beside_a_result(tmp_path: Path) -> None:
    path, table = tmp_path / "r.json", tmp_path / "r.parquet"
    table.write_bytes(b"no parquet")
    with pytest.raises(EvalError, match=REASON):
        result(pa.table({"key": ["a"]})).save(path)
    table.unlink()
    result(pa.table({"key": ["a"]})).save(path)
    table.write_bytes(b"no parquet")
    result(pa.table({"key": ["b"]})).save(path)
    assert pq.read_table(table)["key"].to_pylist() == ["b"]


@pytest.mark.parametrize(
    "command",
    [
        ["zero-shot", "test.parquet", "--encoder", "nothing"],
        ["probe", ".", "--kind", "few-shot", "--encoder", "nothing"],
        [
            "agromind",
            ".",
            "--composer",
            "--knowledge",
            "built-in",
            "--answers",
            "a.jsonl",
            "--out",
            "ask.json",
        ],
    ],
)
def test_a_command_refuses_before_the_work(
    rsvlm_command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = write_parquet(tmp_path / "test.parquet", ["red"])
    write_parquet(beside(tmp_path / "ask.json").with_suffix(".parquet"), ["red"])
    before = data.read_bytes()
    out = [] if "--out" in command else ["--out", "test.json"]
    assert rsvlm_command("eval", *command, *out) == 2  # no encoder or question is looked for
    assert REASON in " ".join(capsys.readouterr().err.split())
    assert data.read_bytes() == before


def test_a_suite_refuses_before_it_encodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # long reasons are shortened
    write_parquet(tmp_path / "sets" / "colours" / "test.parquet", ["red", "blue"])
    foreign = write_parquet(tmp_path / "out" / "colours-test-zero-shot-rsvlm.parquet", ["red"])
    before, encoder = foreign.read_bytes(), Colours()
    options = SuiteOptions(conventions=(), probes=())
    report = run_suite(encoder, Path("sets"), Path("out"), options)
    assert REASON in report.problems["colours-test-zero-shot-rsvlm"]
    assert encoder.seen == 0
    assert foreign.read_bytes() == before


def test_a_result_of_an_evaluation_is_marked(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "colours.parquet", ["red", "blue"])
    found = evaluate("zero-shot", data=data, encoder=Colours())
    found.save(tmp_path / "r.json")
    assert pq.read_schema(tmp_path / "r.parquet").metadata[b"rsvlm.eval"] == b"items"
    found.save(tmp_path / "r.json")
