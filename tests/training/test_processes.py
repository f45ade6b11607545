"""Two processes with half the batch each do what one does with the whole."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sgd_steps import LOSSES, contrastive_steps, partition_steps, steps

from ctseg.training.curves import read_record

SCRIPT = Path(__file__).with_name("sgd_steps.py")
TWO = ("torch.distributed.run", "--standalone", "--nproc_per_node", 2)


def finish(process) -> None:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


@pytest.mark.slow
def test_losses_and_gradients_of_two_processes_are_those_of_one(tmp_path, start, small_split) -> None:
    shared = tmp_path / "shared.pt"
    finish(start(*TWO, SCRIPT, shared))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    expected = {name: value for kind in LOSSES for name, value in steps(kind, 0, 1).items()}
    expected |= contrastive_steps(0, 1) | partition_steps(0, 1)
    torch.set_num_threads(threads)
    found = torch.load(shared, weights_only=True)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=1e-5, atol=1e-5), name
    for kind in (*LOSSES, "nt-xent", "partition"):
        gradients = [each for name, each in expected.items() if name.startswith(kind) and "loss" not in name]
        assert max(each.abs().max() for each in gradients) > 0.001  # those that vanish agree by themselves


@pytest.fixture(params=["segment", "partition"])
def recipe_of_task(request, write_recipe, tmp_path):
    """Write a recipe of a task; of ``partition`` one where each of two processes sees another kind."""

    def write(steps: int) -> Path:
        path = write_recipe(steps)
        if request.param == "partition":
            text = path.read_text().replace('"tiny-unet"', '"tiny-unet-affinities"')
            text = text.replace("batch = 4", 'batch = 2\ntask = "partition"')
            path.write_text(text + '[data]\nsources = ["phantoms", "annotated"]\nphantoms = 2\n')
        return path

    return write


@pytest.mark.slow
def test_the_loop_runs_in_two_processes(tmp_path, recipe_of_task, start) -> None:
    recipe = recipe_of_task(5)
    finish(start("ctseg", "train", recipe, "--out", tmp_path / "alone", "--threads", 1))
    finish(start(*TWO, "-m", "ctseg", "train", recipe, "--out", tmp_path / "shared", "--threads", 1))
    alone, shared = (read_record(tmp_path / name / "log.csv") for name in ("alone", "shared"))
    assert [row["step"] for row in shared] == [1, 2, 3, 4, 5]
    for one, other in zip(alone, shared, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-5)
        assert other["batch_dice"] == pytest.approx(one["batch_dice"], rel=1e-4)
        assert other["kappa_foreground"] == pytest.approx(one["kappa_foreground"], rel=1e-4)


@pytest.mark.slow
def test_two_processes_of_which_one_is_killed_go_on_as_if_nothing_had_happened(
    tmp_path, recipe_of_task, start
) -> None:
    recipe = recipe_of_task(14)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    words = ("train", recipe, "--threads", 1, "--out")
    finish(start(*TWO, "-m", "ctseg", *words, whole))
    # The first of the two is killed between two saves: two steps after one of them.
    killed = start(*TWO, Path(__file__).with_name("killed_training.py"), 12, *words, broken)
    said, _ = killed.communicate(timeout=300)
    assert killed.returncode != 0, said
    assert torch.load(broken / "state.pt", weights_only=True)["steps_done"] in (10, 11, 12)
    finish(start(*TWO, "-m", "ctseg", *words, broken))
    first, second = (read_record(each / "log.csv") for each in (whole, broken))
    assert [row["step"] for row in second] == list(range(1, 15))
    for one, other in zip(first, second, strict=True):
        del one["seconds_a_step"], other["seconds_a_step"]
        assert other == pytest.approx(one, rel=1e-6, abs=1e-6)
    for name in ("last", "best"):
        expected, found = (load_file(each / f"{name}.safetensors") for each in (whole, broken))
        for tensor, value in expected.items():
            assert torch.allclose(found[tensor], value, rtol=0, atol=1e-6), tensor


def test_a_batch_that_cannot_be_shared_is_refused(write_recipe) -> None:
    from ctseg.training.batches import ahead
    from ctseg.training.recipe_files import read_recipe

    with pytest.raises(ValueError, match="batch of 4 cannot be shared by 3"):
        next(ahead(lambda step, places: (), read_recipe(write_recipe()), 0, 0, 3))
