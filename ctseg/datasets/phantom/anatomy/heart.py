"""The heart, the vessels at its base and the airways behind them."""

import numpy as np

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Outline, blob, closed, grown, jittered, oval, tube, varied
from ctseg.datasets.phantom.painting import Layer
from ctseg.datasets.phantom.texture import Texture

_OUTER = [
    (-32, -10),
    (-38, -36),
    (-22, -64),
    (14, -78),
    (56, -70),
    (88, -44),
    (90, -14),
    (62, 8),
    (26, 17),
    (-8, 12),
]
_BLOOD = Texture(grain=10, amplitude=9)


def heart(patient: Patient) -> list[Layer]:
    """Return the heart cut through its four chambers, with fat around it."""
    stream = patient.stream("heart")
    size = np.array((stream.uniform(0.88, 1.06), stream.uniform(0.88, 1.06)))
    contrast = patient.contrast
    left = (contrast.arteries + contrast.veins) // 2 + 10
    right = contrast.veins + 15

    def chamber(name: str, x: float, y: float, wide: float, deep: float, tilt: float, level: int) -> Layer:
        outline = blob(patient.stream("heart", name), (x, y), wide, deep, tilt, 0.07) * size
        label = name if patient.stream("chambers").chance(0.5) else None
        return Layer(
            outlines=(outline,),
            hounsfield=level,
            organ="heart",
            label=label,
            within=("heart",),
            texture=_BLOOD,
        )

    outer = closed(varied(stream, _OUTER, 2.5)) * size
    groove = tube([(-12.0, -72.0), (-3.0, -58.0), (1.0, -46.0)], (2.8, 1.3, 0.4)) * size
    pad = closed([(-34, -62), (-4, -84), (40, -84), (70, -72), (30, -66), (-10, -60)]) * size
    coronary = [oval((-14.0, -62.0), 2.0, 2.4, 0.0, 16) * size, oval((66.0, -62.0), 1.8, 2.2, 0.0, 16) * size]
    rim = patient.rim("heart")
    return [
        Layer(outlines=(grown(outer, 5.0), pad), hounsfield=-95, organ="heart", texture=Texture(8, 16)),
        Layer(
            outlines=(outer,),
            hounsfield=contrast.heart,
            organ="heart",
            label="heart",
            mask="heart",
            within=("cavity",),
            texture=_BLOOD,
            rim_mm=rim,
        ),
        chamber("left atrium", 18.0, 2.0, 25.0, 11.0, 0.02, left),
        chamber("right atrium", -18.0, -26.0, 15.0, 21.0, 0.04, right),
        chamber("right ventricle", 18.0, -56.0, 33.0, 13.5, 0.04, right),
        chamber("left ventricle", 52.0, -27.0, 26.0, 14.0, 0.05, left),
        Layer(outlines=(groove,), hounsfield=-60, organ="heart", within=("heart",)),
        Layer(outlines=tuple(coronary), hounsfield=left, organ="heart"),
    ]


def pulmonary_artery(patient: Patient) -> list[Layer]:
    """Return the pulmonary trunk where it divides, the right branch behind the ascending aorta."""
    stream = patient.stream("pulmonary artery")
    trunk = tube(jittered(stream, [(20, -50), (27, -34), (35, -16), (46, -6)], 1.2), (13.0, 14.0, 12.0, 8.0))
    right = tube(jittered(stream, [(28, -24), (6, -12), (-16, -8), (-36, -3)], 1.2), (11.0, 9.0, 9.0, 8.0))
    return [
        Layer(
            outlines=(trunk, right),
            hounsfield=patient.contrast.veins + 25,
            organ="pulmonary artery",
            label="pulmonary artery",
            texture=_BLOOD,
            rim_mm=patient.rim("pulmonary artery"),
        )
    ]


def aortic_arch(patient: Patient) -> list[Layer]:
    """Return the arch of the aorta, which crosses the slice from front to back."""
    stream = patient.stream("aortic arch")
    points = jittered(stream, [(-14, -36), (4, -26), (18, -6), (24, 18), (21, 32)], 1.2)
    return [
        Layer(
            outlines=(tube(points, (12.0, 13.5, 13.0, 12.5, 11.0)),),
            hounsfield=patient.contrast.arteries,
            organ="aorta",
            label="aortic arch",
            texture=_BLOOD,
            rim_mm=patient.rim("aortic arch"),
        )
    ]


def trachea(patient: Patient) -> list[Layer]:
    """Return the trachea."""
    stream = patient.stream("airways")
    return _airway((blob(stream, (-5.0, -2.0), 8.5, stream.uniform(7.5, 10.0), 0.0, 0.05),))


def bronchi(patient: Patient) -> list[Layer]:
    """Return the two main bronchi, just below where the trachea divides."""
    stream = patient.stream("airways")
    right = tube(jittered(stream, [(-6, 4), (-20, 9), (-42, 14)], 1.0), (6.5, 6.5, 5.0))
    left = tube(jittered(stream, [(4, 4), (20, 11), (44, 15)], 1.0), (6.0, 5.5, 4.0))
    return _airway((right, left))


def _airway(outlines: tuple[Outline, ...]) -> list[Layer]:
    walls = tuple(grown(outline, 1.5) for outline in outlines)
    return [
        Layer(outlines=walls, hounsfield=30, organ="airway", label="airway"),
        Layer(outlines=outlines, hounsfield=-985, organ="airway"),
    ]


def nodes(patient: Patient) -> list[Layer]:
    """Return small lymph nodes in the fat of the mediastinum."""
    stream = patient.stream("nodes")
    outlines = []
    for _ in range(stream.integer(3, 9)):
        place = (stream.uniform(-30.0, 36.0), stream.uniform(-60.0, 26.0))
        outlines.append(
            oval(place, stream.uniform(1.2, 3.5), stream.uniform(1.2, 2.6), stream.uniform(0, 1), 16)
        )
    return [Layer(outlines=tuple(outlines), hounsfield=45, organ="body", label="", within=("cavity",))]
