"""Base addresses of endpoints: what is one, how far away it is, and whether a key may go there."""

import ipaddress
import logging
import os
import re
from typing import Literal
from urllib.parse import urlsplit

from rsvlm.models.errors import ModelError

LOG = logging.getLogger(__name__)

Distance = Literal["here", "near", "away"]
"""This machine; the network that it stands in; anywhere else."""

_NEAR_ENDINGS = (".local", ".lan", ".internal", ".home.arpa")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


def check_address(address: str, *, key: bool, offline: bool) -> str:
    """Return a base address as it is used, without a slash at its end.

    Args:
        address: "http://localhost:8000/v1", "https://api.example.org/v1".
        key: Whether a key will be sent along.
        offline: Whether only this machine may be asked.

    Raises:
        ModelError: It is no such address, carries a password, is off limits, or would show the key to others.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ModelError(f"the address of an endpoint cannot be read: {error}") from None
    if "@" in parts.netloc or parts.query:
        # Not shown: what stands there is meant to be secret.
        raise ModelError(
            f"the address of the endpoint on {host} holds a user, a password or a query: leave them out, and name "
            "the environment variable with the key"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ModelError(
            f"{address!r} is no address of an endpoint: write its base, like http://localhost:8000/v1"
        )
    place = distance(host)
    if offline and place != "here":
        raise ModelError(
            f"the endpoint on {host} is not on this machine, and the network is off (--offline or HF_HUB_OFFLINE)"
        )
    if key and parts.scheme == "http":
        _guard_key(host, place)
    return address.rstrip("/")


def _guard_key(host: str, place: Distance) -> None:
    if place == "away":
        raise ModelError(
            f"the key would go to {host} readable for everybody on the way: use https://{host}/..."
        )
    if place == "near":
        LOG.warning("the key goes to %s unencrypted, readable in this network: https would hide it", host)


def distance(host: str) -> Distance:
    """How far away a host is, by its name or number alone; nothing is looked up."""
    name = host.lower().rstrip(".")
    try:
        number = ipaddress.ip_address(name)
    except ValueError:
        if name == "localhost" or name.endswith(".localhost"):
            return "here"
        return "near" if "." not in name or name.endswith(_NEAR_ENDINGS) else "away"
    if number.is_loopback:
        return "here"
    return "near" if number.is_private or number.is_link_local else "away"


def read_key(variable: str | None) -> str | None:
    """Return the key that an environment variable holds; None where no variable is named.

    Raises:
        ModelError: It is not set, or is no key, or what was named looks like the key itself. The value is never
            part of the message.
    """
    if variable is None:
        return None
    if not _VARIABLE.fullmatch(variable) or (len(variable) > 24 and "_" not in variable):
        raise ModelError(
            "the key of an endpoint is named by its environment variable, like OPENAI_API_KEY; what was given is no "
            "such name (if it is the key itself: put it into a variable)"
        )
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ModelError(f"the environment variable {variable} is not set: it should hold the endpoint's key")
    if not _KEY.fullmatch(value):
        raise ModelError(f"the environment variable {variable} holds blanks or signs that no key has")
    return value
