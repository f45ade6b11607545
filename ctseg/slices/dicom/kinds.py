"""Which DICOM objects are CT slices, and a sentence for each kind that is not."""

from pydicom import Dataset
from pydicom.uid import UID

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.values import whole

_CT = {
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

_CHOOSE_CT = "choose a CT slice instead"
# By the beginning of the SOP class, most special first.
_BY_CLASS = {
    "1.2.840.10008.1.3.10": (
        "a DICOMDIR, a table of contents without images; choose the image files that lie beside it"
    ),
    "1.2.840.10008.5.1.4.1.1.66.4": (
        "a segmentation (SEG): it marks structures in another series; choose the CT series itself"
    ),
    "1.2.840.10008.5.1.4.1.1.66.1": "a spatial registration, not an image; choose the CT series itself",
    "1.2.840.10008.5.1.4.1.1.66.5": "a surface model, not an image; choose the CT series itself",
    "1.2.840.10008.5.1.4.1.1.88": "a report (SR), not an image; choose a slice of the CT series",
    "1.2.840.10008.5.1.4.1.1.104": "a packed document, not an image; choose a slice of the CT series",
    "1.2.840.10008.5.1.4.1.1.9": "a waveform such as an ECG, not an image; choose a CT slice",
    "1.2.840.10008.5.1.4.1.1.11": "a presentation state, not an image; choose a slice of the CT series",
    "1.2.840.10008.5.1.4.1.1.30": "a parametric map, not a CT slice; choose the CT series itself",
    "1.2.840.10008.5.1.4.39": "a colour palette, not an image; choose a CT slice",
    "1.2.840.10008.5.1.4.1.1.481.1": f"a radiotherapy portal image, not a CT slice; {_CHOOSE_CT}",
    "1.2.840.10008.5.1.4.1.1.481.2": (
        "a radiotherapy dose distribution (RTDOSE); choose the planning CT it belongs to"
    ),
    "1.2.840.10008.5.1.4.1.1.481.3": (
        "a radiotherapy structure set (RTSTRUCT): contours without an image; "
        "choose the CT series they belong to"
    ),
    "1.2.840.10008.5.1.4.1.1.481": "a radiotherapy plan (RTPLAN), not an image; choose the planning CT",
    "1.2.840.10008.5.1.4.34": "a radiotherapy plan (RTPLAN), not an image; choose the planning CT",
}
_BY_MODALITY = {
    "MR": f"a magnetic resonance (MR) image, which has no Hounsfield units; {_CHOOSE_CT}",
    "CR": f"a plain radiograph (CR), not a slice through the body; {_CHOOSE_CT}",
    "DX": f"a plain radiograph (DX), not a slice through the body; {_CHOOSE_CT}",
    "RG": f"a plain radiograph, not a slice through the body; {_CHOOSE_CT}",
    "MG": f"a mammogram (MG), not a CT slice; {_CHOOSE_CT}",
    "PX": f"a dental panoramic radiograph, not a CT slice; {_CHOOSE_CT}",
    "IO": f"a dental radiograph, not a CT slice; {_CHOOSE_CT}",
    "RF": f"a fluoroscopy image (RF), not a CT slice; {_CHOOSE_CT}",
    "XA": f"an angiography image (XA), not a CT slice; {_CHOOSE_CT}",
    "US": f"an ultrasound image (US), not a CT slice; {_CHOOSE_CT}",
    "IVUS": f"an ultrasound image (IVUS), not a CT slice; {_CHOOSE_CT}",
    "PT": "a PET image (PT); choose the CT series of the same examination",
    "NM": "a nuclear medicine image (NM); choose a CT slice instead",
    "SM": f"a microscopy image (SM), not a CT slice; {_CHOOSE_CT}",
    "XC": f"a photograph, not a CT slice; {_CHOOSE_CT}",
    "ES": f"an endoscopy image, not a CT slice; {_CHOOSE_CT}",
    "OP": f"a photograph of an eye, not a CT slice; {_CHOOSE_CT}",
    "OPT": f"an optical tomogram of an eye, not a CT slice; {_CHOOSE_CT}",
    "RTIMAGE": f"a radiotherapy portal image, not a CT slice; {_CHOOSE_CT}",
    "RTDOSE": "a radiotherapy dose distribution (RTDOSE); choose the planning CT it belongs to",
    "RTSTRUCT": "a radiotherapy structure set (RTSTRUCT); choose the CT series its contours belong to",
    "RTPLAN": "a radiotherapy plan (RTPLAN), not an image; choose the planning CT",
    "SEG": "a segmentation (SEG): it marks structures in another series; choose the CT series itself",
    "SR": "a report (SR), not an image; choose a slice of the CT series",
    "KO": "a note on key images, not an image; choose a slice of the CT series",
    "PR": "a presentation state, not an image; choose a slice of the CT series",
    "DOC": "a packed document, not an image; choose a slice of the CT series",
    "ECG": "a waveform such as an ECG, not an image; choose a CT slice",
    "REG": "a spatial registration, not an image; choose the CT series itself",
}
_CAPTURE = (
    "This DICOM file is a secondary capture (a screenshot or scan), whose grey levels are not Hounsfield "
    "units; choose the original CT series, or export the image as PNG."
)
_COLOUR = (
    "This DICOM file holds a colour image, as screenshots and renderings are; choose a slice of the "
    "original CT series."
)
_SCOUT = (
    "This DICOM file is a scout view (localizer), not a slice through the body; choose a slice of the CT "
    "series."
)
_NO_IMAGE = "This DICOM file holds no image; choose a slice of the CT series."


_MODALITY_OF_CLASS = {
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.1.2": "MG",
    "1.2.840.10008.5.1.4.1.1.1.3": "IO",
    "1.2.840.10008.5.1.4.1.1.1.1": "DX",
    "1.2.840.10008.5.1.4.1.1.1": "CR",
    "1.2.840.10008.5.1.4.1.1.3.1": "US",
    "1.2.840.10008.5.1.4.1.1.6": "US",
    "1.2.840.10008.5.1.4.1.1.12.1": "XA",
    "1.2.840.10008.5.1.4.1.1.12.2": "RF",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
    "1.2.840.10008.5.1.4.1.1.128": "PT",
    "1.2.840.10008.5.1.4.1.1.130": "PT",
}


def check_is_ct(dataset: Dataset) -> None:
    """Raise a SliceError that names what the DICOM object is, unless it is a grey CT image."""
    sop_class = str(dataset.get("SOPClassUID") or "")
    modality = str(dataset.get("Modality") or "").strip().upper()
    coloured = (whole(dataset, "SamplesPerPixel") or 1) != 1
    coloured |= dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
    if not is_ct_class(dataset):
        _refuse_known_class(sop_class)
        _refuse_other_modality(sop_class, modality or _modality_of(sop_class), coloured)
    if "Rows" not in dataset or "Columns" not in dataset:
        raise SliceError(_NO_IMAGE)
    if coloured:
        raise SliceError(_COLOUR)
    if _is_scout(dataset):
        raise SliceError(_SCOUT)


def is_ct_class(dataset: Dataset) -> bool:
    """Whether the object is of a class whose rescaled numbers are HU by definition."""
    return str(dataset.get("SOPClassUID") or "") in _CT


def _is_scout(dataset: Dataset) -> bool:
    """Whether ImageType calls the image a localizer."""
    kinds = dataset.get("ImageType") or []
    return "LOCALIZER" in ([kinds] if isinstance(kinds, str) else list(kinds))


def _begins_with(sop_class: str, beginning: str) -> bool:
    return sop_class == beginning or sop_class.startswith(beginning + ".")


def _modality_of(sop_class: str) -> str:
    found = (name for beginning, name in _MODALITY_OF_CLASS.items() if _begins_with(sop_class, beginning))
    return next(found, "")


def _refuse_known_class(sop_class: str) -> None:
    for beginning, name in _BY_CLASS.items():
        if _begins_with(sop_class, beginning):
            raise SliceError(f"This DICOM file is {name}.")


def _refuse_other_modality(sop_class: str, modality: str, coloured: bool) -> None:
    if modality == "CT":
        return
    if modality in _BY_MODALITY:
        raise SliceError(f"This DICOM file is {_BY_MODALITY[modality]}.")
    if _begins_with(sop_class, _SECONDARY_CAPTURE):
        raise SliceError(_COLOUR if coloured else _CAPTURE)
    if not sop_class and not modality:
        raise SliceError("This DICOM file does not say what it holds; export the CT series again.")
    name = UID(sop_class).name if sop_class else ""
    if name in ("", sop_class):
        name = "an unknown kind of object"
    raise SliceError(f"This DICOM file is not a CT slice but “{name}”; {_CHOOSE_CT}.")
