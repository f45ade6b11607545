"""Makes the phantom anew and prints its fingerprints; fails if they are not the committed ones.

CI runs it under several versions of Python and numpy, and with the processor's vector features switched off
for numpy through ``NPY_DISABLE_CPU_FEATURES``; ``--features`` prints the list of those that can be.
The slices are kept in the cache if they are the right ones.
"""

import sys

import numpy as np

from ctseg.datasets.phantom.cache import keep
from ctseg.datasets.phantom.dataset import (
    CACHE_NAME,
    IMAGES_FINGERPRINT,
    LABELS_FINGERPRINT,
    VAL_SLICES,
    PhantomVal,
    images_fingerprint,
    val_slice,
)


def vector_features() -> str:
    """Return the processor's features that numpy uses and can do without, separated by spaces."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))


def main() -> int:
    """Print both fingerprints; return 0 if they are the committed ones."""
    if "--features" in sys.argv[1:]:
        print(vector_features())
        return 0
    made = [val_slice(index) for index in range(VAL_SLICES)]
    labels, images = PhantomVal(made).fingerprint(), images_fingerprint(made)
    versions = f"Python {sys.version.split()[0]}, numpy {np.__version__}"
    print(f"{versions}, vector features: {vector_features() or 'none'}")
    print(f"labels {labels}")
    print(f"images {images}")
    same = (labels, images) == (LABELS_FINGERPRINT, IMAGES_FINGERPRINT)
    if same:
        keep(CACHE_NAME, made)
    print("the committed fingerprints" if same else "NOT the committed fingerprints")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
