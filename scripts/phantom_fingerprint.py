"""Makes the phantom anew, without its cache, and prints its fingerprints; fails if they are not the committed ones.

CI runs it under several versions of Python and numpy, and with the processor's vector features switched off for
numpy: ``NPY_DISABLE_CPU_FEATURES="AVX2 FMA3" python scripts/phantom_fingerprint.py``. It needs numpy and Pillow.
"""

import sys

import numpy as np

from ctseg.datasets.phantom.dataset import (
    IMAGES_FINGERPRINT,
    LABELS_FINGERPRINT,
    VAL_SLICES,
    PhantomVal,
    images_fingerprint,
    val_slice,
)


def main() -> int:
    """Print both fingerprints; return 0 if they are the committed ones."""
    split = PhantomVal()
    made = [val_slice(index) for index in range(VAL_SLICES)]
    split.__dict__["_slices"] = made
    labels, images = split.fingerprint(), images_fingerprint(made)
    print(f"Python {sys.version.split()[0]}, numpy {np.__version__}")
    print(f"labels {labels}")
    print(f"images {images}")
    same = (labels, images) == (LABELS_FINGERPRINT, IMAGES_FINGERPRINT)
    print("the committed fingerprints" if same else "NOT the committed fingerprints")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
