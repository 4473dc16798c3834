"""Published figures: what papers print, to set beside what was measured, and what models were trained on."""

import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict

from .result import EvalResult
from .set_names import canonical


class Figure(BaseModel):
    """One number that somebody published.

    Attributes:
        task: As of `EvalResult`.
        model: Its name: a preset of `rsvlm.models`, "architecture/weights" of open_clip, or what its authors say.
        dataset: Data set or benchmark.
        split: Part of it that was evaluated.
        protocol: How it was measured; numbers of different protocols are not compared.
        metric: Name as in `EvalResult.metrics`.
        value: In the units of `EvalResult.metrics`: shares are 0..1.
        printed: As it is printed, "95.22 %".
        step: Size of the last printed digit, in the units of `value`.
        truncated: Whether digits were cut off, not rounded.
        source: Where it is printed.
        note: What a reader should know ("in-domain", "inconsistent: ..."), or None.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    model: str
    dataset: str
    split: str
    protocol: str
    metric: str
    value: float
    printed: str
    step: float
    truncated: bool
    source: str
    note: str | None

    def agrees(self, value: float) -> bool:
        """Whether a measured value prints as this figure does."""
        gap = value - self.value
        if self.truncated:
            return -1e-9 <= gap < self.step
        return abs(gap) <= self.step / 2 + 1e-9


class PublishedComparison(NamedTuple):
    """A measured metric beside a published one.

    Attributes:
        metric: Its name.
        value: What was measured.
        figure: What was published for the same model, set, split and protocol; None where nothing was.
        difference: value - figure.value, or None.
        text: All that in one line for people.
    """

    metric: str
    value: float
    figure: Figure | None
    difference: float | None
    text: str


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str
    values: list[float | None]
    notes: dict[str, str] = {}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str
    task: str
    protocol: str
    unit: Literal["percent", "fraction"]
    decimals: int
    truncated: bool = False
    columns: list[str]
    notes: dict[str, str] = {}
    rows: list[_Row]

    def figures(self) -> list[Figure]:
        return [
            self._figure(row, column, value)
            for row in self.rows
            for column, value in zip(self.columns, row.values, strict=True)
            if value is not None
        ]

    def _figure(self, row: _Row, column: str, value: float) -> Figure:
        dataset, split, metric = column.split("/")
        percent = self.unit == "percent"
        return Figure(
            task=self.task, model=row.model, dataset=dataset, split=split, protocol=self.protocol, metric=metric,
            value=value / 100 if percent else value, printed=f"{value:.{self.decimals}f}" + (" %" if percent else ""),
            step=10.0**-self.decimals / (100 if percent else 1), truncated=self.truncated, source=self.source,
            note=row.notes.get(dataset, self.notes.get(dataset)),
        )  # fmt: skip


class _Training(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: list[str]
    source: str
    sets: dict[str, str]
    kin: dict[str, str] = {}


def published(
    *,
    model: str | None = None,
    dataset: str | None = None,
    protocol: str | None = None,
    metric: str | None = None,
    split: str | None = None,
    task: str | None = None,
) -> list[Figure]:
    """Return the published figures that fit all that is given, in the order of their tables.

    Names match whatever their case and punctuation ("UC Merced", "ucm" and "UCM-captions" are one data set).
    """
    wanted = {
        "model": model,
        "dataset": dataset,
        "protocol": protocol,
        "metric": metric,
        "split": split,
        "task": task,
    }
    asked = {field: _key(field, value) for field, value in wanted.items() if value is not None}
    return [
        figure
        for figure in _figures()
        if all(_key(field, getattr(figure, field)) == value for field, value in asked.items())
    ]


def compare(result: EvalResult) -> list[PublishedComparison]:
    """Set a result beside what was published for the same model, set, split and protocol.

    The model is `config["model"]` or `config["encoder"]`: a name, or a record with a "name". Protocol and split are
    `config["protocol"]` and `config["split"]`; without a split figures of any split are taken, and the text says which.

    Returns:
        A row a published figure, or one row for the headline metric that says that there is none.
    """
    config = result.config
    model, protocol = _model_name(config), config.get("protocol")
    same_way = [
        figure
        for figure in published(
            dataset=result.name, protocol=protocol, task=result.task, split=config.get("split")
        )
        if protocol is not None and figure.metric in result.metrics
    ]
    own = [
        figure
        for figure in same_way
        if model is not None and _key("model", figure.model) == _key("model", model)
    ]
    if own:
        return [_beside(result, figure) for figure in own]
    metric, value = next(iter(result.metrics.items()))
    others = [f"{figure.model} {figure.printed}" for figure in same_way if figure.metric == metric]
    text = "no published figure for this protocol"
    if others:
        text = f"no published figure of {model or 'this model'} for this protocol; of others: {', '.join(others)}"
    return [PublishedComparison(metric, value, None, None, f"{metric} {value:.4f}: {text}")]


def in_domain(model: str, dataset: str, trained_on: Sequence[str] = ()) -> str | None:
    """Return why a data set is not new to a model, in one line, or None as far as is known.

    Args:
        model: Its name.
        dataset: Its name.
        trained_on: Data sets that the model itself says it was trained on.
    """
    if any(_key("dataset", name) == _key("dataset", dataset) for name in trained_on):
        return f"in-domain: {model} says it was trained on {dataset}"
    for training in _trainings():
        if not any(_key("model", model).startswith(_key("model", name)) for name in training.models):
            continue
        for kind, sets in (("in-domain", training.sets), ("may be in-domain", training.kin)):
            for name, how in sets.items():
                if _key("dataset", name) == _key("dataset", dataset):
                    return f"{kind}: {model}, {name}: {how} [{training.source}]"
    return None


def _beside(result: EvalResult, figure: Figure) -> PublishedComparison:
    value = result.metrics[figure.metric]
    difference = value - figure.value
    scale, unit = (100, " points") if figure.printed.endswith("%") else (1, "")
    digits = figure.printed.removesuffix(" %").partition(".")[2]
    verdict = (
        "equal as printed"
        if figure.agrees(value)
        else f"difference {scale * difference:+.{len(digits)}f}{unit}"
    )
    remarks = [figure.note] if figure.note else []
    if "split" not in result.config:
        remarks.append(f"published on split {figure.split!r}")
    if not result.comparable:
        remarks.append("this run is marked as not comparable")
    remark = f" ({'; '.join(remarks)})" if remarks else ""
    shown = scale * value
    if figure.truncated:  # as it is printed
        shown = math.floor(shown * 10 ** len(digits) + 1e-9) / 10 ** len(digits)
    measured = (
        f"{shown:.{len(digits)}f}{' %' if scale == 100 else ''}{' (cut off)' if figure.truncated else ''}"
    )
    text = f"{figure.metric} {measured}, published {figure.printed} [{figure.source}]: {verdict}{remark}"
    return PublishedComparison(figure.metric, value, figure, difference, text)


def _model_name(config: dict[str, Any]) -> str | None:
    for field in ("model", "encoder"):
        found = config.get(field)
        name = found.get("name") if isinstance(found, dict) else found
        if isinstance(name, str):
            return name
    return None


def _key(field: str, name: str) -> str:
    """Return a name as it is compared: without case and punctuation; a data set under one of its names."""
    if field == "metric":
        return name
    if field == "dataset":
        return canonical(name)
    plain = re.sub(r"[\W_]+", "", name.lower())
    return re.sub(r"^skyclip50", "skyclip", plain) if field == "model" else plain


@cache
def _figures() -> tuple[Figure, ...]:
    folder = files(__package__).joinpath("published")
    found = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            for table in yaml.safe_load(file.read_text(encoding="utf-8")):
                found += _Table(**table).figures()
    return tuple(found)


@cache
def _trainings() -> tuple[_Training, ...]:
    text = files(__package__).joinpath("training.yaml").read_text(encoding="utf-8")
    return tuple(_Training(**entry) for entry in yaml.safe_load(text))
