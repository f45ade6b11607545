"""All methods by name. Listing them imports neither torch nor any weights; loading one does.

A built-in method is one module of this package with ``CARD`` and ``load() -> Method``. A second package adds
one through an entry point of the group ``ctseg.methods`` that names such a module. Neither kind may import
torch at the top of the module: imports that are heavy belong inside ``load``.
"""

from typing import TYPE_CHECKING, Any

from ctseg.methods.base.card import Card
from ctseg.methods.base.hierarchical import Hierarchical
from ctseg.methods.base.method import (
    Method,
    NeverStop,
    Progress,
    StopFlag,
    Stopped,
    ignore_progress,
    raise_if_stopped,
)

if TYPE_CHECKING:
    from ctseg.methods.base.registry import CARDS, METHODS, MethodError, download_bytes, load, loaded

__all__ = [
    "CARDS",
    "METHODS",
    "Card",
    "Hierarchical",
    "Method",
    "MethodError",
    "NeverStop",
    "Progress",
    "StopFlag",
    "Stopped",
    "download_bytes",
    "ignore_progress",
    "load",
    "loaded",
    "raise_if_stopped",
]


def __getattr__(name: str) -> Any:
    # The registry looks for methods when it is asked: a process that runs one recipe needs no other.
    from ctseg.methods.base import registry

    if name not in __all__:
        raise AttributeError(f"module 'ctseg.methods' has no attribute {name!r}")
    return getattr(registry, name)
