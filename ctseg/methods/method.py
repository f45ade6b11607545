"""The import that other packages were told to use; the code is in ``ctseg.methods.base.method``."""

from ctseg.methods.base.method import Method, NeverStop, Progress, StopFlag, Stopped, ignore_progress

__all__ = ["Method", "NeverStop", "Progress", "StopFlag", "Stopped", "ignore_progress"]
