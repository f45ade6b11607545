"""From affinities and grey levels to a hierarchy of partitions of one slice. NumPy and C++, no torch.

Affinities say which pixels belong together (``affinities``), basins are the smallest parts that anything can
be made of (``flooding``), a tree says in which order they join (``linkage`` by affinities, ``volume`` for a
whole slice), and cuts and edits of it are partitions (``merge_tree``).
"""

from ctseg.partition.affinities import Offsets, boundary_map, mirrored, transposed
from ctseg.partition.confidence import confidence, spread
from ctseg.partition.decoding import agglomerate
from ctseg.partition.merge_tree import MergeTree
from ctseg.partition.placing import nearest, placed, turned
from ctseg.partition.storage import from_bytes, to_bytes
from ctseg.partition.trees import MergeTreeError
from ctseg.partition.volume import edge_strength, led_by, volume_tree

__all__ = [
    "MergeTree",
    "MergeTreeError",
    "Offsets",
    "agglomerate",
    "boundary_map",
    "confidence",
    "edge_strength",
    "from_bytes",
    "led_by",
    "mirrored",
    "nearest",
    "placed",
    "spread",
    "to_bytes",
    "transposed",
    "turned",
    "volume_tree",
]
