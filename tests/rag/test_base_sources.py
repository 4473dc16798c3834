"""Sources of a base: one that is bad keeps no other out, pictures are looked at again, and nothing is left behind."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from numpy.typing import NDArray
from seeing import Seeing, write_picture  # type: ignore[import-not-found] # beside this file

from rsvlm.captioning.sample import SamplePaths
from rsvlm.rag import KnowledgeBase, RagError
from rsvlm.retrieval import RetrievalError

pytest.importorskip("bm25s")


def build(
    folder: Path, *sources: Path, encoder: Seeing | None = None, licence: str | None = None
) -> KnowledgeBase:
    return KnowledgeBase.build(
        sources, folder, encoder or Seeing(), sentences=HashingEncoder(), licence=licence
    )


def texts_of(base: KnowledgeBase) -> set[str]:
    return {one.text for one in base.chunks()}


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def problems_of(base: KnowledgeBase) -> list[tuple[str, str]]:
    assert base.report is not None
    return [(Path(one.file).name, one.reason) for one in base.report.problems]


class Failing(Seeing):  # type: ignore[misc]
    """Fails when texts are to be encoded, which is after the pictures."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise RuntimeError("stopped")


# Sources that cannot be read


def test_a_bad_source_keeps_no_other_out(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "a.txt", "Good."), written(tmp_path / "b.json", "{")
    empty, odd, late = (
        written(tmp_path / "c.txt", ""),
        written(tmp_path / "d.xyz", "x"),
        tmp_path / "late.txt",
    )
    base = build(tmp_path / "kb", bad, good, late, empty, odd)
    assert texts_of(base) == {"Good."}
    assert base.report is not None
    assert (base.report.unread, base.report.unchanged) == (4, 0)
    assert sorted(name for name, _ in problems_of(base)) == ["b.json", "c.txt", "d.xyz", "late.txt"]
    assert dict(problems_of(base))["late.txt"] == "there is no such file or folder"
    assert [Path(one.name).name for one in base.record.sources] == ["a.txt"]
    written(late, "Late.")
    written(good, "")
    report = base.add([late, good])
    assert (report.unread, report.encoded, texts_of(base)) == (1, 1, {"Good.", "Late."})
    with pytest.raises(RagError, match=r"none of 2 sources can be read; the first, .*d\.xyz: is of no kind"):
        base.add([odd, bad])
    assert texts_of(KnowledgeBase(base.folder)) == {"Good.", "Late."}


def test_where_nothing_can_be_read_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(RagError, match=r"absent\.txt: there is no such file or folder"):
        build(tmp_path / "kb", tmp_path / "absent.txt")
    assert not (tmp_path / "kb").exists()


def test_what_a_stopped_build_left_of_other_sources_is_dropped(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.txt", "First."), written(tmp_path / "c.txt", "Second.")
    with pytest.raises(RuntimeError, match="stopped"):
        build(tmp_path / "kb", first, encoder=Failing())
    base = build(tmp_path / "kb", second)
    assert texts_of(base) == {"Second."}
    assert base.report is not None
    assert base.report.removed == 1
    assert [one.chunks for one in base.record.sources] == [1]


def test_what_was_added_before_a_stop_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = build(tmp_path / "kb", written(tmp_path / "a.txt", "First."))
    second, third = written(tmp_path / "b.txt", "Second."), written(tmp_path / "c.txt", "Third.")

    def stopped(encoder: HashingEncoder, texts: list[str]) -> NDArray[np.float32]:
        if "Third." in texts:
            raise RuntimeError("stopped")
        found: NDArray[np.float32] = whole(encoder, texts)
        return found

    whole: Any = HashingEncoder.encode_texts
    monkeypatch.setattr(HashingEncoder, "encode_texts", stopped)
    with pytest.raises(RuntimeError, match="stopped"):
        base.add([second, third])
    again = KnowledgeBase(base.folder, Seeing(), HashingEncoder())
    assert [Path(one.name).name for one in again.record.sources] == ["a.txt", "b.txt"]
    assert texts_of(again) == {"First.", "Second."}


def test_a_build_without_pictures_after_one_with_them(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", "image,caption\nred.png,red roofs\n")
    write_picture(tmp_path / "red.png", "red")
    note = written(tmp_path / "n.txt", "A note.")
    with pytest.raises(RuntimeError, match="stopped"):
        build(tmp_path / "kb", table, note, encoder=Failing())
    assert (tmp_path / "kb" / "pictures").exists()
    base = KnowledgeBase.build([table, note], tmp_path / "kb", None, sentences=HashingEncoder())
    assert (base.pictures, base.summary()["pictures"], base.summary()["encoder"]) == (None, 0, None)
    assert not {one.name for one in base.folder.iterdir()} & {"pictures", "words", ".pictures.json"}


def test_pictures_of_another_encoder_are_not_looked_at(tmp_path: Path) -> None:
    write_picture(tmp_path / "red.png", "red")
    base = build(tmp_path / "kb", written(tmp_path / "t.csv", "image,caption\nred.png,red roofs\n"))
    record = base.folder / "knowledge.json"
    written(record, base.record.model_copy(update={"encoder": None}).model_dump_json())
    assert KnowledgeBase(base.folder, sentences=HashingEncoder()).pictures is None


# Sources that are read again


def test_the_licence_that_was_named_stays(tmp_path: Path) -> None:
    note = written(tmp_path / "a.txt", "First.")
    base = build(tmp_path / "kb", note, licence="CC-BY")
    assert base.add(note).unchanged == 1
    written(note, "Changed.")
    base.add(note)
    assert [(one.text, one.licence) for one in base.chunks()] == [("Changed.", "CC-BY")]
    assert [one.licence for one in base.record.sources] == ["CC-BY"]
    base.add(note, licence="CC0")
    assert [one.licence for one in base.chunks()] == ["CC0"]


def test_a_source_with_problems_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pypdf = pytest.importorskip("pypdf")
    source = tmp_path / "notes"
    written(source / "a.txt", "First.")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(source / "b.pdf")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pypdf", None)
        base = build(tmp_path / "kb", source)
        assert "rsvlm[documents]" in problems_of(base)[0][1]
    report = base.add(source)
    assert (report.unchanged, report.encoded) == (0, 0)
    assert "need OCR" in report.problems[0].reason
    (source / "b.pdf").unlink()
    assert base.add(source).problems == []
    assert base.add(source).unchanged == 1


def test_a_base_in_the_folder_that_it_is_made_of_does_not_feed_on_itself(tmp_path: Path) -> None:
    source = tmp_path / "notes"
    written(source / "a.txt", "First.")
    written(source / "own" / "knowledge.json", '[{"text": "A table."}]')
    written(source / "own" / "texts" / "b.txt", "Texts.")
    base = build(source / "kb", source)
    assert texts_of(base) == {"First.", "A table.", "Texts."}
    for _ in range(2):
        assert base.add(source).unchanged == 1
    written(source / "a.txt", "Changed.")
    assert base.add(source).chunks == 3
    other = build(tmp_path / "other", source)  # one that was stopped is none of it either
    (source / "kb" / "knowledge.json").unlink()
    assert texts_of(build(tmp_path / "third", source)) == texts_of(other) == texts_of(base)
    for place in (other.folder, other.folder / "texts", other.folder / "pictures"):
        if place.exists():
            with pytest.raises(
                RagError, match=r"is a knowledge base, or a part of one; name what that was made of"
            ):
                base.add(place)


# Pictures


def test_a_changed_picture_is_encoded_again_though_its_table_stays(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", "image,caption\nblue.png,blue roofs\nlate.png,late roofs\n")
    write_picture(tmp_path / "blue.png", "blue")
    encoder = Seeing()
    base = build(tmp_path / "kb", table, encoder=encoder)
    assert encoder.seen == 1
    write_picture(tmp_path / "blue.png", "red", size=40)
    write_picture(tmp_path / "late.png", "green")
    report = base.add(table)
    assert (report.unchanged, report.encoded, report.pictures, encoder.seen) == (1, 0, 2, 3)
    assert base.add(table).pictures == 0
    assert encoder.seen == 3
    found = base.search(image=write_picture(tmp_path / "asked.png", "red"), k=1)
    assert found[0].chunk.text == "blue roofs"
    assert found[0].by_image == pytest.approx(1)


def test_pictures_above_a_table_are_found(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        (tmp_path / "set" / "img").mkdir(parents=True, exist_ok=True)
        write_picture(tmp_path / "set" / "img" / f"{name}.png", name)
    rows = f"image,caption\n../img/red.png,red roofs\n{tmp_path}/set/csv/../img/blue.png,blue roofs\n"
    written(tmp_path / "set" / "csv" / "t.csv", rows)
    base = build(tmp_path / "kb", tmp_path / "set")
    assert base.report is not None
    assert (base.report.pictures, base.summary()["pictures"], base.report.problems) == (2, 2, [])
    found = base.search(image=write_picture(tmp_path / "asked.png", "red"), k=1)
    assert found[0].chunk.text == "red roofs"
    assert found[0].by_image == pytest.approx(1)


def test_what_holds_no_pictures_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "folder.png").mkdir()
    written(tmp_path / "bad.parquet", "PAR1")
    write_picture(tmp_path / "red.png", "red")
    images = ("photos#1", "folder.png", "bad.parquet#0", "red.png", "t.csv#1", f"{'x' * 300}#1")
    table = "\n".join(["image,caption", *(f"{image},picture {n}" for n, image in enumerate(images))])
    base = build(tmp_path / "kb", written(tmp_path / "t.csv", table))
    assert (len(base), base.summary()["pictures"]) == (6, 1)
    [(name, reason)] = problems_of(base)
    assert name == "t.csv"
    assert "bad.parquet" in reason


def test_a_picture_that_goes_away_meanwhile_is_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_picture(tmp_path / f"{name}.png", "red")

    class Removing(Seeing):  # type: ignore[misc]
        def encode_images(self, images: Sequence[Any]) -> NDArray[np.float32]:
            (tmp_path / "b.png").unlink(missing_ok=True)
            found: NDArray[np.float32] = super().encode_images(images)
            return found

    table = written(tmp_path / "t.csv", "image,caption\na.png,one\nb.png,two\n")
    base = build(tmp_path / "kb", table, encoder=Removing())
    assert (len(base), base.summary()["pictures"]) == (2, 1)
    [(name, reason)] = problems_of(base)
    assert name == "b.png"
    assert "same content" in reason


def test_a_pairs_dataset_that_a_table_names_is_encoded_once(town: SamplePaths, tmp_path: Path) -> None:
    import rsvlm
    from rsvlm.captioning.dataset import open_dataset

    rsvlm.caption([town.image], osm=town.osm, size=256, out=tmp_path / "photos")
    keys = [row["key"] for row in open_dataset(tmp_path / "photos").rows(("key",))]
    assert len(keys) > 2
    lines = [f"photos#{key},picture {key}" for key in keys[:2]]
    table = written(tmp_path / "t.csv", "\n".join(["image,caption", *lines, "photos#none,nothing"]))
    encoder = Seeing()
    base = build(tmp_path / "kb", table, encoder=encoder)
    seen = encoder.seen
    assert base.summary()["pictures"] == 2
    assert base.add(table).pictures == 0
    assert encoder.seen == seen
    written(table, "\n".join(["image,caption", *lines, f"photos#{keys[2]},another"]))
    assert base.add(table).unchanged == 0
    assert base.summary()["pictures"] == 3
    assert encoder.seen > seen
    seen = encoder.seen
    manifest = tmp_path / "photos" / "manifest.json"
    os.utime(manifest, ns=(1, 1))
    base.add(table)
    assert encoder.seen > seen


def test_another_encoder_goes_on_with_no_stopped_build(tmp_path: Path) -> None:
    write_picture(tmp_path / "red.png", "red")
    table = written(tmp_path / "t.csv", "image,caption\nred.png,red roofs\n")
    note = written(tmp_path / "n.txt", "A note.")
    with pytest.raises(RuntimeError, match="stopped"):
        build(tmp_path / "kb", table, note, encoder=Failing())
    with pytest.raises(RetrievalError, match="another"):
        build(tmp_path / "kb", table, note, encoder=Seeing("2"))
