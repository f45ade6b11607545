"""What is done to label maps; reading and writing them is in ``ctseg.labelmaps.files``."""

from ctseg.labelmaps.area_table import area_table
from ctseg.labelmaps.matching import match_labels
from ctseg.labelmaps.merge_split import merge_split_map
from ctseg.labelmaps.orientation import orient_like
from ctseg.labelmaps.overlay import overlay_filled, overlay_outlined
from ctseg.labelmaps.palette import colours
from ctseg.labelmaps.regions import connected_regions, largest_structures, relabel

__all__ = [
    "area_table",
    "colours",
    "connected_regions",
    "largest_structures",
    "match_labels",
    "merge_split_map",
    "orient_like",
    "overlay_filled",
    "overlay_outlined",
    "relabel",
]
