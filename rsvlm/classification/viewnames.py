"""Names of spectral views, as a user gives them."""

from collections.abc import Sequence

from rsvlm.imagery.views import VIEWS

from .errors import ClassificationError


def check_views(views: Sequence[str]) -> None:
    """Refuse views that there are not.

    Raises:
        ClassificationError: No view, an unknown one, or one twice.
    """
    unknown = [name for name in views if name not in VIEWS]
    if unknown or not views or len(set(views)) != len(views):
        raise ClassificationError(
            f"views {', '.join(views) or '(none)'}: choose from {', '.join(VIEWS)}, each once"
        )
