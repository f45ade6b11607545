"""Readers of slices by format; `ctseg.slices.sniff.FORMATS` names them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def reader(name: str) -> Callable[..., Any]:
    """Return the "module:function" of that name, imported only now: a PNG need not wait for nibabel."""
    module, function = name.split(":")
    found: Callable[..., Any] = getattr(import_module(f"{__name__}.{module}"), function)
    return found
