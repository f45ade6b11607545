#!/usr/bin/env bash
# pydicom 3.0.2 with python-gdcm 3.2.6 and pylibjpeg-openjpeg 2.6.0 (PyPI): where both are installed, JPEG 2000 is decoded
# by GDCM, which comes first among the decoders. Both give the same pixels, but GDCM's wrapper hands them over as text,
# which pydicom encodes back into bytes, and takes longer before that too. So a second decoder, installed for another
# format, makes reading slower. Asking by name, decoding_plugin="pylibjpeg", is all that it takes.
# Seen, processor time a slice of 512 x 512: here 5.1 against 3.2 ms; of mostly air 4.8 against 1.1, of a real body 27
# against 22.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 pydicom==3.0.2 python-gdcm==3.2.6 pylibjpeg==2.1.0 pylibjpeg-openjpeg==2.6.0
"$place/venv/bin/python" - <<'PYTHON'
import time
import warnings

import numpy as np
from pydicom.data import get_testdata_file
from pydicom import dcmread
from pydicom.pixels import get_decoder
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

warnings.simplefilter("ignore")
rows, columns = np.mgrid[:512, :512]
body = (rows - 256) ** 2 + (columns - 256) ** 2 < 60**2
pixels = np.where(body, 1000 + np.random.default_rng(0).integers(0, 60, (512, 512)), 0).astype(np.uint16)
dataset = dcmread(get_testdata_file("CT_small.dcm", download=False))
dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
dataset.set_pixel_data(pixels, "MONOCHROME2", 12)
dataset.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg")
decoder = get_decoder(JPEG2000Lossless)


def seconds(**chosen):
    best = float("inf")
    for _ in range(15):
        start = time.process_time()
        array, _ = decoder.as_array(dataset, raw=True, **chosen)
        best = min(best, time.process_time() - start)
        assert np.array_equal(array, pixels)
    return best


by_itself, gdcm, openjpeg = seconds(), seconds(decoding_plugin="gdcm"), seconds(decoding_plugin="pylibjpeg")
print("decoders in their order:", decoder.available_plugins)
print(f"ms a slice: as it comes {1000 * by_itself:.2f}, GDCM {1000 * gdcm:.2f}, pylibjpeg {1000 * openjpeg:.2f}")
assert decoder.available_plugins.index("gdcm") < decoder.available_plugins.index("pylibjpeg")
assert by_itself > 1.3 * openjpeg and gdcm > 1.3 * openjpeg, "the order of decoders no longer costs time"
PYTHON
