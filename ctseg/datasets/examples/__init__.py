"""Real CT that travels with the package: two volumes under licences that allow it, stored without loss."""

from ctseg.datasets.examples.volumes import ABDOMEN, TOTALSEGMENTATOR, ExampleVolume, write_volume

__all__ = ["ABDOMEN", "TOTALSEGMENTATOR", "ExampleVolume", "write_volume"]
