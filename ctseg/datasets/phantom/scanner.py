"""What the scanner adds: blur, streaks and noise."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.curves import Point, direction, tube
from ctseg.datasets.phantom.painting import STEP, Painting
from ctseg.datasets.phantom.raster import cover
from ctseg.datasets.phantom.texture import Field, blurred, scanner_noise, streak_noise

LOWEST, HIGHEST = -1024, 3071


def _loudness(painting: Painting) -> Field:
    """How loud the noise is, about 256 in the middle of a thick body: long ways let few photons through."""
    body = painting.mask("body")
    height, width = body.shape
    along = np.cumsum(body, axis=1, dtype=np.int64)[:, -1:] // 256
    down = np.cumsum(body, axis=0, dtype=np.int64)[-1:, :] // 256
    path = along * down * 256 // (height * width)
    return blurred((70 + (path * body >> 8)).astype(np.int32), 6)


def _streaks(painting: Painting, patient: Patient, metal: Sequence[Point]) -> Field:
    """Bright and dark rays from each piece of metal, which fade with the distance; in 1/16 HU."""
    height, width = painting.hounsfield.shape
    total = np.zeros((height, width), dtype=np.int32)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    for number, place in enumerate(metal):
        stream = patient.stream("streaks", str(number))
        x, y = painting.frame.to_pixels(np.array([place]))[0].tolist()
        across, down = columns + (0.5 - x), rows + (0.5 - y)
        fade = (40 * 256 / (np.sqrt(across * across + down * down) + 40)).astype(np.int32)
        begin = stream.uniform(0.0, 1.0)
        rays = 2 * stream.integer(5, 9)
        for ray in range(rays):
            cosine, sine = direction(begin + (ray + stream.uniform(-0.35, 0.35)) / rays)
            reach = stream.uniform(50.0, 220.0)
            line = [(x + cosine * far, y + sine * far) for far in (1.0, 0.5 * reach, reach)]
            found = cover([tube(line, (1.2, stream.uniform(1.2, 2.6), 0.3))], height, width)
            if found is not None:
                strength = stream.integer(50, 170) * STEP * (1 if ray % 2 else -1)
                total[found.box] += ((found.share * fade[found.box]) >> 8) * strength >> 8
    return blurred(total, 2)


def scanned(painting: Painting, patient: Patient, metal: Sequence[Point]) -> NDArray[np.int16]:
    """Return the painted HU as the scanner shows them, int16; ``metal`` in mm is where streaks start."""
    stream = patient.stream("scanner")
    height, width = painting.hounsfield.shape
    image = blurred(painting.hounsfield, stream.integer(1, 2))
    if metal:
        image = image + _streaks(painting, patient, metal)
    loud = _loudness(painting)
    level = stream.uniform(12.0, 19.0)
    noise = scanner_noise(stream, height, width, stream.uniform(0.2, 0.7))
    streaks = streak_noise(stream, height, width, 40)
    amplitude = int(level * STEP)
    rows = int(level * STEP * stream.uniform(0.1, 0.3))
    image = image + ((noise * ((loud * amplitude) >> 8)) >> 8) + ((streaks * ((loud * rows) >> 8)) >> 8)
    return np.clip((image + STEP // 2) >> 4, LOWEST, HIGHEST).astype(np.int16)
