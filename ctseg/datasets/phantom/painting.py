"""Paints tissues over one another into HU and labels, with the pixels at the edges shared between them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.curves import Outline, grown
from ctseg.datasets.phantom.frame import Frame
from ctseg.datasets.phantom.raster import FULL, Cover, cover
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import Field, Texture, lattice_noise

FAT = -102
STEP = 16
"""The image is painted in steps of 1/16 HU."""

BACKGROUND = ""
"""As ``Layer.label``: what is painted becomes background."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One tissue with its outlines; a later layer covers an earlier one.

    Attributes
    ----------
    outlines : polygons in mm; the tissue is everything inside at least one of them
    hounsfield : mean HU
    organ : the organ it belongs to, such as ``"kidney"``
    label : name of its structure such as ``"left kidney"``, ``BACKGROUND``, or None: labels stay as they are
    within : names of masks it is confined to
    mask : name under which later layers can refer to what is painted here
    texture : how HU vary inside
    top_share : only the uppermost share of its height is painted, with a level surface: gas above fluid
    rim_mm : width of a rim of fat between it and what is already there
    """

    outlines: tuple[Outline, ...]
    hounsfield: int
    organ: str
    label: str | None = None
    within: tuple[str, ...] = ()
    mask: str = ""
    texture: Texture | None = None
    top_share: float = 1.0
    rim_mm: float = 0.0


@dataclass
class Painting:
    """An image being painted.

    Attributes
    ----------
    frame : where the body lies
    seed : for the textures
    hounsfield : int32, shape (H, W), in 1/16 HU
    labels : int32, shape (H, W); indices into ``names``
    names : names of the structures, the background first
    """

    frame: Frame
    seed: int
    hounsfield: Field = field(init=False)
    labels: Field = field(init=False)
    names: list[str] = field(default_factory=lambda: [BACKGROUND])

    def __post_init__(self) -> None:
        self.hounsfield = np.full(self.frame.size, -1000 * STEP, dtype=np.int32)
        self.labels = np.zeros(self.frame.size, dtype=np.int32)
        self._masks: dict[str, NDArray[np.int32]] = {}
        self._textures: dict[int, Field] = {}

    def mask(self, name: str) -> NDArray[np.int32]:
        """Return the coverage in [0, 256] of what was painted under this name; nothing if it never was."""
        if name not in self._masks:
            return np.zeros(self.frame.size, dtype=np.int32)
        return self._masks[name]

    def paint(self, layer: Layer, frame: Frame | None = None) -> None:
        """Paint a layer over what is there, placed by ``frame`` or by the painting's own."""
        frame = frame or self.frame
        if layer.rim_mm > 0:
            rim = tuple(grown(outline, layer.rim_mm) for outline in layer.outlines)
            around = Layer(outlines=rim, hounsfield=FAT, organ="fat", label=BACKGROUND, within=layer.within)
            self._paint(around, frame)
        self._paint(layer, frame)

    def _paint(self, layer: Layer, frame: Frame) -> None:
        found = self._cover(layer, frame)
        if found is None:
            return
        box, share = found.box, found.share
        target: Field | int = layer.hounsfield * STEP
        if layer.texture is not None:
            target = target + self._texture(layer.texture)[box]
        here = self.hounsfield[box]
        self.hounsfield[box] = here + (((target - here) * share) >> 8)
        if layer.label is not None:
            self.labels[box] = np.where(share >= FULL // 2, self.index(layer.label), self.labels[box])
        if layer.mask:
            full = self._masks.setdefault(layer.mask, np.zeros(self.frame.size, dtype=np.int32))
            full[box] = np.maximum(full[box], share)

    def _cover(self, layer: Layer, frame: Frame) -> Cover | None:
        pixels = [frame.to_pixels(outline) for outline in layer.outlines]
        found = cover(pixels, *self.frame.size)
        if found is None:
            return None
        share = found.share
        if layer.top_share < 1.0:
            share = share.copy()
            share[int(len(share) * layer.top_share) :] = 0
        for name in layer.within:
            share = (share * self.mask(name)[found.box]) >> 8
        return Cover(found.top, found.left, share)

    def _texture(self, texture: Texture) -> Field:
        if texture.grain not in self._textures:
            stream = Stream(self.seed, "texture", str(texture.grain))
            coarse = lattice_noise(stream, *self.frame.size, texture.grain)
            fine = lattice_noise(stream, *self.frame.size, max(texture.grain // 2, 1))
            self._textures[texture.grain] = (coarse * 2 + fine) // 2
        noise = self._textures[texture.grain]
        swing = texture.offset * STEP + ((noise * (texture.amplitude * STEP)) >> 8)
        return np.minimum(swing, texture.ceiling * STEP)

    def index(self, label: str) -> int:
        """Return the index of a structure in ``names``, at the end of it if it is new."""
        if label not in self.names:
            self.names.append(label)
        return self.names.index(label)
