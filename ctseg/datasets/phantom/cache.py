"""Keeps phantom slices on disk, in the user's cache folder; what is read back is checked."""

import contextlib
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ctseg.datasets.phantom.scene import PhantomSlice
from ctseg.files import atomic_path
from ctseg.settings import cache_folder
from ctseg.slices.ct_slice import Window


def load_or_make(
    name: str,
    fingerprint: str,
    make: Callable[[], list[PhantomSlice]],
    fingerprint_of: Callable[[Sequence[PhantomSlice]], str],
) -> list[PhantomSlice]:
    """Return the slices from the cache if their fingerprint holds; make and keep them otherwise.

    Parameters
    ----------
    name : of the file in the cache, without suffix
    fingerprint : what ``fingerprint_of`` returns for the right slices
    make : makes them
    fingerprint_of : reduces slices to a fingerprint
    """
    path = cache_folder() / f"{name}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError):
        slices = _read(path)
        if fingerprint_of(slices) == fingerprint:
            return slices
    slices = make()
    keep(name, slices)
    return slices


def keep(name: str, slices: Sequence[PhantomSlice]) -> None:
    """Write the slices to the cache, all or nothing.

    A cache that cannot be written, on a full or read-only disk, only costs the time to make them again.
    """
    with contextlib.suppress(OSError):
        _write(cache_folder() / f"{name}.npz", slices)


def _read(path: Path) -> list[PhantomSlice]:
    with np.load(path, allow_pickle=False) as stored:
        hounsfield, label_maps = stored["hounsfield"], stored["label_maps"]
        facts = json.loads(stored["facts"].tobytes())
    return [
        PhantomSlice(
            hounsfield=hounsfield[index],
            label_map=label_maps[index],
            names={int(value): name for value, name in fact["names"].items()},
            spacing_mm=(fact["spacing_mm"][0], fact["spacing_mm"][1]),
            window=Window(*fact["window"]),
            seed=fact["seed"],
            region=fact["region"],
        )
        for index, fact in enumerate(facts)
    ]


def _write(path: Path, slices: Sequence[PhantomSlice]) -> None:
    facts = [
        {
            "names": phantom.names,
            "spacing_mm": phantom.spacing_mm,
            "window": (phantom.window.width, phantom.window.level),
            "seed": phantom.seed,
            "region": phantom.region,
        }
        for phantom in slices
    ]
    with atomic_path(path) as unfinished, unfinished.open("wb") as file:
        np.savez(
            file,
            hounsfield=np.stack([phantom.hounsfield for phantom in slices]),
            label_maps=np.stack([phantom.label_map for phantom in slices]),
            facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8),
        )
