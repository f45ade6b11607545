"""The built-in phantom: drawn torso slices with known structures, the same bytes on every machine."""

from ctseg.datasets.phantom.dataset import PhantomVal, phantom_val
from ctseg.datasets.phantom.dicom import write_dicom
from ctseg.datasets.phantom.scene import ORGANS, PhantomSlice, phantom_slice

__all__ = ["ORGANS", "PhantomSlice", "PhantomVal", "phantom_slice", "phantom_val", "write_dicom"]
