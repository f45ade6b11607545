"""Values of data elements as they were written: wrong types and decimal commas included, guesses excluded."""

import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement

_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_UNTYPED = ("UN", "OB", "OW")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
# 1,024 may be a little more than one, or a thousand and twenty-four.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_MAX_VALUES = 64


def numbers(dataset: Dataset, keyword: str, count: int) -> NDArray[np.float64] | None:
    """The first ``count`` values of an element, whatever type the file gives it.

    A comma is the decimal point where it can be nothing else: the standard allows it in no number (PS3.5
    6.2, DS and IS).

    Returns
    -------
    ndarray of float64, shape (count,), or None where the element is absent, has fewer values, or one that is
    not a finite number
    """
    parts = _parts(dataset, keyword)
    found = [_number(part, dataset) for part in parts[:count]]
    if len(found) < count or any(number is None or not np.isfinite(number) for number in found):
        return None
    return np.array(found, np.float64)


def all_numbers(dataset: Dataset, keyword: str) -> NDArray[np.float64] | None:
    """All values of an element, as `numbers` reads them: of contours there may be very many.

    Returns
    -------
    ndarray of float64, shape (N,), empty where the element is absent; None where one is no finite number
    """
    parts = _parts(dataset, keyword, None)
    try:
        found = np.array(parts, np.float64)
    except (TypeError, ValueError):
        found = np.array([_number(part, dataset) for part in parts], np.float64)  # None becomes NaN
    return found if np.isfinite(found).all() else None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """The first value of an element as an integer, None where it is absent or none."""
    found = numbers(dataset, keyword, 1)
    return int(found[0]) if found is not None and float(found[0]).is_integer() else None


def text(dataset: Dataset, keyword: str) -> str | None:
    """All of an element as text, for comparing with the same element of other files; None where absent."""
    joined = "\\".join(str(part).strip(" \0") for part in _parts(dataset, keyword))
    return joined or None


def present(dataset: Dataset, keyword: str) -> bool:
    """Whether the element is there and not empty."""
    return bool(_parts(dataset, keyword))


def _parts(dataset: Dataset, keyword: str, most: int | None = _MAX_VALUES) -> list[Any]:
    """The values of an element: numbers, or text not understood yet."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in dataset:
        return []
    element = dataset.get_item(tag)
    if isinstance(element, RawDataElement):
        return _raw_parts(element, keyword, most)
    value = element.value
    if value is None:
        return []
    if isinstance(value, bytes):
        return _split(value.decode("latin-1"), most)
    if isinstance(value, str):
        return _split(value, most)
    return list(value)[:most] if hasattr(value, "__iter__") else [value]


def _raw_parts(element: RawDataElement, keyword: str, most: int | None) -> list[Any]:
    value = element.value or b""
    vr = element.VR if element.VR not in (None, *_UNTYPED) else _vr_of(keyword)
    code = _BINARY.get(str(vr))
    if code is None:
        return _split(value.decode("latin-1"), most)
    order = "<" if element.is_little_endian else ">"
    size = struct.calcsize(order + code)
    count = len(value) // size if most is None else min(len(value) // size, most)
    return list(struct.unpack_from(f"{order}{count}{code}", value))


def _vr_of(keyword: str) -> str:
    # Elements that may be either are read as unsigned; who knows better corrects the sign.
    return dictionary_VR(keyword).split(" or ")[0]


def _split(value: str, most: int | None = _MAX_VALUES) -> list[str]:
    stripped = value.strip(" \0\t\r\n")
    return [part.strip(" \0\t\r\n") for part in stripped.split("\\")[:most]] if stripped else []


def _number(part: Any, dataset: Dataset) -> float | None:
    if not isinstance(part, str):
        try:
            return float(part)
        except (TypeError, ValueError):
            return None
    if not _NUMBER.fullmatch(part):
        return None
    if _THOUSANDS.fullmatch(part) and not _writes_decimal_commas(dataset):
        return None
    return float(part.replace(",", "."))


def _writes_decimal_commas(dataset: Dataset) -> bool:
    """Whether another number of the data set has a comma that can only be a decimal one."""
    for element in dataset.values():
        if isinstance(element, RawDataElement) and element.VR in ("DS", None) and element.value:
            for part in _split(element.value[:1024].decode("latin-1")):
                if "," in part and _NUMBER.fullmatch(part) and not _THOUSANDS.fullmatch(part):
                    return True
    return False
