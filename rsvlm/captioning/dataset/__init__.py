"""A pairs dataset: a folder of image-text pairs with labels and sources that outlives this program."""

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
    "ShardWriter",
    "Source",
    "export_dataset",
    "finish_dataset",
    "labels_from_row",
    "open_dataset",
    "pair_from_row",
    "read_manifest",
    "read_problems",
    "summarise",
    "write_contact_sheet",
    "write_page",
    "write_problems",
]
