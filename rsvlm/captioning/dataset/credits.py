"""Whom a dataset owes: its sources, grouped by what their licences ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from .row import Source


class Credit(BaseModel):
    """Sources that share licence, attribution and address, such as the tiles of one mosaic.

    Attributes:
        name: Of the source; the first by alphabet where there are more.
        more: Whether there are more.
        licence: As the source states it; None where it is not known.
        attribution: Whom to name.
        url: Where it is from.
        pairs: How many pairs use it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    more: bool
    licence: str | None
    attribution: str | None
    url: str | None
    pairs: int

    @property
    def title(self) -> str:
        """The name for people."""
        return f"{self.name} and others" if self.more else self.name


CreditKey = tuple[str | None, str | None, str | None]


def credit_key(source: Mapping[str, Any]) -> CreditKey:
    """What makes sources one credit: licence, attribution and address."""
    return source["licence"], source["attribution"], source["url"]


@dataclass
class _Tally:
    name: str
    more: bool = False
    pairs: int = 0


class Credits:
    """Counts the pairs of each credit; as many entries as there are licences, however many images."""

    def __init__(self) -> None:
        self._found: dict[CreditKey, _Tally] = {}

    def add(self, sources: Iterable[Source]) -> None:
        """Count the sources of one pair."""
        tallies = [self._tally(source["name"], source) for source in sources]
        for tally in {id(tally): tally for tally in tallies}.values():
            tally.pairs += 1

    def add_stats(self, entries: Iterable[dict[str, Any]]) -> None:
        """Count what `to_list` gave for a shard."""
        for entry in entries:
            tally = self._tally(entry["name"], entry)
            tally.more |= entry["more"]
            tally.pairs += entry["pairs"]

    def to_list(self) -> list[dict[str, Any]]:
        """The credits as plain data, by name."""
        found = [
            {**vars(tally), "licence": licence, "attribution": attribution, "url": url}
            for (licence, attribution, url), tally in self._found.items()
        ]
        return sorted(found, key=lambda credit: [str(value) for value in credit.values()])

    def _tally(self, name: str, credit: Mapping[str, Any]) -> _Tally:
        tally = self._found.setdefault(credit_key(credit), _Tally(name))
        tally.more |= tally.name != name
        tally.name = min(tally.name, name)
        return tally
