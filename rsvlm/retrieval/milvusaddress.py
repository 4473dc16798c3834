"""Addresses of indexes in Milvus: `milvus+http://host:19530/name`."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from .errors import RetrievalError

TOKEN = "MILVUS_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable of what a server lets one in by: `user:password`, or a key."""

_PORT = 19530
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_SCHEME = r"milvus(\+\w*)?:/"
_SCHEMES = {"milvus+http": "http", "milvus+https": "https"}


@dataclass(frozen=True)
class MilvusAddress:
    """Where an index is in Milvus.

    Attributes:
        url: Of the server.
        name: Of the collection.
        token: What the server lets one in by; empty: nothing. It is never shown.
    """

    url: str
    name: str
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"milvus+{self.url}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an address apart.

        Args:
            text: `milvus+http://host:19530/name` or `milvus+https://`; `user:password@` may stand before the host. The
                environment variable MILVUS_TOKEN serves where it does not.

        Raises:
            RetrievalError: It is none.
        """
        shown = _hidden(text)
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port or _PORT
        except ValueError:
            host = None
        if not host or parts.scheme not in _SCHEMES or parts.query or parts.fragment:
            raise RetrievalError(f"{shown}: give milvus+http://host:19530/name or milvus+https://...")
        name = parts.path.strip("/")
        if not _NAME.fullmatch(name):
            raise RetrievalError(
                f"{shown}: name a collection behind the server: letters of a to z, digits and _, such as /tiles"
            )
        inside = f"[{host}]" if ":" in host else host
        own = [unquote(part) for part in (parts.username, parts.password) if part]
        return cls(
            f"{_SCHEMES[parts.scheme]}://{inside}:{port}", name, ":".join(own) or os.environ.get(TOKEN, "")
        )


def is_address(place: str | os.PathLike[str]) -> bool:
    """Whether a place is an address and no folder."""
    return isinstance(place, str) and re.match(_SCHEME, place) is not None


def folder_of(place: str | os.PathLike[str], purpose: str) -> Path:
    """A place that must be a folder.

    Raises:
        RetrievalError: It is an address.
    """
    if re.match(_SCHEME, text := os.fspath(place)):
        address = _hidden(re.sub(":/+", "://", text, count=1))  # a path has one "/" of the two
        raise RetrievalError(f"only an index in a folder can be {purpose}: rsvlm index copy {address} index/")
    return Path(place)


def _hidden(text: str) -> str:
    return re.sub(r"//.*@", "//", text)
