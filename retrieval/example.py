"""Search in a few lines: the sample town cut into chips, found by words, by example, by place, and labelled."""

import tempfile
from pathlib import Path

import rsvlm
from rsvlm.captioning.sample import write_sample
from rsvlm.imagery.items import ChipOptions


def main(folder: Path) -> None:
    """Index the chips of the sample town in `folder`, and find some of them."""
    town = write_sample(folder / "town")
    index = rsvlm.Index.build(town.image, folder / "index", options=ChipOptions(chips="grid", size="64"))
    print(index)

    hits = index.search("a forest", k=3)
    for hit in hits:
        print(
            f"{hit['rank']}. {hit['score']:.3f}  chip {hit['window']}  at {hit['west']:.4f}, {hit['south']:.4f}"
        )

    first = next(iter(hits))
    here = (first["west"], first["south"], first["east"], first["north"])
    print("in its place and around it:", len(index.search("a forest", k=100, bbox=here)), "chips")

    [picture] = index.nearest(index.vectors([hits.numbers[0]]), k=2, asked="pictures")
    print(f"most like it: chip {index.rows(picture.rows)['window'].to_pylist()[1]}, {picture.scores[1]:.3f}")

    (folder / "labels.csv").write_text(f'path,label\n"{first["key"]}",forest\n', encoding="utf-8")
    index.label(folder / "labels.csv")
    [labelled] = index.search_vectors(index.vectors([0]), filter=rsvlm.retrieval.Filter(labels=["forest"]))
    print("found by its label:", labelled.keys == [first["key"]])
    print("as it was written:", rsvlm.retrieval.verify(folder / "index") == [])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
