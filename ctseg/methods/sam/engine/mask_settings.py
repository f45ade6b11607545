"""The numbers that decide which masks Segment Anything makes; light, so that cards can quote them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MaskSettings:
    """Points and thresholds of automatic masks, named and preset as in ``SamAutomaticMaskGenerator``.

    Attributes
    ----------
    points_per_side : of the square grid of points, which spans the whole slice.
    pred_iou_thresh : the model's own estimate of a mask's quality must be above it.
    stability_score_thresh : least IoU of a mask at a higher and a lower threshold of its logits.
    stability_score_offset : how far those two thresholds lie from 0.
    box_nms_thresh : of two masks whose boxes overlap by a higher IoU, the one of lower quality is dropped.
    """

    points_per_side: int
    pred_iou_thresh: float = 0.88
    stability_score_thresh: float = 0.95
    stability_score_offset: float = 1.0
    box_nms_thresh: float = 0.7

    def in_words(self) -> str:
        """Return the condition on masks, for a sentence that goes on with what becomes of them."""
        return (
            f"The masks with a predicted IoU above {self.pred_iou_thresh} and a stability of at least "
            f"{self.stability_score_thresh}"
        )


@dataclass(frozen=True, kw_only=True)
class SeedSettings:
    """Which points are asked about, and which of the answers are painted.

    Attributes
    ----------
    regions : of the cut of the whole slice.
    min_share, max_share : of the slice's pixels; smaller and larger regions are not asked about.
    max_seeds : the most points, those of structures first, then those of the largest regions.
    same_iou : a region that overlaps an earlier one by a higher IoU is not asked about again.
    margin : a question looks at its seed's box and this part of the box's longer side around it, at least an
        eighth of the image.
    min_sum : predicted IoU of a mask + its IoU with the region must be above it.
    """

    regions: int = 40
    min_share: float = 60 / 512**2
    max_share: float = 80_000 / 512**2
    max_seeds: int = 60
    same_iou: float = 0.65
    margin: float = 0.25
    min_sum: float = 1.2

    def in_words(self) -> str:
        """Return the condition on masks, for a sentence that goes on with what becomes of them."""
        return (
            "The masks whose predicted IoU and whose IoU with the region that was asked about add up to more "
            f"than {self.min_sum:g}"
        )
