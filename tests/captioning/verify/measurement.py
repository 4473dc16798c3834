"""How well the check tells right captions from wrong ones: each is held against its labels untouched and damaged."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from damage import damage  # type: ignore[import-not-found] # this folder is on pytest's path

from rsvlm.captioning import chatearthnet, natural, scenewords, skyscript
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import verify

MAKERS = (
    (skyscript.captions, ("skyscript", "skyscript-multi")),
    (natural.captions, ("natural", "natural-long")),
    (chatearthnet.captions, ("chatearthnet",)),
    (scenewords.captions, ("scene",)),
)


def captions_of(labels: Labels, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Every caption that the makers write for a chip, with its style."""
    for make, styles in MAKERS:
        yield from zip(styles, make(labels, rng), strict=False)


@dataclass
class Measure:
    """Counts, and the cases that went wrong."""

    passed: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    caught: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrongs: list[tuple[str, str, str, list[str], Labels]] = field(default_factory=list)

    def hold(self, style: str, caption: str, labels: Labels, rng: random.Random) -> None:
        """Check one caption, and one damaged from it."""
        problems = verify(caption, labels, style)
        (self.rejected if problems else self.passed)[style] += 1
        if problems:
            self.wrongs.append(("rejected", style, caption, problems, labels))
        damaged, kind = damage(caption, labels, style, rng)
        assert damaged != caption
        if verify(damaged, labels, style):
            self.caught[style, kind] += 1
        else:
            self.missed[style, kind] += 1
            self.wrongs.append((f"missed {kind}", style, damaged, [caption], labels))

    @property
    def pass_rate(self) -> float:
        """The share of untouched captions that pass."""
        return self.passed.total() / max(1, self.passed.total() + self.rejected.total())

    @property
    def catch_rate(self) -> float:
        """The share of damaged captions that are caught."""
        return self.caught.total() / max(1, self.caught.total() + self.missed.total())

    def table(self) -> str:
        """The figures by style and by kind of damage."""
        lines = [f"untouched passed {self.pass_rate:.4f}, damaged caught {self.catch_rate:.4f}"]
        for style in sorted(self.passed | self.rejected):
            said = self.passed[style] + self.rejected[style]
            kinds = sorted({k for s, k in self.caught | self.missed if s == style})
            caught = ", ".join(
                f"{k} {self.caught[style, k]}/{self.caught[style, k] + self.missed[style, k]}" for k in kinds
            )
            lines.append(f"{style:16} passed {self.passed[style]}/{said}; caught {caught}")
        return "\n".join(lines)


def measure(chips: Iterable[Labels], seed: int = 0) -> Measure:
    """Hold all captions of all chips, untouched and damaged."""
    found, rng = Measure(), random.Random(seed)
    for labels in chips:
        for style, caption in captions_of(labels, rng):
            found.hold(style, caption, labels, rng)
    return found
