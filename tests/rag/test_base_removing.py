"""Sources taken out of a base, and files of folders that can no longer be read."""

from pathlib import Path

import pytest
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from seeing import Seeing, write_picture  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import KnowledgeBase, RagError, removing

pytest.importorskip("bm25s")


def build(folder: Path, *sources: Path | str) -> KnowledgeBase:
    return KnowledgeBase.build(sources, folder, Seeing(), sentences=HashingEncoder())


def reopened(base: KnowledgeBase) -> KnowledgeBase:
    return KnowledgeBase(base.folder, Seeing(), HashingEncoder())


def texts_of(base: KnowledgeBase) -> set[str]:
    return {one.text for one in base.chunks()}


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def names_of(base: KnowledgeBase) -> list[str]:
    return [Path(one.name).name for one in base.record.sources]


def test_a_source_that_is_gone_from_the_disk_is_removed(tmp_path: Path) -> None:
    old, other = written(tmp_path / "old.txt", "It is blue."), written(tmp_path / "b.txt", "It is red.")
    base = build(tmp_path / "kb", old, other)
    new = old.rename(tmp_path / "new.txt")
    base.add([new])
    assert names_of(base) == ["old.txt", "b.txt", "new.txt"]
    report = base.remove(old)
    assert (report.removed, report.chunks) == (1, 2)
    again = reopened(base)
    for one in (base, again):
        assert names_of(one) == ["b.txt", "new.txt"]
        assert {hit.chunk.source for hit in one.search("blue", k=5)} == {other.as_posix(), new.as_posix()}
    assert again.texts.verify() == []


def test_pictures_go_with_the_last_source_that_has_them(tmp_path: Path) -> None:
    for colour in ("red", "green"):
        write_picture(tmp_path / f"{colour}.png", colour)
    both = written(tmp_path / "both.csv", "image,caption\nred.png,roofs\ngreen.png,meadow\n")
    one = written(tmp_path / "one.csv", "image,caption\nred.png,tiles\n")
    note = written(tmp_path / "n.txt", "Red roofs are of clay.")
    base = build(tmp_path / "kb", both, one, note)
    assert base.summary()["pictures"] == 2
    base.remove([both, note])
    assert (base.summary()["pictures"], texts_of(base)) == (1, {"tiles"})
    [hit] = reopened(base).search(image=tmp_path / "red.png", k=5)
    assert (hit.chunk.text, round(hit.score, 3)) == ("tiles", 1.0)
    again = base.add([both, note])
    assert (again.encoded, texts_of(base)) == (3, {"tiles", "roofs", "meadow", "Red roofs are of clay."})
    assert base.summary()["pictures"] == 2


def test_what_ships_is_removed_by_its_name(tmp_path: Path) -> None:
    base = build(tmp_path / "kb", "built-in", written(tmp_path / "n.txt", "A note."))
    base.remove("built-in")
    assert texts_of(base) == {"A note."}


def test_what_is_no_source_of_a_base_is_refused(tmp_path: Path) -> None:
    notes, other = written(tmp_path / "notes" / "a.txt", "A.").parent, written(tmp_path / "b.txt", "B.")
    base = build(tmp_path / "kb", notes, other)
    with pytest.raises(RagError, match=r"absent\.txt: is no source of .*kb.*, which has .*notes, .*b\.txt"):
        base.remove([other, tmp_path / "absent.txt"])
    with pytest.raises(
        RagError, match=r"a\.txt: is part of the source .*notes: delete it there, and add that"
    ):
        base.remove(notes / "a.txt")
    with pytest.raises(RagError, match="has no other sources than these: remove the folder"):
        base.remove([notes, other])
    with pytest.raises(RagError, match="no sources: name those"):
        base.remove([])
    assert texts_of(reopened(base)) == {"A.", "B."}


@pytest.mark.parametrize("step", ["drop_others", "drop_pictures", "_drop_words"])
def test_a_stopped_removal_is_finished_or_undone(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(tmp_path / "red.png", "red")
    table = written(tmp_path / "t.csv", "image,caption\nred.png,roofs\n")
    note, other = written(tmp_path / "n.txt", "A note."), written(tmp_path / "o.txt", "Another.")
    base = build(tmp_path / "kb", table, note, other)

    def stop(*_: object) -> None:
        raise RuntimeError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(removing, step, stop)
        with pytest.raises(RuntimeError, match="stopped"):
            base.remove([table, note])
    between = reopened(base)
    assert "Another." in texts_of(between)
    between.add([table])
    assert {"roofs", "Another."} <= texts_of(between)
    assert between.summary()["pictures"] == 1
    between.remove([note])
    after = reopened(base)
    assert texts_of(after) == {"roofs", "Another."}
    assert after.texts.verify() == []


def test_what_cannot_be_read_any_more_stays_till_it_is_deleted(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    written(notes / "a.txt", "Alpha.\n\nAlso.")
    written(notes / "b.csv", "text\nBeta one\nBeta two\n")
    written(notes / "ab.txt", "Gamma.")
    base = build(tmp_path / "kb", notes)
    before = texts_of(base)
    (notes / "a.txt").write_bytes(b"\0\1\2")
    report = base.add(notes)
    assert ([one.file for one in report.problems], report.removed) == ([f"{notes.as_posix()}, a.txt"], 0)
    assert texts_of(base) == before
    assert base.record.sources[0].chunks == len(before)
    written(notes / "a.txt", "Delta.")
    base.add(notes)
    assert texts_of(base) == {"Beta one", "Beta two", "Gamma.", "Delta."}
    (notes / "ab.txt").write_bytes(b"\0\1\2")
    (notes / "a.txt").unlink()
    base.add(notes)
    assert texts_of(base) == {"Beta one", "Beta two", "Gamma."}
    (notes / "b.csv").write_bytes("text\nBeta zw\u00f6lf\n".encode("cp1252"))
    base.add(notes)
    assert texts_of(base) == {"Beta zw\u00f6lf", "Gamma."}


def test_a_file_that_cannot_be_read_is_told_after_a_thousand_rows(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    written(notes / f"{'a' * 240}.csv", "text,date\n" + "Rain,soon\n" * 1100)
    written(notes / "z.md", "Zeta.")
    base = build(tmp_path / "kb", notes)
    (notes / "z.md").write_bytes(b"\0\1\2")
    report = base.add(notes)
    assert report.removed == 0
    assert "Zeta." in texts_of(base)
    assert f"{notes.as_posix()}, z.md" in [one.file for one in report.problems]
    assert len(report.problems) == 1001
