"""Skin, fat under it, the muscular wall, and the muscles of the back."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Outline, blob, circle, grown, mirrored, tube, unchanged
from ctseg.datasets.phantom.painting import BACKGROUND, FAT, Layer
from ctseg.datasets.phantom.texture import Texture

CORNERS = 128
MUSCLE_GRAIN = Texture(grain=4, amplitude=34, offset=4, ceiling=10)


def wall_outline(patient: Patient, half_width: float = 150.0, half_depth: float = 100.0) -> Outline:
    """Return the outer contour of the muscular wall; corner 0 is the patient's left, corner 32 the back."""
    stream = patient.stream("wall")
    cosine, sine = circle(CORNERS)
    square = cosine * cosine
    fourfold = 8 * square * square - 8 * square + 1
    twice = 2 * square - 1
    factor = (
        1
        - fourfold * stream.uniform(0.0, 0.03)
        + twice * stream.bell(0.01)
        + sine * stream.uniform(0.0, 0.02)
    )
    outline: Outline = np.stack((cosine * factor * half_width, sine * factor * half_depth), axis=1)
    return outline


def skin_outline(patient: Patient, wall: Outline) -> Outline:
    """Return the outer contour of the skin: the wall and the fat over it, with the groove of the spine."""
    _, sine = circle(len(wall))
    cosine, _ = circle(len(wall))
    stream = patient.stream("skin")
    uneven = stream.bell(0.06) * cosine + stream.uniform(-0.3, 0.1) * cosine * cosine
    thickness = patient.fat_mm * (1.0 + uneven + 0.15 * sine + 0.35 * sine * np.abs(sine) * sine * sine)
    across = wall[:, 0] / 28.0
    groove = np.where(sine > 0, 0.45 * patient.fat_mm / (1 + across * across), 0.0)
    return grown(wall, thickness - groove + 3.0)


def _depth(thick: float, front: float, back: float) -> NDArray[np.float64]:
    cosine, sine = circle(CORNERS)
    square = cosine * cosine
    ends = np.where(sine < 0, front, back)
    return ends + (thick - ends) * np.minimum(square * 2.2, 1.0)


def _strands(patient: Patient, wall: Outline) -> list[Outline]:
    """Thin septa in the fat under the skin."""
    stream = patient.stream("strands")
    found = []
    for _ in range(stream.integer(8, 18)):
        corner = stream.integer(0, CORNERS - 1)
        depth = stream.uniform(0.2, 0.9) * patient.fat_mm
        line = np.roll(grown(wall, depth), -corner, 0)[: stream.integer(4, 12)]
        lift = np.arange(len(line), dtype=np.float64) * stream.uniform(-0.8, 0.8)
        found.append(tube(line + np.stack((np.zeros(len(line)), lift), axis=1), stream.uniform(0.2, 0.4), 3))
    return found


def cavity_outline(
    patient: Patient, wall: Outline, thick_mm: float, front_mm: float, back_mm: float
) -> Outline:
    """Return the inner contour of the muscular wall; see ``body_wall`` for the depths."""
    return grown(wall, -_depth(thick_mm * patient.muscle, front_mm, back_mm))


def body_wall(
    patient: Patient, wall: Outline, thick_mm: float, front_mm: float, back_mm: float
) -> list[Layer]:
    """Return skin, fat, muscle and the cavity of fat inside, under the masks "body", "wall" and "cavity".

    ``thick_mm``, ``front_mm`` and ``back_mm`` are the depths of muscle at the flanks, in front and behind.
    """
    skin = skin_outline(patient, wall)
    muscle = patient.contrast.muscle
    cavity = cavity_outline(patient, wall, thick_mm, front_mm, back_mm)
    fat = Texture(grain=16, amplitude=6)
    return [
        Layer(outlines=(skin,), hounsfield=30, organ="body", label=BACKGROUND, mask="body"),
        Layer(outlines=(grown(skin, -2.6),), hounsfield=FAT, organ="body", texture=fat),
        Layer(outlines=tuple(_strands(patient, wall)), hounsfield=-35, organ="body", within=("body",)),
        Layer(outlines=(wall,), hounsfield=muscle, organ="body", mask="wall", texture=MUSCLE_GRAIN),
        Layer(outlines=(cavity,), hounsfield=FAT, organ="body", mask="cavity", texture=fat),
    ]


def flank_layers(patient: Patient, wall: Outline, thick_mm: float) -> list[Layer]:
    """Return the fat between the three muscles of each flank, and the two straight muscles in front."""
    stream = patient.stream("flank")
    thick = thick_mm * patient.muscle
    lines = []
    for share in (0.36, 0.68):
        inner = grown(wall, -thick * share - stream.uniform(-0.6, 0.6))
        turned = np.roll(inner, 20, 0)
        lines += [
            tube(turned[2:34:3], stream.uniform(0.5, 0.9)),
            tube(turned[70:104:3], stream.uniform(0.5, 0.9)),
        ]
    layers = [Layer(outlines=tuple(lines), hounsfield=FAT, organ="body")]
    height = stream.uniform(4.2, 6.5) * patient.muscle
    front = grown(wall, -height - 0.5)
    radii = [height * share for share in (0.75, 1.0, 1.0, 0.95, 0.7, 0.3)]
    straight = [tube(front[97:108:2], radii), tube(front[95:84:-2], radii)]
    layers.append(
        Layer(
            outlines=tuple(straight),
            hounsfield=patient.contrast.muscle,
            organ="body",
            label=BACKGROUND,
            texture=MUSCLE_GRAIN,
            rim_mm=1.2,
        )
    )
    return layers


def back_muscles(patient: Patient, spine_y: float, size: float) -> list[Layer]:
    """Return the muscles beside the spinous process, a deep and a long one on each side."""
    layers = []
    fibres = Texture(grain=5, amplitude=patient.stream("fibres").integer(40, 110), offset=20, ceiling=8)
    for side in ("left", "right"):
        stream = patient.stream("back muscle", side)
        erector = blob(stream, (36.0 * size, spine_y + 39.0), 29.0 * size, 18.5 * size, -0.035, 0.05)
        deep = blob(stream, (13.0, spine_y + 41.0), 10.0 * size, 15.0 * size, 0.02, 0.08)
        turn = unchanged if side == "left" else mirrored
        inner = Layer(
            outlines=(turn(deep),),
            hounsfield=patient.contrast.muscle,
            organ="back muscle",
            label=f"{side} back muscle",
            within=("wall",),
            texture=fibres,
            rim_mm=1.0,
        )
        layers += [inner, replace(inner, outlines=(turn(erector),))]
    return layers


def loin_muscles(patient: Patient, spine_y: float, size: float) -> list[Layer]:
    """Return the psoas muscles beside the vertebra, and unlabelled the square muscles of the loins."""
    layers = []
    for side in ("left", "right"):
        stream = patient.stream("psoas", side)
        psoas = blob(stream, (23.0 + 12.0 * size, spine_y + 6.0), 13.5 * size, 17.0 * size, 0.04, 0.06)
        square = blob(stream, (66.0, spine_y + 26.0), 17.0 * size, 7.5 * size, 0.06, 0.06)
        turn = unchanged if side == "left" else mirrored
        plain = Layer(
            outlines=(turn(square),),
            hounsfield=patient.contrast.muscle,
            organ="body",
            label=BACKGROUND,
            texture=MUSCLE_GRAIN,
            rim_mm=1.0,
        )
        layers += [plain, replace(plain, outlines=(turn(psoas),), organ="psoas", label=f"{side} psoas")]
    return layers
