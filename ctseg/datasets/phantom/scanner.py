"""What the scanner adds: blur, streaks and noise."""

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.painting import STEP, Painting
from ctseg.datasets.phantom.texture import Field, blurred, scanner_noise, streak_noise

LOWEST, HIGHEST = -1024, 3071


def _loudness(painting: Painting) -> Field:
    """How loud the noise is, 256 at the middle of the body: long ways through the body let few photons through."""
    body = painting.mask("body")
    height, width = body.shape
    along = np.cumsum(body, axis=1)[:, -1:] + np.zeros_like(body)
    down = np.cumsum(body, axis=0)[-1:, :] + np.zeros_like(body)
    path = along * down // (2 * height * width * 2)
    return blurred(60 + np.minimum(path * body // 40, 230).astype(np.int32), 6)


def scanned(painting: Painting, patient: Patient) -> NDArray[np.int16]:
    """Return the painted HU as the scanner shows them, int16."""
    stream = patient.stream("scanner")
    height, width = painting.hounsfield.shape
    image = blurred(painting.hounsfield, stream.integer(1, 2))
    loud = _loudness(painting)
    level = stream.uniform(8.0, 20.0)
    noise = scanner_noise(stream, height, width, stream.uniform(0.0, 0.8))
    streaks = streak_noise(stream, height, width, 40)
    amplitude = int(level * STEP)
    rows = int(level * STEP * stream.uniform(0.1, 0.35))
    image = image + ((noise * ((loud * amplitude) >> 8)) >> 8) + ((streaks * ((loud * rows) >> 8)) >> 8)
    return np.clip((image + STEP // 2) >> 4, LOWEST, HIGHEST).astype(np.int16)
