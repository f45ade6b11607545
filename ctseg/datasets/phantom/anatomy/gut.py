"""Hollow organs: stomach, duodenum, colon, oesophagus, and what they hold."""

from collections.abc import Sequence
from dataclasses import replace

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import (
    Outline,
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
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import Texture

GAS = -960
_STOOL = Texture(grain=7, amplitude=900, offset=330, ceiling=45)
_FOOD = Texture(grain=6, amplitude=110, offset=20, ceiling=30)
_CLEAR = Texture(grain=8, amplitude=12)
_MIXED = Texture(grain=5, amplitude=25)
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
    """Return an organ with a wall, filled with ``content``.

    That is gas, fluid, level (gas above fluid), food, stool, contrast, or empty (walls in folds).
    """
    oral = stream.integer(150, 340)
    fluid = oral if patient.oral and stream.chance(0.7) else stream.integer(8, 30)
    inner = (grown(outline, -wall_mm),)
    mask = f"lumen {label} {stream.integer(0, 1 << 40)}"
    layers = [
        Layer(
            outlines=(outline,),
            hounsfield=patient.contrast.wall,
            organ=organ,
            label=label,
            within=("cavity",),
            rim_mm=rim_mm,
            mask=mask,
        )
    ]
    fillings: dict[str, tuple[int, Texture | None]] = {
        "fluid": (fluid, _CLEAR if fluid < 40 else _MIXED),
        "food": (48, _FOOD),
        "stool": (15, _STOOL),
        "contrast": (oral, _FOLDS),
        "gas": (GAS, None),
        "level": (fluid, Texture(5, 14)),
        "empty": (patient.contrast.wall - 25, _FOLDS),
    }
    level, texture = fillings[content]
    filling = Layer(outlines=inner, hounsfield=level, organ=organ, within=(mask,), texture=texture)
    layers.append(filling)
    if content == "level":
        layers.append(replace(filling, hounsfield=GAS, texture=None, top_share=stream.uniform(0.25, 0.6)))
    return layers


def stomach(patient: Patient, points: Sequence[Point]) -> list[Layer]:
    """Return the stomach with folds, mostly with gas in front of its content."""
    stream = patient.stream("stomach")
    outline = wavy(stream, closed(varied(stream, points, 4.0)), 0.9, 14)
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
    outline = wavy(stream, tube(jittered(stream, points, 1.5), stream.uniform(7.0, 9.5)), 0.8, 9)
    content = stream.choice(("fluid", "empty", "contrast" if patient.oral else "empty"))
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
            outlines=(outline,),
            hounsfield=patient.contrast.muscle,
            organ="oesophagus",
            label="oesophagus",
            rim_mm=patient.rim("oesophagus"),
        )
    ]
    if stream.chance(0.5):
        layers.append(Layer(outlines=(oval(centre, 2.6, 1.5),), hounsfield=-700, organ="oesophagus"))
    return layers
