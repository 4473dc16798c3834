"""Questions about images in the formats of lmms-eval and VLMEvalKit, so that their models can be asked them."""

from .export_items import Exported, ExportItem, agromind_items
from .lmms_export import export_lmms_eval
from .vlmevalkit_export import export_vlmevalkit

__all__ = ["ExportItem", "Exported", "agromind_items", "export_lmms_eval", "export_vlmevalkit"]
