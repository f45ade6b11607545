"""What is done to label maps; reading and writing them is in ``ctseg.labelmaps.files``."""

from ctseg.labelmaps.area_table import area_table
from ctseg.labelmaps.colouring import ColouredMap, assign_hues, numbered
from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.following import follow
from ctseg.labelmaps.judgement import Judgement, judge
from ctseg.labelmaps.matching import match_labels
from ctseg.labelmaps.merge_split import merge_split_map
from ctseg.labelmaps.overlay import overlay_filled, overlay_outlined
from ctseg.labelmaps.palette import colours
from ctseg.labelmaps.regions import connected_regions, largest_structures, relabel

__all__ = [
    "ColouredMap",
    "Judgement",
    "LabelMapError",
    "area_table",
    "assign_hues",
    "colours",
    "connected_regions",
    "follow",
    "judge",
    "largest_structures",
    "match_labels",
    "merge_split_map",
    "numbered",
    "overlay_filled",
    "overlay_outlined",
    "relabel",
]
