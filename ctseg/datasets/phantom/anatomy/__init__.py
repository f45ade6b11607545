"""Organs as layers of paint, in mm about the centre of a reference body.

The reference body's muscular wall is an oval of 150 mm x 100 mm half axes; x runs to the patient's left, y to
the back. The frame stretches, bends, tilts and shifts it.
"""
