"""Rows of a part: single ones in any order, and more text than an array of Arrow holds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rsvlm.retrieval import Filter, Index, RetrievalError, rowfile
from rsvlm.retrieval.rowfile import RowFile
from rsvlm.retrieval.rows import table_of, write_rows
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot

ROWS = 3500


class Narrow(pq.ParquetFile):  # type: ignore[misc] # Arrow has no types
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
    monkeypatch.setattr(pq, "ParquetFile", Narrow)


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


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow, of whose arrays of texts with short offsets none holds more than so many: 2 GiB in small."""

    def narrow(ask: Any) -> Any:
        def asked(values: Any, *more: Any, **named: Any) -> Any:
            for one in (values, named.get("value_set")):
                if one is not None and one.type == pa.string() and len(one) > Narrow.most:
                    raise pa.ArrowCapacityError("array cannot contain more than 2147483646 bytes")
            return ask(values, *more, **named)

        return asked

    for name in ("count_distinct", "unique", "is_in", "index_in"):
        monkeypatch.setattr(pc, name, narrow(getattr(pc, name)))


@pytest.mark.usefixtures("narrow", "short")
def test_keys_and_images_may_be_longer_together_than_an_array_holds(tmp_path: Path) -> None:
    listed = rows(ROWS)
    vectors = np.random.default_rng(0).normal(size=(ROWS, 4))
    index = Index.from_vectors(tmp_path / "index", vectors, listed, encoder="x")
    with pytest.raises(RetrievalError, match="row 3500 has the key 'k0', which another row has"):
        Index.from_vectors(tmp_path / "other", np.ones((ROWS + 1, 4)), [*listed, listed[0]], encoder="x")
    assert index.remove(["k7", "k3*"]) == 1 + 1 + 10 + 100 + 500
    index.add_vectors(vectors[:1], listed[:1])
    assert index.verify() == []


class Chunked:
    """A column that is too long for one array."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self.chunks = [chunk.slice(first, 2) for chunk in column.chunks for first in range(0, len(chunk), 2)]

    def combine_chunks(self) -> Any:
        raise pa.ArrowInvalid("offset overflow while concatenating arrays")


def test_labels_and_licences_are_filtered_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[dict[str, Any]] = [
        {"key": "a", "labels": ["Wald", "See"], "licence": "CC0; ODbL"},
        {"key": "b", "labels": [], "licence": None},
        {"key": "c", "labels": None, "licence": "ODbL"},
        {"key": "d", "labels": ["Feld"], "licence": "CC0"},
        {"key": "e", "labels": ["see"], "licence": "MIT"},
    ]
    index = Index.from_vectors(tmp_path / "index", np.eye(5), listed, encoder="x")
    read = Snapshot.column
    monkeypatch.setattr(Snapshot, "column", lambda self, name: Chunked(read(self, name)))
    snapshot = open_snapshot(index.folder)
    for filter, fitting in (
        (Filter(labels=["see"]), "ae"),
        (Filter(licences=["cc0"]), "ad"),
        (Filter(licences=["ODbL", "mit"]), "ace"),
    ):
        mask = filter.mask(snapshot)
        assert mask is not None
        assert [row["key"] for row, fits in zip(listed, mask, strict=True) if fits] == [*fitting]


@pytest.mark.usefixtures("narrow")
def test_rows_that_cannot_be_read_at_all_are_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Narrow, "most", 63)
    write_rows(tmp_path / "rows.parquet", table_of(rows(ROWS)))
    with pytest.raises(RetrievalError, match=r"rows.parquet: cannot be read \(Nested data conversions"):
        RowFile(tmp_path / "rows.parquet", ROWS).column("captions")
