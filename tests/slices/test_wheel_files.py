"""Every file of pydicom's wheel decodes or is refused as the table says, and so says the docs page."""

import runpy
from pathlib import Path

import pytest
from wheel import FOLDER, Expectation, expectations, wheel_files

from ctseg.slices import SliceError, read_stack
from ctseg.slices.decode import decode

ROOT = Path(__file__).resolve().parents[2]


def test_table_names_every_file() -> None:
    assert [row.file for row in expectations()] == wheel_files()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expected", expectations(), ids=lambda row: row.file)
def test_file_is_read_or_refused_as_expected(expected: Expectation) -> None:
    if expected.sentence:
        with pytest.raises(SliceError) as refusal:
            decode([FOLDER / expected.file])
        assert str(refusal.value) == expected.sentence
        return
    stack = decode([FOLDER / expected.file])
    assert "x".join(map(str, stack.pixels.shape)) == expected.shape
    assert stack.intensity == expected.intensity


def test_sentences_are_one_sentence() -> None:
    for row in expectations():
        if row.sentence:
            assert row.sentence.endswith(".")
            assert row.sentence.count(". ") == 0


@pytest.mark.parametrize("name", ["CT_small.dcm", "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "rtdose.dcm"])
def test_own_process_gives_the_same(name: str) -> None:
    path = FOLDER / "test_files" / name
    [expected] = [row for row in expectations() if row.file == f"test_files/{name}"]
    if expected.sentence:
        with pytest.raises(SliceError, match="RTDOSE"):
            read_stack(path)
        return
    stack = read_stack(path)
    here = decode([path])
    assert (stack.pixels == here.pixels).all()
    assert stack.facts() == here.facts()


def test_page_of_formats_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "docs" / "make_formats_doc.py"))
    assert script["TARGET"].read_text(encoding="utf-8") == script["page"](), (
        "run python scripts/docs/make_formats_doc.py"
    )
