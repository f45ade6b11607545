"""Segment all structures in one CT slice, class-agnostically, and compare methods side by side.

>>> import ctseg
>>> ct_slice = ctseg.read_slice("slice.dcm")
>>> label_map = ctseg.segment(ct_slice, "watershed")
>>> ctseg.score(label_map, true_label_map).fg_ari

Importing this package takes well under a second; torch is imported by the methods that need it.
"""

import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime 1.32 keeps an identifier in the user's cache and tells its maker of its use, unless this is set
# before it is imported. Nothing here calls home.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from ctseg.api import segment
    from ctseg.methods import METHODS
    from ctseg.metrics import score
    from ctseg.slices import read_slice

__version__ = "0.2.0"
__all__ = ["METHODS", "__version__", "read_slice", "score", "segment"]

_HOMES = {
    "METHODS": "ctseg.methods",
    "read_slice": "ctseg.slices",
    "score": "ctseg.metrics",
    "segment": "ctseg.api",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'ctseg' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
