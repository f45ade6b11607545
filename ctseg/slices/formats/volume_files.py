"""Any file of voxels, opened by its kind, for slices and label maps alike."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.formats import reader
from ctseg.slices.formats.volume import Volume
from ctseg.slices.formats.zip import HOLDS_NOTHING, Held, held_in, open_one
from ctseg.slices.sniff import FORMATS, VOXELS


@contextmanager
def open_volume(file: BinaryIO, kind: str) -> Iterator[Volume]:
    """Judge the header of a file of voxels, or of the one in a ZIP; its voxels can be read within the block.

    Parameters
    ----------
    file : open, at its start
    kind : one of `VOXELS`, or "zip" for an ``.npz`` or a ``.mhd`` with its ``.raw``

    Raises
    ------
    SliceError
        If the ZIP holds no such file or several, or the file is none that can be read.
    """
    if kind != "zip":
        yield reader(FORMATS[kind].opens)(file)
        return
    with zipfile.ZipFile(file) as archive:
        held = held_in(archive)
        found = [entry for entry in held if entry.kind in VOXELS]
        if not found:
            raise SliceError(HOLDS_NOTHING)
        if len(found) > 1:
            raise SliceError(
                f"This ZIP holds {len(found)} volumes or arrays; pack or save the one you want alone."
            )
        with _open_held(archive, found[0], held) as volume:
            yield volume


@contextmanager
def _open_held(archive: zipfile.ZipFile, entry: Held, held: list[Held]) -> Iterator[Volume]:
    with open_one(archive, entry) as file:
        opens = reader(FORMATS[entry.kind].opens)
        if entry.kind != "metaimage":
            yield opens(file)
            return

        def beside(name: str) -> BinaryIO:
            # Only the last part counts: a header may name a path of the machine that wrote it.
            wanted = name.replace("\\", "/").rpartition("/")[2]
            match = [other for other in held if other.name.rpartition("/")[2] == wanted]
            if len(match) != 1:
                raise SliceError(
                    "This ZIP lacks the file in which the MetaImage header says its voxels lie; pack both."
                )
            return open_one(archive, match[0])

        yield opens(file, beside)
