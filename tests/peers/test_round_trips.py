"""What is written lies at the same place for SimpleITK, nibabel and highdicom, and what they write for us."""

import itertools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its own habit
from numpy.typing import NDArray
from pydicom.data import get_testdata_file

from ctseg.labelmaps import LabelMapError
from ctseg.labelmaps.files import (
    read_label_map,
    read_placed_label_map,
    write_dicom_seg,
    write_metaimage,
    write_nifti,
    write_seg_nrrd,
)
from ctseg.slices import CTSlice, read_identity
from ctseg.slices.decode import decode, decode_one
from ctseg.slices.geometry import Geometry
from ctseg.slices.laying import UNKNOWN_PLACE

HEAD = Path(str(get_testdata_file("CT_small.dcm")))
VOXELS = (np.arange(4 * 6 * 5).reshape(4, 6, 5) * 7 - 1000).astype(np.int16)


def marked(ct_slice: CTSlice) -> NDArray[np.int32]:
    labels = np.zeros(ct_slice.shape, np.int32)
    labels[10:40, 20:60], labels[70:90, 5:100], labels[100:, 100:] = 1, 7, 300
    return labels


def oblique(seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * [0.8, 0.7, 3.0]
    affine[:3, 3] = rng.uniform(-300, 300, 3)
    return affine


def write(path: Path, labels: NDArray[Any], geometry: Geometry) -> None:
    if path.suffix == ".mha":
        write_metaimage(path, labels, geometry)
    elif path.suffix == ".nrrd":
        write_seg_nrrd(path, labels, geometry, {7: "liver\n:=x"})
    else:
        write_nifti(path, labels, geometry.affine, geometry.spacing_mm, geometry.grid)


@pytest.mark.parametrize("name", ["l.nii.gz", "l.seg.nrrd", "l.mha"])
@pytest.mark.parametrize("seed", range(3))
def test_simpleitk_puts_it_in_the_same_place(name: str, seed: int, tmp_path: Path) -> None:
    labels = np.arange(35, dtype=np.int32).reshape(7, 5)
    place = Geometry((7, 5), oblique(seed), (0.8, 0.7))
    assert place.affine is not None
    write(tmp_path / name, labels, place)
    seen = sitk.ReadImage(str(tmp_path / name))
    assert np.array_equal(sitk.GetArrayFromImage(seen)[0], labels)
    for row, column in itertools.product((0, 6), (0, 4)):
        wanted = (place.affine @ [row, column, 0, 1])[:3] * [-1, -1, 1]
        assert np.allclose(seen.TransformIndexToPhysicalPoint((column, row, 0)), wanted, atol=1e-3)
    for back in ("b.nii.gz", "b.nrrd", "b.mha"):
        sitk.WriteImage(seen, str(tmp_path / back), True)
        placed = read_placed_label_map(tmp_path / back, on=place)
        assert np.array_equal(placed.label_map, labels)
        assert placed.note is None


@pytest.mark.parametrize("name", ["l.nii.gz", "l.seg.nrrd", "l.mha"])
def test_nothing_claims_a_place_that_is_unknown(name: str, tmp_path: Path) -> None:
    labels = np.arange(35, dtype=np.int32).reshape(7, 5)
    write(tmp_path / name, labels, Geometry((7, 5), None, (0.8, 0.7)))
    placed = read_placed_label_map(tmp_path / name)
    assert np.array_equal(placed.label_map, labels)
    assert placed.geometry.affine is None
    assert placed.geometry.spacing_mm == pytest.approx((0.8, 0.7))
    on = Geometry((7, 5), oblique(0))
    assert read_placed_label_map(tmp_path / name, on=on).note == UNKNOWN_PLACE


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["ct.mha", "ct.nrrd", "ct.nii.gz", "ct.nii"])
def test_volumes_of_simpleitk_are_read_in_place(name: str, compressed: bool, tmp_path: Path) -> None:
    ct = sitk.GetImageFromArray(VOXELS)
    ct.SetSpacing((0.7, 0.8, 3))
    ct.SetOrigin((-5, 6, 7))
    ct.SetDirection((1, 0, 0, 0, 0, 1, 0, -1, 0))  # stored as coronal slices
    sitk.WriteImage(ct, str(tmp_path / name), compressed)
    stack = decode([tmp_path / name])
    assert stack.intensity == "HU"
    assert stack.pixels.shape == (6, 4, 5)
    for index, row, column in itertools.product(range(6), range(4), range(5)):
        affine = stack[index].affine
        assert affine is not None
        millimetres = (affine @ [row, column, 0, 1])[:3] * [-1, -1, 1]
        assert stack.pixels[index, row, column] == ct[ct.TransformPhysicalPointToIndex(millimetres.tolist())]
    for index in range(6):
        alone = decode_one(tmp_path / name, index)
        assert np.array_equal(alone.pixels[0], stack.pixels[index])
        assert np.allclose(alone[0].affine, stack[index].affine)
        assert np.allclose(alone[0].grid, stack[index].grid)


def test_header_and_voxels_in_one_zip(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(VOXELS), str(tmp_path / "ct.mhd"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "ct.mhd", "folder/ct.mhd")
        archive.write(tmp_path / "ct.raw", "folder/ct.raw")
    assert np.array_equal(decode([tmp_path / "a.zip"]).pixels, VOXELS)


@pytest.mark.parametrize("order", ["C", "F"])
def test_numpy_arrays(order: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asarray(VOXELS, order=order))
    np.savez_compressed(tmp_path / "a.npz", np.asarray(VOXELS, order=order))
    for name in ("a.npy", "a.npz"):
        assert np.array_equal(decode([tmp_path / name]).pixels, VOXELS)
    np.save(tmp_path / "l.npy", np.asarray(VOXELS[0] > -950, order=order))
    assert np.array_equal(read_label_map(tmp_path / "l.npy"), VOXELS[0] > -950)


@pytest.mark.thorough
def test_dicom_segmentation_and_back(tmp_path: Path) -> None:
    import highdicom

    [ct_slice] = [decode([HEAD])[0]]
    labels = marked(ct_slice)
    assert ct_slice.affine is not None
    named = read_identity(HEAD)
    assert named is not None
    identity = named.of(0)
    write_dicom_seg(tmp_path / "l.dcm", labels, ct_slice.geometry, identity, {7: "liver"})
    placed = read_placed_label_map(tmp_path / "l.dcm", on=ct_slice.geometry)
    assert np.array_equal(placed.label_map, labels)
    assert (placed.format, placed.note) == ("DICOM", None)
    assert np.array_equal(read_label_map(tmp_path / "l.dcm"), labels)
    seen = highdicom.seg.segread(tmp_path / "l.dcm")
    assert seen.segmentation_type == highdicom.seg.SegmentationTypeValues.LABELMAP
    assert [each.segment_label for each in seen.SegmentSequence][1:] == [
        "Structure 1",
        "liver",
        "Structure 300",
    ]
    assert seen.PatientID == "1CT1"
    assert seen.FrameOfReferenceUID == identity["FrameOfReferenceUID"]
    elsewhere = ct_slice.affine.copy()
    elsewhere[2, 3] += 5
    with pytest.raises(LabelMapError, match="marks nothing on this slice"):
        read_placed_label_map(tmp_path / "l.dcm", on=Geometry(ct_slice.shape, elsewhere))
    with pytest.raises(LabelMapError, match="choose another format"):
        write_dicom_seg(tmp_path / "n.dcm", labels, Geometry(ct_slice.shape), identity)


def test_binary_segmentation_of_another_program(tmp_path: Path) -> None:
    import highdicom
    import pydicom
    from pydicom.sr.codedict import codes

    ct_slice = decode([HEAD])[0]
    masks = np.zeros((1, *ct_slice.shape, 2), np.uint8)
    masks[0, 3:9, 4:8, 0], masks[0, 20:50, 60:90, 1] = 1, 1
    segments = [
        highdicom.seg.SegmentDescription(
            number, f"s{number}", codes.SCT.AnatomicalStructure, codes.SCT.AnatomicalStructure, "MANUAL"
        )
        for number in (1, 2)
    ]
    highdicom.seg.Segmentation(
        [pydicom.dcmread(HEAD)],
        masks,
        "BINARY",
        segments,
        highdicom.UID(),
        1,
        highdicom.UID(),
        1,
        "m",
        "m",
        "1",
        "1",
    ).save_as(tmp_path / "b.dcm")
    labels = read_placed_label_map(tmp_path / "b.dcm", on=ct_slice.geometry).label_map
    assert np.array_equal(labels, masks[0, ..., 0] + 2 * masks[0, ..., 1])


def test_structure_set(tmp_path: Path) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    ct_slice = decode([HEAD])[0]
    assert ct_slice.affine is not None

    def contour(rows: tuple[float, float], columns: tuple[float, float], away: float = 0) -> Dataset:
        corners = [(rows[0], columns[0]), (rows[0], columns[1]), (rows[1], columns[1]), (rows[1], columns[0])]
        points = [(ct_slice.affine @ [*corner, away, 1])[:3] * [-1, -1, 1] for corner in corners]
        item = Dataset()
        item.ContourGeometricType = "CLOSED_PLANAR"
        item.ContourData = [round(float(value), 4) for value in np.ravel(points)]
        return item

    structures = Dataset()
    structures.file_meta = FileMetaDataset()
    structures.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    structures.file_meta.MediaStorageSOPClassUID = structures.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    structures.file_meta.MediaStorageSOPInstanceUID = structures.SOPInstanceUID = "1.2.3"
    outer, inner = Dataset(), Dataset()
    outer.ReferencedROINumber, inner.ReferencedROINumber = 4, 9
    # A ring, and something inside it that counts though the ring's outline surrounds it.
    outer.ContourSequence = [contour((9.5, 49.5), (9.5, 69.5)), contour((19.5, 29.5), (19.5, 29.5))]
    inner.ContourSequence = [contour((34.5, 39.5), (34.5, 44.5)), contour((0.5, 3.5), (0.5, 3.5), away=2)]
    structures.ROIContourSequence = [inner, outer]
    structures.save_as(tmp_path / "rs.dcm", enforce_file_format=True)
    expected = np.zeros(ct_slice.shape, np.int32)
    expected[10:50, 10:70], expected[20:30, 20:30], expected[35:40, 35:45] = 4, 0, 9
    placed = read_placed_label_map(tmp_path / "rs.dcm", on=ct_slice.geometry)
    assert np.array_equal(placed.label_map, expected)
    assert "overlap" in str(placed.note)
    with pytest.raises(LabelMapError, match="slice of that CT"):
        read_label_map(tmp_path / "rs.dcm")


def test_a_dicom_slice_is_no_label_map() -> None:
    with pytest.raises(LabelMapError, match="read as a slice, not as a label map"):
        read_label_map(HEAD)


@pytest.mark.parametrize("turn", [(1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, 1, 0), (0.8, 0.6, 0, -0.6, 0.8, 0)])
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_segmentations_whose_frames_end_within_a_byte(
    turn: tuple[float, ...], kind: str, tmp_path: Path
) -> None:
    import highdicom
    import pydicom
    from pydicom.sr.codedict import codes

    sources = []
    for k in range(4):
        source = pydicom.dcmread(HEAD)
        source.Rows, source.Columns, source.PixelData = (
            5,
            7,
            np.full((5, 7), k, np.uint16).tobytes() + b"\0\0",
        )
        source.ImageOrientationPatient = list(turn)
        normal = np.cross(turn[:3], turn[3:])
        source.ImagePositionPatient = [round(float(x), 6) for x in np.array([1.0, 2.0, 3.0]) + 3 * k * normal]
        source.SOPInstanceUID, source.InstanceNumber = f"1.2.{k}", k
        source.save_as(tmp_path / f"{k}.dcm")
        sources.append(source)
    labels = np.random.default_rng(0).integers(0, 3, (4, 5, 7)).astype(np.uint8)
    masks = np.stack([labels == 1, labels == 2], axis=-1).astype(np.uint8)
    structure = codes.SCT.AnatomicalStructure
    segments = [highdicom.seg.SegmentDescription(n, f"s{n}", structure, structure, "MANUAL") for n in (1, 2)]
    marks = masks if kind == "BINARY" else labels
    made = ("m", "m", "1", "1")
    uid = highdicom.UID
    highdicom.seg.Segmentation(sources, marks, kind, segments, uid(), 1, uid(), 1, *made).save_as(
        tmp_path / "s.dcm"
    )
    for k in range(4):
        place = decode([tmp_path / f"{k}.dcm"])[0].geometry
        assert np.array_equal(read_placed_label_map(tmp_path / "s.dcm", on=place).label_map, labels[k])


def test_a_segmentation_cut_along_another_plane_says_so(tmp_path: Path) -> None:
    import pydicom

    test_dicom_segmentation_and_back(tmp_path)
    made = pydicom.dcmread(tmp_path / "l.dcm")
    for groups in (*made.PerFrameFunctionalGroupsSequence, *made.SharedFunctionalGroupsSequence):
        for item in groups.get("PlaneOrientationSequence", []):
            item.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    made.save_as(tmp_path / "turned.dcm")
    with pytest.raises(LabelMapError, match="along another plane"):
        read_placed_label_map(tmp_path / "turned.dcm", on=decode([HEAD])[0].geometry)


def test_contours_that_are_empty_or_have_decimal_commas(tmp_path: Path) -> None:
    """Deleted contours are left empty by some programs; commas are the local habit of others."""
    import pydicom

    place = decode([HEAD])[0].geometry
    test_structure_set(tmp_path)
    expected = read_placed_label_map(tmp_path / "rs.dcm", on=place).label_map
    structures = pydicom.dcmread(tmp_path / "rs.dcm")
    empty, nothing = pydicom.Dataset(), pydicom.Dataset()
    empty.ContourGeometricType, nothing.ReferencedROINumber = "CLOSED_PLANAR", 12
    structures.ROIContourSequence[0].ContourSequence.append(empty)
    structures.ROIContourSequence.append(nothing)
    structures.save_as(tmp_path / "commas.dcm", enforce_file_format=True)
    content = (tmp_path / "commas.dcm").read_bytes()
    for roi in structures.ROIContourSequence[:2]:
        for contour in roi.ContourSequence:
            points = "\\".join(str(value) for value in contour.get("ContourData", [])).encode()
            assert points in content
            content = content.replace(points, points.replace(b".", b","))
    (tmp_path / "commas.dcm").write_bytes(content)
    found = read_placed_label_map(tmp_path / "commas.dcm", on=place).label_map
    assert np.array_equal(found, expected)
    structures.ROIContourSequence[0].ContourSequence[0].ContourData = [1, 2, 3, 4]
    structures.save_as(tmp_path / "odd.dcm", enforce_file_format=True)
    with pytest.raises(LabelMapError, match="no points of three numbers"):
        read_placed_label_map(tmp_path / "odd.dcm", on=place)


def test_a_contour_drawn_twice_is_no_hole(tmp_path: Path) -> None:
    import pydicom

    ct_slice = decode([HEAD])[0]
    test_structure_set(tmp_path)
    structures = pydicom.dcmread(tmp_path / "rs.dcm")
    for roi in structures.ROIContourSequence:
        roi.ContourSequence = [each for contour in roi.ContourSequence for each in (contour, contour)]
    structures.save_as(tmp_path / "twice.dcm", enforce_file_format=True)
    once, twice = (
        read_placed_label_map(tmp_path / name, on=ct_slice.geometry).label_map
        for name in ("rs.dcm", "twice.dcm")
    )
    assert np.array_equal(once, twice)
