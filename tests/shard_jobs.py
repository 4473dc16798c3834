"""Work for the tests of the shard protocol, in a module of its own: worker processes import it.

Run as a program it does `SHARDS` slow shards: `python shard_jobs.py OUT WORKERS [ENGINE]`.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from rsvlm.files import atomic_write
from rsvlm.shards import ShardError, open_run, run_shards, shard_name

CONFIG = {"job": "test", "size": 256}
SHARDS = 12


def write(description: dict[str, Any]) -> dict[str, Any]:
    """Write a file whose content follows from the shard's number, in small steps."""
    folder, shard = Path(description["folder"]), description["shard"]
    path = folder / f"{shard_name(shard)}.bin"
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        for step in range(description.get("steps", 1)):
            file.write(f"{shard}:{step};".encode() * description.get("repeat", 100))
            file.flush()
            time.sleep(description.get("pause", 0))
    return {"pairs": shard, "styles": {"natural": 1}, "files": {path.name: path.stat().st_size}}


def misbehave(description: dict[str, Any]) -> dict[str, Any]:
    """`write`, but a description may ask for an error, a death or a full disk first."""
    match description.get("do"):
        case "raise":
            raise ValueError("poisoned\ninput")
        case "die":
            os._exit(9)
        case "die once":
            marker = Path(description["folder"]).parent / ".died"
            if not marker.exists():
                marker.touch()
                os._exit(9)
        case "disk full":
            with Path("/dev/full").open("wb") as file:
                file.write(b"x")
        case "pid":
            (Path(description["folder"]).parent / f".pid{os.getpid()}").touch()
    return write(description)


class Model:
    """Work that, like a model, is loaded where it is unpickled; each time it leaves a file there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return _load, (self.folder,)

    def __call__(self, description: dict[str, Any]) -> dict[str, Any]:
        return misbehave(description)


def _load(folder: Path) -> Model:
    (folder / f"{os.getpid()}.{time.monotonic_ns()}").touch()
    return Model(folder)


def descriptions(out: Path, count: int = SHARDS, **more: Any) -> list[dict[str, Any]]:
    return [{"shard": number, "folder": str(out / "shards"), **more} for number in range(count)]


def _say(stream: TextIO, message: object) -> None:
    stream.write(f"{message}\n")
    stream.flush()


def main(out: Path, workers: int, engine: str = "local") -> int:
    try:
        with open_run(out, CONFIG) as run:
            shards = descriptions(out, steps=5, pause=0.02, do="pid")
            _say(sys.stdout, "started")
            summary = run_shards(misbehave, shards, run, workers=workers, engine=engine)
            _say(sys.stdout, f"done {summary.done}, skipped {summary.skipped}")
    except ShardError as error:
        _say(sys.stderr, error)
        return 1
    except KeyboardInterrupt as stop:
        _say(sys.stderr, stop)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
