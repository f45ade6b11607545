"""All methods by name. Listing them imports neither torch nor any weights; loading one does.

A built-in method is one module of this package with ``CARD`` and ``load() -> Method``. A second package adds
one through an entry point of the group ``ctseg.methods`` that names such a module. Neither kind may import
torch at the top of the module: imports that are heavy belong inside ``load``.
"""

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method, NeverStop, Progress, StopFlag, Stopped, ignore_progress
from ctseg.methods.base.registry import METHODS, MethodError, download_bytes, load

__all__ = [
    "METHODS",
    "Card",
    "Method",
    "MethodError",
    "NeverStop",
    "Progress",
    "StopFlag",
    "Stopped",
    "download_bytes",
    "ignore_progress",
    "load",
]
