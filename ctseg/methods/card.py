"""The import that other packages were told to use; the code is in ``ctseg.methods.base.card``."""

from ctseg.methods.base.card import Card, Family, Saw

__all__ = ["Card", "Family", "Saw"]
