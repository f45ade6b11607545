"""Compute what the Compare page opens on, with the weights of this repository.

Usage: python scripts/shipped/make_opening.py
"""

from pathlib import Path

from ctseg.ui.compare.opening import compute, default_methods, write

if __name__ == "__main__":
    target = Path(__file__).parents[2] / "ctseg" / "ui" / "compare" / "opening.npz"
    write(target, compute(default_methods()))
