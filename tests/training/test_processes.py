"""Two processes with half the batch each do what one does with the whole."""

from pathlib import Path

import pytest
import torch
from sgd_steps import LOSSES, contrastive_steps, steps

from ctseg.training.curves import read_record

SCRIPT = Path(__file__).with_name("sgd_steps.py")
TWO = ("torch.distributed.run", "--standalone", "--nproc_per_node", 2)


def finish(process) -> None:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


@pytest.mark.slow
def test_losses_and_gradients_of_two_processes_are_those_of_one(tmp_path, start) -> None:
    shared = tmp_path / "shared.pt"
    finish(start(*TWO, SCRIPT, shared))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    expected = {name: value for kind in LOSSES for name, value in steps(kind, 0, 1).items()}
    expected |= contrastive_steps(0, 1)
    torch.set_num_threads(threads)
    found = torch.load(shared, weights_only=True)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=1e-5, atol=1e-5), name
    largest = max(value.abs().max() for name, value in expected.items() if not name.endswith("loss"))
    assert largest > 0.01  # gradients that vanish would agree by themselves


@pytest.mark.slow
def test_the_loop_runs_in_two_processes(tmp_path, write_recipe, start) -> None:
    recipe = write_recipe(steps=5)
    finish(start("ctseg", "train", recipe, "--out", tmp_path / "alone", "--threads", 1))
    finish(start(*TWO, "-m", "ctseg", "train", recipe, "--out", tmp_path / "shared", "--threads", 1))
    alone, shared = (read_record(tmp_path / name / "log.csv") for name in ("alone", "shared"))
    assert [row["step"] for row in shared] == [1, 2, 3, 4, 5]
    for one, other in zip(alone, shared, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-5)
        assert other["kappa_foreground"] == pytest.approx(one["kappa_foreground"], rel=1e-4)


def test_a_batch_that_cannot_be_shared_is_refused(write_recipe) -> None:
    from ctseg.training.batches import ahead
    from ctseg.training.recipe_files import read_recipe

    with pytest.raises(ValueError, match="batch of 4 cannot be shared by 3"):
        next(ahead(lambda step, places: (), read_recipe(write_recipe()), 0, 0, 3))
