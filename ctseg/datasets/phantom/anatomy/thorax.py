"""Three levels of the thorax: chambers of the heart, pulmonary artery, arch of the aorta."""

from ctseg.datasets.phantom.anatomy.bones import rib_heads, vertebra
from ctseg.datasets.phantom.anatomy.chest_wall import chest_cage, chest_wall, shoulder_blades
from ctseg.datasets.phantom.anatomy.gut import oesophagus
from ctseg.datasets.phantom.anatomy.heart import aortic_arch, bronchi, heart, nodes, pulmonary_artery, trachea
from ctseg.datasets.phantom.anatomy.lungs import lung
from ctseg.datasets.phantom.anatomy.patient import Patient
from ctseg.datasets.phantom.anatomy.vessels import aorta, dot, vena_cava, vessel
from ctseg.datasets.phantom.anatomy.wall import back_muscles
from ctseg.datasets.phantom.painting import Layer

SPINE_Y = 42.0

_RIGHT = [(-16, -74), (-48, -108), (-115, -98), (-168, -30), (-168, 44), (-112, 108), (-48, 96), (-21, 68),
          (-24, 38), (-34, 12), (-42, -14), (-38, -46)]  # fmt: skip
_LEFT_BY_HEART = [(64, -86), (116, -98), (168, -30), (168, 44), (112, 108), (48, 96), (34, 70), (36, 42),
                  (58, 18), (92, -6), (98, -40), (84, -66)]  # fmt: skip
_LEFT = [(20, -80), (52, -108), (115, -98), (168, -30), (168, 44), (112, 108), (48, 96), (34, 70), (38, 40),
         (46, 14), (52, -12), (40, -48)]  # fmt: skip


def heart_level(patient: Patient) -> list[Layer]:
    """Return the level of the four chambers."""
    return [
        *chest_wall(patient, 150.0, 19.0, 10.0),
        *back_muscles(patient, SPINE_Y - 2.0, 0.7),
        *lung(patient, "right", _RIGHT, (-40.0, 2.0)),
        *lung(patient, "left", _LEFT_BY_HEART, (62.0, 16.0)),
        *vertebra(patient, SPINE_Y, 17.0, 15.0),
        *rib_heads(patient, chest_cage(patient, 150.0, 19.0, 10.0), SPINE_Y, 17.0),
        *oesophagus(patient, (4.0, 24.0)),
        *dot(patient, "azygos vein", patient.contrast.veins, (-6.0, 27.0), 2.8, "azygos vein"),
        *heart(patient),
        *aorta(patient, (22.0, 30.0), 12.0, "descending aorta"),
    ]


def pulmonary_level(patient: Patient) -> list[Layer]:
    """Return the level where the pulmonary trunk divides."""
    contrast = patient.contrast
    return [
        *chest_wall(patient, 154.0, 24.0, 13.0),
        *back_muscles(patient, SPINE_Y - 2.0, 0.72),
        *shoulder_blades(patient),
        *lung(patient, "right", _RIGHT, (-46.0, 6.0)),
        *lung(patient, "left", _LEFT, (52.0, 4.0)),
        *nodes(patient),
        *vertebra(patient, SPINE_Y, 16.5, 14.5),
        *rib_heads(patient, chest_cage(patient, 154.0, 24.0, 13.0), SPINE_Y, 16.5),
        *oesophagus(patient, (2.0, 25.0)),
        *bronchi(patient),
        *dot(patient, "azygos vein", contrast.veins, (-8.0, 29.0), 2.8, "azygos vein"),
        *pulmonary_artery(patient),
        *vena_cava(patient, (-31.0, -24.0), 8.5, "upper vena cava"),
        *aorta(patient, (-7.0, -36.0), 16.0, "ascending aorta"),
        *aorta(patient, (22.0, 30.0), 12.0, "descending aorta"),
    ]


def arch_level(patient: Patient) -> list[Layer]:
    """Return the level of the aortic arch."""
    contrast = patient.contrast
    vein = [(-28.0, -34.0), (-8.0, -50.0), (20.0, -54.0), (44.0, -48.0)]
    return [
        *chest_wall(patient, 158.0, 30.0, 15.0),
        *back_muscles(patient, SPINE_Y - 2.0, 0.75),
        *shoulder_blades(patient),
        *lung(patient, "right", _RIGHT, (-46.0, 0.0)),
        *lung(patient, "left", _LEFT, (50.0, 0.0)),
        *nodes(patient),
        *vertebra(patient, SPINE_Y, 16.0, 14.0),
        *rib_heads(patient, chest_cage(patient, 158.0, 30.0, 15.0), SPINE_Y, 16.0),
        *oesophagus(patient, (4.0, 20.0)),
        *trachea(patient),
        *vessel(
            patient,
            "brachiocephalic vein",
            contrast.veins,
            vein,
            (6.5, 5.5, 5.5, 5.0),
            "brachiocephalic vein",
        ),
        *vena_cava(patient, (-29.0, -26.0), 8.5, "upper vena cava"),
        *aortic_arch(patient),
    ]
