"""Fine-tuning probe: a new head, and the last block or the whole of an encoder, for a few epochs."""

import copy
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rsvlm.datasets.pictures import open_picture, picture_hash
from rsvlm.datasets.sets import EvalSet
from rsvlm.errors import one_line
from rsvlm.eval.errors import EvalError
from rsvlm.eval.measuring import Draws, with_items
from rsvlm.eval.result import EvalResult
from rsvlm.eval.vectors import encoder_record
from rsvlm.eval.zeroshot import label_places
from rsvlm.imagery import ChipReader
from rsvlm.models.threads import usable_cores, work_ahead
from rsvlm.vocabularies import Vocabulary, vocabulary_from_classes

from .probe import SHARE, leak_notes
from .splits import held_out, leaked_rows, stratified
from .targets import Target

if TYPE_CHECKING:
    import torch

Part = Literal["last-block", "all"]

_BLOCK = 512
"""Images that are judged at a time."""


@dataclass(frozen=True)
class Recipe:
    """How an encoder is fine-tuned.

    Attributes:
        part: "last-block": the last of the numbered blocks of the image side, and what follows it. "all" of it.
        epochs: The one that is best on the held-out part is kept.
        batch_size: Images a step.
        head_rate: Learning rate of the head (AdamW, warm-up free, falling to 0 by a cosine).
        encoder_rate: That of the encoder.
        limit: At most so many training images, drawn by class: they are all in memory.
        seed: Of all that is drawn.
    """

    part: Part = "last-block"
    epochs: int = 5
    batch_size: int = 32
    head_rate: float = 3e-3
    encoder_rate: float = 3e-5
    limit: int = 4000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Images:
    """Prepared images, their pictures' hashes, and errors."""

    prepared: list[Any]
    hashes: tuple[str, ...]
    errors: tuple[str | None, ...]


def evaluate_fine_tuned(
    encoder: Any,
    train: EvalSet,
    test: EvalSet,
    vocabulary: Vocabulary | None = None,
    *,
    recipe: Recipe | None = None,
) -> EvalResult:
    """Train a classifier on an encoder, a copy of which learns with it, and judge it on test images.

    A fifth of the training images chooses the epoch. Images are turned and flipped at random: overhead imagery has no
    upper side. The encoder that is given stays as it was.

    Args:
        encoder: One of `load_encoder`, with its model in torch.
        train: Images with labels; those that are test pictures are left out, and counted.
        test: Images to judge on.
        vocabulary: The classes of both; None: those of the training images.
        recipe: How.

    Raises:
        EvalError: The encoder has no model in torch, or an image has several classes.
    """
    recipe = recipe or Recipe()
    tower = _tower_of(encoder)
    vocabulary = vocabulary or vocabulary_from_classes(train.label_names, train.name)
    names = vocabulary.names
    gold = Target.of_classes(label_places(test, vocabulary, multi_label=False), names)
    labels = Target.of_classes(label_places(train, vocabulary, multi_label=False), names).classes
    judged = _read(encoder, test, keep=False)  # of any number: only what is learned from is in memory
    rows = stratified(labels, recipe.limit, recipe.seed)
    learned = _read(encoder, train.take(rows))
    leaked = leaked_rows(learned.hashes, judged.hashes)
    good = np.array([row for row, error in enumerate(learned.errors) if error is None], np.int64)
    good = np.setdiff1d(good, leaked)
    if len(good) < 2:
        raise EvalError(f"{train.title}: {len(good)} images are left to learn from; it needs at least 2")
    prepared, targets = [learned.prepared[row] for row in good.tolist()], labels[rows][good]
    model = _Model(tower, encoder, len(names), recipe)
    record = model.fit(prepared, targets)
    predicted = np.full((len(test), len(names)), np.nan)
    known = np.flatnonzero([error is None for error in judged.errors])
    for start in range(0, len(known), _BLOCK):
        block = known[start : start + _BLOCK]
        predicted[block] = model.predict(_read(encoder, test.take(block)).prepared)
    result = gold.measure(predicted, Draws(len(test), test.groups, recipe.seed))
    result.name = test.name
    dropped = {"is_a_test_picture": len(leaked), "failed": len(rows) - len(good) - len(leaked)}
    result.config = {
        "probe": {"kind": "fine-tuned", **asdict(recipe), **record}, "encoder": encoder_record(encoder),
        "seed": recipe.seed, "n_train": len(good), "train": train.record, "data": test.record,
        "left_out_of_train": dropped, "predicts": "class", "names": list(names),
    }  # fmt: skip
    result.notes += leak_notes(dropped)
    return with_items(result, test.keys, judged.errors)


def last_block(names: Sequence[str]) -> int:
    """Return from which of the parameters on, in their order, the last block begins.

    Blocks are numbered ("visual.transformer.resblocks.11.attn..."); the list of blocks that holds most parameters is
    the one that counts, its highest number the last. Without any the last quarter of the parameters is taken.

    Args:
        names: Names of the parameters of the image side, in order.
    """
    members: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, name in enumerate(names):
        found = re.search(r"\.(\d+)\.", name)  # the outermost number
        if found:
            members[name[: found.start()]].append((int(found[1]), row))
    lists = {prefix: rows for prefix, rows in members.items() if len({number for number, _ in rows}) > 1}
    if not lists:
        return len(names) - max(1, len(names) // 4)
    rows = max(lists.values(), key=len)
    last = max(number for number, _ in rows)
    return min(row for number, row in rows if number == last)


class _Model:
    """A copy of an encoder's image side, and a linear head."""

    def __init__(self, tower: Any, encoder: Any, n_classes: int, recipe: Recipe) -> None:
        import torch

        self._torch, self._recipe, self._encoder = torch, recipe, encoder
        self._tower = copy.copy(tower)
        self._tower.module = copy.deepcopy(tower.module).float()
        self._head = torch.nn.Linear(encoder.dimension, n_classes).to(encoder.device)
        with torch.no_grad():  # nothing is drawn by torch's own generator
            self._head.weight.zero_()
            self._head.bias.zero_()
        self._trained: list[tuple[str, Any]] = []

    def fit(self, prepared: Sequence[Any], targets: NDArray[np.int64]) -> dict[str, Any]:
        """Learn, keep the best epoch, and say what was done."""
        torch, recipe = self._torch, self._recipe
        rows, chosen = held_out(targets, SHARE, recipe.seed)
        random = np.random.default_rng(recipe.seed)
        self._choose(prepared[:1])
        optimizer = torch.optim.AdamW(
            [
                {"params": self._head.parameters(), "lr": recipe.head_rate},
                {"params": [weight for _, weight in self._trained], "lr": recipe.encoder_rate},
            ],
            weight_decay=0.01,
        )
        steps = recipe.epochs * -(-len(rows) // recipe.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        scores: list[float] = []
        best, kept = self._state(), 0
        for _ in range(recipe.epochs):
            order = rows[random.permutation(len(rows))]
            for start in range(0, len(order), recipe.batch_size):
                self._step(optimizer, prepared, targets, order[start : start + recipe.batch_size], random)
                schedule.step()
            said = self.predict([prepared[row] for row in chosen.tolist()]).argmax(axis=1)
            scores.append(float((said == targets[chosen]).mean()))
            if scores[-1] >= max(scores):
                best, kept = self._state(), len(scores) - 1
        self._head.load_state_dict(best[0])
        with torch.no_grad():
            for (_, weight), value in zip(self._trained, best[1], strict=True):
                weight.copy_(value)
        return {
            "trained_from": self._trained[0][0],
            "n_trained": sum(weight.numel() for _, weight in self._trained),
            "epoch": kept + 1,
            "chosen_on": f"{SHARE:.0%} of the training items",
            "by_epoch": scores,
        }

    def predict(self, prepared: Sequence[Any]) -> NDArray[np.float64]:
        """Return (n, c) shares of belief."""
        torch, size = self._torch, self._recipe.batch_size
        found = [np.zeros((0, self._head.out_features))]
        with torch.inference_mode():
            for start in range(0, len(prepared), size):
                values = self._values(prepared[start : start + size])
                found.append(torch.softmax(values.double(), dim=-1).cpu().numpy())
        return np.concatenate(found)

    def _values(self, prepared: Sequence[Any]) -> "torch.Tensor":
        vectors = self._tower.images(self._batch(prepared)).float()
        values: torch.Tensor = self._head(
            self._torch.nn.functional.normalize(vectors, dim=-1) * vectors.shape[1] ** 0.5
        )
        return values

    def _batch(self, prepared: Sequence[Any]) -> Any:
        return self._encoder.to_device(list(prepared))

    def _step(
        self,
        optimizer: Any,
        prepared: Sequence[Any],
        targets: NDArray[np.int64],
        rows: NDArray[np.int64],
        random: Any,
    ) -> None:
        torch = self._torch
        turned = [_turned(torch, prepared[row], random) for row in rows.tolist()]
        wanted = torch.from_numpy(targets[rows]).to(self._encoder.device)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(self._values(turned), wanted).backward()
        optimizer.step()

    def _choose(self, probe: Sequence[Any]) -> None:
        """Find the parameters of the image side (those that an image's vector depends on), and free what is trained."""
        module = self._tower.module
        module.requires_grad_(requires_grad=True)
        self._tower.images(self._batch(probe)).float().square().sum().backward()
        side = [(name, weight) for name, weight in module.named_parameters() if weight.grad is not None]
        module.requires_grad_(requires_grad=False)
        module.zero_grad(set_to_none=True)
        start = 0 if self._recipe.part == "all" else last_block([name for name, _ in side])
        self._trained = side[start:]
        for _, weight in self._trained:
            weight.requires_grad_(requires_grad=True)

    def _state(self) -> tuple[dict[str, Any], list[Any]]:
        head = {name: value.detach().clone() for name, value in self._head.state_dict().items()}
        return head, [weight.detach().clone() for _, weight in self._trained]


def _tower_of(encoder: Any) -> Any:
    tower = getattr(encoder, "tower", None)
    if tower is None or not hasattr(tower, "module"):
        raise EvalError(f"{encoder.name} has no model in torch to fine-tune; take one of load_encoder")
    return tower


def _read(encoder: Any, eval_set: EvalSet, *, keep: bool = True) -> _Images:
    """Read and prepare all images, in threads; without `keep` their hashes and errors only."""

    def one(row: int) -> tuple[Any, str, str | None]:
        try:
            picture = open_picture(eval_set.images[row], reader, eval_set.opening)
            prepared = encoder.prepare(picture)
            return prepared if keep else None, picture_hash(picture), None
        except Exception as error:  # a file may fail in any way; the others go on
            return None, "", one_line(error)

    with ChipReader() as reader:
        found = list(work_ahead(one, range(len(eval_set)), threads=usable_cores(), ahead=64))
    prepared, hashes, errors = zip(*found, strict=True)
    return _Images(list(prepared), hashes, errors)


def _turned(torch: Any, image: Any, random: np.random.Generator) -> Any:
    """One of the eight ways in which a square can lie. Prepared images are uint8 (H, W, 3) or float32 (3, H, W)."""
    axes = (0, 1) if image.dtype == torch.uint8 else (1, 2)
    turned = torch.rot90(image, int(random.integers(4)), axes)
    return turned.flip(axes[1]) if random.integers(2) else turned
