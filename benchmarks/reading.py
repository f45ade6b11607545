"""Reads a series whole and its middle slice, and a late slice of a packed volume, beside an older build.

``python benchmarks/reading.py --before FOLDER`` runs the same with the package in FOLDER, which read all of a
file for one slice of it. Each reading is a process of its own; imports do not count. Most run the decoder
without its sandbox: processor seconds and growth of the peak memory count. Those in the sandbox, decoded
on two cores, go by the clock, with the start of the decoder's process, and need a quiet machine.
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.data import get_testdata_file

SLICES = 200
PLANES = 2000
_BLOCK = 8
ROUNDS = 3
_MEASURED = """
import shutil, sys, time
from pathlib import Path
from ctseg.slices import decode as module
from ctseg.slices import read_slice, read_stack
import ctseg.slices
read_named_upload = getattr(ctseg.slices, "read_named_upload", None) or ctseg.slices.read_upload
decode = module.decode
decode_one = getattr(module, "decode_one", lambda path, index: decode([path])[index or 0])
import importlib, pydicom.pixels, nibabel
for name in ("dicom.series", "formats.nifti", "dicom", "nifti"):
    try:
        importlib.import_module("ctseg.slices." + name)
    except ImportError:
        pass
path = Path(sys.argv[1])
upload = path.with_name("upload")
if path.suffix == ".zip":
    shutil.copy(path, upload)
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
{first}
memory, start, clock = peak(), time.process_time(), time.perf_counter()
{reading}
print(time.process_time() - start, time.perf_counter() - clock, (peak() - memory) / 1024)
if "shown" in globals():
    shown.free()
"""
PAGE = "shown = read_named_upload([upload]); shown[shown.middle]"
# As the server of the page does: a decoder waits with its imports done.
AHEAD = "ctseg.slices.warm_up(); time.sleep(3)"
READINGS = {
    "series whole": ("a.zip", "decode([path])", ""),
    "its middle slice": ("a.zip", "decode_one(path, None)", ""),
    "series whole, sandbox": ("a.zip", "read_stack(path)", ""),
    "its middle slice, sandbox": ("a.zip", "read_slice(path)", ""),
    "its middle slice, page": ("a.zip", PAGE, ""),
    "the same, decoder ahead": ("a.zip", PAGE, AHEAD),
    "series whole, decoder ahead": ("a.zip", "read_stack(path)", AHEAD),
    "a late slice of a volume": ("a.nii.gz", f"decode_one(path, {PLANES - 10})", ""),
}


def write_series(path: Path) -> None:
    """Write a ZIP of JPEG 2000 slices of 512 x 512 at places of their own."""
    dataset = pydicom.dcmread(str(get_testdata_file("693_J2KI.dcm")))
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(SLICES):
            dataset.SOPInstanceUID, dataset.InstanceNumber = f"1.2.{number}", number
            dataset.ImagePositionPatient = [0, 0, 3 * number]
            content = BytesIO()
            dataset.save_as(content)
            archive.writestr(f"{number}", content.getvalue())


def write_volume(path: Path) -> None:
    """Write a packed volume of 512 x 512 x 2000 voxels, 1 GB, of packed blocks behind each other."""
    header = nibabel.Nifti1Image(np.zeros((512, 512, 1), np.int16), np.eye(4)).header
    header.set_data_shape((512, 512, PLANES))
    header["vox_offset"] = 352
    block = np.zeros((_BLOCK, 512, 512), "<i2")
    block[:, ::2] = np.arange(_BLOCK)[:, np.newaxis, np.newaxis] - 1000
    packed = gzip.compress(block.tobytes(), 1)
    with path.open("wb") as file:
        file.write(gzip.compress(header.binaryblock + bytes(4)))
        for _ in range(PLANES // _BLOCK):
            file.write(packed)


def measure(build: Path, file: Path, reading: str, first: str) -> tuple[float, ...] | None:
    """Processor seconds, seconds by the clock and MB of one reading; None where the build has no such way."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", _MEASURED.format(reading=reading, first=first), str(file)],
        env=os.environ | {"PYTHONPATH": str(build)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    return tuple(float(word) for word in done.stdout.split())


def main() -> None:
    """Print the median of each reading for both builds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--before", type=Path, help="folder with the package of an older build")
    options = parser.parse_args()
    here = Path(__file__).resolve().parents[1]
    builds = {"before": options.before, "now": here} if options.before else {"now": here}
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        write_series(Path(folder) / "a.zip")
        write_volume(Path(folder) / "a.nii.gz")
        for name, (file, reading, first) in READINGS.items():
            for build, place in builds.items():
                runs = [measure(place, Path(folder) / file, reading, first) for _ in range(ROUNDS)]
                found = [run for run in runs if run is not None]
                if not found:
                    print(f"{name:26s} {build:7s} cannot")
                    continue
                seconds, clock, megabytes = np.median(np.array(found), axis=0)
                print(
                    f"{name:26s} {build:7s} {seconds:6.2f} s {clock:6.2f} s by the clock {megabytes:7.0f} MB"
                )


if __name__ == "__main__":
    main()
