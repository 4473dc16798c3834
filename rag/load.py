"""Many users of the demo at once: does each get the answers that they would get alone, and does memory stay bounded?

    python rag/load.py --users 50 --seconds 120      # starts a demo of its own on this machine

Needs the extra `demo`, and Linux for the memory. Each user has one of the images that ship and asks its questions again
and again; an answer is right when its words are those of the same question asked alone before.
"""

import argparse
import html
import itertools
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

QUESTIONS = {
    "river": ["Is there a bridge?", "How much of it is water?", "What is a bridge mistaken for?"],
    "stadium": ["Is there a stadium?", "Is it a stadium or an airport?", "What is a stadium mistaken for?"],
    "quarry": ["How much of it is forest?", "Is it a forest or a desert?", "What is a quarry mistaken for?"],
    "solar": ["What is this?", "Is there farmland?", "What is a meadow mistaken for?"],
}
_TEXT = re.compile(r'<p class="text">(.*?)</p>', re.DOTALL)


@dataclass
class Tally:
    """What came of all users' questions."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class User:
    """One user, with a session of their own and an image of theirs."""

    def __init__(self, address: str, name: str) -> None:
        from gradio_client import Client, handle_file

        self.client = Client(address, verbose=False, httpx_kwargs={"timeout": 60})
        card = self.client.predict(
            handle_file(str(files("rsvlm.demo") / "examples" / f"{name}.tif")), api_name="/image"
        )
        if "notice" in card:
            raise RuntimeError(card)

    def ask(self, question: str) -> str:
        """Ask; return the words of the answer."""
        answer: Any = self.client.predict(question, 0.5, 3, api_name="/ask")[0]
        found = _TEXT.search(answer)
        if found is None:
            raise RuntimeError(answer)
        return html.unescape(re.sub(r"<[^>]*>", "", found[1]))


def use(address: str, name: str, alone: dict[tuple[str, str], str], end: float, tally: Tally) -> None:
    """Be a user until the end."""
    try:
        user = User(address, name)
        for question in itertools.cycle(QUESTIONS[name]):
            if time.monotonic() > end:
                return
            begin = time.monotonic()
            answer = user.ask(question)
            tally.seconds.append(time.monotonic() - begin)
            if answer != alone[name, question]:
                tally.wrong.append(f"{name}: {question} {answer} (alone: {alone[name, question]})")
    except Exception as error:
        tally.errors.append(f"{type(error).__name__}: {error}")


def memory(process: int, what: str) -> float:
    """MB of a process: VmRSS now, VmHWM at its highest."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    """Start a demo, let users at it, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    command = [sys.executable, "-m", "rsvlm", "demo", "--port", "0", "--offline"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as demo:
        assert demo.stderr is not None
        address = next(
            match[1] for line in demo.stderr if (match := re.search(r"Running at (http\S+)", line))
        )
        threading.Thread(target=demo.stderr.read, daemon=True).start()
        try:
            load(address, demo.pid, options.users, options.seconds)
        finally:
            demo.terminate()


def load(address: str, process: int, users: int, seconds: float) -> None:
    """Ask alone, then all at once."""
    alone: dict[tuple[str, str], str] = {}
    for name, questions in QUESTIONS.items():
        user = User(address, name)
        alone |= {(name, question): user.ask(question) for question in questions}
    before, tally = memory(process, "VmRSS"), Tally()
    end = time.monotonic() + seconds
    names = list(itertools.islice(itertools.cycle(QUESTIONS), users))
    threads = [threading.Thread(target=use, args=(address, name, alone, end, tally)) for name in names]
    for thread in threads:
        thread.start()
    middle = before
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        if time.monotonic() < end - seconds / 2:
            middle = memory(process, "VmRSS")
    waits = np.array(tally.seconds or [0.0])
    print(
        f"{users} users, {seconds:.0f} s: {len(tally.seconds)} answers, {len(tally.seconds) / seconds:.2f} a second"
    )
    print(f"waited: median {np.median(waits):.1f} s, p95 {np.percentile(waits, 95):.1f} s")
    print(f"answers that were not those given alone: {len(tally.wrong)}; errors: {len(tally.errors)}")
    print(
        f"memory: {before:.0f} MB before, {middle:.0f} MB half way, {memory(process, 'VmRSS'):.0f} MB after, "
        f"{memory(process, 'VmHWM'):.0f} MB at most"
    )
    for one in (tally.wrong + tally.errors)[:10]:
        print("   ", one[:300])


if __name__ == "__main__":
    main()
