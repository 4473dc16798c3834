"""RSWK's knowledge in RS-RAG's templates, whole and broken."""

import json
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from landmarks import NAVONA, write_rswk  # type: ignore[import-not-found] # in tests/rag

from rsvlm.rag import Chunk, RagError
from rsvlm.rag.sources import Source, read_source


def read(path: Path) -> tuple[dict[str, Chunk], Source]:
    source = read_source(path)
    chunks = list(source.chunks())
    assert len({chunk.key for chunk in chunks}) == len(chunks)
    return {chunk.where: chunk for chunk in chunks}, source


def written(folder: Path, items: Any) -> Path:
    path = folder / "rswk.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    return path


BASIC = """Name: Piazza Navona; Category: Historic Site; Area: Parione; Location: Rome, Italy; \
Construction_Period: 15th to 17th century
Historical_Background: It was built on the site of the Stadium of Domitian.
Major Events:
- Fountain (1651): Bernini's Fountain of the Four Rivers is unveiled."""


def test_the_seven_types_in_their_templates(tmp_path: Path) -> None:
    chunks, source = read(write_rswk(tmp_path))
    assert (source.kind, source.problems) == ("folder", [])
    texts = {where: chunk.text for where, chunk in chunks.items() if where.startswith("Piazza")}
    assert texts == {
        "Piazza Navona, basic_info_and_history": BASIC,
        "Piazza Navona, architecture_and_function": "Piazza Navona: Architectural_Characteristics: A long oval "
        "with three fountains.\nPrimary_Function: Public square",
        "Piazza Navona, culture_and_visitor": "Piazza Navona: Cultural_Significance: Baroque Rome at its best.\n"
        "Notable_Visitors: Goethe, Keats",
        "Piazza Navona, expert_knowledge": "Piazza Navona: expert knowledge: NDVI: 0.13; LC_Type1: 13",
        "Piazza Navona, monthly_expert_knowledge, 2019 January": "Piazza Navona: monthly expert knowledge - of 2019 "
        "January:\nPRECTOTLAND 2019 January: 0.0mm; SNOW DEPTH 2019 January: 0.0mm",
        "Piazza Navona, monthly_expert_knowledge, 2019 February": "Piazza Navona: monthly expert knowledge - of 2019 "
        "February:\nPRECTOTLAND 2019 February: 0.1mm; SNOW DEPTH 2019 February: 0.1mm",
        "Piazza Navona, image_description": "Piazza Navona: Image Description: An oval called Piazza Navona.",
        "Piazza Navona, caption": f"{BASIC}\n\nArchitectural_Characteristics: A long oval with three fountains.\n"
        "Primary_Function: Public square\n\nCultural_Significance: Baroque Rome at its best.\nNotable_Visitors: "
        "Goethe, Keats\n\nexpert knowledge: NDVI: 0.13; LC_Type1: 13\n\nImage Description: An oval called Piazza "
        "Navona.",
    }
    assert len(chunks) == 3 * 8
    assert {chunk.image for chunk in chunks.values()} == {
        f"{tmp_path.as_posix()}/{name}.png" for name in ("Piazza Navona", 'Estadio "U"', "Þórsmörk")
    }
    month = chunks["Þórsmörk, monthly_expert_knowledge, 2019 February"]
    assert (month.type, month.datetime) == ("monthly_expert_knowledge", datetime(2019, 2, 1, tzinfo=UTC))


def test_pictures_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    chunks, source = read(write_rswk(tmp_path, ("Piazza Navona",)))
    assert source.problems == []
    assert {chunk.image for chunk in chunks.values()} == {f"{tmp_path.as_posix()}/images/Piazza Navona.png"}


def test_one_file_alone(tmp_path: Path) -> None:
    chunks, source = read(written(tmp_path, [{**NAVONA, "lon": 12.473, "lat": 41.899}]))
    assert source.kind == "RSWK"
    assert {chunk.bbox for chunk in chunks.values()} == {(12.473, 41.899, 12.473, 41.899)}
    assert len(chunks) == 5


BROKEN: dict[str, Any] = {
    "no object": "Piazza Navona",
    "no name": {"world knowledge": {"Name": "x"}},
    "a string for knowledge": {"image_name": "a", "world knowledge": "```json {"},
    "events that are none": {"image_name": "b", "world knowledge": {"Name": "b", "Major_Events": "many"}},
    "no month": {"image_name": "c", "monthly expert knowledge": {"SLP 2019 Smarch": 1, "SLP": 2}},
    "a list for a description": {"image_name": "d", "description": ["x"]},
    "a place that is none": {"image_name": "e", "description": "x", "lon": 9, "lat": 99},
    "null": None,
    "nested too deep": {
        "image_name": "f",
        "remote sensing expert knowledge": {"a": json.loads("[" * 900 + "]" * 900)},
    },
}


@pytest.mark.parametrize("entry", BROKEN.values(), ids=list(BROKEN))
def test_broken_entries_are_problems_and_the_others_stay(tmp_path: Path, entry: Any) -> None:
    chunks, source = read(written(tmp_path, [NAVONA, entry]))
    assert source.problems
    assert all("entry 2" in problem.file for problem in source.problems)
    assert "Piazza Navona, basic_info_and_history" in chunks


def test_long_knowledge_is_cut_and_every_piece_says_what_it_is_about(tmp_path: Path) -> None:
    long = " ".join(f"In {year} a fair was held on the square." for year in range(1700, 1760))
    world = {**NAVONA["world knowledge"], "Historical_Background": long, "Name": "word " * 300}
    chunks, _ = read(written(tmp_path, [{**NAVONA, "world knowledge": world}]))
    pieces = [chunk for chunk in chunks.values() if chunk.type == "basic_info_and_history"]
    assert len(pieces) > 3
    assert all(piece.text.startswith(("Name: word", "word word")) for piece in pieces)
    assert all(str(year) in " ".join(piece.text for piece in pieces) for year in range(1700, 1760))


def test_the_same_landmark_twice_keeps_keys_apart(tmp_path: Path) -> None:
    chunks, _ = read(written(tmp_path, [NAVONA, NAVONA]))
    assert "Piazza Navona, expert_knowledge, 2" in chunks


def test_a_base_of_the_real_questions(tmp_path: Path, data_dir: Path) -> None:
    archive = data_dir / "rswk.tar.xz"
    if not archive.exists():
        pytest.skip("no rswk.tar.xz")
    with tarfile.open(archive) as opened:
        found = opened.extractfile("./vqa_rsk_full_test_2993.jsonl")
        assert found is not None
        questions = [json.loads(line) for line in found]
    items, facts = [], {}
    for item in questions:
        asked, answer = (message["content"] for message in item["messages"])
        month = re.search(
            r"(January|February|March|April|May|June|July|August|September|October|November|December) 2019",
            asked,
        )
        variable = re.search(r"\b([A-Z]{2,})\b", asked)
        if month and variable:
            name = item["images"][0].removesuffix(".png")
            items.append(
                {"image_name": name, "monthly expert knowledge": {f"{variable[1]} 2019 {month[1]}": answer}}
            )
            facts[name] = f"{variable[1]} 2019 {month[1]}: {answer}"
    chunks, source = read(written(tmp_path, items))
    assert source.problems == []
    assert len(chunks) == len(items) > 2300
    told = {chunk.image: chunk.text for chunk in chunks.values()}
    for name, fact in facts.items():
        assert told[f"{tmp_path.as_posix()}/{name}.png"].startswith(f"{name}: monthly expert knowledge")
        assert fact in told[f"{tmp_path.as_posix()}/{name}.png"]
    (tmp_path / "messages.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    assert len(list(read_source(tmp_path / "messages.jsonl").chunks())) == len(questions)


def test_nothing_of_it_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="entry 1"):
        read(written(tmp_path, [{"image_name": "", "description": "x"}]))
