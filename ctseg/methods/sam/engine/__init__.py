"""Segment Anything itself: encoder, prompts, masks and how they become a label map."""
