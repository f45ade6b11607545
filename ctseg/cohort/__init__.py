"""Folders and splits as a whole: every slice of every patient segmented, measured and scored."""
