"""The places of uploads and the counters that bound them."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from ctseg.ui.server.uploads import NAME, Owner, UploadError, Uploads

ME, HOUSEMATE, STRANGER = Owner("me", "home"), Owner("mate", "home"), Owner("you", "away")


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    """Room for 9 MB and 9 files."""
    monkeypatch.setenv("CTSEG_WAITING_MB", "9")
    monkeypatch.setenv("CTSEG_FREE_MB", "0")
    return Uploads(tmp_path, max_files=9)


def _keep(uploads: Uploads, owner: Owner, *contents: bytes) -> list[Path]:
    arrival = uploads.arrival(owner, sum(map(len, contents)))
    for content in contents:
        with arrival.new_file() as file:
            file.write(content)
    return arrival.keep()


def test_every_upload_has_a_place_of_its_own_without_its_name(uploads: Uploads) -> None:
    (first,), (second,) = _keep(uploads, ME, b"same"), _keep(uploads, STRANGER, b"same")
    assert first != second
    assert first.name == NAME
    assert first.parent.stat().st_mode & 0o777 == 0o700
    assert uploads.could_be(str(first))
    uploads.discard([first])
    assert not first.parent.exists()
    assert second.read_bytes() == b"same"
    assert (uploads.files, uploads.bytes) == (1, 4)


@pytest.mark.parametrize("path", ["/etc/passwd", "", "http://192.0.2.1/upload", f"in-{'0' * 32}/upload"])
def test_other_paths_are_no_uploads(uploads: Uploads, path: str) -> None:
    assert not uploads.could_be(path)
    assert not uploads.could_be(str(uploads.folder / "in-x" / ".." / path / NAME))
    uploads.discard([Path(path or "x")])
    assert uploads.folder.exists()


def test_bytes_of_a_visitor_an_address_and_all_are_bounded(uploads: Uploads) -> None:
    third = b"x" * (3 << 20)
    with pytest.raises(UploadError) as told:
        uploads.arrival(ME, len(third) + 1)
    assert told.value.status == 429
    _keep(uploads, ME, third)
    with pytest.raises(UploadError):
        uploads.arrival(ME, 1)
    _keep(uploads, HOUSEMATE, third)
    with pytest.raises(UploadError) as told:
        uploads.arrival(Owner("third", "home"), 1)
    assert told.value.status == 429
    coming = uploads.arrival(STRANGER, len(third))
    with pytest.raises(UploadError) as told:
        uploads.arrival(Owner("last", "elsewhere"), 1)
    assert told.value.status == 503
    coming.abandon()
    uploads.arrival(Owner("last", "elsewhere"), 1).abandon()
    assert uploads.bytes == 2 * len(third)


def test_files_are_bounded_too_and_an_abandoned_request_leaves_none(uploads: Uploads) -> None:
    arrival = uploads.arrival(ME, 0)
    for _ in range(3):
        arrival.new_file().close()
    with pytest.raises(UploadError):
        arrival.new_file()
    arrival.abandon()
    arrival.abandon()
    assert (uploads.files, uploads.bytes) == (0, 0)
    assert list(uploads.folder.iterdir()) == []


def test_what_others_delete_is_counted_no_longer(uploads: Uploads) -> None:
    (path,) = _keep(uploads, ME, b"data")
    path.unlink()
    uploads.reconcile()
    assert uploads.files == 1  # its place is there until the next sweep
    path.parent.rmdir()
    uploads.reconcile()
    uploads.discard([path])
    assert (uploads.files, uploads.bytes) == (0, 0)


def test_free_disk_is_looked_at_before_anything_is_taken(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTSEG_FREE_MB", "1")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=(1 << 20) + 9))
    uploads.arrival(ME, 9).abandon()
    with pytest.raises(UploadError) as told:
        uploads.arrival(ME, 10)
    assert told.value.status == 507
    assert uploads.bytes == 0
