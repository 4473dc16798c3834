"""What needs a CUDA device; every test here skips, with its reason, where there is none."""

import pytest


@pytest.fixture(autouse=True)
def _cuda() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
