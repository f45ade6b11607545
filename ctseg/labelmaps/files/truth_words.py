"""What DICOM Segmentations and structure sets have in common as truth."""

OVERLAP = "Structures of this file overlap; where they do, the smaller or later one counts."
NOTHING = "This file marks nothing on this slice; choose a slice of its CT that it marks."
