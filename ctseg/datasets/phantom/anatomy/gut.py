"""Hollow organs: stomach, duodenum, small bowel, colon, oesophagus, and what they hold."""

from collections.abc import Sequence

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
    tube,
    wavy,
)
from ctseg.datasets.phantom.painting import BACKGROUND, Layer
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import Texture

GAS = -960
_STOOL = Texture(grain=7, amplitude=900, offset=330, ceiling=45)
_FOOD = Texture(grain=8, amplitude=60)
_FOLDS = Texture(grain=4, amplitude=90, offset=30, ceiling=40)


def hollow(
    patient: Patient,
    stream: Stream,
    outline: Outline,
    organ: str,
    label: str,
    wall_mm: float,
    content: str,
    rim_mm: float,
) -> list[Layer]:
    """Return an organ with a wall and a content: gas, fluid, food, stool, contrast or level (gas above fluid)."""
    oral = stream.integer(180, 420)
    fluid = oral if patient.oral and stream.chance(0.7) else stream.integer(8, 30)
    inner = (grown(outline, -wall_mm),)
    mask = f"lumen {label} {stream.integer(0, 1 << 40)}"
    layers = [
        Layer(
            outlines=(outline,), hounsfield=patient.contrast.wall, organ=organ, label=label, within=("cavity",),
            rim_mm=rim_mm, mask=mask,
        )
    ]  # fmt: skip
    base = {"outlines": inner, "organ": organ, "within": (mask,)}
    fillings = {
        "fluid": Layer(hounsfield=fluid, texture=_FOOD if fluid < 40 else Texture(5, 25), **base),
        "food": Layer(hounsfield=48, texture=Texture(grain=6, amplitude=110, offset=20, ceiling=30), **base),
        "stool": Layer(hounsfield=15, texture=_STOOL, **base),
        "contrast": Layer(hounsfield=oral, texture=_FOLDS, **base),
        "gas": Layer(hounsfield=GAS, **base),
        "level": Layer(hounsfield=fluid, texture=Texture(5, 14), **base),
        "empty": Layer(hounsfield=patient.contrast.wall - 25, texture=_FOLDS, **base),
    }
    layers.append(fillings[content])
    if content in ("level", "fluid") and content == "level":
        layers.append(Layer(hounsfield=GAS, top_share=stream.uniform(0.25, 0.6), **base))
    return layers


def stomach(patient: Patient, points: Sequence[Point]) -> list[Layer]:
    """Return the stomach with folds, mostly with gas in front of its content."""
    stream = patient.stream("stomach")
    outline = wavy(stream, closed(jittered(stream, points, 2.5)), 0.9, 14)
    content = stream.choice(("level", "level", "food", "fluid"))
    return hollow(
        patient,
        stream,
        outline,
        "stomach",
        "stomach",
        stream.uniform(2.6, 4.5),
        content,
        patient.rim("stomach"),
    )


def duodenum(patient: Patient, points: Sequence[Point]) -> list[Layer]:
    """Return the duodenum."""
    stream = patient.stream("duodenum")
    outline = wavy(stream, tube(jittered(stream, points, 1.5), stream.uniform(8.5, 11.0)), 0.8, 9)
    content = stream.choice(("fluid", "level", "contrast" if patient.oral else "empty"))
    return hollow(patient, stream, outline, "duodenum", "duodenum", 2.2, content, patient.rim("duodenum"))


def colon(patient: Patient, centres: Sequence[Point], sizes: Sequence[float]) -> list[Layer]:
    """Return the pieces of the colon that the slice cuts, all one structure, with their pouches."""
    layers = []
    for number, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        stream = patient.stream("colon", str(number))
        radius = size * stream.uniform(0.85, 1.15)
        outline = wavy(stream, blob(stream, centre, radius, radius * 0.9, stream.uniform(0, 1), 0.06), 1.6, 5)
        content = stream.choice(("stool", "stool", "gas", "level"))
        rim = patient.rim("colon", str(number))
        layers += hollow(patient, stream, outline, "colon", "colon", stream.uniform(1.6, 2.6), content, rim)
    return layers


def transverse_colon(patient: Patient, points: Sequence[Point]) -> list[Layer]:
    """Return the transverse colon behind the anterior wall: a tube with pouches, gas in front."""
    stream = patient.stream("transverse colon")
    outline = wavy(stream, tube(jittered(stream, points, 3.0), stream.uniform(11.0, 15.0), 14), 2.2, 15)
    content = stream.choice(("stool", "gas", "level", "stool"))
    return hollow(
        patient, stream, outline, "colon", "transverse colon", 1.8, content, patient.rim("transverse colon")
    )


def oesophagus(patient: Patient, centre: Point) -> list[Layer]:
    """Return the oesophagus, sometimes with a little gas."""
    stream = patient.stream("oesophagus")
    outline = blob(
        stream, centre, stream.uniform(7.0, 9.5), stream.uniform(4.5, 6.5), stream.uniform(-0.06, 0.06), 0.06
    )
    layers = [
        Layer(
            outlines=(outline,), hounsfield=patient.contrast.muscle, organ="oesophagus", label="oesophagus",
            rim_mm=patient.rim("oesophagus"),
        )
    ]  # fmt: skip
    if stream.chance(0.5):
        layers.append(Layer(outlines=(oval(centre, 2.6, 1.5),), hounsfield=-700, organ="oesophagus"))
    return layers


def small_bowel(patient: Patient, region: Sequence[tuple[float, float, float]], labelled: int) -> list[Layer]:
    """Return loops of small bowel thrown into ovals (x, y, radius) until they are full.

    The first ``labelled`` loops are structures of their own, the others background, as in real annotations.
    """
    stream = patient.stream("small bowel")
    places: list[tuple[float, float, float]] = []
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


def mesentery(
    patient: Patient, root: Point, region: Sequence[tuple[float, float, float]], count: int
) -> list[Layer]:
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
