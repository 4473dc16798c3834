"""Probes: what can be learned from a model's features by the simplest means."""

from .crossvalidation import cross_validate
from .data import ProbeData, probe_data
from .fewshot import evaluate_few_shot
from .finetune import evaluate_fine_tuned
from .probe import evaluate_probe
from .task import evaluate_probes

__all__ = [
    "ProbeData",
    "cross_validate",
    "evaluate_few_shot",
    "evaluate_fine_tuned",
    "evaluate_probe",
    "evaluate_probes",
    "probe_data",
]
