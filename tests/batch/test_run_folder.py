"""A run's folder: what it refuses to mix, its shares, and records that a power cut spoilt."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_local import ended, how, ignore
from toy_job import SquareJob, numbers

from ctseg.batch.engines import open_run, run_shards, share_of
from ctseg.batch.run_folder import MANIFEST, TASKS, RunFolder
from ctseg.batch.tasks import MAX_SHARD_TASKS, BatchError, TaskRecord, shards_of


@given(st.integers(0, 20_000))
def test_shards_hold_each_task_once_and_in_order(count: int) -> None:
    tasks = numbers(count=1) * count
    shards = shards_of(tasks)
    assert sum(len(shard.tasks) for shard in shards) == count
    assert all(1 <= len(shard.tasks) <= MAX_SHARD_TASKS for shard in shards)
    ends = [shard.first + len(shard.tasks) for shard in shards]
    assert [shard.first for shard in shards] == [0, *ends][: len(shards)]


def test_shares_are_read_or_refused() -> None:
    assert share_of("2/8") == (2, 8)
    for text in ("0/8", "9/8", "1", "1/0", "-1/3", "a/b", "1/8/2", ""):
        with pytest.raises(BatchError, match="--shard takes i/n"):
            share_of(text)


def test_shares_of_several_processes_make_the_whole(tmp_path: Path) -> None:
    job, tasks = SquareJob(str(tmp_path / "run.log")), numbers(count=7)
    complete = []
    for part in (3, 1, 2):
        run, share = RunFolder(tmp_path / "run"), how(share=(part, 3), workers=1)
        complete.append(run_shards(job, run, open_run(run, job, lambda: tasks, share), share, ignore))
    assert complete == [False, False, True]
    assert sorted((tmp_path / "run.log").read_text().split()) == [str(k) for k in range(7)]


def test_a_run_is_never_mixed_with_another(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended(folder, numbers(count=2))
    with pytest.raises(BatchError, match="holds a run already; add --resume"):
        ended(folder, numbers(count=2))
    other = SquareJob(str(tmp_path / "log"), weights="second")
    with pytest.raises(BatchError, match=r'other weights \("first", now "second"\)'):
        ended(folder, numbers(count=2), job=other, resume=True)
    with pytest.raises(BatchError, match="other weights"):
        ended(folder, numbers(count=2), job=other, share=(1, 2))
    with pytest.raises(BatchError, match="nothing to do"):
        ended(tmp_path / "empty", [])


@pytest.mark.parametrize("name", [MANIFEST, TASKS])
def test_a_damaged_list_is_said(tmp_path: Path, name: str) -> None:
    ended(tmp_path / "run", numbers(count=2))
    path = tmp_path / "run" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BatchError, match=f"{name} is"):
        ended(tmp_path / "run", numbers(count=2), resume=True)


def test_a_record_that_was_cut_short_counts_as_missing(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    (shard,) = shards_of(numbers(count=1))
    record = TaskRecord({"row": b"x" * 500}, 1, 0, 0.5)
    assert run.kept(shard, 0) is None
    assert run.begun(shard, 0) == 0
    assert run.begun(shard, 0) == 1
    run.keep(shard, 0, record)
    assert run.kept(shard, 0) == record
    (path,) = tmp_path.rglob("*.zip")
    whole = path.read_bytes()
    for length in (0, 10, 300, len(whole) - 3):
        path.write_bytes(whole[:length])
        assert run.kept(shard, 0) is None
    path.write_bytes(whole.replace(b"xxx", b"xyx", 1))
    assert run.kept(shard, 0) is None
    run.forget_begun(shard)
    assert run.begun(shard, 0) == 0
