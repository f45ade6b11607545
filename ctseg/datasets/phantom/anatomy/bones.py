"""Vertebrae with canal and processes, ribs, breastbone and shoulder blades."""

from collections.abc import Sequence

import numpy as np

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Outline, blob, closed, grown, jittered, mirrored, oval, tube
from ctseg.datasets.phantom.painting import Layer
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import Texture


def bone(
    patient: Patient,
    outlines: Sequence[Outline],
    organ: str,
    label: str,
    shell_mm: float = 1.5,
    rim_mm: float = 0.0,
) -> list[Layer]:
    """Return bone as a bright shell with spongy bone inside."""
    stream = patient.stream("bone", organ)
    spongy = Texture(grain=3, amplitude=stream.integer(70, 130))
    inner = tuple(grown(outline, -shell_mm) for outline in outlines)
    hard = stream.integer(560, 820)
    soft = stream.integer(70, 150) if organ == "rib" else stream.integer(120, 230)
    return [
        Layer(outlines=tuple(outlines), hounsfield=hard, organ=organ, label=label, rim_mm=rim_mm),
        Layer(outlines=inner, hounsfield=soft, organ=organ, texture=spongy),
    ]


_HALF_BODY = ((0.0, -1.04), (0.45, -0.97), (0.86, -0.62), (1.0, 0.0), (0.87, 0.66), (0.45, 0.9), (0.0, 0.78))


def vertebra(patient: Patient, centre_y: float, half_width: float, half_depth: float) -> list[Layer]:
    """Return one vertebra with its arch, the spinal canal and the cord in it."""
    stream = patient.stream("vertebra")
    left = [(x * half_width, y * half_depth) for x, y in _HALF_BODY]
    right = [(-x, y) for x, y in left[-2:0:-1]]
    body = closed(jittered(stream, [*left, *right], 0.5))
    back = 0.8 * half_depth
    at = np.array((0.0, centre_y))
    outlines = [outline + at for outline in (body, *_arch(stream, half_width, back))]
    canal = oval((0.0, centre_y + back + 9.5), 0.5 * half_width, 8.6)
    cord = blob(stream, (0.0, centre_y + back + 9.5), 0.3 * half_width, 5.2, 0.0, 0.03)
    return [
        *bone(patient, outlines, "vertebra", "vertebra", 1.5, patient.rim("vertebra")),
        Layer(outlines=(canal,), hounsfield=-5, organ="spinal canal", label="spinal canal"),
        Layer(outlines=(cord,), hounsfield=42, organ="spinal canal"),
    ]


def _arch(stream: Stream, w: float, back: float) -> list[Outline]:
    """Laminae and spinous process; pedicles and transverse processes unless the cut lies between them."""
    reach = stream.uniform(0.85, 1.2)
    lift = stream.uniform(-4.0, 3.0)
    between = stream.chance(0.3)
    tip = stream.bell(1.5)
    spine = [(0.0, back + 24.0), (0.4 * tip, back + 33.0), (tip, back + stream.uniform(40.0, 47.0))]
    arch = [tube(spine, (3.4, 2.6, 3.8))]
    for mirror in (np.array((1.0, 1.0)), np.array((-1.0, 1.0))):
        wing = 1.0 + stream.bell(0.08)
        lamina = [(0.7 * w, back + 12.0), (0.42 * w, back + 20.0), (0.0, back + 25.0)]
        arch.append(tube(lamina, (6.4 if between else 4.2, 3.2, 3.4)) * mirror)
        if between:
            continue
        pedicle = [(0.66 * w, back - 3.0), (0.74 * w, back + 6.0), (0.7 * w, back + 13.0)]
        transverse = [
            (0.7 * w, back + 11.0),
            (1.2 * w * wing, back + 14.0 + 0.5 * lift),
            (1.75 * w * reach * wing, back + 13.0 + lift),
        ]
        arch += [tube(pedicle, (3.6, 3.4, 4.6)) * mirror, tube(transverse, (4.0, 2.8, 3.6)) * mirror]
    return arch


def ribs(
    patient: Patient, wall: Outline, inset_mm: float, corners: Sequence[int], label_each: Sequence[str]
) -> list[Layer]:
    """Return ribs cut obliquely: flat ovals along the wall at the given corners of its contour."""
    stream = patient.stream("ribs")
    line = grown(wall, -inset_mm)
    layers = []
    for corner, label in zip(corners, label_each, strict=True):
        at = corner + stream.integer(-2, 2)
        span = stream.integer(1, 2)
        places = [(at + step * span) % len(line) for step in (-1, 0, 1)]
        slant = stream.uniform(-2.0, 2.0)
        points = line[places] + np.array([[0.0, -slant], [0.0, 0.0], [0.0, slant]])
        width = stream.uniform(3.4, 5.0)
        layers += bone(patient, [tube(points, (0.75 * width, width, 0.75 * width))], "rib", label, 1.3)
    return layers


def rib_heads(patient: Patient, cage: Outline, centre_y: float, half_width: float) -> list[Layer]:
    """Return the hindmost ribs, which run from the vertebra outwards along the contour ``cage``."""
    stream = patient.stream("rib heads")
    layers = []
    for side, corners, mirror in (("left", (26, 23, 20), 1.0), ("right", (38, 41, 44), -1.0)):
        count = stream.integer(2, 3)
        along = [(float(x), float(y)) for x, y in cage[list(corners[:count])].tolist()]
        start = [(mirror * half_width * 0.98, centre_y + 7.0), (mirror * half_width * 1.6, centre_y + 14.0)]
        outline = tube([*start, *along], (3.8, 3.2, 3.6, 3.4, 2.8)[: 2 + count])
        layers += bone(patient, [outline], "rib", f"{side} hindmost rib", 1.3)
    return layers


def sternum(patient: Patient, y: float, half_width: float) -> list[Layer]:
    """Return the breastbone, with the cartilage of the ribs on both sides."""
    stream = patient.stream("sternum")
    plate = closed(
        jittered(
            stream,
            [
                (-half_width, y),
                (-0.5 * half_width, y - 5.0),
                (0.5 * half_width, y - 5.0),
                (half_width, y),
                (0.5 * half_width, y + 6.0),
                (0.0, y + 5.0),
                (-0.5 * half_width, y + 6.0),
            ],
            0.6,
        )
    )
    cartilage = []
    for mirror in (np.array((1.0, 1.0)), np.array((-1.0, 1.0))):
        points = [(half_width + 3.0, y + 2.0), (half_width + 16.0, y + 6.0), (half_width + 32.0, y + 15.0)]
        cartilage.append(tube(points, (4.0, 5.0, 4.0)) * mirror)
    layers = [Layer(outlines=tuple(cartilage), hounsfield=95, organ="body", label="", texture=Texture(4, 25))]
    return layers + bone(patient, [plate], "sternum", "sternum", 1.4)


def scapulae(patient: Patient, x: float, y: float) -> list[Layer]:
    """Return both shoulder blades as thin oblique plates with a spine."""
    layers = []
    for side in ("left", "right"):
        stream = patient.stream("scapula", side)
        lean = stream.uniform(-5.0, 5.0)
        plate = tube(
            [(x - 44.0, y + 19.0), (x - 20.0, y + 9.0 + lean), (x, y - 10.0 + lean)], (2.4, 1.9, 5.5)
        )
        ridge = tube([(x - 22.0, y + 10.0 + lean), (x - 6.0, y + 14.0), (x + 10.0, y + 6.0)], (2.0, 2.2, 3.4))
        pair = [plate, ridge] if side == "left" else [mirrored(plate), mirrored(ridge)]
        layers += bone(patient, pair, "scapula", f"{side} scapula", 1.2)
    return layers
