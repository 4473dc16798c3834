"""The models that come with rsvlm, trained by `rsvlm pretrain` and nothing else.

    pip install "rsvlm[cpu]"
    python pretraining/built_in/train.py --data DIR --out built-in/
    python pretraining/built_in/train.py --data DIR --out built-in-permissive/ --variant built-in-permissive

DIR has eurosat-rgb/, ucm/ and rsicd/ with train.parquet and validation.parquet each. Stopped, it goes on.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPTIONS = (
    "--encoder built-in-base --whole image:all --rank 8 --alpha 16 --heads-first 0.06 --batch-size 128 --lr 1e-3 "
    "--weight-decay 0.05 --train-size 144 --crop 0.35 --stretch 1.33 --coarsen 0.5 --store fp16"
)  # fmt: skip
# The epochs, and the sets that are measured before and after.
VARIANTS = {
    "built-in": (13, ("eurosat-rgb", "ucm", "rsicd")),
    "built-in-permissive": (8, ("eurosat-rgb", "ucm")),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", choices=VARIANTS, default="built-in")
    options = parser.parse_args()
    epochs, measured = VARIANTS[options.variant]
    command = [
        sys.executable, "-m", "rsvlm", "pretrain", HERE / f"{options.variant}.yaml", "--root", ".",
        "--out", options.out.resolve(), "--validation", HERE / f"{options.variant}-validation.yaml",
        "--epochs", epochs, *OPTIONS.split(),
    ]  # fmt: skip
    for name in measured:
        command += ["--target", name]
    # From within the data, so that the card tells no place of this machine.
    done = subprocess.run([str(part) for part in command], cwd=options.data, check=False)
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
