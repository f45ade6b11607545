"""The parts of ``segment_anything`` that are used here, without what its ``__init__`` imports besides.

That imports the automatic mask generator and with it torchvision's operations, which import torch's compiler
and a library of symbolic mathematics: 1.4 s and 0.17 GB (measured) for nothing that is used here.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segment_anything import build_sam, modeling
    from segment_anything.modeling import image_encoder, transformer
else:
    _found = find_spec("segment_anything")
    if _found is None:
        raise ModuleNotFoundError("No module named 'segment_anything'", name="segment_anything")
    _bare = ModuleType(f"{__package__}.segment_anything", "The package's folder, with nothing imported yet.")
    _bare.__path__ = list(_found.submodule_search_locations)
    # Under a name of its own: who imports the package as such gets all of it.
    sys.modules[_bare.__name__] = _bare
    build_sam = import_module(f"{_bare.__name__}.build_sam")
    modeling = import_module(f"{_bare.__name__}.modeling")
    image_encoder = import_module(f"{_bare.__name__}.modeling.image_encoder")
    transformer = import_module(f"{_bare.__name__}.modeling.transformer")

__all__ = ["build_sam", "image_encoder", "modeling", "transformer"]
