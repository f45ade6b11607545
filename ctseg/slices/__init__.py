"""Any file a user has becomes slices: `CTSlice` and `Stack`, or a `SliceError` with one sentence."""

from ctseg.sandbox.processes import shut_down
from ctseg.slices.ct_slice import CTSlice, Intensity, SliceError, Window
from ctseg.slices.reading import (
    read_identity,
    read_named_upload,
    read_slice,
    read_stack,
    read_upload,
    warm_up,
)
from ctseg.slices.stack import Stack

__all__ = [
    "CTSlice",
    "Intensity",
    "SliceError",
    "Stack",
    "Window",
    "read_identity",
    "read_named_upload",
    "read_slice",
    "read_stack",
    "read_upload",
    "shut_down",
    "warm_up",
]
