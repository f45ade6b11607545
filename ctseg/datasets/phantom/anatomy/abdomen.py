"""Three levels of the abdomen: dome of the liver, pancreas and kidneys, and bowel."""

from dataclasses import replace

from ctseg.datasets.phantom.anatomy.bones import rib_heads, ribs, vertebra
from ctseg.datasets.phantom.anatomy.bowel import haze, mesentery, small_bowel
from ctseg.datasets.phantom.anatomy.gut import (
    colon,
    duodenum,
    oesophagus,
    stomach,
    transverse_colon,
)
from ctseg.datasets.phantom.anatomy.kidneys import kidney
from ctseg.datasets.phantom.anatomy.lungs import lung_bases
from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.anatomy.solid import adrenals, gallbladder, liver, pancreas, spleen
from ctseg.datasets.phantom.anatomy.vessels import aorta, crura, dot, vena_cava, vessel
from ctseg.datasets.phantom.anatomy.wall import (
    back_muscles,
    body_wall,
    cavity_outline,
    flank_layers,
    loin_muscles,
    wall_outline,
)
from ctseg.datasets.phantom.curves import Outline, grown
from ctseg.datasets.phantom.painting import Layer

SPINE_Y = 32.0

_UPPER_LIVER = [
    (52, -48),
    (44, -78),
    (10, -104),
    (-45, -108),
    (-100, -88),
    (-158, -30),
    (-156, 40),
    (-112, 92),
    (-76, 76),
    (-54, 50),
    (-38, 28),
    (-26, 10),
    (-10, -12),
    (12, -28),
    (34, -38),
]
_UPPER_VEINS = [
    [(-24, 2), (-52, -10), (-84, -26), (-112, -48)],
    [(-24, 0), (-40, -30), (-56, -58), (-66, -82)],
    [(-20, -4), (-8, -32), (4, -60), (12, -78)],
    [(-60, 34), (-86, 30), (-112, 36), (-128, 46)],
]
_MID_LIVER = [
    (-26, -48),
    (-38, -80),
    (-80, -104),
    (-132, -84),
    (-160, -20),
    (-156, 36),
    (-122, 80),
    (-103, 62),
    (-96, 30),
    (-78, 10),
    (-52, -4),
    (-38, -22),
]
_LEFT_LOBE = [(-18, -62), (-10, -96), (22, -100), (46, -86), (34, -66), (8, -54)]
_MID_VEINS = [
    [(-48, -8), (-74, -16), (-104, -14), (-130, -2)],
    [(-60, -14), (-78, -38), (-96, -60), (-106, -72)],
    [(-78, -8), (-98, 12), (-116, 36), (-122, 52)],
]
_LIVER_TIP = [(-160, -36), (-136, -38), (-118, -4), (-122, 34), (-138, 58), (-162, 40)]
_UPPER_SPLEEN = [(156, -18), (158, 62), (116, 96), (78, 84), (84, 64), (100, 42), (108, 14), (118, -24)]
_SPLEEN_TIP = [(156, 12), (154, 58), (126, 82), (108, 66), (112, 36), (126, 10)]
_THIRD_PART = [(-44.0, 0.0), (-22.0, -13.0), (6.0, -15.0), (30.0, -12.0)]
_FUNDUS = [(50, -36), (60, -70), (90, -80), (114, -56), (114, -20), (100, 14), (78, 30), (58, 20), (50, -6)]
_ANTRUM = [(14, -54), (34, -76), (72, -84), (104, -62), (100, -34), (74, -24), (44, -34), (22, -36)]


def _walls(patient: Patient, thick_mm: float, back_mm: float) -> list[Layer]:
    wall = wall_outline(patient)
    return [
        *body_wall(patient, wall, thick_mm, 3.0, back_mm),
        *flank_layers(patient, wall, thick_mm),
        *haze(patient),
    ]


def _ribs(patient: Patient, corners: tuple[int, ...], inset_mm: float) -> list[Layer]:
    names = [f"rib {number + 1}" for number in range(len(corners))]
    return ribs(patient, wall_outline(patient), inset_mm, corners, names)


def _cage(patient: Patient) -> Outline:
    return grown(cavity_outline(patient, wall_outline(patient), 13.0, 3.0, 24.0), 4.0)


def upper_abdomen(patient: Patient) -> list[Layer]:
    """Return the level of the 11th thoracic vertebra: liver, spleen, stomach, bases of the lungs."""
    stream = patient.stream("upper")
    flexure = [(104.0, -52.0)] if stream.chance(0.6) else []
    return [
        *_walls(patient, 14.0, 24.0),
        *lung_bases(patient),
        *_ribs(patient, (116, 124, 4, 11, 18, 46, 53, 60, 68, 76), 6.0),
        *back_muscles(patient, SPINE_Y, 0.85),
        *(kidney(patient, "left", (62.0, 46.0), 0.78) if stream.chance(0.5) else []),
        *spleen(patient, _UPPER_SPLEEN),
        *mesentery(patient, (60.0, 0.0), [(78.0, 10.0, 34.0), (40.0, -20.0, 26.0)], 9),
        *colon(patient, flexure, [17.0] * len(flexure)),
        *liver(patient, [_UPPER_LIVER], _UPPER_VEINS),
        *stomach(patient, _FUNDUS),
        *adrenals(patient, 20.0),
        *vertebra(patient, SPINE_Y, 19.0, 16.0),
        *rib_heads(patient, _cage(patient), SPINE_Y, 19.0),
        *crura(patient, SPINE_Y),
        # The liver encloses the vein here: no fat between them.
        *(replace(layer, rim_mm=0.0) for layer in vena_cava(patient, (-26.0, 6.0), 12.0)),
        *oesophagus(patient, (16.0, -8.0)),
        *aorta(patient, (9.0, 6.0), 11.0),
    ]


def middle_abdomen(patient: Patient) -> list[Layer]:
    """Return the level of the 1st lumbar vertebra: pancreas, both kidneys, gallbladder."""
    contrast = patient.contrast
    renal = [(48.0, 30.0), (28.0, 6.0), (4.0, -9.0), (-14.0, 0.0)]
    splenic = [(-6.0, -14.0), (24.0, -18.0), (58.0, -8.0), (96.0, 14.0)]
    jejunum = [(62.0, -6.0, 22.0), (84.0, -22.0, 16.0), (74.0, 4.0, 16.0)]
    pieces = [_MID_LIVER, _LEFT_LOBE] if patient.stream("left lobe").chance(0.6) else [_MID_LIVER]
    return [
        *_walls(patient, 17.0, 8.0),
        *_ribs(patient, (8, 16, 48, 56, 122, 70), 5.0),
        *back_muscles(patient, SPINE_Y, 1.0),
        *loin_muscles(patient, SPINE_Y, 0.7),
        *mesentery(patient, (0.0, -20.0), [(60.0, -20.0, 34.0), (20.0, -44.0, 22.0)], 12),
        *small_bowel(patient, jejunum, 4),
        *colon(patient, [(118.0, 2.0), (108.0, -44.0)], [13.0, 17.0]),
        *spleen(patient, _SPLEEN_TIP),
        *stomach(patient, _ANTRUM),
        *transverse_colon(patient, [(-58.0, -76.0), (-34.0, -84.0), (0.0, -80.0), (16.0, -82.0)]),
        *liver(patient, pieces, _MID_VEINS),
        *kidney(patient, "left", (72.0, 40.0), 1.0),
        *kidney(patient, "right", (-70.0, 42.0), 1.0),
        *gallbladder(patient, (-44.0, -42.0)),
        *vessel(patient, "splenic vein", contrast.portal, splenic, (4.5, 3.6, 3.0, 2.2), None),
        *pancreas(patient, [(-26.0, -16.0), (-4.0, -25.0), (22.0, -30.0), (54.0, -22.0), (90.0, 0.0)]),
        *duodenum(patient, [(-40.0, -26.0), (-44.0, -8.0), (-38.0, 10.0)]),
        *vertebra(patient, SPINE_Y, 22.0, 17.0),
        *crura(patient, SPINE_Y),
        *vessel(patient, "left renal vein", contrast.veins, renal, (2.5, 3.2, 2.8, 3.0), None),
        *dot(patient, "portal vein", contrast.portal, (-12.0, -20.0), 6.6, "portal vein"),
        *dot(patient, "mesenteric artery", contrast.arteries, (8.0, -17.0), 3.6, "mesenteric artery"),
        *vena_cava(patient, (-22.0, 4.0), 11.0),
        *aorta(patient, (8.0, 4.0), 10.5),
    ]


def lower_abdomen(patient: Patient) -> list[Layer]:
    """Return the level of the 3rd lumbar vertebra: bowel, lower poles of the kidneys, psoas."""
    contrast = patient.contrast
    stream = patient.stream("lower")
    region = [
        (-30.0, -40.0, 36.0),
        (20.0, -42.0, 44.0),
        (66.0, -26.0, 40.0),
        (40.0, -20.0, 30.0),
        (-66.0, -30.0, 26.0),
    ]
    tip = liver(patient, [_LIVER_TIP], [[(-138, -10), (-142, 6), (-140, 24)]]) if stream.chance(0.7) else []
    return [
        *_walls(patient, 20.0, 8.0),
        *_ribs(patient, (14, 50), 4.0),
        *back_muscles(patient, SPINE_Y, 1.08),
        *loin_muscles(patient, SPINE_Y, 1.15),
        *mesentery(patient, (0.0, -14.0), region, 26),
        *small_bowel(patient, region, 9),
        *tip,
        *colon(patient, [(-100.0, 2.0), (112.0, 18.0)], [22.0, 14.0]),
        *transverse_colon(patient, [(-84, -58), (-50, -74), (-8, -76), (36, -78), (82, -62)]),
        *kidney(patient, "left", (74.0, 42.0), 0.86),
        *kidney(patient, "right", (-72.0, 44.0), 0.9),
        *(duodenum(patient, _THIRD_PART) if stream.chance(0.5) else []),
        *vertebra(patient, SPINE_Y, 24.0, 17.5),
        *dot(patient, "mesenteric vein", contrast.portal, (-8.0, -30.0), 5.0, "mesenteric vein"),
        *dot(patient, "mesenteric artery", contrast.arteries, (6.0, -29.0), 3.2, "mesenteric artery"),
        *vena_cava(patient, (-20.0, 4.0), 11.0),
        *aorta(patient, (9.0, 5.0), 9.0),
    ]
