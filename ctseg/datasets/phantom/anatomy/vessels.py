"""Great vessels: aorta, vena cava, portal vein and their branches."""

from collections.abc import Sequence

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Point, blob, direction, jittered, oval, tube
from ctseg.datasets.phantom.painting import Layer
from ctseg.datasets.phantom.texture import Texture

_BLOOD = Texture(grain=8, amplitude=6)


def aorta(patient: Patient, centre: Point, radius: float, label: str = "aorta") -> list[Layer]:
    """Return the aorta, sometimes with plaques of calcium in its wall."""
    stream = patient.stream(label)
    radius = radius * stream.uniform(0.85, 1.2)
    outline = blob(stream, centre, radius, radius * stream.uniform(0.93, 1.07), 0.0, 0.02)
    layers = [
        Layer(
            outlines=(outline,),
            hounsfield=patient.contrast.arteries,
            organ="aorta",
            label=label,
            texture=_BLOOD,
            rim_mm=patient.rim(label),
        )
    ]
    if patient.stream("plaques").chance(0.4):
        for _ in range(stream.integer(1, 3)):
            begin = stream.uniform(0.0, 1.0)
            arc = []
            for step in range(3):
                cosine, sine = direction(begin + step * 0.04)
                arc.append((centre[0] + cosine * radius * 0.95, centre[1] + sine * radius * 0.95))
            layers.append(
                Layer(outlines=(tube(arc, stream.uniform(0.5, 1.1)),), hounsfield=620, organ="aorta")
            )
    return layers


def vena_cava(patient: Patient, centre: Point, radius: float, label: str = "vena cava") -> list[Layer]:
    """Return a vena cava: an oval, flatter or rounder."""
    stream = patient.stream(label)
    radius = radius * stream.uniform(0.9, 1.15)
    outline = blob(
        stream, centre, radius * 1.1, radius * stream.uniform(0.65, 1.0), stream.uniform(-0.08, 0.04), 0.04
    )
    return [
        Layer(
            outlines=(outline,),
            hounsfield=patient.contrast.veins,
            organ="vena cava",
            label=label,
            texture=_BLOOD,
            rim_mm=patient.rim(label),
        )
    ]


def vessel(
    patient: Patient,
    name: str,
    hounsfield: int,
    points: Sequence[Point],
    radii: Sequence[float],
    label: str | None,
) -> list[Layer]:
    """Return a vessel that runs in the plane of the slice."""
    stream = patient.stream(name)
    line = jittered(stream, points, 1.0)
    return [
        Layer(
            outlines=(tube(line, radii),),
            hounsfield=hounsfield,
            organ=name,
            label=label,
            within=("cavity",),
            texture=_BLOOD,
        )
    ]


def dot(
    patient: Patient, name: str, hounsfield: int, centre: Point, radius: float, label: str | None
) -> list[Layer]:
    """Return a vessel that runs across the slice: a dot with fat around it."""
    stream = patient.stream(name)
    place = (centre[0] + stream.bell(1.5), centre[1] + stream.bell(1.5))
    return [
        Layer(
            outlines=(oval(place, radius, radius * stream.uniform(0.9, 1.2), 0.0, 24),),
            hounsfield=hounsfield,
            organ=name,
            label=label,
            rim_mm=1.4,
        )
    ]


def crura(patient: Patient, spine_y: float) -> list[Layer]:
    """Return the two legs of the diaphragm, beside the aorta."""
    stream = patient.stream("crura")
    right = tube([(-6.0, spine_y - 30.0), (-17.0, spine_y - 16.0), (-26.0, spine_y + 4.0)], (3.2, 4.6, 2.2))
    left = tube([(16.0, spine_y - 34.0), (23.0, spine_y - 15.0), (28.0, spine_y + 6.0)], (2.2, 3.6, 2.0))
    shift = stream.bell(1.0)
    return [
        Layer(
            outlines=(right + shift, left + shift),
            hounsfield=patient.contrast.muscle,
            organ="body",
            label="",
            within=("cavity",),
        )
    ]
