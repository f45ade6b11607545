"""Methods of one network, and connected regions of its foreground."""
