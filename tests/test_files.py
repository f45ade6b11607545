"""Files are there whole or not at all."""

import os
from pathlib import Path

import pytest

from ctseg.files import OWNER_ONLY, atomic_path, bytes_under, write_atomically


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new" / "file", b"1")
    write_atomically(tmp_path / "new" / "file", b"2")
    assert (tmp_path / "new" / "file").read_bytes() == b"2"
    with pytest.raises(OSError, match="new"):
        write_atomically(tmp_path / "new", b"3")
    assert {path.name for path in tmp_path.rglob("*")} == {"new", "file"}


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as unfinished:  # noqa: PT012
        unfinished.write_bytes(b"ne")
        raise ZeroDivisionError
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_until_the_end_the_old_file_is_read(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with atomic_path(target) as unfinished:
        unfinished.write_bytes(b"new")
        assert not target.exists()
        assert unfinished.parent == tmp_path
        assert unfinished.name.startswith(".")
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_who_may_read_it(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        write_atomically(tmp_path / "ours", b"", OWNER_ONLY)
        write_atomically(tmp_path / "all", b"")
    finally:
        os.umask(mask)
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "all").stat().st_mode & 0o777 == 0o644


def test_size_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"123")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert bytes_under(tmp_path) == 8
    assert bytes_under(tmp_path / "nowhere") == 0
