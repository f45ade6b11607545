"""Loops of small bowel, and the fat and vessels between them."""

from collections.abc import Sequence

import numpy as np

from ctseg.datasets.phantom.anatomy.gut import hollow
from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Point, direction, oval, tube, wavy
from ctseg.datasets.phantom.painting import BACKGROUND, Layer

Ball = tuple[float, float, float]
"""x, y and radius in mm."""


def small_bowel(patient: Patient, region: Sequence[Ball], labelled: int) -> list[Layer]:
    """Return loops of small bowel thrown into ovals (x, y, radius) until they are full.

    The first ``labelled`` loops are structures of their own, the others background, as in real annotations.
    """
    stream = patient.stream("small bowel")
    places: list[Ball] = []
    for _ in range(260):
        x, y, reach = stream.choice(region)
        cosine, sine = direction(stream.uniform(0.0, 1.0))
        far = stream.uniform(0.0, 1.0)
        place = (x + cosine * reach * far, y + sine * reach * far * 0.8, stream.uniform(8.0, 13.0))
        if all(
            (place[0] - other[0]) * (place[0] - other[0]) + (place[1] - other[1]) * (place[1] - other[1])
            > (place[2] + other[2]) * (place[2] + other[2]) * 0.86
            for other in places
        ):
            places.append(place)
    layers = []
    for number, (x, y, radius) in enumerate(places):
        own = patient.stream("small bowel", str(number))
        cosine, sine = direction(own.uniform(0.0, 1.0))
        half = radius * own.uniform(0.2, 1.3)
        bend = own.uniform(-5.0, 5.0)
        points = [
            (x - cosine * half, y - sine * half),
            (x - sine * bend, y + cosine * bend),
            (x + cosine * half, y + sine * half),
        ]
        outline = wavy(own, tube(points, radius * 0.92, 12), 0.8, 9)
        filled = (
            ("contrast", "contrast", "fluid", "level")
            if patient.oral
            else ("fluid", "empty", "empty", "level")
        )
        label = f"small bowel {number + 1}" if number < labelled else BACKGROUND
        rim = patient.rim("small bowel", str(number)) * 0.6
        layers += hollow(patient, own, outline, "small bowel", label, 1.8, own.choice(filled), rim)
    return layers


def mesentery(patient: Patient, root: Point, region: Sequence[Ball], count: int) -> list[Layer]:
    """Return the vessels of the mesentery: thin branches and dots in the fat."""
    stream = patient.stream("mesentery")
    outlines = []
    for _ in range(count):
        x, y, reach = stream.choice(region)
        end = (x + stream.uniform(-reach, reach), y + stream.uniform(-reach, reach))
        middle = ((root[0] + end[0]) / 2 + stream.bell(8.0), (root[1] + end[1]) / 2 + stream.bell(8.0))
        start = ((root[0] * 2 + middle[0]) / 3, (root[1] * 2 + middle[1]) / 3)
        outlines.append(tube([start, middle, end], (1.5, 1.1, 0.6)))
        outlines.append(
            oval(
                (end[0] + stream.bell(4.0), end[1] + stream.bell(4.0)), 1.5, stream.uniform(1.2, 2.8), 0.1, 16
            )
        )
    blood = (patient.contrast.veins + patient.contrast.arteries) // 2
    return [Layer(outlines=tuple(outlines), hounsfield=blood, organ="mesentery", within=("cavity",))]


def haze(patient: Patient) -> list[Layer]:
    """Return faint strands in the fat between the organs."""
    stream = patient.stream("haze")
    outlines = []
    for _ in range(stream.integer(10, 26)):
        x, y = stream.uniform(-115.0, 115.0), stream.uniform(-70.0, 65.0)
        step = np.array((stream.uniform(-14.0, 14.0), stream.uniform(-12.0, 12.0)))
        start = np.array((x, y))
        outlines.append(
            tube(np.stack((start, start + step + 2.0, start + step * 2.2)), stream.uniform(0.3, 0.7))
        )
    return [Layer(outlines=tuple(outlines), hounsfield=-45, organ="body", within=("cavity",))]
