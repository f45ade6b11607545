"""Measure ``ctseg batch``: beside other ways to segment a folder, and on mixed slices with forced failures.

    python benchmarks/batch.py                  side by side, and seconds a slice of methods
    python benchmarks/batch.py --mixed 2000     both engines, a worker and the driver killed, a resume

Side by side means the same slices of the phantom by calls of ``ctseg segment`` file by file, by
``ctseg segment FOLDER``, by a plain ``multiprocessing.Pool`` over ``ctseg.segment``, and by ``ctseg batch``
with one worker and with two. Starts count, as a user waits for them. Times are by the clock, so the machine
should do nothing else; its load is printed. Processor seconds suffer less from a busy machine.
"""

import argparse
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import psutil
from PIL import Image
from pydicom.data import get_testdata_file

import ctseg
from ctseg.datasets import open_split
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

CTSEG = (sys.executable, "-m", "ctseg")
FILE_BY_FILE = 3
METHODS = ("watershed", "sobel-tree", "multi-otsu", "felzenszwalb", "unet-tvmf", "partition")
_SIDE, _PLANES = 128, 25
_WATCHED_SECONDS = 600


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=24, help="of the phantom, side by side (default 24)")
    parser.add_argument("--method", default="watershed")
    parser.add_argument(
        "--methods", action="store_true", help="seconds a slice and memory of every quick method"
    )
    parser.add_argument("--mixed", type=int, metavar="N", help="both engines on N mixed slices instead")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as folder:
        if options.mixed:
            mixed(Path(folder), options.mixed, options.method)
        else:
            side_by_side(Path(folder), options.slices, options.method)
            if options.methods:
                methods(Path(folder))
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def side_by_side(folder: Path, slices: int, method: str) -> None:
    """Print slices a second of each way."""
    images = folder / "images"
    write_phantoms(images, slices)
    paths = sorted(images.iterdir(), key=lambda path: int(path.stem))
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "ctseg segment, file by file": (
            FILE_BY_FILE,
            lambda: [_segment(path, folder, method) for path in paths[:3]],
        ),
        "ctseg segment FOLDER": (slices, lambda: _segment(images, folder / "y.csv", method)),
        "multiprocessing.Pool, 2": (slices, lambda: pooled(paths, method)),
        "ctseg batch, 1 worker": (slices, lambda: _batch(images, folder / "one", method, 1)),
        "ctseg batch, 2 workers": (slices, lambda: _batch(images, folder / "two", method, 2)),
    }
    print(f"{slices} phantom slices of 512x512 as PNG, {method}")
    for name, (count, way) in ways.items():
        start = time.perf_counter()
        way()
        seconds = time.perf_counter() - start
        print(f"{name:30s} {count / seconds:7.2f} slices a second", flush=True)


def methods(folder: Path) -> None:
    """Print seconds a slice in a worker of one thread, starts and reading aside, for each method."""
    print("method           processor seconds a slice: median, 90th percentile; by the clock; peak")
    for method in METHODS:
        out = folder / f"of-{method}"
        peak = _batch(folder / "images", out, method, 1)
        times = pl.read_parquet(out / "times.parquet")[1:]  # the first one waits for what is loaded late
        cpu, clock = times["cpu_seconds"], times["seconds"]
        told = f"{cpu.median():.3f} {cpu.quantile(0.9):.3f} {clock.median():.3f}"
        print(f"{method:16s} {told}   {peak:.0f} MB", flush=True)


def mixed(folder: Path, slices: int, method: str) -> None:
    """Run both engines on a folder of all kinds, kill a worker and the driver, resume, and compare."""
    source = folder / "patients"
    write_mixed(source, slices)
    figures = {}
    for engine in ("local", "ray"):
        out = folder / engine
        words = [
            "batch",
            str(source),
            "--method",
            method,
            "--out",
            str(out),
            "--engine",
            engine,
            "--workers",
            "2",
        ]
        start = time.perf_counter()
        killed = kill_in_mid_run(words, out)
        done_before = len(list((out / "done").glob("*.json")))
        subprocess.run([*CTSEG, *words, "--resume"], check=True, capture_output=True)
        seconds = time.perf_counter() - start
        table = pl.read_parquet(out / "slices.parquet")
        figures[engine] = (table.height, table.filter(pl.col("error") != "").height, seconds)
        print(
            f"{engine}: {table.height} rows, {figures[engine][1]} failed, {seconds:.0f} s; killed {killed}; "
            f"{done_before} shards were done then and {len(list((out / 'done').glob('*.json')))} are now",
            flush=True,
        )
    same = contents(folder / "local") == contents(folder / "ray")
    size = sum(len(content) for content in contents(folder / "local").values())
    print(f"the same bytes in all {len(contents(folder / 'local'))} files: {same}; {size / 1e6:.1f} MB")


def kill_in_mid_run(words: list[str], out: Path) -> str:
    """Start a run, kill one of its workers once something is done, and the driver a little later."""
    driver = subprocess.Popen([*CTSEG, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    killed = []
    try:
        wait_for_shards(out, driver, 3)
        workers = [each for each in psutil.Process(driver.pid).children(recursive=True) if works(each)]
        if workers:
            workers[0].kill()
            killed.append("a worker")
        wait_for_shards(out, driver, 8)
    finally:
        if driver.poll() is None:
            os.kill(driver.pid, signal.SIGKILL)
            killed.append("the driver")
        driver.wait()
    return " and ".join(killed)


def works(process: psutil.Process) -> bool:
    """Whether a process is a worker of one of the engines."""
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "spawn_main" in command or "MapWorker" in command or "_ShardWorker" in command


def wait_for_shards(out: Path, driver: subprocess.Popen[bytes], count: int) -> None:
    """Return once so many shards are done, or the run has ended."""
    end = time.monotonic() + _WATCHED_SECONDS
    while driver.poll() is None and len(list((out / "done").glob("*.json"))) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{count} shards took longer than {_WATCHED_SECONDS} s")
        time.sleep(0.05)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of a run but its times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not str(path.relative_to(folder)).startswith("times")
    }


def write_phantoms(folder: Path, count: int) -> None:
    """Write slices of the phantom as PNG, as the challenge has them."""
    folder.mkdir(parents=True)
    split = open_split("phantom-val")
    for number in range(count):
        grey = to_uint8(split.slice(number % len(split)), SOFT_TISSUE)
        Image.fromarray(grey).save(folder / f"{number}.png")


def write_mixed(folder: Path, slices: int) -> None:
    """Write phantoms, volumes made of them, copies of a sample DICOM slice, and files that are broken."""
    write_phantoms(folder / "phantoms", 20)
    left = slices - 20
    for number, planes in enumerate(_planes(left - 10)):
        home = folder / f"s{number:04d}"
        home.mkdir()
        voxels = _volume(number, planes)
        nibabel.save(nibabel.Nifti1Image(voxels, np.diag([3.0, 3.0, 5.0, 1.0])), home / "ct.nii.gz")
        if number % 4 == 0:
            (home / "segmentations").mkdir()
            mask = (voxels > 150).astype(np.uint8)
            nibabel.save(
                nibabel.Nifti1Image(mask, np.diag([3.0, 3.0, 5.0, 1.0])),
                home / "segmentations" / "bone.nii.gz",
            )
    sample = Path(str(get_testdata_file("CT_small.dcm")))
    (folder / "export").mkdir()
    for number in range(5):
        # A patient each would need other identifiers; copies are told and read once.
        shutil.copy(sample, folder / "export" / f"IM{number}")
    broken = {
        "cut.png": (folder / "phantoms" / "0.png").read_bytes()[:500],
        "empty.dcm": b"",
        "text.nii.gz": b"no volume",
    }
    broken["cut.nii.gz"] = (folder / "s0000" / "ct.nii.gz").read_bytes()[:3000]
    for name, content in broken.items():
        (folder / name).write_bytes(content)


def _planes(slices: int) -> Iterator[int]:
    while slices > 0:
        yield min(_PLANES, slices)
        slices -= _PLANES


def _volume(seed: int, planes: int) -> np.ndarray:
    """Phantom slices of a quarter of the size, one on the other, in HU, as NIfTI's (I, J, K)."""
    stacked = [_small_phantom((seed + plane) % 60) for plane in range(planes)]
    grey = np.stack(stacked, axis=2).transpose(1, 0, 2)[:, ::-1].astype(np.float32)
    return (grey if grey.min() < -100 else grey * (400 / 255) - 160 - 900 * (grey == 0)).astype(np.int16)


@cache
def _small_phantom(number: int) -> np.ndarray:
    return open_split("phantom-val").slice(number).pixels[::4, ::4]


def _segment(source: Path, out: Path, method: str) -> None:
    subprocess.run(
        [*CTSEG, "segment", source, "--method", method, "--out", out], check=True, capture_output=True
    )


def _batch(source: Path, out: Path, method: str, workers: int) -> float:
    """Run it and return the largest memory of one of its processes, in MB."""
    words = ["batch", source, "--method", method, "--out", out, "--workers", str(workers)]
    started = subprocess.Popen([*CTSEG, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(started.pid, 0)
    assert status == 0, words
    return usage.ru_maxrss / 1024


def pooled(paths: list[Path], method: str) -> list[int]:
    """Do it as many would: a pool of processes over the library's call."""
    os.environ["CTSEG_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return pool.starmap(_structures, [(path, method) for path in paths], chunksize=1)


def _structures(path: Path, method: str) -> int:
    return int(ctseg.segment(path, method).max())


if __name__ == "__main__":
    main()
