"""The data of pretraining: sources of pairs, mixed, partly held out, changed, and given to the model in batches."""

from .augment import Augmentation
from .contents import learned_from
from .examples import Example, caption_of
from .holdout import Holdout, hold_out
from .loader import Batch, PairLoader, Problem, Tally
from .mixture import Mixture
from .reading import read_pairs_source
from .sources import PairsSource

__all__ = [
    "Augmentation",
    "Batch",
    "Example",
    "Holdout",
    "Mixture",
    "PairLoader",
    "PairsSource",
    "Problem",
    "Tally",
    "caption_of",
    "hold_out",
    "learned_from",
    "read_pairs_source",
]
