"""Weights go to the Hub and come back from there: same bytes, same label maps, pinned commits."""

import difflib
import hashlib
import importlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from hub_repositories import Repository, StandInAccount
from numpy.typing import NDArray

from ctseg import cli
from ctseg.datasets.examples import ABDOMEN
from ctseg.leaderboard.boards import BOARDS
from ctseg.methods import CARDS, download_bytes
from ctseg.methods.base.fetching import fetch_weights
from ctseg.methods.base.method import NeverStop, Stopped
from ctseg.weights import bytes_to_fetch, manifest, status

SMALL = ("unet-tvmf", "partition")


def publish(*methods: str, owner: str = "someone") -> int:
    chosen = [word for method in methods for word in ("--method", method)]
    return cli.main(["hub", "publish-weights", "--owner", owner, *chosen])


def model(hub: StandInAccount, method: str) -> Repository:
    return hub.repositories[f"models/someone/ctseg-{method}"]


@pytest.mark.thorough
def test_published_weights_come_back_and_give_the_same_label_maps(
    hub: StandInAccount,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    segmented: Callable[[str], NDArray[np.int32]],
) -> None:
    embedded = {name: segmented(name) for name in SMALL}
    before = (weights / "manifest.toml").read_text()
    assert publish(*SMALL) == 0
    after = (weights / "manifest.toml").read_text().splitlines()
    changed = [line for line in difflib.ndiff(before.splitlines(), after) if line[0] in "+-"]
    assert [line for line in changed if not re.match(r'[+-] (owner|commit) = "', line)] == []
    for path in weights.glob("*_fp16.*"):
        path.unlink()
    monkeypatch.setenv("CTSEG_WEIGHTS", "hub")
    for name in SMALL:
        files = CARDS[name].weights
        assert manifest()[files[0]].commit == model(hub, name).commits[-1][0]
        assert download_bytes(name) == sum(manifest()[file].bytes for file in files)
        state = {row.file: row.state for row in status()}[files[0]]
        assert state == f"not here, published as someone/ctseg-{name}@{manifest()[files[0]].commit}"
        told: list[float] = []
        fetch_weights(files, NeverStop(), told.append)
        assert told[0] == 0.0
        assert told == sorted(told)
        assert {row.file: row.state for row in status()}[files[0]] == state.replace(
            "not here", "in the cache"
        )
        np.testing.assert_array_equal(segmented(name), embedded[name])
    hub.closing.set()
    seen = len(hub.seen)
    fetch_weights(CARDS["partition"].weights, NeverStop(), told.append)
    assert len(hub.seen) == seen


@pytest.fixture
def segmented() -> Callable[[str], NDArray[np.int32]]:
    """Segments a real slice by a method that is loaded anew, as a fresh process does."""
    example = ABDOMEN.stack()[ABDOMEN.start]
    places = {"unet-tvmf": "networks.unet_tvmf", "partition": "own.partition"}

    def segment(name: str) -> NDArray[np.int32]:
        label_map: NDArray[np.int32] = (
            importlib.import_module(f"ctseg.methods.{places[name]}").load().segment(example)
        )
        return label_map

    return segment


def test_a_model_repository_holds_card_licence_scores_and_files(hub: StandInAccount, weights: Path) -> None:
    assert publish("sam-vit-t", "partition") == 0
    files = model(hub, "partition").files
    assert set(files) == {
        ".gitattributes",
        ".eval_results/phantom-val.yaml",
        "LICENSE",
        "README.md",
        "partition_fp16.safetensors",
    }
    card = files["README.md"].decode()
    digest = hashlib.sha256(files["partition_fp16.safetensors"]).hexdigest()
    assert f"`{digest}`" in card
    assert "5 patients: too few for an interval" in card
    assert all(failure in card for failure in CARDS["partition"].known_failures)
    assert CARDS["partition"].training_data in card
    front = yaml.safe_load(card.split("---")[1])
    assert (front["license"], front["license_name"]) == ("other", "research-use")
    assert b"BTCV" in files["LICENSE"]
    sam = model(hub, "sam-vit-t").files
    assert {"mobile_sam_encoder_fp16.onnx", "mobile_sam_decoder_fp16.safetensors"} < set(sam)
    # Large files went by the large files' way, and no pickle is among them.
    assert {hashlib.sha256(sam[path]).hexdigest() for path in sam if path.startswith("mobile")} <= set(
        hub.large
    )


def test_eval_results_are_of_boards_whose_data_anyone_may_have(hub: StandInAccount, weights: Path) -> None:
    assert publish("partition") == 0
    stored = [path for path in model(hub, "partition").files if path.startswith(".eval_results/")]
    assert [BOARDS[Path(path).stem].labels_may_be_shown for path in stored] == [True]
    entries = yaml.safe_load(model(hub, "partition").files[stored[0]])
    assert [each["dataset"]["task_id"] for each in entries] == ["ari", "fg_ari"]
    assert {each["dataset"]["id"] for each in entries} == {"someone/ctseg-phantom-val"}


def test_scores_of_kept_boards_have_the_decimals_that_are_told(hub: StandInAccount, weights: Path) -> None:
    assert publish("partition") == 0
    lines = model(hub, "partition").files["README.md"].decode().splitlines()
    kept = [line for line in lines if line.startswith("| CT ")]
    assert kept
    for line in kept:
        figures = re.findall(r"-?\d+\.(\d+)", line)
        assert {len(figure) for figure in figures} == {2}


def test_publishing_again_changes_nothing(
    hub: StandInAccount, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("partition") == 0
    first = (weights / "manifest.toml").read_bytes()
    hub.seen.clear()
    assert publish("partition") == 0
    assert "nothing changed" in capsys.readouterr().out
    assert (weights / "manifest.toml").read_bytes() == first
    assert not {"upload", "commit"} & set(hub.seen)


def test_a_dry_run_sends_nothing(
    hub: StandInAccount, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["hub", "publish-weights", "--owner", "someone", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "someone/ctseg-vit-mae: 13.7 MB" in told
    assert hub.seen == []


def test_what_was_published_before_a_fault_is_recorded(
    hub: StandInAccount, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("partition") == 0
    hub.faults["commit"] = [418]
    assert publish("partition", "unet-dice") == 1
    assert "status 418" in capsys.readouterr().err
    assert manifest()["partition_fp16.safetensors"].commit
    assert not manifest()["unet_dice_fp16.safetensors"].commit


@pytest.mark.parametrize(
    ("kind", "fault", "sentence"),
    [
        ("whoami", 401, "not valid"),
        ("whoami", "cut before", "cannot be reached"),
        ("create", 403, "may not write"),
        ("create", 503, "fault 503"),
        ("commit", 412, "Somebody else changed"),
        ("upload", 403, "may not write"),
        ("preupload", 404, "There is no someone/ctseg-partition"),
        ("batch", 429, "fault 429"),
    ],
)
def test_a_refusal_is_one_sentence_and_records_nothing(
    hub: StandInAccount,
    weights: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    fault: int | str,
    sentence: str,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # huggingface_hub waits between its own tries
    hub.faults[kind] = [fault] * 9
    before = (weights / "manifest.toml").read_bytes()
    assert publish("partition") == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert sentence in said[0]
    assert (weights / "manifest.toml").read_bytes() == before


def test_somebody_elses_commit_is_not_overwritten(
    hub: StandInAccount, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.before_commit = lambda: model(hub, "partition").add({"theirs.txt": b"hello"})
    assert publish("partition") == 1
    assert "Somebody else changed someone/ctseg-partition" in capsys.readouterr().err
    hub.before_commit = lambda: None
    assert publish("partition") == 0
    assert model(hub, "partition").files["theirs.txt"] == b"hello"


def test_another_account_is_refused_before_anything_is_sent(
    hub: StandInAccount, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("partition", owner="stranger") == 1
    assert "writes for someone, a-team and not for stranger" in capsys.readouterr().err
    assert hub.seen == ["whoami"]
    assert publish("partition", owner="a-team") == 0
    assert "models/a-team/ctseg-partition" in hub.repositories


def test_without_a_token_it_says_how_to_get_one(
    hub: StandInAccount, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "/nowhere")
    assert publish("partition") == 1
    assert "hf auth login" in capsys.readouterr().err


def test_changed_files_and_methods_without_weights_are_refused(
    hub: StandInAccount, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("watershed") == 1
    assert "has no weights to publish" in capsys.readouterr().err
    (weights / "partition_fp16.safetensors").unlink()
    shutil.copy(weights / "boundary_fp16.safetensors", weights / "partition_fp16.safetensors")
    assert publish("partition") == 1
    assert "missing here or was changed" in capsys.readouterr().err
    assert "commit" not in hub.seen


def test_fetching_stops_when_it_is_told_to(
    hub: StandInAccount, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish("partition") == 0
    monkeypatch.setenv("CTSEG_WEIGHTS", "hub")
    hub.faults["large"] = ["stall"]

    class Stop:
        def is_set(self) -> bool:
            return "large" in hub.seen

    with pytest.raises(Stopped):
        fetch_weights(CARDS["partition"].weights, Stop(), lambda _: None)
    assert bytes_to_fetch(CARDS["partition"].weights)
