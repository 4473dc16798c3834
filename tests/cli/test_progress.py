"""How far long work is, in a log."""

import pytest

from rsvlm.cli.progress import counting_bar, progress_lines


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = 100.0
    show = progress_lines("Classifying", "chips", lambda: seconds)
    for done in range(0, 20_001, 100):  # 100 a second
        show(done, 20_000)
        seconds += 1
    assert capsys.readouterr().err.splitlines() == [
        f"Classifying: {done:,} of 20,000, 100 chips/s" for done in range(3000, 20_000, 3000)
    ]


def test_what_is_done_soon_leaves_a_log_empty(capsys: pytest.CaptureFixture[str]) -> None:
    with counting_bar("Classifying", "chips", total=2) as step:
        step(1)
        step(1)
    assert capsys.readouterr().err == ""
