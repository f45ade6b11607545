"""Surgical clips and wires, from which streaks run through the image."""

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Point, oval
from ctseg.datasets.phantom.painting import Layer

_PLACES = {"abdomen": ((-42.0, -30.0), (30.0, 12.0), (-10.0, -52.0)), "thorax": ((0.0, -94.0), (40.0, -64.0))}


def clips(patient: Patient, region: str) -> list[Point]:
    """Return where one patient in five has metal, in mm."""
    stream = patient.stream("metal")
    if not stream.chance(0.2):
        return []
    x, y = stream.choice(_PLACES[region])
    return [(x + stream.bell(6.0), y + stream.bell(4.0)) for _ in range(stream.integer(1, 2))]


def clip_layers(places: list[Point]) -> list[Layer]:
    """Return the metal itself."""
    return [
        Layer(outlines=(oval(place, 1.5, 1.0, 0.1, 16),), hounsfield=2600, organ="metal") for place in places
    ]
