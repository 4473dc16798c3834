"""A page in the browser: ask about images, search one's own tiles, classify. It needs the extra `demo`."""

from .errors import DemoError
from .limits import Limits
from .serving import Running, serve

__all__ = ["DemoError", "Limits", "Running", "serve"]
