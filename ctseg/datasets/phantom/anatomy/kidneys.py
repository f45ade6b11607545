"""Kidneys: cortex, pyramids, sinus, pelvis, capsule and cysts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import (
    Outline,
    Point,
    blob,
    closed,
    direction,
    grown,
    jittered,
    oval,
    rotated,
    tube,
    wavy,
)
from ctseg.datasets.phantom.painting import Layer
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import Texture

_BEAN = [(-22.0, 0.0), (-20.0, -14.0), (-11.0, -25.0), (3.0, -29.0), (15.0, -24.0), (18.0, -13.0),
         (10.0, -4.0), (10.0, 5.0), (18.0, 14.0), (14.0, 24.0), (2.0, 29.0), (-12.0, 25.0),
         (-20.0, 14.0)]  # fmt: skip
"""Outline in mm with the hilum at the right."""


def kidney(patient: Patient, side: str, centre: Point, size: float) -> list[Layer]:
    """Return a kidney with cortex, pyramids, fat in its sinus, and pelvis; ``side`` is left or right."""
    stream = patient.stream("kidney", side)
    contrast = patient.contrast
    size = size * stream.uniform(0.9, 1.1)
    tilt = stream.uniform(-0.11, -0.03)
    mirror = np.array((1.0 if side == "right" else -1.0, 1.0))

    def placed(outline: Outline) -> Outline:
        return rotated(outline * size, tilt) * mirror + np.array(centre)

    bean = placed(closed(jittered(stream, _BEAN, 1.0)))
    sinus = placed(wavy(stream, oval((9.0, 0.0), 8.5, 11.5), 1.6, 5))
    hollow = stream.uniform(2.0, 4.5)
    pelvis = placed(tube([(5.0, -5.0), (12.0, 0.0), (21.0, 1.0)], (0.6 * hollow, hollow, 0.5 * hollow)))
    hilum = placed(tube([(7.0, 4.0), (18.0, -1.5), (27.0, -4.0)], (1.6, 2.4, 2.4)))
    capsule = placed(grown(closed([(x * 1.3 - 2.0, y * 1.28) for x, y in _BEAN]), 2.0))
    shell = tube(np.concatenate((capsule[56:], capsule[:34]))[::4], 0.45)
    urine = contrast.medulla + 120 if contrast.arteries < 130 < contrast.medulla else 8
    inside = (f"{side} kidney",)
    detail = Layer(outlines=(shell,), hounsfield=-45, organ="kidney")
    layers = [
        detail,
        replace(detail, outlines=(hilum,), hounsfield=contrast.veins),
        replace(
            detail,
            outlines=(bean,),
            hounsfield=contrast.cortex,
            label=f"{side} kidney",
            mask=f"{side} kidney",
            texture=Texture(grain=5, amplitude=8),
            rim_mm=patient.rim("kidney", side),
        ),
        replace(detail, outlines=_pyramids(stream, placed), hounsfield=contrast.medulla, within=inside),
        replace(detail, outlines=(sinus,), hounsfield=-65, within=inside, texture=Texture(5, 30)),
        replace(detail, outlines=(pelvis,), hounsfield=urine),
    ]
    if stream.chance(0.3):
        radius = stream.uniform(4.0, 10.0)
        cyst = placed(blob(stream, (-16.0, stream.uniform(-15.0, 15.0)), radius, radius, 0.0, 0.03))
        layers.append(replace(detail, outlines=(cyst,), hounsfield=6, label=f"{side} kidney cyst"))
    return layers


def _pyramids(stream: Stream, placed: Callable[[Outline], Outline]) -> tuple[Outline, ...]:
    found = []
    for number in range(7):
        cosine, sine = direction(0.5 + (number - 3) * 0.115)
        reach = stream.uniform(0.95, 1.05)
        inner, outer = (6.0 + 8.5 * cosine, 12.0 * sine), (4.0 + 16.5 * cosine * reach, 20.0 * sine * reach)
        found.append(placed(tube([inner, outer], (1.6, 3.6))))
    return tuple(found)
