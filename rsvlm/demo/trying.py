"""Work that may fail, and what people and the log are told of that."""

import logging
from collections.abc import Callable
from typing import TypeVar

from rsvlm.classification import ClassificationError
from rsvlm.errors import one_line
from rsvlm.models import ModelError
from rsvlm.models.generators import GenerationError
from rsvlm.rag import RagError
from rsvlm.retrieval import RetrievalError
from rsvlm.vocabularies import VocabularyError

from .errors import DemoError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def tried(work: Callable[[], _T]) -> tuple[_T | None, str]:
    """Return what work gives, or why it gives nothing: in one line for people; what nobody expected goes to the log."""
    try:
        return work(), ""
    except DemoError as error:
        return None, one_line(error, most=None)
    except (
        ClassificationError, RagError, GenerationError, ModelError, RetrievalError, VocabularyError,
    ) as error:  # fmt: skip
        _log.warning("%s", error)
        return None, one_line(error, most=None)
    except Exception:
        _log.exception("a request failed")
        return None, "This did not work, and it is not your fault. The log of the server says why."
