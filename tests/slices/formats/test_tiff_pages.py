"""Images of a TIFF that have no page of their own, and pages that are no images of their own."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files import read_label_map
from ctseg.slices.decode import decode

VOLUME = (np.arange(4 * 20 * 18).reshape(4, 20, 18) % 251).astype(np.uint8)


def with_one_page(path: Path, order: str) -> Path:
    """What ImageJ writes of more than 4 GB: the page of the first image, and its number of images."""
    tifffile.imwrite(path, VOLUME, imagej=True, byteorder=order, photometric="minisblack")
    content = bytearray(path.read_bytes())
    [start] = struct.unpack_from(f"{order}L", content, 4)
    [entries] = struct.unpack_from(f"{order}H", content, start)
    struct.pack_into(f"{order}L", content, start + 2 + 12 * entries, 0)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("order", "<>")
def test_all_images_of_imagej_are_read(order: str, tmp_path: Path) -> None:
    path = with_one_page(tmp_path / "a.tif", order)
    assert (decode([path]).pixels == VOLUME).all()
    with pytest.raises(LabelMapError, match="holds 4 images"):
        read_label_map(path)
    # A description that outlived its images is no number of images.
    with tifffile.TiffFile(path) as file:
        start = file.pages[0].dataoffsets[0]
    path.write_bytes(path.read_bytes()[: start + VOLUME[1:].nbytes])
    assert len(decode([path]).pixels) == 1


def test_all_images_of_tifffile_are_read(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif", shaped=True) as file:
        file.write(VOLUME, truncate=True, photometric="minisblack")
    assert (decode([tmp_path / "a.tif"]).pixels == VOLUME).all()


@pytest.mark.parametrize("first", ["whole", "small"])
def test_small_copies_of_an_image_are_none(first: str, tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for kind in (first, "small" if first == "whole" else "whole"):
            step, subfile = (1, 0) if kind == "whole" else (2, 1)
            file.write(VOLUME[0, ::step, ::step], subfiletype=subfile, metadata=None)
    stack = decode([tmp_path / "a.tif"])
    assert (stack.pixels[0] == VOLUME[0]).all()
    assert stack.notes == ("Pages of another size were left out.",)
    assert (read_label_map(tmp_path / "a.tif") == VOLUME[0]).all()


@pytest.mark.parametrize("offset", ["-32768.0", "0.0"])
def test_signed_labels_of_imagej(offset: str, tmp_path: Path) -> None:
    labels = VOLUME[0].astype(np.uint16) + (32768 if offset.startswith("-") else 0)
    description = f"ImageJ=1.54f\ncf=0\nc0={offset}\nc1=1.0\nvunit=Gray Value\n"
    tifffile.imwrite(tmp_path / "a.tif", labels, description=description, metadata=None)
    assert (read_label_map(tmp_path / "a.tif") == VOLUME[0]).all()
