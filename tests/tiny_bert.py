"""A BERT that is made on the spot, for tests of models that read texts."""

from pathlib import Path
from typing import Any


def bert_folder(folder: Path, labels: int | None = None) -> Path:
    """Write a folder with a tiny BERT of random weights and its tokenizer; with labels one that judges pairs."""
    import torch
    import transformers as typed

    transformers: Any = typed  # in part only
    words = "a the river bridge forest farm harbour ships tennis court houses query passage : . ,"
    pieces = [f"##{letter}" for letter in "abcdefghij"]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words.split(), *pieces]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    transformers.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=32, num_labels=labels or 2, initializer_range=0.5,
    )  # fmt: skip
    torch.manual_seed(5)
    kind = transformers.BertModel if labels is None else transformers.BertForSequenceClassification
    kind(config).save_pretrained(folder)
    return folder
