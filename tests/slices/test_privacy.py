"""An upload leaves nothing behind: no bytes on the disk, no name or tag in a log."""

import gc
import logging
import zipfile
from pathlib import Path

import pytest
from dicom_files import OTHER_SERIES, write_ct

from ctseg.slices import SliceError, read_named_upload, read_stack, read_upload


def files_with(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


@pytest.fixture
def uploaded(tmp_path: Path) -> Path:
    """A file in a folder of its own, as the page receives it."""
    folder = tmp_path / "uploads" / "3f2a"
    folder.mkdir(parents=True)
    return write_ct(folder / "Doe_Jane_1961.dcm", WindowWidth=400, WindowCenter=40)


def assert_nothing_left(folder: Path) -> None:
    assert files_with(folder, b"DICM") == []
    assert files_with(folder, b"Doe") == []
    assert list((folder / "uploads").iterdir()) == []


@pytest.mark.thorough
def test_upload_is_gone_once_decoded(
    uploaded: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        stack = read_upload(uploaded, tmp_path)
    assert stack.pixels.shape == (1, 40, 36)
    assert_nothing_left(tmp_path)
    printed = capfd.readouterr()
    assert "Doe" not in caplog.text + printed.out + printed.err
    assert "Doe" not in repr(stack.facts())
    del stack
    gc.collect()
    assert [path.name for path in tmp_path.rglob("*")] == ["uploads"]


@pytest.mark.thorough
def test_identity_stays_in_memory_with_the_pixels_and_only_where_it_is_asked_for(
    uploaded: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_stack(uploaded).identity is None
    second = write_ct(uploaded.with_name("2"), ImagePositionPatient=[-10, -20, 25], SOPInstanceUID="1.2.25")
    other = {"SeriesInstanceUID": OTHER_SERIES, "SOPInstanceUID": "1.2.99"}
    elsewhere = write_ct(uploaded.with_name("0"), ImagePositionPatient=[-10, -20, 25], **other)
    with caplog.at_level(logging.DEBUG):
        stack = read_named_upload([elsewhere, uploaded, second], tmp_path)
    assert_nothing_left(tmp_path)
    assert stack.identity is not None
    # Feet first: the slice at 25 mm of this series, not that of the other one in the same place.
    assert stack.identity.of(0)["SOPInstanceUID"] == "1.2.25"
    assert {stack.identity.of(k)["PatientName"] for k in range(2)} == {"Doe^Jane"}
    assert stack.only(1).identity.of(0) == stack.identity.of(1)
    for told in (repr(stack), repr(stack.identity), repr(stack.facts()), repr(stack[0]), caplog.text):
        assert "Doe" not in told
    stack.free()
    assert stack.identity is None


def test_upload_is_gone_when_refused(
    uploaded: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    uploaded.write_bytes(uploaded.read_bytes()[:-99])
    with caplog.at_level(logging.DEBUG), pytest.raises(SliceError) as refusal:
        read_upload([uploaded], tmp_path)
    printed = capfd.readouterr()
    assert "Doe" not in caplog.text + printed.out + printed.err + str(refusal.value)
    assert_nothing_left(tmp_path)


def test_upload_is_gone_when_its_decoder_had_to_be_ended(
    uploaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "sandbox"))
    monkeypatch.setattr("ctseg.slices.reading._DECODER", "bad_decoders:crash")
    with pytest.raises(SliceError, match="crash"):
        read_upload(uploaded, tmp_path)
    assert_nothing_left(tmp_path)


@pytest.mark.thorough
def test_series_and_zip_are_gone(uploaded: Path, tmp_path: Path) -> None:
    packed = uploaded.with_name("series.zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(uploaded, "Doe/1.dcm")
    assert len(read_upload(packed, tmp_path)) == 1
    second = write_ct(uploaded.with_name("2"), ImagePositionPatient=[0, 0, 1])
    assert len(read_upload([str(uploaded), str(second)], tmp_path)) == 2
    assert_nothing_left(tmp_path)


def test_folder_with_other_files_stays(uploaded: Path, tmp_path: Path) -> None:
    other = uploaded.with_name("other.txt")
    other.write_text("keep me")
    read_upload(uploaded, tmp_path)
    assert not uploaded.exists()
    assert other.read_text() == "keep me"
