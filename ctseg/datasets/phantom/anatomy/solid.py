"""Liver, spleen, pancreas, gallbladder and adrenals."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import (
    Point,
    blob,
    closed,
    grown,
    jittered,
    oval,
    tube,
    varied,
    wavy,
)
from ctseg.datasets.phantom.painting import Layer
from ctseg.datasets.phantom.texture import Texture

_PARENCHYMA = Texture(grain=6, amplitude=5)


def liver(
    patient: Patient, pieces: Sequence[Sequence[Point]], trees: Sequence[Sequence[Point]]
) -> list[Layer]:
    """Return the liver (one or more pieces) with the vessels of ``trees`` and random lesions."""
    stream = patient.stream("liver")
    contrast = patient.contrast
    outlines = tuple(closed(varied(stream, piece, 3.4)) for piece in pieces)
    layers = [
        Layer(
            outlines=outlines,
            hounsfield=contrast.liver,
            organ="liver",
            label="liver",
            within=("cavity",),
            mask="liver",
            texture=_PARENCHYMA,
            rim_mm=patient.rim("liver"),
        )
    ]
    vessels = []
    for points in trees:
        if not stream.chance(0.75):
            continue
        start = stream.uniform(3.0, 4.6)
        radii = [start * (1 - 0.75 * step / (len(points) - 1)) for step in range(len(points))]
        vessels.append(tube(jittered(stream, points, 4.5), radii))
    low = min(point[0] for point in pieces[0])
    high = max(point[0] for point in pieces[0])
    top = min(point[1] for point in pieces[0])
    bottom = max(point[1] for point in pieces[0])
    for _ in range(stream.integer(14, 26)):
        place = (stream.uniform(low, high), stream.uniform(top, bottom))
        radius = stream.uniform(0.9, 2.2)
        vessels.append(oval(place, radius, radius * stream.uniform(1.0, 2.6), stream.uniform(0.0, 1.0), 16))
    blood = (contrast.portal + contrast.veins) // 2
    layers.append(Layer(outlines=tuple(vessels), hounsfield=blood, organ="liver", within=("liver",)))
    return layers + _lesions(patient, (low, high), (top, bottom))


def _lesions(patient: Patient, across: Point, down: Point) -> list[Layer]:
    stream = patient.stream("liver lesion")
    layers = []
    for number in range(stream.choice((0, 1, 1, 2, 2, 3))):
        place = (stream.uniform(0.85 * across[0] + 0.15 * across[1], 0.45 * across[0] + 0.55 * across[1]),
                 stream.uniform(0.8 * down[0] + 0.2 * down[1], 0.25 * down[0] + 0.75 * down[1]))  # fmt: skip
        radius = stream.uniform(4.0, 15.0)
        outline = blob(stream, place, radius, radius * stream.uniform(0.8, 1.2), stream.uniform(0, 1), 0.07)
        kind = stream.choice(("cyst", "metastasis", "metastasis", "bright"))
        normal = patient.contrast.liver
        level = {"cyst": 8, "metastasis": normal - 38, "bright": normal + 48}[kind]
        lesion = Layer(
            outlines=(outline,),
            hounsfield=level,
            organ="liver lesion",
            label=f"liver lesion {number + 1}",
            within=("liver",),
            texture=_PARENCHYMA,
        )
        layers.append(lesion)
        if kind == "metastasis":
            core = grown(outline, -0.42 * radius)
            layers.append(replace(lesion, outlines=(core,), hounsfield=level - 18, label=None))
    return layers


def spleen(patient: Patient, points: Sequence[Point]) -> list[Layer]:
    """Return the spleen."""
    stream = patient.stream("spleen")
    mottling = 26 if patient.contrast.arteries > 220 else 6
    return [
        Layer(
            outlines=(closed(varied(stream, points, 2.6)),),
            hounsfield=patient.contrast.spleen,
            organ="spleen",
            label="spleen",
            within=("cavity",),
            texture=Texture(grain=8, amplitude=mottling),
            rim_mm=patient.rim("spleen"),
        )
    ]


def pancreas(patient: Patient, points: Sequence[Point]) -> list[Layer]:
    """Return the pancreas: a lobed strip from head to tail, with its duct."""
    stream = patient.stream("pancreas")
    line = jittered(stream, points, 2.0)
    strip = wavy(stream, tube(line, (13.0, 9.0, 7.5, 8.5, 8.0), 12), 1.4, 19)
    lobes = Texture(grain=4, amplitude=stream.integer(30, 75), offset=5, ceiling=12)
    duct = tube(line[1:], 0.8)
    level = patient.contrast.liver * 7 // 8
    return [
        Layer(
            outlines=(strip,),
            hounsfield=level,
            organ="pancreas",
            label="pancreas",
            texture=lobes,
            rim_mm=patient.rim("pancreas"),
        ),
        Layer(outlines=(duct,), hounsfield=25, organ="pancreas"),
    ]


def gallbladder(patient: Patient, centre: Point) -> list[Layer]:
    """Return the gallbladder, sometimes with a stone on its floor."""
    stream = patient.stream("gallbladder")
    outline = blob(
        stream,
        centre,
        stream.uniform(11.0, 16.0),
        stream.uniform(16.0, 23.0),
        stream.uniform(-0.1, 0.1),
        0.05,
    )
    layers = [
        Layer(
            outlines=(outline,),
            hounsfield=patient.contrast.wall - 10,
            organ="gallbladder",
            label="gallbladder",
        ),
        Layer(outlines=(grown(outline, -1.6),), hounsfield=9, organ="gallbladder"),
    ]
    if stream.chance(0.3):
        x, y = centre
        stone = oval((x + stream.bell(3.0), y + 11.0), 3.2, 2.6)
        layers.append(Layer(outlines=(stone,), hounsfield=stream.integer(150, 500), organ="gallbladder"))
    return layers


def adrenals(patient: Patient, y: float) -> list[Layer]:
    """Return the adrenals, thin and shaped like a turned Y."""
    layers = []
    for side, mirror in (("left", np.array((1.0, 1.0))), ("right", np.array((-1.0, 1.0)))):
        stream = patient.stream("adrenal", side)
        stem = (34.0 + stream.bell(1.5), y)
        limbs = [
            tube([stem, (39.0, y + 9.0), (43.0, y + 19.0)], 1.8) * mirror,
            tube([stem, (33.0, y + 9.0), (34.0, y + 18.0)], 1.7) * mirror,
        ]
        layers.append(
            Layer(
                outlines=tuple(limbs),
                hounsfield=patient.contrast.wall,
                organ="adrenal",
                label=f"{side} adrenal",
                within=("cavity",),
                rim_mm=1.5,
            )
        )
    return layers
