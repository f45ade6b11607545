"""Write ``docs/phantom.png``: four phantom slices, and the same with their structures coloured."""

from pathlib import Path

import numpy as np
from PIL import Image

from ctseg.datasets.phantom import PhantomSlice, phantom_slice
from ctseg.datasets.phantom.dataset import ct_slice
from ctseg.labelmaps import overlay_filled
from ctseg.slices.windowing import to_uint8

IMAGE = Path(__file__).resolve().parents[2] / "docs" / "phantom.png"
SIDE = 256
SHOWN = (("abdomen", 9), ("abdomen", 13), ("abdomen", 11), ("thorax", 12))


def _tiles(phantom: PhantomSlice) -> list[Image.Image]:
    grey = to_uint8(ct_slice(phantom), phantom.window)
    images = (np.stack((grey, grey, grey), axis=2), overlay_filled(grey, phantom.label_map, 0.45))
    return [Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for image in images]


def main() -> None:
    """Write the image with 128 colours: small enough to keep."""
    sheet = Image.new("RGB", (SIDE * len(SHOWN), SIDE * 2))
    for column, (region, seed) in enumerate(SHOWN):
        for row, tile in enumerate(_tiles(phantom_slice(seed, region))):
            sheet.paste(tile, (column * SIDE, row * SIDE))
    sheet.quantize(128).save(IMAGE, optimize=True)


if __name__ == "__main__":
    main()
