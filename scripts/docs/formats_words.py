"""The words of docs/formats.md, which make_formats_doc.py fills in and writes."""

SITUATIONS = [
    (
        "several series, studies, frames of reference, sizes or directions (more than 0.3 degrees apart)",
        "the largest is read, with a note",
        "PS3.3 A.1.2.3",
    ),
    (
        "several patients, told apart by number, birth date or name, whose series carry one name",
        "the largest is read, with a note",
        "PS3.3 A.1.2.1",
    ),
    (
        "acquisitions, times, phases, echoes, kernels, voltages, thicknesses, descriptions at the same or "
        "interleaved places",
        "one set is read, with a note",
        "PS3.3 C.7.6.2.1.1, C.7.6.17",
    ),
    (
        "reconstructions beside each other, such as of the left and the right ear",
        "one is read, with a note",
        "PS3.3 C.7.6.2.1.1",
    ),
    (
        "images of other kinds without which steps would be missing",
        "one stack",
        "PS3.3 C.7.6.1.1.2",
    ),
    (
        "a series named for each image, all of one series number",
        "one stack, with a note",
        "PS3.3 C.7.3.1",
    ),
    (
        "slices beside each other taken in several passes, which only times or numbers tell apart",
        "one stack, with a note: phases, or every second slice first",
        "PS3.3 C.7.6.2.1.1",
    ),
    (
        "step and shoot: acquisitions beside each other",
        "one stack",
        "PS3.3 C.7.4.1",
    ),
    (
        "places that repeat and no tag that tells why",
        "the first image of each place, with a note",
        "PS3.3 C.7.6.2.1.1",
    ),
    (
        "all images at one place",
        "all are kept in order of time, with a note",
        "PS3.3 C.7.6.2.1.1",
    ),
    (
        "the same SOP Instance UID and place twice",
        "read once, with a note",
        "PS3.3 C.12.1",
    ),
    (
        "slices without rescale, place or spacing among others",
        "left out, with a note",
        "PS3.3 C.11.1, C.7.6.2",
    ),
    (
        "order",
        "by position, feet first; else SliceLocation, place in the stack, instance number, with a note",
        "PS3.3 C.7.6.2.1.1",
    ),
    (
        "missing slices, uneven steps",
        "kept, with a note that tells the steps",
        "PS3.3 C.7.6.2.1.1",
    ),
    (
        "frames of one file without places of their own",
        "as stored; no place is claimed",
        "PS3.3 C.7.6.16",
    ),
    (
        "bits outside BitsStored, overlays among them",
        "never used, after any codec",
        "PS3.5 8.1.1",
    ),
    (
        "decimal commas; numbers under another type",
        "read, where only one meaning is possible; else dropped, with a note",
        "PS3.5 6.2, PS3.6",
    ),
    (
        "ImagerPixelSpacing without PixelSpacing",
        "no spacing, with a note",
        "PS3.3 10.7.1.1",
    ),
    (
        "RescaleType names another quantity (OD, MGML, Z_EFF, ED, EDW, PCT)",
        "grey levels, with a note; HU_MOD are HU",
        "PS3.3 C.11.1.1.2",
    ),
    (
        "a table (ModalityLUTSequence) instead of a rescale",
        "grey levels, with a note",
        "PS3.3 C.11.1",
    ),
    (
        "numbers beyond -32768 to 32767 HU",
        "the nearer of the two, with a note at each slice that has such or the two themselves",
        "",
    ),
    (
        "header contradicts uncompressed pixels, or HighBit any pixels",
        "the pixels count, where one reading fits them",
        "PS3.5 8.1.1",
    ),
    (
        "another compression than the header names; uncompressed pixels in fragments",
        "read as what the stream is",
        "PS3.5 A.4",
    ),
    (
        "fragments without the delimiter at their end",
        "read, if the last one is whole",
        "PS3.5 A.4",
    ),
]
"""What becomes of a DICOM series, and the clause of the standard by which it does."""

INTRODUCTION = """\
# Files that are read

<!-- Written by scripts/docs/make_formats_doc.py; change formats_words.py beside it, or
tests/slices/expectations.csv. -->

The format is told by a file's content, never by its name. A file becomes slices in Hounsfield units (HU), or
grey levels from 0 to 255 of unknown window ("8-bit"), or it is refused with one sentence.

| format | kinds | becomes |
|---|---|---|
| PNG | 1, 2, 4, 8 or 16 bit; grey, RGB, palette, with or without alpha | one slice, 8-bit |
| JPEG | 8 bit; grey or colour | one slice, 8-bit |
| TIFF | 1 to 64 bit integers and floating point; grey, RGB, palette; pages of one size | a stack, 8-bit |
| DICOM | CT: a file, files of a series, or a ZIP of them; single-frame, multi-frame, enhanced | a stack, HU |
| NIfTI | `.nii` and `.nii.gz`, version 1 and 2, one volume | axial slices, HU or 8-bit |
| MetaImage | `.mha`; `.mhd` with its `.raw` in a ZIP | as NIfTI |
| NRRD | `.nrrd`, `.seg.nrrd`; raw, gzip, bzip2; attached voxels | as NIfTI |
| NumPy | `.npy`, `.npz` of one array (rows, columns) or (slices, rows, columns); no pickles | HU or 8-bit |

- Colour becomes luma, transparent becomes black. Anything but 8 bits is mapped to 8 bits by its own minimum
  and maximum, for a TIFF over all pages. Orientation tags are applied.
- DICOM: rescaled to HU, each slice by its own slope and intercept. MONOCHROME1 says how to display and does
  not invert HU. Padding gets the lowest value outside it. Where a file does not say how its numbers become
  HU, the rule of NIfTI holds, and a note says so. The table below says what becomes of a series.
- NIfTI: HU if the smallest value is {hounsfield:.0f} or less, otherwise 8-bit by the volume's own minimum and
  maximum (plain 8-bit values stay as they are). Slices are axial by the affine, an oblique volume along the
  nearest axis; anterior is at the top and the patient's left at the right of the image.

## DICOM series and badly written headers

Whatever is left out or not believed is told in a note: on the page, by the command, in the report.

{situations}
TIFF holds the same samples whatever its compression (none, LZW, deflate, PackBits, ZSTD, LZMA, fax),
predictor and byte order; as a label map, as stored; as a slice, black where the smallest value is (TIFF
6.0, sections 4 to 8). A grey PNG of 1, 2 or 4 bits means its values at 8 bits (PNG 13.12); its transparent
value is black (11.3.2.1). As a label map, a palette PNG means its indices, and its grey values where every
colour in use is grey and no two are alike, as optimisers leave them; a grey PNG with transparency is read
where all of it is opaque, and a PNG or TIFF in colour where all of it is grey.

## Label maps, and where they lie

| format | read | written |
|---|---|---|
| PNG, TIFF | one grey or palette image; turned by its orientation tag | PNG, 16 bit and coloured |
| NIfTI, MetaImage, NRRD, NumPy | one slice, or the one of a volume at the image's place | all but NumPy |
| DICOM Segmentation | BINARY and LABELMAP, the frames at the image's place | LABELMAP, of a DICOM slice |
| DICOM structure set | closed contours at the image's place | no |

`ctseg segment --format` takes `nifti`, `seg.nrrd`, `mha` and `dicom-seg`, several times if wanted. A DICOM
Segmentation repeats the patient's name and number of its source; command and page say so. Other inputs get
`.seg.nrrd` in its stead. SimpleITK does not read LABELMAP yet; highdicom and pydicom do.

| situation | what ctseg does | by |
|---|---|---|
| other voxel order, same place | label maps are turned to lie on each other | affine to RAS+ mm |
| other grid, spacing or place | refused with one sentence; a quarter of a pixel is allowed | |
| place of one unknown (PNG, NumPy, both NIfTI codes 0) | laid on pixel by pixel, with a note | |
| both NIfTI codes 0 in both files | laid on voxel by voxel; the export claims no place | nifti1.h, method 1 |
| sheared affine of a tilted gantry | a slice is written with its normal as third axis, qform = sform | |
| one slice along any axis | that one image | |
| qfac 0 | counts as 1 | nifti1.h, pixdim[0] |
| quaternion a little longer than 1 | normalised; much longer: place unknown, with a note | nifti1.h |
| a length of 0, but the first | counts as 1 | NIfTI library |
| pixdim 0 | spacing unknown; across a single slice it does not matter | |
| slope 0, or not a number | nothing is scaled | nifti1.h, scl_slope |
| intercept not a number | counts as 0, with a note | |
| label map with a slope | rounded within half of the file's own step | |
| MetaImage without matrix or offset; NRRD without space | place unknown | |
| MetaImage spacing below 0; of 0 | the axis runs back; spacing unknown, with a note | ITK |
| NRRD of a unit not known here | place and spacing unknown, with a note | NRRD, space units |
| MetaImage with a slope and an offset of its numbers | not applied, with a note | ITK |
| NumPy array whose slices seem to lie along its last axis | (slices, rows, columns), with a note | |
| NIfTI whose matrix and quaternion differ by a voxel | the matrix counts, with a note | nifti1.h, method 3 |
| TIFF of ImageJ or tifffile with one page for many images | all of them | ImageJ |
| TIFF with smaller copies of an image, or its mask of transparency | left out | TIFF 6.0, tag 254 |
| TIFF whose strips have a length of 0; a predictor behind a codec that has none | as libtiff does | libtiff |
| TIFF with a palette of 8 bits; black or white not told | as libtiff does: fax is white at 0 | libtiff |
| signed numbers that ImageJ stored 32768 too high | labels are those numbers | ImageJ |
| NRRD segments in several layers | refused: they overlap | |
| a DICOM SEG or `.seg.nrrd` covers a part of the image's grid | laid where it lies, background around it | |
| contours through pixels' centres, as of traced masks | those pixels belong to the structure | |
| structures of a DICOM label map overlap | the smaller (contours) or later (segments) counts, with a note | |

## Limits

| what | at most |
|---|---|
| upload, all files together | {upload} MB; by `CTSEG_UPLOAD_MB` up to {largest_upload} MB |
| file that the library or the command reads one slice of | any size, within the memory below |
| side of a slice | {side} pixels |
| slices | {slices} |
| decoded pixels | {stack} MB |
| time to decode, with the start of the decoder | {wall:g} s |
| memory of the decoder | {memory} MB |
| files in a ZIP, and MB unpacked | {entries}, {unpacked} |

Files are decoded in a process of their own, those of a series on two cores, in processes that together keep
to the memory above. An upload is deleted as soon as it is decoded, or refused. The page shows the middle
slice of a DICOM series of {begun} and more while the others are decoded; a broken one costs only itself.

A series of 200 JPEG 2000 slices, beside the build of 27 November 2026 in one run on two cores
(`python benchmarks/reading.py --before FOLDER`): whole 1.28 against 2.28 s (0.56), its middle slice on
the page 0.46 against 1.87 s (0.25); as on the page's server, where a decoder waits with its imports done,
0.88 against 1.83 s (0.48) and 0.21 against 1.47 s (0.14).

## Mutated bytes

Valid files with bytes changed, cut, repeated or inserted, mostly in their headers, each read as a stack, as
one slice, as a label map and as one laid on a slice (`tests/slices/test_fuzzing.py`, `--fuzz-seconds 600`,
two busy cores; `make test-all` runs it). All gave a result or a sentence within the limits above.

{fuzzing}
## DICOM transfer syntaxes

"""
