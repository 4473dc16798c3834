"""Knowledge bases: made, added to, brought up to date, and refused where they are none."""

import csv
import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image
from seeing import COLOURS, Seeing, write_picture  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Chunk, KnowledgeBase, RagError
from rsvlm.rag.chunk import chunk_of
from rsvlm.retrieval import Filter, Index, RetrievalError

pytest.importorskip("bm25s")

NOTES = {
    "reef.md": "# Reefs\n\nReefs are blue.\n\n# Atolls\n\nAtolls are rings.",
    "farm.txt": "Farms are green.",
}


def write_notes(folder: Path, notes: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in notes.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_table(file: Path, rows: list[dict[str, str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, ["image", "caption", "label", "lon", "lat", "date"])
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return write_notes(tmp_path / "notes", NOTES)


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    """A table of two captions each of a red, a green and a blue picture."""
    place = tmp_path / "pictures"
    place.mkdir()
    for name in COLOURS:
        write_picture(place / f"{name}.png", name)
    told = [(name, f"{name} {word}") for name in COLOURS for word in ("roofs", "and bright")]
    return write_table(
        place / "captions.csv", [{"image": f"{name}.png", "caption": text} for name, text in told]
    )


Make = Callable[..., KnowledgeBase]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a base of sources with small encoders, or others."""

    def made(
        *sources: Path, encoder: Seeing | None = None, sentences: HashingEncoder | None = None
    ) -> KnowledgeBase:
        return KnowledgeBase.build(
            sources, tmp_path / "base", encoder or Seeing(), sentences=sentences or HashingEncoder()
        )

    return made


def texts_of(base: KnowledgeBase) -> set[str]:
    return {one.text for one in base.chunks()}


def test_a_base_finds_by_words_and_by_pictures(
    make: Make, notes: Path, captions: Path, tmp_path: Path
) -> None:
    base = make(notes, captions)
    assert len(base) == 9
    assert base.search("rings", k=1)[0].chunk.text == "Atolls: Atolls are rings."
    picture = write_picture(tmp_path / "asked.png", "green")
    found = base.search(image=picture, k=3, fold=False)
    assert {one.chunk.text for one in found} == {"green roofs", "green and bright", "Farms are green."}
    assert [one.by_image for one in found] == pytest.approx([1, 1, 1], abs=0.1)
    assert base.search("red and bright", image=picture, alpha=0, k=1)[0].chunk.text == "red and bright"
    again = KnowledgeBase.open(base.folder, Seeing(), HashingEncoder())
    assert [one.chunk for one in again.search("rings", k=2)] == [
        one.chunk for one in base.search("rings", k=2)
    ]
    assert repr(again).endswith("9 chunks of 2 sources)")


def test_nothing_is_read_again_where_nothing_changed(make: Make, notes: Path, captions: Path) -> None:
    encoder, sentences = Seeing(), HashingEncoder()
    base = make(notes, captions, encoder=encoder, sentences=sentences)
    assert (len(sentences.encoded), encoder.seen) == (9, 3)
    read = len(encoder.read)
    report = base.add([notes, captions])
    assert (report.unchanged, report.encoded, report.removed, report.chunks) == (2, 0, 0, 9)
    assert (len(sentences.encoded), encoder.seen, len(encoder.read)) == (9, 3, read)


def test_only_what_changed_is_encoded(make: Make, notes: Path, captions: Path) -> None:
    encoder, sentences = Seeing(), HashingEncoder()
    base = make(notes, captions, encoder=encoder, sentences=sentences)
    read = len(encoder.read)
    write_notes(
        notes, {"reef.md": NOTES["reef.md"].replace("rings", "round"), "lake.txt": "Lakes are still."}
    )
    report = base.add(notes)
    assert sorted(sentences.encoded[9:]) == ["Atolls: Atolls are round.", "Lakes are still."]
    assert sorted(encoder.read[read:]) == sorted(sentences.encoded[9:])
    assert (report.encoded, report.removed, report.chunks, encoder.seen) == (2, 0, 10, 3)
    assert "Atolls: Atolls are rings." not in texts_of(base)
    assert base.search("round", k=1)[0].chunk.text == "Atolls: Atolls are round."


def test_what_is_gone_is_dropped(make: Make, notes: Path, captions: Path) -> None:
    base = make(notes, captions)
    (notes / "farm.txt").unlink()
    write_notes(notes, {"reef.md": "# Reefs\n\nReefs are blue."})
    report = base.add(notes)
    assert (report.encoded, report.removed, report.chunks) == (0, 2, 7)
    assert not {"Farms are green.", "Atolls: Atolls are rings."} & texts_of(base)
    assert base.summary()["sources"][0]["chunks"] == 1
    shutil.rmtree(notes)
    with pytest.raises(RagError, match="notes: there is no such file or folder"):
        base.add(notes)
    assert len(base) == 7


def test_a_source_that_holds_nothing_any_more_leaves_the_base_as_it_was(make: Make, notes: Path) -> None:
    base = make(notes)
    for file in notes.iterdir():
        file.write_text("", encoding="utf-8")
    with pytest.raises(RagError, match=r"notes.*holds no text"):
        base.add(notes)
    assert texts_of(KnowledgeBase(base.folder)) == texts_of(base)


def test_only_new_and_changed_pictures_are_encoded(make: Make, captions: Path, tmp_path: Path) -> None:
    encoder = Seeing()
    base = make(captions, encoder=encoder)
    write_picture(captions.parent / "new.png", "red")
    with captions.open("a", encoding="utf-8") as file:
        file.write("new.png,new roofs,,,,\n")
    assert base.add(captions).pictures == 1
    assert encoder.seen == 4
    write_picture(captions.parent / "blue.png", "red", size=40)
    with captions.open("a", encoding="utf-8") as file:
        file.write("blue.png,now red as well,,,,\n")
    assert base.add(captions).pictures == 1
    assert encoder.seen == 5
    asked = write_picture(tmp_path / "asked.png", "red")
    by = {one.chunk.text: one.by_image for one in base.search(image=asked, k=9, fold=False)}
    assert by["blue roofs"] == by["new roofs"] == pytest.approx(1)


def test_pictures_that_no_chunk_is_about_are_dropped(make: Make, captions: Path) -> None:
    encoder = Seeing()
    base = make(captions, encoder=encoder)
    whole = captions.read_text(encoding="utf-8")
    kept = [line for line in whole.splitlines() if not line.startswith("red")]
    captions.write_text("\n".join(kept), encoding="utf-8")
    base.add(captions)
    assert base.summary()["pictures"] == 2
    captions.write_text(whole, encoding="utf-8")
    assert base.add(captions).pictures == 1
    assert base.summary()["pictures"] == 3


def test_pictures_without_captions_take_no_place_among_look_alikes(make: Make, captions: Path) -> None:
    rows = [{"key": f"/blank/{n}.png", "labels": ["blue"]} for n in range(3)]
    vectors = Seeing().encode_texts(["blue"] * 3)
    index = Index.from_vectors(captions.parent / "index", vectors, rows, encoder="seeing", revision="1")
    base = make(captions, index.folder)
    nearest = base.finder.look_alikes(Seeing().encode_texts(["red"])[0].astype(float), 1, base.allowed())
    assert {one.chunk.text for one in nearest} == {"red roofs", "red and bright"}


def test_large_pictures_are_looked_at_whole(make: Make, tmp_path: Path) -> None:
    write_picture(tmp_path / "large.png", "red", size=1100)
    base = make(write_table(tmp_path / "large.csv", [{"image": "large.png", "caption": "A plain."}]))
    [found] = base.search(image=write_picture(tmp_path / "asked.png", "red"))
    assert base.summary()["pictures"] == 1
    assert found.by_image == pytest.approx(1)


def test_pictures_with_the_same_content_are_each_found(make: Make, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_picture(tmp_path / f"{name}.png", "red")
    rows = [{"image": f"{name}.png", "caption": f"picture {name}"} for name in ("a", "b", "c")]
    base = make(write_table(tmp_path / "t.csv", rows))
    assert base.report is not None
    assert (base.report.pictures, base.report.problems) == (3, [])
    found = base.search(image=write_picture(tmp_path / "asked.png", "red"), k=3)
    assert [one.by_image for one in found] == pytest.approx([1, 1, 1])


def test_pictures_that_cannot_be_read_are_told(make: Make, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    base = make(write_table(tmp_path / "t.csv", [{"image": "broken.png", "caption": "green fields"}]))
    assert base.report is not None
    assert [("broken.png" in one.reason, one.file) for one in base.report.problems] == [
        (True, (tmp_path / "t.csv").as_posix())
    ]
    [found] = base.search(image=write_picture(tmp_path / "asked.png", "green"))
    assert found.by_image == pytest.approx(1, abs=0.1)  # it is found by its words


def test_a_source_does_not_touch_one_whose_path_goes_on_behind_a_hash(make: Make, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "a#b.txt"
    write_notes(first, {"x.txt": "First."})
    second.write_text("Second.", encoding="utf-8")
    base = make(first, second)
    write_notes(first, {"x.txt": "Changed."})
    base.add(first)
    assert texts_of(base) == {"Changed.", "Second."}


def test_paths_in_any_script(tmp_path: Path) -> None:
    place = write_notes(
        tmp_path / "Wissen \u00fcber \u6e2f \u2603", {"\u00fcber H\u00e4fen [1].txt": "Ports are grey."}
    )
    base = KnowledgeBase.build(
        place, tmp_path / "\u77e5\u8b58 b\u00e1se", Seeing(), sentences=HashingEncoder()
    )
    [found] = base.search("Ports")
    assert found.title == "Wissen \u00fcber \u6e2f \u2603, \u00fcber H\u00e4fen [1].txt, part 1"
    assert base.add(place).unchanged == 1


def test_equal_evidence_is_folded(make: Make, notes: Path, captions: Path) -> None:
    long = "Farms are green. " * 12
    same = {"copy.txt": "farms are GREEN", "may.txt": f"{long}5 fields", "june.txt": f"{long}6 fields"}
    write_notes(notes, {**same, "june2.txt": f"{long}6 meadows"})
    base = make(notes, captions)
    found = [one.chunk.text for one in base.search("Farms are green", k=9)]
    assert len({"Farms are green.", "farms are GREEN"} & set(found)) == 1
    numbers = [text.split()[-2] for text in found if text.startswith(long)]
    assert sorted(numbers) == ["5", "6"]  # the value of one month is not that of another
    pictures = [one.chunk.image for one in base.search("roofs bright", k=9) if one.chunk.type == "caption"]
    assert len(pictures) == len(set(pictures)) == 3  # captions of one picture say the same
    everything = base.search("Farms are green", k=20, fold=False)
    assert len(everything) == len(base)
    assert [one.number for one in everything] == list(range(1, len(base) + 1))


def test_types_places_and_times(make: Make, captions: Path, notes: Path) -> None:
    with captions.open("a", encoding="utf-8") as file:
        file.write("red.png,a port,harbor,9.5,47.1,2019-05-31\nred.png,a port too,harbor,20,50,2020-01-01\n")
    base = make(captions, notes)
    assert {one.chunk.type for one in base.search("roofs", k=20, types=["note"])} == {"note"}
    near = base.search("port", near=(9.5, 47.1), k=2, fold=False)
    assert [one.chunk.text for one in near] == ["a port", "a port too"]
    assert (near[0].km, near[0].by_image) == (0, None)
    for nowhere in ((9.5, 147.0), (500.0, 0.0), (float("nan"), 0.0)):
        with pytest.raises(RagError, match="give longitude"):
            base.search("port", near=nowhere)
    only = base.search("port", filter=Filter(start="2020", bbox=(19, 49, 21, 51)))
    assert [one.chunk.text for one in only] == ["a port too"]
    assert {one.chunk.type for one in base.search("roofs", k=20, types="note")} == {"note"}
    with pytest.raises(RagError, match=r"^type 'notes': .* has caption, note$"):
        base.search("port", types=["note", "notes"])


def test_labels_that_look_like_types_stay_labels(make: Make, captions: Path) -> None:
    chunk = Chunk("a.csv", "row 1", "words", type="note", labels=("type:caption", "harbor"))
    row = chunk.row()
    assert chunk_of(row | {"captions": [row.pop("text")]}) == chunk
    captions.write_text("image,text,labels\n,a port,type:place\n", encoding="utf-8")
    base = make(captions)
    assert [one.labels for one in base.chunks()] == [("type:place",)]
    with pytest.raises(RagError, match=r"^type 'place': .* has note$"):
        base.search("port", types=["place"])
    assert len(base.search("port", types=["note"])) == 1
    (captions.parent / "more.txt").write_text("More.", encoding="utf-8")
    assert base.add(captions.parent).encoded == 2
    (captions.parent / "more.txt").write_text("And more.", encoding="utf-8")
    assert base.add(captions.parent).encoded == 1


def test_a_summary(make: Make, captions: Path, notes: Path) -> None:
    summary = json.loads(json.dumps(make(captions, notes).summary()))
    assert {name: summary[name] for name in ("chunks", "types", "pictures", "sentences", "encoder")} == {
        "chunks": 9, "types": {"caption": 6, "note": 3}, "pictures": 3, "sentences": "hashing", "encoder": "seeing",
    }  # fmt: skip
    assert [(one["kind"], one["chunks"]) for one in summary["sources"]] == [("table", 6), ("folder", 3)]


def test_without_an_encoder_pictures_play_no_part(captions: Path, tmp_path: Path) -> None:
    base = KnowledgeBase.build(captions, tmp_path / "base", None, sentences=HashingEncoder())
    assert base.summary()["encoder"] is None
    assert base.search("red roofs", k=1)[0].chunk.text == "red roofs"
    with pytest.raises(RagError, match="without an encoder of pictures"):
        base.search(image=captions.parent / "red.png")


def test_other_encoders_are_refused(make: Make, notes: Path) -> None:
    folder = make(notes).folder
    with pytest.raises(RetrievalError, match="seeing is another"):
        KnowledgeBase(folder, Seeing("2"))
    with pytest.raises(RetrievalError, match="hashing is another"):
        KnowledgeBase(folder, Seeing(), HashingEncoder("2"))


def test_folders_of_others_are_refused(make: Make, notes: Path, tmp_path: Path) -> None:
    write_notes(tmp_path / "base", {"thesis.tex": "mine"})
    with pytest.raises(RagError, match=r"holds files of another origin \(thesis.tex\)"):
        make(notes)
    assert [one.name for one in (tmp_path / "base").iterdir()] == ["thesis.tex"]
    with pytest.raises(RagError, match="is no knowledge base"):
        KnowledgeBase(tmp_path / "base")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(RetrievalError, match="cannot be written"):
        KnowledgeBase.build(notes, tmp_path / "file", Seeing(), sentences=HashingEncoder())
    shutil.rmtree(tmp_path / "base")
    make(notes)
    with pytest.raises(RagError, match="is a knowledge base already"):
        make(notes)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"rsvlm": "1"}', '{"rsvlm": 3, "encoder": null}', "[" * 100_000, "\ufeff{}",
     '{"rsvlm": "1", "encoder": null, "sources": [{"name": "x"}]}', '{"rsvlm": "1", "encoder": null, "more": 1}'],
)  # fmt: skip
def test_a_damaged_record_is_one_line(make: Make, notes: Path, content: str) -> None:
    folder = make(notes).folder
    (folder / "knowledge.json").write_text(content, encoding="utf-8")
    with pytest.raises(
        RagError, match=r"knowledge.json: cannot be read .*: (update rsvlm, .* or )?build (it|the base) anew"
    ) as caught:
        KnowledgeBase(folder)
    assert "\n" not in str(caught.value)


def test_a_base_without_its_texts_is_refused(make: Make, notes: Path) -> None:
    folder = make(notes).folder
    shutil.rmtree(folder / "texts")
    with pytest.raises(RetrievalError, match="texts"):
        KnowledgeBase(folder)


def test_one_writer_at_a_time(make: Make, notes: Path) -> None:
    base = make(notes)
    write_notes(notes, {"more.txt": "More."})
    with FileLock(base.folder / ".knowledge.lock"), pytest.raises(RetrievalError, match="another process"):
        base.add(notes)
    assert base.add(notes).encoded == 1


def test_a_full_disk_is_told_and_what_is_there_is_kept(make: Make, notes: Path) -> None:
    base = make(notes)
    write_notes(notes, {"more.txt": "More."})

    def full(done: int, total: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RetrievalError, match="the disk is full; make room and run it again"):
        base.add(notes, progress=full)
    assert len(KnowledgeBase(base.folder)) == 3
    assert base.add(notes).chunks == 4


def test_nothing_to_look_for(make: Make, notes: Path) -> None:
    base = make(notes)
    for wrong in (
        {},
        {"text": " "},
        {"text": "x", "k": 0},
        {"text": "x", "alpha": 2},
        {"text": "x", "by": "magic"},
    ):
        with pytest.raises(RagError):
            base.search(**wrong)
    with pytest.raises(RagError, match="no sources"):
        base.add([])


def test_a_picture_that_cannot_be_read_is_no_question(make: Make, notes: Path, tmp_path: Path) -> None:
    base = make(notes)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises((RagError, RetrievalError), match=r"broken.png"):
        base.search(image=tmp_path / "broken.png")
    assert (
        base.search(image=Image.new("RGB", (9, 9), COLOURS["blue"]), k=1)[0].chunk.text
        == "Reefs: Reefs are blue."
    )
