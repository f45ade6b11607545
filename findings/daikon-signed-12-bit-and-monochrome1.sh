#!/usr/bin/env bash
# daikon 1.2.46 (npm), the DICOM reader of several viewers in the browser: getInterpretedData, which applies the rescale,
# gives other numbers than the file holds for two kinds of valid CT:
# signed values of 12 bits, whose sign is bit 11 and whose upper four bits may be anything (PS3.5, 8.1.1), come out
# unsigned, 4096 too high where they are negative;
# with MONOCHROME1, which says only that the lowest value is shown white (PS3.3, C.7.6.3.1.2), a value v becomes
# 32767 - v, or 32767 where that is more.
# Seen: of -1000 to 1999 the first gives 0 to 4095, the second 30768 to 32767; pydicom 3.0.2 gives
# -1000 to 1999 for both, and so does daikon for the same values in 16 bits and MONOCHROME2.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 pydicom==3.0.2
cd "$place"
npm install --silent --no-fund --no-audit daikon@1.2.46
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
import pydicom
from pydicom.data import get_testdata_file

values = (np.arange(128 * 128) % 3000 - 1000).astype(np.int16).reshape(128, 128)
for name in ("plain", "twelve", "white"):
    ct = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
        if keyword in ct:
            del ct[keyword]
    stored = values.astype("<i2").view("<u2")
    if name == "twelve":
        stored, ct.BitsStored, ct.HighBit = stored & 0x0FFF, 12, 11
    if name == "white":
        ct.PhotometricInterpretation = "MONOCHROME1"
    ct.RescaleSlope, ct.RescaleIntercept, ct.PixelRepresentation, ct.PixelData = 1, 0, 1, stored.tobytes()
    ct.save_as(f"{name}.dcm", enforce_file_format=True)
    read = pydicom.dcmread(f"{name}.dcm").pixel_array
    print(f"pydicom, {name}: {read.min()} to {read.max()}")
    assert np.array_equal(read, values)
PYTHON
node - <<'NODE'
const assert = require("assert");
const fs = require("fs");
const daikon = require("daikon");
const seen = {};
for (const name of ["plain", "twelve", "white"]) {
  const file = fs.readFileSync(`${name}.dcm`);
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
  const read = daikon.Series.parseImage(new DataView(bytes)).getInterpretedData(true, true);
  seen[name] = [read.min, read.max, read.data[0], read.data[2000]];
  console.log(`daikon, ${name}: ${read.min} to ${read.max}; of -1000 and 1000 it makes ${read.data[0]} and ${read.data[2000]}`);
}
assert.deepStrictEqual(seen.plain, [-1000, 1999, -1000, 1000]);
assert.deepStrictEqual(seen.twelve, [0, 4095, 3096, 1000]);
assert.deepStrictEqual(seen.white, [30768, 32767, 32767, 31767]);
NODE
