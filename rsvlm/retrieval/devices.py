"""GPUs that faiss sees, and putting an index of faiss onto them."""

from typing import Any

from .errors import RetrievalError
from .kinds import faiss_or_none, needed_faiss


def gpus() -> int:
    """How many GPUs faiss sees."""
    faiss = faiss_or_none()
    return 0 if faiss is None else int(faiss.get_num_gpus())


def on_gpus(index: Any) -> Any:
    """Copy an index of faiss onto all GPUs, a share of its vectors on each.

    Raises:
        RetrievalError: There is none.
    """
    if not gpus():
        raise RetrievalError(
            'faiss sees no GPU: search on the processor, or install "rsvlm[gpu]" where there is one'
        )
    faiss = needed_faiss()
    options = faiss.GpuMultipleClonerOptions()
    options.shard = options.common_ivf_quantizer = True
    return faiss.index_cpu_to_all_gpus(index, options)
