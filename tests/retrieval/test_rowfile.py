"""Rows of a part: single ones in any order, and more text than an array of Arrow holds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rsvlm.retrieval import Index, RetrievalError, rowfile
from rsvlm.retrieval.rowfile import RowFile
from rsvlm.retrieval.rows import table_of, write_rows

ROWS = 3500


class Narrow(pq.ParquetFile):
    """A file of whose lists no more than so many rows fit into an array: 2 GiB of captions in small."""

    most = 700

    def read_row_groups(self, groups: Sequence[int], columns: Any = None, **more: Any) -> pa.Table:
        rows = sum(self.metadata.row_group(group).num_rows for group in groups)
        return self._kept(super().read_row_groups(groups, columns, **more), rows, columns)

    def iter_batches(self, size: int, groups: Any = None, columns: Any = None) -> Iterator[pa.RecordBatch]:
        for batch in super().iter_batches(size, groups, columns):
            yield self._kept(batch, len(batch), columns)

    def read(self, columns: Any = None) -> pa.Table:
        return self._kept(super().read(columns), self.metadata.num_rows, columns)

    def _kept(self, found: Any, rows: int, columns: Any) -> Any:
        if rows > self.most and (columns is None or {"captions", "labels"} & {*columns}):
            raise pa.ArrowNotImplementedError(
                "Nested data conversions not implemented for chunked array outputs"
            )
        return found


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {"key": f"k{n}", "image": f"k{n}", "captions": [f"caption {n}", "more"], "labels": [f"label {n % 3}"]}
        for n in range(count)
    ]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rowfile.pq, "ParquetFile", Narrow)


@pytest.mark.parametrize("at_once", [1, 20_000, 2**26])
def test_single_rows_come_in_the_order_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(rowfile, "_AT_ONCE", at_once)
    table = table_of(rows(ROWS))
    write_rows(tmp_path / "rows.parquet", table)
    opened = RowFile(tmp_path / "rows.parquet", ROWS)
    for wanted in ([], [7], [3499, 0, 1500, 1500, 999, 1000], list(range(0, ROWS, 9))):
        assert opened.take(wanted).equals(table.take(pa.array(wanted, pa.int64())))
        assert opened.take(wanted, ["labels"]).equals(
            table.select(["labels"]).take(pa.array(wanted, pa.int64()))
        )
    assert opened.all().equals(table)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("most", [1200, 700, 64])
def test_more_text_than_an_array_holds_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(Narrow, "most", most)
    table = table_of(rows(ROWS))
    write_rows(tmp_path / "rows.parquet", table)
    opened = RowFile(tmp_path / "rows.parquet", ROWS)
    assert opened.take([3499, 0, 1500]).equals(table.take([3499, 0, 1500]))
    assert opened.column("captions").to_pylist() == table["captions"].to_pylist()
    assert opened.all().equals(table)
    assert [len(block) for block in opened.blocks("key")] == [ROWS]  # short texts are read as before


@pytest.mark.usefixtures("narrow")
def test_an_index_of_long_captions_is_read_filtered_and_added_to(tmp_path: Path) -> None:
    listed = rows(ROWS)
    index = Index.from_vectors(
        tmp_path / "index", np.random.default_rng(0).normal(size=(ROWS, 4)), listed, encoder="x"
    )
    assert index.verify() == []
    assert index.rows([5, 3499])["captions"].to_pylist() == [listed[5]["captions"], listed[3499]["captions"]]
    assert len(index.labelled()[0]) == ROWS
    assert sum(len(table) for table in index.tables()) == ROWS
    index.add_vectors(np.ones((1, 4)), [{"key": "new", "captions": ["c"]}])
    assert index.rows([ROWS])["captions"].to_pylist() == [["c"]]


@pytest.mark.usefixtures("narrow")
def test_rows_that_cannot_be_read_at_all_are_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Narrow, "most", 63)
    write_rows(tmp_path / "rows.parquet", table_of(rows(ROWS)))
    with pytest.raises(RetrievalError, match=r"rows.parquet: cannot be read \(Nested data conversions"):
        RowFile(tmp_path / "rows.parquet", ROWS).column("captions")
