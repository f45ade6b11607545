"""What the cards of the networks trained here have in common, said once."""

ANNOTATED_DATA = (
    "BTCV abdomen, 111 slices of 16 patients with 13 kinds of organs labelled (bone, lung, bowel and muscle "
    "are background there)"
)
UNLABELLED_DATA = (
    "254 unlabelled slices of 62 patients (BTCV, TCGA-LUAD and LUSC, LIDC-IDRI, NSCLC-Radiogenomics, "
    "Colorectal-Liver-Metastases) and the images of the training slices"
)
RESEARCH_USE = (
    "research use: whether the data's terms reach weights is unsettled, so the strictest source counts"
)
KNOWS_ORGANS = (
    "This method knows 13 abdominal organs in upright axial slices; thorax, bone, bowel and muscle are "
    "background to it."
)
