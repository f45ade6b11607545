"""What differs from patient to patient: build, contrast medium, fat between the organs."""

from dataclasses import dataclass

from ctseg.datasets.phantom.stream import Stream


@dataclass(frozen=True)
class Contrast:
    """Mean HU of tissues in one phase of the contrast medium."""

    arteries: int
    veins: int
    portal: int
    liver: int
    spleen: int
    cortex: int
    medulla: int
    muscle: int
    wall: int
    heart: int


_ANNOTATED = {
    "rib": 0.25, "scapula": 0.45, "sternum": 0.7, "vertebra": 0.7, "back muscle": 0.45, "psoas": 0.6,
    "small bowel": 0.6, "colon": 0.8, "adrenal": 0.6, "airway": 0.9,
}  # fmt: skip
"""Chance that a slice's annotation holds the organ at all; organs not named here always are annotated."""

_NATIVE = Contrast(44, 42, 42, 58, 48, 34, 30, 54, 40, 44)
_ARTERIAL = Contrast(290, 80, 130, 72, 125, 190, 80, 60, 85, 110)
_PORTAL = Contrast(165, 150, 175, 112, 125, 195, 165, 64, 80, 115)
_LATE = Contrast(120, 118, 120, 98, 105, 165, 180, 62, 70, 95)


@dataclass(frozen=True)
class Patient:
    """One random body.

    Attributes
    ----------
    seed : of all its streams
    fat_mm : mean thickness of the fat under the skin
    muscle : thickness of the muscles, 1 is average
    touch : chance that two neighbouring organs touch without fat between them
    contrast : HU in the phase
    oral : whether stomach and bowel hold a contrast medium
    """

    seed: int
    fat_mm: float
    muscle: float
    touch: float
    contrast: Contrast
    oral: bool

    def stream(self, *names: str) -> Stream:
        """Return the random numbers for what is named."""
        return Stream(self.seed, *names)

    def rim(self, *names: str) -> float:
        """Return the width in mm of the fat around the organ that is named; 0 where it touches others."""
        stream = self.stream("rim", *names)
        return 0.0 if stream.chance(self.touch) else stream.uniform(1.6, 3.2)

    def annotates(self, organ: str) -> bool:
        """Tell whether the annotation of this slice holds the organ."""
        return self.stream("annotated", organ).chance(_ANNOTATED.get(organ, 1.0))


def random_patient(seed: int) -> Patient:
    """Return the patient of a seed."""
    stream = Stream(seed, "patient")
    phase = stream.choice((_NATIVE, _ARTERIAL, _PORTAL, _PORTAL, _PORTAL, _LATE))
    factor = stream.uniform(0.88, 1.12)
    values = {name: int(value * factor) for name, value in vars(phase).items()}
    return Patient(
        seed=seed,
        fat_mm=stream.uniform(6.0, 30.0),
        muscle=stream.uniform(0.8, 1.15),
        touch=stream.uniform(0.05, 0.55),
        contrast=Contrast(**values),
        oral=stream.chance(0.4),
    )
