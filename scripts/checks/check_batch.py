"""Send mixed slices through both engines of ``ctseg batch``, with forced failures, and compare the outputs.

    python scripts/checks/check_batch.py --slices 2000 --method sobel-tree --network unet-tvmf --some 200

The folder holds phantoms, volumes made of them (some with true structures), both example volumes, DICOM
series, the sample files where ``CTSEG_DATA`` has some, and broken files. For each engine one worker is
killed in mid-run (kill -9), then the driver, and ``--resume`` does the rest; all files but the times must be
the same. A network then goes through both engines without failures, on fewer slices. It ends with 1 where
anything differs.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import psutil
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from ctseg.datasets import open_split
from ctseg.datasets.examples import ABDOMEN, TOTALSEGMENTATOR, ExampleVolume
from ctseg.settings import DATA
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

CTSEG = (sys.executable, "-m", "ctseg")
ENGINES = ("local", "ray")
PHANTOMS, SERIES, SERIES_SLICES, PLANES = 20, 3, 8, 25
_STRUCTURES = 3
_WAITED_SECONDS = 900


def main() -> int:
    """Build the folder, run, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=2000, help="at least so many (default 2000)")
    parser.add_argument("--method", default="sobel-tree")
    parser.add_argument("--network", default="unet-tvmf", help="for a part of the folder")
    parser.add_argument("--some", type=int, default=200, help="slices of that part (default 200; 0: none)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder in which all of it stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        write_mixed(folder / "patients", options.slices)
        broken = ("--workers", str(options.workers), "--method", options.method)
        same = compared(folder, "patients", broken, failures=True)
        if options.some:
            write_volumes(folder / "some", options.some)
            whole = ("--workers", str(options.workers), "--method", options.network)
            same &= compared(folder, "some", whole, failures=False)
    return 0 if same else 1


def compared(folder: Path, source: str, words: tuple[str, ...], failures: bool) -> bool:
    """Run both engines on a folder, print what came of it, and tell whether all files are the same."""
    found = {}
    for engine in ENGINES:
        out = folder / f"{source}-{engine}"
        all_words = ["batch", str(folder / source), "--out", str(out), "--engine", engine, *words]
        start = time.perf_counter()
        told = kill_in_mid_run(all_words, out) if failures else "nothing killed"
        done = subprocess.run([*CTSEG, *all_words, "--resume"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{engine}: {done.stderr.strip().splitlines()[-1]}")
            return False
        seconds = time.perf_counter() - start
        table = pl.read_parquet(out / "slices.parquet")
        failed = table.filter(pl.col("error") != "").height
        left_out = pl.read_csv(out / "left-out.csv").height
        counts = f"{table.height - failed} slices, {failed} failed, {left_out} files left out"
        about = f"{told}; load {os.getloadavg()[0]:.1f}"
        print(f"{source}, {engine}, {words[-1]}: {counts}, {seconds:.0f} s; {about}", flush=True)
        found[engine] = contents(out)
    first, second = found.values()
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    size = sum(map(len, first.values())) / 1e6
    print(f"{source}: {len(first)} files, {size:.1f} MB; {len(differing)} differ {differing[:5]}", flush=True)
    return not differing


def kill_in_mid_run(words: list[str], out: Path) -> str:
    """Start a run, kill one of its workers once something is done, and the driver a little later."""
    driver = subprocess.Popen([*CTSEG, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told, processes = [], []
    try:
        wait_for_shards(out, driver, 3)
        workers = [each for each in psutil.Process(driver.pid).children(recursive=True) if works(each)]
        if workers:
            workers[0].kill()
            told.append(f"a worker killed after {shards_done(out)} shards")
        wait_for_shards(out, driver, shards_done(out) + 5)
        processes = psutil.Process(driver.pid).children(recursive=True)
    finally:
        if driver.poll() is None:
            driver.kill()
            told.append(f"the driver after {shards_done(out)}")
        driver.wait()
        psutil.wait_procs(processes, timeout=60)
    return ", ".join(told) or "ended before anything was killed"


def works(process: psutil.Process) -> bool:
    """Whether a process is a worker of one of the engines."""
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "spawn_main" in command or "MapWorker" in command or "_ShardWorker" in command


def wait_for_shards(out: Path, driver: "subprocess.Popen[bytes]", count: int) -> None:
    """Return once so many shards are done, or the run has ended."""
    end = time.monotonic() + _WAITED_SECONDS
    while driver.poll() is None and shards_done(out) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{count} shards took longer than {_WAITED_SECONDS} s")
        time.sleep(0.05)


def shards_done(out: Path) -> int:
    """Return how many shards of a run are done."""
    return len(list((out / "done").glob("*.json")))


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of a run but its times."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith("times")}


def write_mixed(folder: Path, slices: int) -> None:
    """Write phantoms, examples, series, samples and broken files, and volumes up to so many slices."""
    (folder / "phantoms").mkdir(parents=True)
    split = open_split("phantom-val")
    for number in range(PHANTOMS):
        grey = to_uint8(split.slice(number % len(split)), SOFT_TISSUE)
        Image.fromarray(grey).save(folder / "phantoms" / f"{number}.png")
    written = PHANTOMS
    for example in (ABDOMEN, TOTALSEGMENTATOR):
        written += write_example(folder / "examples" / example.name, example)
    written += write_series(folder / "export")
    data = DATA.folder()
    if data is not None and (data / "samples").is_dir():
        shutil.copytree(data / "samples", folder / "samples")
    write_volumes(folder / "volumes", max(PLANES, slices - written))
    whole = (folder / "phantoms" / "0.png").read_bytes()
    volume = (folder / "volumes" / "s0000" / "ct.nii.gz").read_bytes()
    broken = {"cut.png": whole[:500], "empty.dcm": b"", "text.nii.gz": b"no volume"}
    for name, content in {**broken, "cut.nii.gz": volume[:3000]}.items():
        (folder / name).write_bytes(content)


def write_example(folder: Path, example: ExampleVolume) -> int:
    """Write an example volume as NIfTI, its largest structures as masks beside it, and return its slices."""
    stack, structures = example.stack(), example.structures()
    assert stack.affines is not None
    save(folder / "ct.nii.gz", np.moveaxis(stack.pixels, 0, 2), stack.affines[0])
    if structures is not None:
        sizes = np.bincount(structures.ravel())[1:]
        for label in np.argsort(-sizes)[:_STRUCTURES] + 1:
            mask = (structures == label).astype(np.uint8)
            save(folder / "segmentations" / f"{label}.nii.gz", np.moveaxis(mask, 0, 2), stack.affines[0])
    return len(stack)


def write_series(folder: Path) -> int:
    """Write DICOM series of several patients into one folder, as exports have them; return their slices."""
    folder.mkdir()
    source = Path(str(get_testdata_file("CT_small.dcm")))
    for series in range(SERIES):
        uid = generate_uid(entropy_srcs=["series", str(series)])
        for number in range(SERIES_SLICES):
            dataset = pydicom.dcmread(source)
            dataset.PatientID, dataset.SeriesInstanceUID = f"P{series}", uid
            dataset.SOPInstanceUID = generate_uid(entropy_srcs=[uid, str(number)])
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.ImagePositionPatient = [-158.1, -179.0, -75.7 + 5 * number]
            dataset.InstanceNumber = number + 1
            dataset.save_as(folder / f"IM{series}{number}")
    return SERIES * SERIES_SLICES


def write_volumes(folder: Path, slices: int) -> None:
    """Write volumes of small phantom slices, every fourth with a mask, as TotalSegmentator lays them."""
    for number, first in enumerate(range(0, slices, PLANES)):
        planes = range(number + first, number + min(first + PLANES, slices))
        voxels = np.stack([small_phantom(plane % 60) for plane in planes], axis=2)
        place = np.diag([3.0, 3.0, 5.0, 1.0])
        save(folder / f"s{number:04d}" / "ct.nii.gz", voxels, place)
        if number % 4 == 0:
            bone = (voxels > 150).astype(np.uint8)
            save(folder / f"s{number:04d}" / "segmentations" / "bone.nii.gz", bone, place)


@cache
def small_phantom(number: int) -> NDArray[np.int16]:
    """Return a phantom slice at a quarter of its size, in HU, (128, 128)."""
    return np.rint(open_split("phantom-val").hu_slice(number).pixels[::4, ::4]).astype(np.int16)


def save(path: Path, voxels: NDArray[np.integer], affine: NDArray[np.float64]) -> None:
    """Write a NIfTI volume."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(voxels), affine), path)


if __name__ == "__main__":
    sys.exit(main())
