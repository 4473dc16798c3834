"""Questions in a few lines: a base of the sample town's captions and a note, and what it answers, with evidence."""

import tempfile
from pathlib import Path

import rsvlm
from rsvlm.captioning.sample import write_sample


def main(folder: Path) -> None:
    """Caption the sample town in `folder`, make a knowledge base of it, and ask."""
    town = write_sample(folder / "town")
    rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=folder / "pairs")
    note = folder / "harbour.md"
    note.write_text("# Harbour\n\nThe harbour of Musterstadt was built in 1887. It has 14 berths.\n", "utf-8")

    kb = rsvlm.KnowledgeBase.build([folder / "pairs", note], folder / "knowledge")
    print(kb)
    for one in kb.search("houses beside a wood", k=2):
        print(f"  {one.score:.2f}  {one.title}: {one.chunk.text}")

    vqa = rsvlm.VisualQuestionAnswerer(kb)
    for question in ("When was the harbour of Musterstadt built?", "When was the harbour of Neustadt built?"):
        answer = vqa.ask(None, question)
        print(question, "->", answer.text, [one.title for one in answer.evidence])
    answer = vqa.ask(town.image, "Is there any water, and what is this?")
    print(answer.kind, "->", answer.text, answer.confidence)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
