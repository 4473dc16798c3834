"""A pairs dataset: a folder of image-text pairs with labels and sources that outlives this program."""

from .choosing.filter import filter_pairs
from .choosing.score import score_pairs
from .choosing.scores import ScoreSet, open_scores
from .export import Exported, ExportFormat, export_dataset
from .finish import finish_dataset
from .manifest import Manifest, read_manifest
from .problems import Problem, read_problems, write_problems
from .reader import PairsDataset, open_dataset
from .review import ReviewLine, summarise
from .row import Caption, Pair, Source, labels_from_row, pair_from_row
from .sheet import write_contact_sheet
from .show import write_page
from .writer import ShardWriter

__all__ = [
    "Caption",
    "ExportFormat",
    "Exported",
    "Manifest",
    "Pair",
    "PairsDataset",
    "Problem",
    "ReviewLine",
    "ScoreSet",
    "ShardWriter",
    "Source",
    "export_dataset",
    "filter_pairs",
    "finish_dataset",
    "labels_from_row",
    "open_dataset",
    "open_scores",
    "pair_from_row",
    "read_manifest",
    "read_problems",
    "score_pairs",
    "summarise",
    "write_contact_sheet",
    "write_page",
    "write_problems",
]
