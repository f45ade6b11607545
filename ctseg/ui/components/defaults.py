"""The methods that most visitors ask for: ticked at first on Compare, first in their family on Methods."""

PRESELECTED = ("watershed", "unet-simclr", "unet-tvmf", "partition", "partition-all", "sam-vit-t")
"""The methods that most visitors ask for, ticked at first; those that are not installed are left out."""
FIRST = "partition"
"""The method whose table of structures is shown until the visitor chooses another, where it has one."""
WHOLE = "partition-all"
"""The method whose table is shown instead where the slice is outside of what `FIRST` knows."""
