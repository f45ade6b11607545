"""Muscles and bones around the lungs."""

import numpy as np

from ctseg.datasets.phantom.anatomy.bones import ribs, scapulae, sternum
from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.anatomy.wall import MUSCLE_GRAIN, body_wall, cavity_outline, wall_outline
from ctseg.datasets.phantom.curves import Outline, blob, grown, mirrored, tube
from ctseg.datasets.phantom.painting import FAT, Layer
from ctseg.datasets.phantom.texture import Texture

_CORNERS = (104, 111, 118, 125, 4, 11, 18, 46, 53, 60, 67, 74, 81, 88)


def _sheets(patient: Patient, wall: Outline, cage_mm: float) -> list[Layer]:
    """Fat between the rib cage and the muscles on it."""
    stream = patient.stream("sheets")
    line = np.roll(grown(wall, -cage_mm), 24, 0)
    ring = [tube(line[2:46:3], stream.uniform(0.8, 1.6)), tube(line[60:104:3], stream.uniform(0.8, 1.6))]
    return [Layer(outlines=tuple(ring), hounsfield=FAT, organ="body")]


def _breasts(patient: Patient) -> list[Layer]:
    stream = patient.stream("breast")
    if not stream.chance(0.35):
        return []
    size = stream.uniform(0.8, 1.3)
    layers = []
    for mirror in (np.array((1.0, 1.0)), np.array((-1.0, 1.0))):
        outer = blob(stream, (74.0, -98.0), 46.0 * size, 22.0 * size, 0.05, 0.03) * mirror
        gland = blob(stream, (76.0, -104.0), 24.0 * size, 9.0 * size, 0.05, 0.2) * mirror
        layers += [
            Layer(outlines=(outer,), hounsfield=5, organ="body", label=""),
            Layer(outlines=(grown(outer, -2.2),), hounsfield=FAT, organ="body", texture=Texture(16, 9)),
            Layer(outlines=(gland,), hounsfield=10, organ="body", texture=Texture(6, 120, -20, 25)),
        ]
    return layers


BACK_MM = 27.0


def chest_cage(patient: Patient, half_width: float, thick_mm: float, front_mm: float) -> Outline:
    """Return the contour along which the hindmost ribs run."""
    wall = wall_outline(patient, half_width, 106.0)
    return grown(cavity_outline(patient, wall, thick_mm, front_mm, BACK_MM), 6.5)


def _pectorals(patient: Patient, half_width: float) -> list[Layer]:
    """The large muscles in front of the ribs, thicker at higher levels."""
    layers = []
    for side, mirror in (("left", 1.0), ("right", -1.0)):
        stream = patient.stream("pectoral", side)
        thick = (half_width - 140.0) * 0.55 * patient.muscle
        line = [(22.0, -103.0), (56.0, -99.0), (92.0, -83.0), (half_width - 34.0, -58.0)]
        outline = tube(line, (1.5, 0.7 * thick, thick, 0.6 * thick)) * np.array((mirror, 1.0))
        layers.append(
            Layer(
                outlines=(outline + stream.bell(0.8),),
                hounsfield=patient.contrast.muscle,
                organ="body",
                label="",
                within=("body",),
                texture=MUSCLE_GRAIN,
                rim_mm=1.2,
            )
        )
    return layers


def chest_wall(patient: Patient, half_width: float, thick_mm: float, front_mm: float) -> list[Layer]:
    """Return skin, fat, muscles, ribs and breastbone, and the mask "cavity" that lungs and heart fill."""
    wall = wall_outline(patient, half_width, 106.0)
    cage = thick_mm * patient.muscle - 9.0
    around = body_wall(patient, wall, thick_mm, front_mm, BACK_MM)
    names = [f"rib {number + 1}" for number in range(len(_CORNERS))]
    line = grown(wall, -max(cage, 2.0))
    bony = ribs(patient, line, 1.5, _CORNERS, names)
    return [
        *around[:2],
        *_breasts(patient),
        *around[2:],
        *_sheets(patient, wall, cage),
        *_pectorals(patient, half_width),
        *bony,
        *sternum(patient, -106.0 + front_mm + 1.0, 17.0),
    ]


def shoulder_blades(patient: Patient) -> list[Layer]:
    """Return the shoulder blades between their muscles."""
    layers = []
    for side in ("left", "right"):
        stream = patient.stream("blade muscles", side)
        under = blob(stream, (108.0, 44.0), 27.0, 8.0, -0.09, 0.06)
        over = blob(stream, (116.0, 62.0), 27.0, 9.0, -0.09, 0.06)
        for outline in (under, over):
            turned = outline if side == "left" else mirrored(outline)
            layers.append(
                Layer(
                    outlines=(turned,),
                    hounsfield=patient.contrast.muscle,
                    organ="body",
                    label="",
                    texture=MUSCLE_GRAIN,
                    rim_mm=1.4,
                )
            )
    return layers + scapulae(patient, 128.0, 48.0)
