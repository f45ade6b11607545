"""Write ``docs/separation.png``: one real slice by connected regions and by the two methods that separate."""

from pathlib import Path

import numpy as np
from PIL import Image

from ctseg.datasets.examples import ABDOMEN
from ctseg.labelmaps import overlay_filled
from ctseg.methods import load
from ctseg.methods.base.body import body_mask
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

IMAGE = Path(__file__).resolve().parents[2] / "docs" / "separation.png"
INDEX = 18
SIDE = 300
SHOWN = ("unet-tvmf", "partition", "partition-all")


def main() -> None:
    """Write the image with 128 colours: small enough to keep."""
    ct_slice = ABDOMEN.stack()[INDEX]
    grey = to_uint8(ct_slice, SOFT_TISSUE)
    tiles = [np.stack((grey, grey, grey), axis=2)]
    tiles += [overlay_filled(grey, load(method).segment(ct_slice), 0.45) for method in SHOWN]
    body = np.argwhere(body_mask(grey))
    (top, left), (bottom, right) = body.min(0), body.max(0) + 1
    sheet = Image.new("RGB", (SIDE * len(tiles), SIDE))
    for column, tile in enumerate(tiles):
        cut = Image.fromarray(tile[top:bottom, left:right])
        cut.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(cut, (column * SIDE, (SIDE - cut.height) // 2))
    sheet.quantize(128).save(IMAGE, optimize=True)


if __name__ == "__main__":
    main()
