"""A Space gets exactly its files, the same again changes nothing, a missing plan is one sentence."""

import subprocess
from pathlib import Path

import pytest
import yaml
from hub_repositories import Repository, StandInAccount

from ctseg import cli
from ctseg.hub.space_files import HARDWARE, ZERO_GPU_PINS, HardwareName, space_files
from ctseg.methods import CARDS
from ctseg.weights import manifest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a few files, so that publishing takes no time."""
    clone = tmp_path / "clone"
    for path, text in {
        "app.py": "print()\n",
        "requirements.txt": "gradio==6.31.0\ntorch==2.15.0\ntorchvision==0.29.2\n",
        "README.md": (ROOT / "README.md").read_text(encoding="utf-8"),
        "LICENSE": "terms\n",
        "NOTICE": "others\n",
        "ctseg/__init__.py": "",
        "ctseg/training/loop.py": "never served\n",
        "ctseg/hub/weights.py": "never served\n",
        "docs/page.md": "not for the Space\n",
        "weights/manifest.toml": "",
        "weights/partition_fp16.safetensors": "large",
        "weights/tf_efficientnet_lite0_imagenet_fp16.safetensors": "for training",
        "leaderboard/results.json": "{}\n",
    }.items():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_text(text, encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", str(clone), *words], check=True)
    (clone / "ctseg" / "secret.txt").write_text("not tracked")
    monkeypatch.setattr("ctseg.hub.space_files.packaged_folder", lambda name: clone / name)
    return clone


SERVED = {
    "LICENSE",
    "NOTICE",
    "README.md",
    "app.py",
    "ctseg/__init__.py",
    "leaderboard/results.json",
    "requirements.txt",
    "weights/manifest.toml",
    "weights/partition_fp16.safetensors",
}


def publish(hardware: HardwareName, *words: str) -> int:
    return cli.main(["hub", "publish-space", "--owner", "someone", "--hardware", hardware, *words])


def space(hub: StandInAccount) -> Repository:
    return hub.repositories["spaces/someone/ctseg"]


def test_exactly_the_spaces_files_go_there(hub: StandInAccount, small_clone: Path) -> None:
    hub.plan = "pro"
    assert publish("cpu-basic", "--yes") == 0
    assert set(space(hub).files) == SERVED | {".gitattributes"}
    assert (space(hub).sdk, space(hub).hardware) == ("gradio", "cpu-basic")
    assert space(hub).variables == {"CTSEG_TRUSTED_HOPS": "1"}
    assert set(hub.large.values()) == {b"large"}
    assert "upload" in hub.seen


def test_nothing_is_sent_without_yes(
    hub: StandInAccount, small_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("cpu-basic") == 0
    told = capsys.readouterr().out
    assert "needs PRO" in told
    assert "has no PRO" in told
    assert "Nothing was sent" in told
    assert f"{len(SERVED)} files differ" in told
    assert all(path in told for path in SERVED)
    assert hub.repositories == {}
    assert set(hub.seen) == {"whoami", "tree"}


def test_the_list_needs_no_network(
    small_clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert publish("zero-gpu") == 0
    told = capsys.readouterr().out
    assert "HF_HUB_OFFLINE is set" in told
    assert f"{len(SERVED)} files differ" in told


def test_again_changes_nothing_and_a_change_is_told(
    hub: StandInAccount, small_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("zero-gpu", "--yes") == 0
    commits = len(space(hub).commits)
    assert publish("zero-gpu", "--yes") == 0
    assert "Nothing differs." in capsys.readouterr().out
    assert len(space(hub).commits) == commits
    (small_clone / "app.py").write_text("print(1)\n")
    (small_clone / "NOTICE").unlink()
    (small_clone / "ctseg" / "more.py").write_text("")
    subprocess.run(["git", "-C", str(small_clone), "add", "-A"], check=True)
    assert publish("zero-gpu") == 0
    planned = capsys.readouterr().out
    assert publish("zero-gpu", "--yes") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert [(line[0], line[-1]) for line in lines] == [
        ("changed", "app.py"),
        ("new", "ctseg/more.py"),
        ("new", "ctseg/secret.txt"),
        ("gone", "NOTICE"),
    ]
    assert [line.split() for line in planned.splitlines() if line.startswith("  ")] == lines
    assert space(hub).files["app.py"] == b"print(1)\n"
    assert "NOTICE" not in space(hub).files
    assert ".gitattributes" in space(hub).files


def test_other_hardware_is_asked_for(
    hub: StandInAccount, small_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.plan = "pro"
    assert publish("cpu-basic", "--yes") == 0
    assert publish("zero-gpu", "--yes") == 0
    assert "The hardware is zero-gpu now." in capsys.readouterr().out
    assert space(hub).hardware == HARDWARE["zero-gpu"].flavor


def test_a_free_account_is_told_its_three_ways(
    hub: StandInAccount, small_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("cpu-basic", "--yes") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(way in said for way in ("PRO", "--hardware zero-gpu", "--hardware static"))
    assert hub.repositories == {}
    for name in ("one", "two"):
        assert publish("zero-gpu", "--yes", "--name", name) == 0
    assert publish("zero-gpu", "--yes", "--name", "three") == 1
    assert "spaces/someone/three" not in hub.repositories


def test_a_paid_hardware_that_is_asked_for_later_is_refused_in_one_sentence(
    hub: StandInAccount, small_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("zero-gpu", "--yes") == 0
    capsys.readouterr()
    assert publish("cpu-basic", "--yes") == 1
    assert "The Hub asks for a plan" in capsys.readouterr().err


def test_zero_gpu_pins_what_that_hardware_runs(small_clone: Path) -> None:
    files = space_files("zero-gpu")
    pins = files["requirements.txt"]
    assert isinstance(pins, bytes)
    lines = pins.decode().splitlines()
    assert len(lines) == len({line.split("==")[0] for line in lines})
    assert {f"{name}=={version}" for name, version in ZERO_GPU_PINS.items()} <= set(lines)
    assert "gradio==6.31.0" in lines
    readme = files["README.md"]
    assert isinstance(readme, bytes)
    assert yaml.safe_load(readme.decode().split("---")[1])["python_version"] == "3.12"


def test_a_static_space_needs_a_page(
    hub: StandInAccount, small_clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("static", "--yes", "--page", str(tmp_path / "nothing")) == 1
    assert "index.html" in capsys.readouterr().err
    page = tmp_path / "page"
    (page / "js").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "js" / "main.js").write_text("0")
    assert publish("static", "--yes", "--page", str(page)) == 0
    assert set(space(hub).files) == {".gitattributes", "README.md", "index.html", "js/main.js"}
    assert space(hub).sdk == "static"
    assert "runtime" not in hub.seen
    front = yaml.safe_load(space(hub).files["README.md"].decode().split("---")[1])
    assert (front["sdk"], front["app_file"]) == ("static", "index.html")


@pytest.mark.slow
def test_without_a_page_the_static_export_is_published(
    hub: StandInAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("static", "--yes") == 0
    files = space(hub).files
    assert {"index.html", "stage.js", "engine/worker.js", "networks/unet_tvmf_fp16.safetensors"} <= set(files)
    assert space(hub).sdk == "static"
    assert "cross-origin-opener-policy: same-origin" in files["README.md"].decode()
    capsys.readouterr()
    assert publish("static", "--yes") == 0
    assert "Nothing differs." in capsys.readouterr().out


def test_somebody_elses_commit_is_not_overwritten(
    hub: StandInAccount, small_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.before_commit = lambda: space(hub).add({"theirs.txt": b""})
    assert publish("zero-gpu", "--yes") == 1
    assert "Somebody else changed someone/ctseg" in capsys.readouterr().err


def test_the_clones_own_space_has_what_serving_needs() -> None:
    files = space_files("cpu-basic")
    needed = {
        f"weights/{file}" for card in CARDS.values() for file in card.weights if not manifest()[file].outside
    }
    assert needed | {"app.py", "ctseg/ui/app.py", "requirements.txt", "weights/manifest.toml"} <= files.keys()
    assert not [path for path in files if path.startswith(("tests/", "docs/", "ctseg/training/"))]
    assert max(content.stat().st_size for content in files.values() if isinstance(content, Path)) < 50_000_000
