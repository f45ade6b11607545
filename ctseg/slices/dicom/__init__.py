"""DICOM CT: from files to one stack in HU."""
