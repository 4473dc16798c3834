"""Safe YAML for legends and class lists, and one clear line for what cannot be read.

A user's file is data from anywhere: it is read with safe YAML, without aliases, up to 1 MiB.
"""

from collections.abc import Hashable
from typing import Any

import yaml
from pydantic import ValidationError

from rsvlm.errors import one_line
from rsvlm.vocabularies.errors import VocabularyError

LARGEST_FILE = 2**20
"""Bytes; a legend of 10,000 classes is smaller."""


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses what it would else take in silence: repeated keys and aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) have no place in it")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if (key.tag, str(key.value)) in seen:
                raise yaml.YAMLError(
                    f"{key.value} is there twice (line {key.start_mark.line + 1}); keep one of them"
                )
            seen.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep)


def load_yaml(content: bytes, source: str, kind: str) -> Any:
    """Return what a YAML file holds.

    Args:
        content: the bytes of the file; reading one more than `LARGEST_FILE` is enough.
        source: its path, for error messages.
        kind: "legend" or "class list", for error messages.

    Raises:
        VocabularyError: for too large a file, bad YAML, a repeated key, an alias.
    """
    if len(content) > LARGEST_FILE:
        raise VocabularyError(
            f"{kind} {source} has more than {LARGEST_FILE} bytes; give a {kind}, not a table of data"
        )
    try:
        return yaml.load(content, _Loader)  # noqa: S506  _Loader is a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise VocabularyError(f"{kind} {source} is not YAML that can be read: {one_line(error)}") from error


_KINDS = {
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "has no {discriminator}, which says what it is",
}


def first_error(error: ValidationError) -> str:
    """Say in one line what the first of pydantic's complaints is."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    says = first["msg"].removeprefix("Value error, ")
    if first["type"] in _KINDS:
        says = _KINDS[first["type"]].format(**first["ctx"])
    return one_line(f"{where}: {says}, but found {first['input']!r}", most=300)
