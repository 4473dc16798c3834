"""Put what train.py made into the package: weights and card to rsvlm/models/weights/, its log to logs/.

python pretraining/built_in/ship.py built-in/
python pretraining/built_in/ship.py built-in-permissive/ --variant built-in-permissive
"""

import argparse
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEIGHTS = (
    "adapter_config.json", "adapter_model.safetensors", "rsvlm_adapter.json", "trained.safetensors",
    "loss.png", "tradeoff.png",
)  # fmt: skip
LOGS = ("metrics.jsonl", "epochs.jsonl", "report.json")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trained", type=Path, help="the folder that train.py made")
    parser.add_argument("--variant", choices=("built-in", "built-in-permissive"), default="built-in")
    options = parser.parse_args()
    trained, name = options.trained.resolve(), options.variant
    weights = HERE.parents[1] / "rsvlm" / "models" / "weights" / name
    for file in WEIGHTS:
        shutil.copyfile(trained / file, weights / file)
    card = (trained / "README.md").read_text(encoding="utf-8")
    (weights / "README.md").write_text(shipped_card(card, trained.name, name), encoding="utf-8")
    logs = HERE / "logs" / name
    for file in LOGS:
        text = (trained / file).read_text(encoding="utf-8")
        (logs / file).write_text(text.replace(f"{HERE}/", ""), encoding="utf-8")


def shipped_card(card: str, folder: str, name: str) -> str:
    """The card of an adapter as that of a model that ships, whose licence lies beside it."""
    for old, new in (
        (f"# {folder}\n", f"# {name}\n"),
        ("\nAn adapter for `", f"\nThe weights of rsvlm's model `{name}`: an adapter for `"),
        (f'load_encoder("{folder}/")', f'load_encoder("{name}")'),
        (
            "It may be used as its base and all its data may: see the licences above.",
            "What it may be used for is in WEIGHTS_LICENSE beside this card.",
        ),
    ):
        if card.count(old) != 1:
            raise SystemExit(f"the card has {card.count(old)} times {old!r}, not once")
        card = card.replace(old, new)
    return card


if __name__ == "__main__":
    main()
