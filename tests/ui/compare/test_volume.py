"""A method's results on a whole series, as one 3-D label volume."""

import gzip
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from small_slices import stack_of

from ctseg.labelmaps.files import write_nifti_stack
from ctseg.slices import Stack
from ctseg.ui.compare.frames import unframe
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.compare.results import take
from ctseg.ui.compare.volume import begin_volume
from ctseg.ui.server.sessions import Session


def _placed(slices: int, step_mm: float = 2.0) -> Stack:
    """A stack in the patient, its slices a step apart."""
    affines = np.tile(
        np.array([[0, -0.5, 0, 10], [-0.5, 0, 0, 20], [0, 0, step_mm, 30], [0, 0, 0, 1.0]]), (slices, 1, 1)
    )
    affines[:, 2, 3] += step_mm * np.arange(slices)
    return replace(stack_of(slices), affines=affines)


def test_a_volume_holds_every_slice_in_place_and_structures_keep_their_numbers() -> None:
    session = Session()
    session.keep(_placed(3), index=1)
    own = np.zeros((24, 32), np.int32)
    own[4:20, 4:12], own[4:20, 18:28] = 1, 2
    for index in (1, 0, 2):
        session.show(index)
        take(session, "multi-otsu", own if index else np.where(own, 3 - own, 0), 0.1, None)
    plan, frames = begin_volume(session, "multi-otsu")
    *steps, (done, arrays) = [unframe(each) for each in frames]
    assert [head["text"] for head, _ in steps] == [f"Slice {k} of 3 …" for k in (1, 2, 3)]
    assert (done["state"], done["file"], plan.left) == ("done", "ctseg-multi-otsu.nii.gz", set())
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(arrays["file"].tobytes()))
    labels = np.asarray(image.dataobj)
    assert labels.shape == (32, 24, 3)
    assert all(np.array_equal(labels[:, :, k].T, own) for k in range(3))
    assert np.allclose(image.affine @ [4, 5, 2, 1], session.stack.affines[2] @ [5, 4, 0, 1])


def test_uneven_slices_are_written_without_a_place_and_that_is_said(tmp_path: Path) -> None:
    stack = _placed(3)
    stack.affines[2, 2, 3] += 3
    note = write_nifti_stack(tmp_path / "y.nii", np.ones((3, 24, 32), np.int32), stack)
    assert note.startswith("The slices do not follow each other in even steps")
    assert int(nibabel.load(tmp_path / "y.nii").header["sform_code"]) == 0
    assert write_nifti_stack(tmp_path / "y.nii", np.ones((3, 24, 32), np.int32), _placed(3)) == ""
    with pytest.raises(ValueError, match="one label map for each slice"):
        write_nifti_stack(tmp_path / "y.nii", np.ones((2, 24, 32), np.int32), stack)


def test_what_cannot_become_a_volume_is_refused_and_a_stop_ends_it() -> None:
    session = Session()
    with pytest.raises(PageError, match="Nothing is loaded"):
        begin_volume(session, "watershed")
    session.keep(stack_of(1))
    with pytest.raises(PageError, match="single slice"):
        begin_volume(session, "watershed")
    session.keep(stack_of(3))
    with pytest.raises(PageError, match="No method"):
        begin_volume(session, "no-such-method")
    plan, frames = begin_volume(session, "watershed")
    states = [unframe(each)[0]["state"] for each in frames]
    assert states == ["running"] * 3 + ["done"]
    plan, frames = begin_volume(session, "watershed")
    plan.stop.set()
    assert [unframe(each)[0]["state"] for each in frames] == ["running", "cancelled"]
