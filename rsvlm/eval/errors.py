"""What can go wrong in this room: what cannot be read cannot be evaluated, so one class serves both."""

from rsvlm.datasets.errors import DatasetError

EvalError = DatasetError
