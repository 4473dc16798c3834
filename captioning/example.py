"""Captioning in a few lines: from the image, map and land cover of the sample town to checked pairs."""

import tempfile
from pathlib import Path

import rsvlm
from rsvlm.captioning.sample import write_sample
from rsvlm.captioning.verify import verify


def main(folder: Path) -> None:
    """Make the sample's pairs in `folder`, read two of them, and show that a changed caption is caught."""
    town = write_sample(folder / "town")
    report = rsvlm.caption(
        town.image, osm=town.osm, landcover=town.landcover, style="natural", out=folder / "pairs"
    )
    print(
        f"{report.pairs} pairs of {report.chips} chips, {report.verified} verified, in {report.seconds:.1f} s\n"
    )

    pairs = list(rsvlm.open_pairs(folder / "pairs"))
    for pair in pairs[:2]:
        print(f"{pair.key}: {pair.caption}")
        print(f"  labelled by {', '.join(source['name'] for source in pair.sources[1:])}\n")

    wrong = pairs[0].caption.removesuffix(".") + ", beside a volcano."
    print("A caption that says more than its labels:", verify(wrong, pairs[0].labels, "natural"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
