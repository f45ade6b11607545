"""Which slices make one stack, in which order, and what is told of those that do not."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import ct_dataset, stored_values, write, write_ct
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import EnhancedCTImageStorage

from ctseg.slices import Stack
from ctseg.slices.decode import decode

pytestmark = pytest.mark.filterwarnings("ignore")


def marked(value: int) -> Any:
    pixels = stored_values(8, 6)
    pixels[0, 0] = value
    return pixels


def series(folder: Path, slices: list[dict[str, Any]]) -> list[Path]:
    """One file for each; ``mark`` is its first value, ``z`` its height."""
    paths = []
    for number, each in enumerate(slices):
        elements = dict(each)
        mark = elements.pop("mark", number)
        if "z" in elements:
            elements["ImagePositionPatient"] = [0, 0, elements.pop("z")]
        paths.append(
            write_ct(folder / f"{number:03d}", marked(mark), **{"InstanceNumber": number} | elements)
        )
    return paths


def firsts(stack: Stack) -> list[int]:
    return (stack.pixels[:, 0, 0].astype(int) + 1024).tolist()


def two_phases(keyword: str, values: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [
        {"mark": 1000 * phase + z, "z": z, keyword: value}
        for phase, value in enumerate(values)
        for z in (0, 5, 10)
    ]


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("AcquisitionNumber", (1, 2)),
        ("TemporalPositionIdentifier", (1, 2)),
        ("NominalPercentageOfCardiacPhase", (40, 75)),
        ("TriggerTime", (120, 610)),
        ("EchoNumbers", (1, 2)),
        ("KVP", (80, 140)),
        ("ConvolutionKernel", ("B30f", "B70f")),
        ("ImageType", (["DERIVED", "PRIMARY", "AXIAL"], ["ORIGINAL", "PRIMARY", "AXIAL"])),
        ("SliceThickness", (1.25, 5)),
        ("AcquisitionTime", ("101500", "101630.5")),
        ("ContentTime", ("101500", "101630.5")),
        ("PatientComments", ("nothing tells", "them apart")),
    ],
)
def test_two_phases_in_one_series_are_not_mixed(
    keyword: str, values: tuple[Any, Any], tmp_path: Path
) -> None:
    files = series(tmp_path, two_phases(keyword, values))
    for order in (files, files[::-1], [*files[::2], *files[1::2]]):
        stack = decode(order)
        assert firsts(stack) == [0, 5, 10]
        assert stack.note is not None
        assert "2 sets of slices" in stack.note
        assert "3 others were left out" in stack.note


def test_phases_that_interleave_are_not_mixed(tmp_path: Path) -> None:
    files = series(
        tmp_path,
        [
            {"mark": 100 * phase + k, "z": 5 * k + 2.5 * phase, "AcquisitionNumber": phase + 1}
            for phase in (0, 1)
            for k in range(4)
        ],
    )
    stack = decode(files)
    assert firsts(stack) == [0, 1, 2, 3]
    assert "AcquisitionNumber" in (stack.note or "")


@pytest.mark.parametrize("own_time", [True, False], ids=["a time each", "a time a phase"])
@pytest.mark.parametrize("keyword", ["AcquisitionTime", "ContentTime", "TriggerTime"])
def test_phases_at_half_steps_that_only_time_tells_apart_are_said(
    keyword: str, own_time: bool, tmp_path: Path
) -> None:
    """They stay one stack, as a scanner may also take every second slice first."""
    slices = [
        {"mark": 100 * phase + k, "z": 5 * k + 2.5 * phase, keyword: f"1015{10 * phase + own_time * k:02d}"}
        for phase in (0, 1)
        for k in range(5)
    ]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [0, 100, 1, 101, 2, 102, 3, 103, 4, 104]
    assert "taken in 2 passes over the same range" in (stack.note or "")


@pytest.mark.parametrize("per_rotation", [1, 4])
def test_step_and_shoot_is_one_stack(per_rotation: int, tmp_path: Path) -> None:
    files = series(
        tmp_path,
        [
            {"z": k, "AcquisitionNumber": k // per_rotation, "AcquisitionTime": f"1015{k:02d}"}
            for k in range(12)
        ],
    )
    stack = decode(files)
    assert firsts(stack) == list(range(12))
    assert stack.notes == ()


def test_step_and_shoot_of_two_phases(tmp_path: Path) -> None:
    files = series(
        tmp_path,
        [
            {"mark": 100 * phase + k, "z": k, "AcquisitionNumber": 3 * phase + k // 4}
            for phase in (0, 1)
            for k in range(12)
        ],
    )
    assert firsts(decode(files)) == list(range(12))


def test_times_that_differ_with_every_slice_lose_none(tmp_path: Path) -> None:
    files = series(
        tmp_path,
        [{"z": k, "TriggerTime": 600 + k % 2, "AcquisitionTime": f"1015{k % 3:02d}"} for k in range(9)],
    )
    stack = decode(files)
    assert len(stack) == 9
    assert stack.notes == ()


def test_one_place_over_time_is_kept_whole(tmp_path: Path) -> None:
    files = series(tmp_path, [{"mark": 9 - k, "z": 7, "AcquisitionTime": f"10150{9 - k}"} for k in range(5)])
    stack = decode(files)
    assert firsts(stack) == [5, 6, 7, 8, 9]
    assert "one place" in (stack.note or "")


def test_the_same_files_twice_are_read_once(tmp_path: Path) -> None:
    files = series(tmp_path, [{"z": 5 * k} for k in range(3)])
    stack = decode([*files, *files])
    assert firsts(stack) == [0, 1, 2]
    assert "3 of 6 images are copies" in (stack.note or "")


def test_one_name_for_slices_that_differ_loses_none(tmp_path: Path) -> None:
    files = series(tmp_path, [{"z": 5 * k, "SOPInstanceUID": "1.2.3"} for k in range(3)])
    stack = decode(files)
    assert firsts(stack) == [0, 1, 2]
    assert "SOPInstanceUID of another" in (stack.note or "")


def test_copies_under_new_names_are_left_out(tmp_path: Path) -> None:
    files = series(tmp_path, [{"z": 5 * (k % 3), "mark": k % 3} for k in range(6)])
    stack = decode(files)
    assert firsts(stack) == [0, 1, 2]
    assert "2 sets" in (stack.note or "")


@pytest.mark.parametrize("around", [0.0, 0.005, 0.015, 0.105, 0.5])
def test_directions_that_differ_by_rounding_are_one(around: float, tmp_path: Path) -> None:
    slices = []
    for k in range(8):
        sine = around + (1e-4 if k % 2 else -1e-4)
        cosine = math.sqrt(1 - sine**2)
        direction = [f"{x:.8f}" for x in (cosine, sine, 0, -sine, cosine, 0)]
        slices.append({"z": 2 * k, "ImageOrientationPatient": direction})
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == list(range(8))
    assert stack.notes == ()


def test_directions_a_degree_apart_are_two(tmp_path: Path) -> None:
    tilted = [1, 0, 0, 0, math.cos(math.radians(1)), math.sin(math.radians(1))]
    slices: list[dict[str, Any]] = [{"z": k} for k in range(4)]
    slices += [{"z": k + 0.5, "ImageOrientationPatient": tilted} for k in range(3)]
    stack = decode(series(tmp_path, slices))
    assert len(stack) == 4
    assert "2 series" in (stack.note or "")


AXIAL = [
    [1, 0, 0, 0, 1, 0],  # supine
    [-1, 0, 0, 0, 1, 0],  # seen from above
    [1, 0, 0, 0, -1, 0],  # prone, seen from above
    [-1, 0, 0, 0, -1, 0],  # prone
    [0, 1, 0, -1, 0, 0],  # decubitus
    [0, -1, 0, 1, 0, 0],
    [0, 1, 0, 1, 0, 0],
    [0, -1, 0, -1, 0, 0],
]
TILTED = [
    [sx, 0, 0, 0, sy * math.cos(angle), math.sin(angle)]
    for sx, sy, angle in itertools.product((1, -1), (1, -1), (-0.5, 0.3))
]


@pytest.mark.parametrize("direction", AXIAL + TILTED)
@pytest.mark.parametrize("upwards", [True, False])
def test_feet_come_first_however_slices_are_seen(
    direction: list[float], upwards: bool, tmp_path: Path
) -> None:
    heights = [3 * k for k in range(4)]
    given_in = heights if upwards else heights[::-1]
    files = series(tmp_path, [{"mark": z, "z": z, "ImageOrientationPatient": direction} for z in given_in])
    stack = decode(files)
    assert firsts(stack) == heights
    assert stack.notes == ()
    assert stack.affines is not None
    assert stack.affines[:, 2, 3].tolist() == heights
    # The third axis of each affine leads to the next slice's side.
    assert stack.affines[0, 2, 2] > 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(7)), start=st.sampled_from([-300.0, 0.0, 0.1]))
def test_order_of_files_does_not_matter(
    order: list[int], start: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("series")
    files = series(folder, [{"z": round(start + 0.7 * k, 4)} for k in range(7)])
    stack = decode([files[k] for k in order])
    assert firsts(stack) == list(range(7))
    assert stack.notes == ()


def test_missing_slices_are_told_with_their_numbers(tmp_path: Path) -> None:
    stack = decode(series(tmp_path, [{"z": z} for z in (0, 5, 10, 20, 25, 40)]))
    assert stack.notes == (
        "Slices seem to be missing: 10 mm between slices 3 and 4 and 15 mm between slices 5 and 6, where the "
        "usual step is 5 mm.",
    )


def test_uneven_steps_are_told_with_their_numbers(tmp_path: Path) -> None:
    stack = decode(series(tmp_path, [{"z": z} for z in (0, 5, 10.5, 15, 20)]))
    assert stack.notes == ("The steps between slices are uneven: from 4.5 to 5.5 mm.",)


def test_positions_rounded_to_a_hundredth_are_even(tmp_path: Path) -> None:
    assert decode(series(tmp_path, [{"z": round(k * 0.625, 2)} for k in range(9)])).notes == ()


def test_without_positions_slice_location_decides(tmp_path: Path) -> None:
    slices = [{"ImagePositionPatient": None, "SliceLocation": s, "mark": s} for s in (20, 0, 10)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [0, 10, 20]
    assert stack.affines is None
    assert "order of their SliceLocation" in (stack.note or "")


def test_without_any_place_the_numbers_decide_and_a_note_says_so(tmp_path: Path) -> None:
    slices = [{"ImagePositionPatient": None, "InstanceNumber": n, "mark": n} for n in (3, 1, 2)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [1, 2, 3]
    assert "order of their InstanceNumber" in (stack.note or "")


def test_positions_without_directions_order_too(tmp_path: Path) -> None:
    slices = [{"z": z, "mark": z, "ImageOrientationPatient": None} for z in (20, 0, 10)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [0, 10, 20]
    assert stack.affines is None


@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        ({"RescaleSlope": None, "RescaleIntercept": None}, "Hounsfield units"),
        ({"RescaleIntercept": None}, "Hounsfield units"),
        ({"RescaleSlope": 0}, "Hounsfield units"),
        ({"RescaleType": "ED"}, "Hounsfield units"),
        ({"ImagePositionPatient": None}, "where they lie"),
        ({"PixelSpacing": [0.6, 0.6]}, "pixels of another size"),
        ({"PixelSpacing": None}, "pixels of another size"),
    ],
)
def test_a_slice_that_lacks_a_fact_is_left_out(lacking: dict[str, Any], reason: str, tmp_path: Path) -> None:
    slices = [{"ImagePositionPatient": [0, 0, k]} | (lacking if k == 2 else {}) for k in range(6)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [0, 1, 3, 4, 5]
    assert stack.intensity == "HU"
    assert "1 of 6 slices were left out" in (stack.note or "")
    assert reason in (stack.note or "")


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    files = [
        write_ct(
            tmp_path / str(k),
            marked(0),
            ImagePositionPatient=[0, 0, k],
            RescaleSlope=1 + k,
            RescaleIntercept=-1000 - k,
        )
        for k in range(4)
    ]
    assert decode(files).pixels[:, 0, 0].tolist() == [-1000, -1001, -1002, -1003]


def item(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def enhanced(path: Path, frames: list[dict[str, Any]], dimensions: list[str], **shared: Any) -> Path:
    """An enhanced file; a frame has ``mark``, ``z`` and what belongs into FrameContentSequence."""
    pixels = np.stack([marked(frame["mark"]) for frame in frames])
    dataset = ct_dataset(pixels, SOPClassUID=EnhancedCTImageStorage, NumberOfFrames=len(frames))
    for keyword in ("ImageOrientationPatient", "ImagePositionPatient"):
        delattr(dataset, keyword)
    common = item(PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]))
    for keyword, value in shared.items():
        setattr(common, keyword, value)
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    dataset.DimensionIndexSequence = Sequence([item(DimensionIndexPointer=Tag(each)) for each in dimensions])
    groups = []
    for frame in frames:
        content = {key: value for key, value in frame.items() if key not in ("mark", "z")}
        group = item(FrameContentSequence=Sequence([item(**content)]))
        if "z" in frame:
            group.PlanePositionSequence = Sequence([item(ImagePositionPatient=[0, 0, frame["z"]])])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return write(dataset, path)


@pytest.mark.parametrize("pointer", ["TemporalPositionIndex", "ConvolutionKernel", "AcquisitionNumber"])
def test_enhanced_frames_are_told_apart_by_their_dimension_index(pointer: str, tmp_path: Path) -> None:
    frames = [
        {"mark": 100 * phase + z, "z": z, "DimensionIndexValues": [phase + 1, k + 1]}
        for k, z in enumerate((10, 5, 0))
        for phase in (1, 0)
    ]
    stack = decode([enhanced(tmp_path / "a", frames, [pointer, "ImagePositionPatient"])])
    assert firsts(stack) == [0, 5, 10]
    assert pointer in (stack.note or "")


def test_enhanced_stacks_are_not_mixed(tmp_path: Path) -> None:
    frames = [{"mark": z, "z": z, "StackID": "1" if z < 20 else "2"} for z in (0, 5, 10, 20, 25)]
    stack = decode([enhanced(tmp_path / "a", frames, ["StackID"])])
    assert firsts(stack) == [0, 5, 10]
    assert "2 series" in (stack.note or "")


def test_enhanced_without_positions_goes_by_the_place_in_the_stack(tmp_path: Path) -> None:
    frames = [{"mark": n, "InStackPositionNumber": n, "StackID": "1"} for n in (3, 1, 2)]
    stack = decode([enhanced(tmp_path / "a", frames, ["InStackPositionNumber"])])
    assert firsts(stack) == [1, 2, 3]
    assert stack.affines is None
    assert "InStackPositionNumber" in (stack.note or "")


def test_frames_without_positions_of_their_own_do_not_lie_at_the_first(tmp_path: Path) -> None:
    frames = np.stack([marked(k) for k in (4, 2, 3)])
    stack = decode([write(ct_dataset(frames, NumberOfFrames=3), tmp_path / "a")])
    assert firsts(stack) == [4, 2, 3]
    assert stack.affines is None
    assert "do not say where" in (stack.note or "")


def test_a_table_of_contents_beside_a_series_is_not_told(tmp_path: Path) -> None:
    files = series(tmp_path, [{"z": 5 * k} for k in range(3)])
    contents = write_ct(tmp_path / "DICOMDIR", SOPClassUID="1.2.840.10008.1.3.10", Modality=None)
    assert decode([contents, *files]).notes == ()


@pytest.mark.parametrize("keyword", ["AcquisitionTime", "AcquisitionDateTime", "ContentTime"])
def test_a_shorter_scan_before_the_whole_one_is_not_mixed_into_it(keyword: str, tmp_path: Path) -> None:
    stamps = ("20260101101500", "20260101101600") if "Date" in keyword else ("101500", "101600")
    files = series(
        tmp_path,
        [{"mark": z, "z": z, keyword: stamps[0]} for z in (5, 10)]
        + [{"mark": 1000 + z, "z": z, keyword: stamps[1]} for z in (0, 5, 10, 15)],
    )
    stack = decode(files)
    assert firsts(stack) == [1000, 1005, 1010, 1015]
    assert "2 others were left out" in (stack.note or "")


@pytest.mark.parametrize("upwards", [(True, True), (False, False)])
def test_runs_through_the_body_that_no_tag_tells_apart_are_not_mixed(
    upwards: tuple[bool, bool], tmp_path: Path
) -> None:
    runs = [sorted(run, reverse=not up) for run, up in zip([(5, 10), (0, 5, 10, 15)], upwards, strict=True)]
    marks = [{"mark": 1000 * number + z, "z": z} for number, run in enumerate(runs) for z in run]
    assert firsts(decode(series(tmp_path, marks))) == [1000, 1005, 1010, 1015]


@pytest.mark.parametrize("second", [None, 2])
def test_scans_that_meet_at_one_place_are_one_stack(second: int | None, tmp_path: Path) -> None:
    """The last slice of one table position is the first of the next."""
    first = [{"mark": z, "z": z, "AcquisitionNumber": second and 1} for z in (0, 5, 10, 15)]
    then = [{"mark": 1000 + z, "z": z, "AcquisitionNumber": second} for z in (15, 20, 25, 30)]
    stack = decode(series(tmp_path, first + then))
    assert firsts(stack) == [0, 5, 10, 15, 1020, 1025, 1030]
    assert "1 others were left out" in (stack.note or "")


def test_scans_that_share_several_places_are_not_mixed(tmp_path: Path) -> None:
    first = [{"mark": z, "z": z} for z in (0, 5, 10, 15)]
    then = [{"mark": 1000 + z, "z": z} for z in (10, 15, 20, 25, 30)]
    assert firsts(decode(series(tmp_path, first + then))) == [1010, 1015, 1020, 1025, 1030]


def test_places_that_differ_by_less_than_a_slice_can_are_one(tmp_path: Path) -> None:
    files = series(
        tmp_path,
        [
            {"mark": 1000 * phase + z, "z": z + 0.03 * phase, "SliceThickness": 5}
            for phase in (0, 1)
            for z in (0, 5, 10, 15)
        ],
    )
    assert firsts(decode(files)) == [0, 5, 10, 15]


def test_a_thickness_far_from_the_steps_makes_no_places_one(tmp_path: Path) -> None:
    files = series(tmp_path, [{"mark": k, "z": 0.1 * k, "SliceThickness": 50} for k in range(9)])
    assert firsts(decode(files)) == list(range(9))


def halves(first: dict[str, Any], second: dict[str, Any], shift: float = 2.5) -> list[dict[str, Any]]:
    """Two sets of slices, the second ``shift`` mm further, that differ in these elements."""
    return [
        {"mark": 100 * number + k, "ImagePositionPatient": [0, 0, 5 * k + shift * number], **elements}
        for number, elements in enumerate((first, second))
        for k in range(5)
    ]


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"FrameOfReferenceUID": "1.2.3"}, {"FrameOfReferenceUID": "1.2.4"}, "hold 2 series"),
        ({"StudyInstanceUID": "1.2.3"}, {"StudyInstanceUID": "1.2.4"}, "hold 2 series"),
        (
            {"SeriesInstanceUID": None, "SeriesNumber": 2},
            {"SeriesInstanceUID": None, "SeriesNumber": 3},
            "hold 2 series",
        ),
        ({"SeriesDescription": "arterial"}, {"SeriesDescription": "venous"}, "apart by SeriesDescription"),
        ({"ScanOptions": "AXIAL"}, {"ScanOptions": "HELICAL"}, "apart by ScanOptions"),
        ({"ImageComments": "exp"}, {"ImageComments": "insp"}, "apart by ImageComments"),
        ({"SliceThickness": 5}, {"SliceThickness": 3}, "apart by SliceThickness"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
@pytest.mark.parametrize("shift", [0.0, 2.5])
def test_what_else_tells_sets_apart(
    first: dict[str, Any], second: dict[str, Any], why: str, shift: float, tmp_path: Path
) -> None:
    files = series(tmp_path, halves(first, second, shift))
    for order in (files, [*files[::2], *files[1::2]]):
        stack = decode(order)
        assert len(stack) == 5
        assert len({mark // 100 for mark in firsts(stack)}) == 1
        assert why in (stack.note or "")


@pytest.mark.parametrize("shift", [0.0, 2.5, 30.0])
def test_left_and_right_ear_are_not_mixed(shift: float, tmp_path: Path) -> None:
    slices = halves({}, {}, shift)
    for each in slices:
        each["ImagePositionPatient"][0] = 40 if each["mark"] < 100 else -60
    files = series(tmp_path, slices)
    for order in (files, files[::-1]):
        stack = decode(order)
        if shift == 30:
            assert len(stack) == 10
            continue
        assert firsts(stack) == [100, 101, 102, 103, 104]
        assert "the part of the body" in (stack.note or "")


def test_passes_over_one_range_that_only_numbers_tell_apart_are_said(tmp_path: Path) -> None:
    stack = decode(series(tmp_path, halves({}, {})))
    assert firsts(stack) == [0, 100, 1, 101, 2, 102, 3, 103, 4, 104]
    assert "taken in 2 passes" in (stack.note or "")


@pytest.mark.parametrize(
    ("keyword", "usual", "other"),
    [
        ("ImageType", ["ORIGINAL", "PRIMARY", "AXIAL"], ["ORIGINAL", "PRIMARY", "AXIAL", "SPI"]),
        ("FilterType", "BODY", "LARGE"),
        ("SliceThickness", 1.25, 1.5),
        ("StudyInstanceUID", "1.2", None),
        ("FrameOfReferenceUID", "1.2", None),
        ("StudyInstanceUID", None, None),
    ],
)
def test_slices_without_which_others_would_be_missing_are_kept(
    keyword: str, usual: Any, other: Any, tmp_path: Path
) -> None:
    slices = [{"z": k, keyword: other if k % 3 == 1 else usual} for k in range(10)]
    if keyword == "StudyInstanceUID" and usual is None:  # each its own, as after careless anonymisation
        slices = [{"z": k, keyword: f"1.2.{k}"} for k in range(10)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == list(range(10))
    assert stack.notes == ()


def test_series_named_for_each_image_are_one_by_their_number(tmp_path: Path) -> None:
    slices = [{"z": k, "SeriesInstanceUID": f"1.2.{k}", "SeriesNumber": 4} for k in range(5)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == list(range(5))
    assert "by number they are one" in (stack.note or "")


def test_one_position_in_every_file_is_no_place_where_locations_differ(tmp_path: Path) -> None:
    slices = [{"z": 0, "SliceLocation": -3.0 * k} for k in range(4)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [3, 2, 1, 0]
    assert stack.affines is None
    assert "SliceLocation" in (stack.note or "")


@pytest.mark.parametrize(
    "others",
    [
        {"PatientID": "2"},
        {"PatientID": None, "PatientName": "Roe^Jim"},
        {"PatientID": "ANON", "PatientBirthDate": "19700101"},
    ],
)
def test_patients_whose_series_have_one_name_are_not_mixed(others: dict[str, Any], tmp_path: Path) -> None:
    number = others["PatientID"] and "ANON"
    one = {"PatientID": number, "PatientBirthDate": "19610101", "StudyInstanceUID": "1.2"}
    slices = [{"mark": z, "z": z, **one} for z in range(0, 25, 5)]
    slices += [{"mark": 1000 + z, "z": z + 2.5, **one, **others} for z in range(0, 15, 5)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == [0, 5, 10, 15, 20]
    assert any("several patients" in note for note in stack.notes)
    assert any("2 series" in note for note in stack.notes)
    told = repr(stack.notes) + repr(stack.facts())
    assert not any(word in told for word in ("ANON", "Doe", "Roe", "1961"))


@pytest.mark.parametrize(
    "named",
    [
        [{"PatientName": "Doe^Jane"}, {"PatientName": "DOE^JANE^^"}],
        [{"PatientID": "4711"}, {"PatientID": "4711 "}],
        [{"PatientID": "4711"}, {"PatientID": None}],
        [{"PatientID": str(number)} for number in range(6)],  # drawn anew for each file
    ],
)
def test_one_patient_written_in_several_ways_is_one(named: list[dict[str, Any]], tmp_path: Path) -> None:
    slices = [{"z": 5 * number, **named[number % len(named)]} for number in range(6)]
    stack = decode(series(tmp_path, slices))
    assert firsts(stack) == list(range(6))
    assert stack.notes == ()
