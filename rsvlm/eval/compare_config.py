"""What differs in the configs of two results."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

_DIFFERENCES = 60


class Changed(NamedTuple):
    """An entry of the config that differs, as short JSON; "" where a result lacks it."""

    name: str
    first: str
    second: str


def changed(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Changed]:
    """The entries that differ, at most so many."""
    one, other = _flat(first), _flat(second)
    names = list(dict.fromkeys([*one, *other]))
    found = [
        Changed(name, one.get(name, ""), other.get(name, ""))
        for name in names
        if one.get(name) != other.get(name)
    ]
    return found[:_DIFFERENCES]


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Entries by dotted name, as JSON."""
    flat: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = json.dumps(value, ensure_ascii=False, default=str)
    return flat
