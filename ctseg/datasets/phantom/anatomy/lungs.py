"""Lungs with their vessels and nodules."""

from collections.abc import Sequence

import numpy as np

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import (
    Outline,
    Point,
    blob,
    closed,
    direction,
    jittered,
    oval,
    tube,
    varied,
)
from ctseg.datasets.phantom.painting import Layer
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import Texture

_AIRY = Texture(grain=8, amplitude=28)
_BASE = [(-158, 16), (-156, 60), (-108, 104), (-58, 102), (-34, 78), (-38, 60), (-60, 74), (-92, 84),
         (-122, 58), (-138, 20)]  # fmt: skip


def lung_bases(patient: Patient) -> list[Layer]:
    """Return the lowest parts of the lungs, crescents behind liver and spleen; some patients show none."""
    layers: list[Layer] = []
    for side, mirror in (("right", 1.0), ("left", -1.0)):
        stream = patient.stream("lung base", side)
        if stream.chance(0.35):
            continue
        layers += _lung(patient, side, closed(jittered(stream, _BASE, 3.0)) * np.array((mirror, 1.0)))
    return layers


def _lung(patient: Patient, side: str, outline: Outline) -> list[Layer]:
    level = patient.stream("lungs").integer(-880, -800)
    return [
        Layer(
            outlines=(outline,),
            hounsfield=level,
            organ="lung",
            label=f"{side} lung",
            within=("cavity",),
            mask=f"{side} lung",
            texture=_AIRY,
        )
    ]


def _branches(
    stream: Stream, at: Point, heading: float, radius: float, reach: float, left: int
) -> list[Outline]:
    """Return a vessel and its branches; where it leaves the plane of the slice nothing is seen of it."""
    cosine, sine = direction(heading)
    bend = stream.bell(0.12)
    middle = (
        at[0] + cosine * reach * 0.5 - sine * reach * bend,
        at[1] + sine * reach * 0.5 + cosine * reach * bend,
    )
    end = (at[0] + cosine * reach, at[1] + sine * reach)
    found = []
    if stream.chance(0.6):
        found.append(tube([at, middle, end], (radius, 0.84 * radius, 0.6 * radius), 6))
    if left:
        for turn in (stream.uniform(0.05, 0.13), -stream.uniform(0.05, 0.13)):
            found += _branches(
                stream, end, heading + turn, radius * 0.68, reach * stream.uniform(0.6, 0.85), left - 1
            )
    return found


def lung(patient: Patient, side: str, points: Sequence[Point], hilum: Point) -> list[Layer]:
    """Return a lung with vessels that branch from the hilum, and sometimes a nodule."""
    stream = patient.stream("lung", side)
    layers = _lung(patient, side, closed(varied(stream, points, 2.0)))
    away = 0.0 if side == "left" else 0.5
    outlines: list[Outline] = []
    for _ in range(stream.integer(4, 6)):
        heading = away + stream.uniform(-0.24, 0.24)
        outlines += _branches(stream, hilum, heading, stream.uniform(1.6, 3.4), stream.uniform(16.0, 26.0), 3)
    low, high = min(point[0] for point in points), max(point[0] for point in points)
    for _ in range(stream.integer(40, 80)):
        place = (stream.uniform(low, high), stream.uniform(-75.0, 80.0))
        near = 1.0 if abs(place[0] - hilum[0]) < 45.0 else 0.5
        radius = stream.uniform(0.5, 2.4) * near
        outlines.append(oval(place, radius, radius * stream.uniform(1.0, 1.9), stream.uniform(0.0, 1.0), 16))
    blood = max(patient.contrast.veins, 40) + 10
    layers.append(Layer(outlines=tuple(outlines), hounsfield=blood, organ="lung", within=(f"{side} lung",)))
    if stream.chance(0.4):
        radius = stream.uniform(4.0, 14.0)
        place = (0.5 * (low + high) + stream.bell(14.0), stream.uniform(-40.0, 50.0))
        nodule = blob(stream, place, radius, radius * stream.uniform(0.8, 1.2), 0.0, 0.12)
        layers.append(
            Layer(
                outlines=(nodule,),
                hounsfield=40,
                organ="lung nodule",
                label=f"{side} lung nodule",
                within=(f"{side} lung",),
            )
        )
    return layers
