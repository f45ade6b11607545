"""One phantom slice: the anatomy painted, then what the scanner adds."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.anatomy.abdomen import lower_abdomen, middle_abdomen, upper_abdomen
from ctseg.datasets.phantom.anatomy.metal import clip_layers, clips
from ctseg.datasets.phantom.anatomy.patient import Patient, random_patient
from ctseg.datasets.phantom.anatomy.thorax import arch_level, heart_level, pulmonary_level
from ctseg.datasets.phantom.curves import tube
from ctseg.datasets.phantom.frame import Frame, random_bends
from ctseg.datasets.phantom.painting import BACKGROUND, Layer, Painting
from ctseg.datasets.phantom.scanner import scanned
from ctseg.datasets.phantom.stream import Stream
from ctseg.slices.ct_slice import Window

Region = Literal["abdomen", "thorax"]

SIZE = 512
ORGANS = (
    "adrenal", "airway", "aorta", "azygos vein", "back muscle", "brachiocephalic vein", "colon", "duodenum",
    "gallbladder", "heart", "kidney", "liver", "liver lesion", "lung", "lung nodule", "mesenteric artery",
    "mesenteric vein", "oesophagus", "pancreas", "portal vein", "psoas", "pulmonary artery", "rib", "scapula",
    "small bowel", "spinal canal", "spleen", "sternum", "stomach", "vena cava", "vertebra",
)  # fmt: skip
"""Organs that can be left out; one organ may be several structures, such as two kidneys."""

_SMALLEST = 16
"""Structures of fewer pixels are taken out of the label map: nobody would annotate them."""

LEVELS: dict[str, tuple[Callable[[Patient], list[Layer]], ...]] = {
    "abdomen": (upper_abdomen, middle_abdomen, lower_abdomen),
    "thorax": (heart_level, pulmonary_level, arch_level),
}


@dataclass(frozen=True)
class PhantomSlice:
    """One synthetic CT slice with its true label map.

    Attributes
    ----------
    hounsfield : int16, shape (512, 512), in HU, [-1024, 3071]
    label_map : uint8, shape (512, 512); 0 is background, other values are arbitrary
    names : label value to name of the structure, such as ``"left kidney"``
    spacing_mm : distance between (rows, columns)
    window : display window in HU
    seed, region : what it was made from
    """

    hounsfield: NDArray[np.int16]
    label_map: NDArray[np.uint8]
    names: dict[int, str]
    spacing_mm: tuple[float, float]
    window: Window
    seed: int
    region: Region


def _frame(patient: Patient) -> Frame:
    stream = patient.stream("frame")
    wide = stream.uniform(0.92, 1.1)
    deep = wide * stream.uniform(0.96, 1.2)
    body_mm = 2 * (154.0 + patient.fat_mm) * wide
    spacing = body_mm / (SIZE * stream.uniform(0.8, 0.96))
    return Frame(
        size=(SIZE, SIZE),
        # Three decimals, as scanners write it; the image is made with the number that is written.
        spacing_mm=int(spacing * 1000 + 0.5) / 1000,
        centre=(SIZE / 2 + stream.bell(7.0), SIZE / 2 - 10 + stream.bell(14.0)),
        stretch=(wide, deep),
        tilt=stream.bell(0.006),
        bends=random_bends(patient.stream("bends"), 4.0),
    )


def _table(painting: Painting, patient: Patient, layers: list[Layer]) -> None:
    """Paint the table the patient lies on: two thin curved shells under the skin's lowest point."""
    stream = patient.stream("table")
    frame = painting.frame
    flat = replace(frame, bends=np.zeros_like(frame.bends), stretch=(1.0, 1.0), tilt=0.0)
    skin = next(layer for layer in layers if layer.mask == "body").outlines[0]
    lowest = (float(frame.to_pixels(skin)[:, 1].max()) - frame.centre[1]) * frame.spacing_mm
    under = lowest + stream.uniform(4.0, 12.0)
    bow = stream.uniform(0.0002, 0.0009)
    gap = stream.uniform(18.0, 40.0)
    for depth, thick, level in ((0.0, 1.2, 260), (gap, 1.2, 420)):
        places = [float(x) for x in range(-220, 221, 40)]
        line = [(x, under + depth - bow * (1.0 + depth * 0.03) * x * x) for x in places]
        painting.paint(Layer(outlines=(tube(line, thick),), hounsfield=level, organ="table"), flat)


def _hidden(layer: Layer) -> str | None:
    """Return the label of a layer whose structure nobody annotated."""
    return None if layer.label is None else BACKGROUND


def _window(patient: Patient) -> Window:
    stream = patient.stream("window")
    return Window(width=float(10 * stream.integer(36, 50)), level=float(5 * stream.integer(5, 12)))


def _tidied(painting: Painting, seed: int) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Return the label map with a random value for each structure that is large enough, and the names."""
    counts = np.bincount(painting.labels.ravel(), minlength=len(painting.names))
    values = Stream(seed, "values").shuffled(range(1, 256))
    table = np.zeros(len(painting.names), dtype=np.uint8)
    names = {}
    for index, name in enumerate(painting.names):
        if index and counts[index] >= _SMALLEST:
            table[index] = values[index]
            names[values[index]] = name
    return table[painting.labels], names


def phantom_slice(seed: int, region: Region, leave_out: Collection[str] = ()) -> PhantomSlice:
    """Make one torso slice; the same arguments give the same bytes on every machine.

    Parameters
    ----------
    seed : any integer
    region : "abdomen" or "thorax"
    leave_out : organs that are neither drawn nor labelled, from ``ORGANS``; the others stay as they are

    Raises
    ------
    ValueError
        If the region or an organ is unknown; the message lists the known ones.
    """
    if region not in LEVELS:
        raise ValueError(f"There is no region {region!r}; choose one of {', '.join(LEVELS)}.")
    unknown = sorted(set(leave_out) - set(ORGANS))
    if unknown:
        raise ValueError(f"There is no organ {unknown[0]!r} to leave out; choose from {', '.join(ORGANS)}.")
    patient = random_patient(seed)
    painting = Painting(_frame(patient), seed)
    level = LEVELS[region][seed % len(LEVELS[region])]
    layers = level(patient)
    metal = clips(patient, region)
    _table(painting, patient, layers)
    for layer in [*layers, *clip_layers(metal)]:
        # Also for what is left out, so that the other structures keep their label values.
        painting.index(layer.label or BACKGROUND)
        if layer.organ not in leave_out:
            painting.paint(layer if patient.annotates(layer.organ) else replace(layer, label=_hidden(layer)))
    label_map, names = _tidied(painting, seed)
    return PhantomSlice(
        hounsfield=scanned(painting, patient, metal),
        label_map=label_map,
        names=names,
        spacing_mm=(painting.frame.spacing_mm, painting.frame.spacing_mm),
        window=_window(patient),
        seed=seed,
        region=region,
    )
