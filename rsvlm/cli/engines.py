"""The option that says where shards are done."""

from typing import Annotated

import typer


def _check(value: str) -> str:
    """Refuse an engine that is not there, before anything is read or loaded."""
    from rsvlm.shards import check_engine

    check_engine(value)
    return value


Engine = Annotated[
    str,
    typer.Option(
        help="local, or ray: workers on the cluster that RAY_ADDRESS names, else on this machine (rsvlm\\[ray]).",
        callback=_check,
    ),
]
