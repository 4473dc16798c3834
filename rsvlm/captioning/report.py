"""What a captioning run came to, for people and for programs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class CaptionReport:
    """The result of a run.

    Attributes:
        out: Folder of the dataset.
        chips: How many chips were planned.
        images: How many images (or land-cover rasters alone) they come from.
        shards: How many shards. resumed: how many of them were there already.
        pairs: How many pairs were written.
        sources: Pairs by the source that their labels come from.
        styles: Captions by style, variants included.
        skipped: Inputs and chips without a pair, by kind of reason.
        verified: Pairs whose caption passed the check.
        rejected: Captions that failed it and were left out.
        rewriting: What became of the captions that a language model was to rewrite.
        map_objects: How many objects of the map were read, kept, and left out for which reason.
        unknown_tags: Distinct tags of the map that the vocabulary does not know.
        unknown_tags_used: How many of them the tag classifier chose.
        unknown_codes: Pixels of land-cover codes that the legend does not know, by code.
        seconds: Wall-clock time.
        warnings: What a person should know.
    """

    out: str
    chips: int = 0
    images: int = 0
    shards: int = 0
    resumed: int = 0
    pairs: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    styles: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    verified: int = 0
    rejected: int = 0
    rewriting: Counter[str] = field(default_factory=Counter)
    map_objects: Counter[str] = field(default_factory=Counter)
    unknown_tags: int = 0
    unknown_tags_used: int = 0
    unknown_codes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()
        }

    def why_nothing(self) -> str:
        """One line for a run that made no pair at all."""
        kinds = ", ".join(f"{kind} ({count:,})" for kind, count in self.skipped.most_common(3))
        chips = "the only chip" if self.chips == 1 else f"{self.chips:,} chips"
        return f"no pair was made of {chips}: {kinds}; {self.out}/errors.parquet says more"

    def rows(self, *, planned: bool = False) -> list[tuple[str, str]]:
        """Name and value of each line of the closing table; `planned`: of a dry run, which has made nothing yet."""
        shards = f"{self.shards:,} shard{'' if self.shards == 1 else 's'}"
        shards += f", {self.resumed:,} of them found done" if self.resumed else ""
        rows = [
            ("dataset", self.out),
            ("images", f"{self.images:,}"),
            ("chips", f"{self.chips:,} in {shards}" if self.shards else f"{self.chips:,}"),
        ]
        if not planned:
            rows += [("pairs", f"{self.pairs:,}")]
        rows += [(f"  labelled by {name}", f"{count:,}") for name, count in sorted(self.sources.items())]
        rows += [(f"  captions, {name}", f"{count:,}") for name, count in sorted(self.styles.items())]
        rows += [
            (f"map objects, {kind.replace('_', ' ')}", f"{count:,}")
            for kind, count in self.map_objects.items()
            if count
        ]
        if self.unknown_tags:
            rows += [("unknown tags used", f"{self.unknown_tags_used:,} of {self.unknown_tags:,}")]
        rows += [("skipped so far" if planned else "skipped", f"{sum(self.skipped.values()):,}")]
        rows += [(f"  {kind}", f"{count:,}") for kind, count in self.skipped.most_common()]
        if planned:
            return rows
        rows += [("verified", f"{self.verified:,} of {self.pairs:,}")]
        if self.rejected:
            rows += [("  captions that failed the check", f"{self.rejected:,}, left out")]
        rows += [(f"  rewriting: {kind}", f"{count:,}") for kind, count in sorted(self.rewriting.items())]
        rows += [("seconds", f"{self.seconds:,.1f}")]
        return rows
