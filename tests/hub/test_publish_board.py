"""A board's data go to the Hub where they may be handed out; of others only scores and names do."""

from io import BytesIO

import numpy as np
import pytest
import yaml
from hub_repositories import StandInAccount
from numpy.typing import NDArray
from PIL import Image

from ctseg import cli
from ctseg.datasets.split import Split
from ctseg.leaderboard.boards import BOARDS
from ctseg.slices import CTSlice


class _Small(Split):
    name = "phantom-val"
    images = ("0.png", "1.png")
    patients = ("0", "1")

    def slice(self, index: int) -> CTSlice:
        return CTSlice(np.full((8, 9), 40 + index, np.uint8), "8-bit", None, self.images[index])

    def label_map(self, index: int) -> NDArray[np.integer]:
        return np.full((8, 9), 300 + index, np.uint16)


@pytest.fixture
def _small_phantom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slices and no rows: drawing sixty slices takes minutes, and ranking a board seconds."""
    monkeypatch.setattr("ctseg.hub.board.open_split", lambda _name: _Small())
    monkeypatch.setattr("ctseg.hub.board.disclosed_rows", lambda _board: ())


def publish(board: str, *words: str) -> int:
    return cli.main(["hub", "publish-board", board, "--owner", "someone", *words])


@pytest.mark.usefixtures("_small_phantom")
def test_a_phantom_board_goes_with_images_labels_and_scores(hub: StandInAccount) -> None:
    assert publish("phantom-val") == 0
    files = hub.repositories["datasets/someone/ctseg-phantom-val"].files
    assert set(files) == {
        ".gitattributes",
        "README.md",
        "scores.csv",
        "test/metadata.csv",
        *(f"test/{part}/{index}.png" for part in ("images", "label_maps") for index in (0, 1)),
    }
    split = _Small()
    for index in (0, 1):
        image = np.asarray(Image.open(BytesIO(files[f"test/images/{index}.png"])))
        label_map = np.asarray(Image.open(BytesIO(files[f"test/label_maps/{index}.png"])))
        np.testing.assert_array_equal(image, split.slice(index).pixels)
        np.testing.assert_array_equal(label_map, split.label_map(index))
    assert b"images/1.png,label_maps/1.png,1" in files["test/metadata.csv"]
    front = yaml.safe_load(files["README.md"].decode().split("---")[1])
    assert front["configs"][0]["data_files"][0]["split"] == "test"


KEPT = [name for name, board in BOARDS.items() if not board.labels_may_be_shown]


@pytest.mark.parametrize(
    "name",
    [name if name == "ct-fewshot-val" else pytest.param(name, marks=pytest.mark.slow) for name in KEPT],
)
def test_of_other_boards_no_image_label_or_score_of_an_image_leaves(hub: StandInAccount, name: str) -> None:
    assert publish(name, "--benchmark") == 0
    files = hub.repositories[f"datasets/someone/ctseg-{name}"].files
    assert set(files) == {".gitattributes", "README.md", "images.csv", "scores.csv"}
    assert files["images.csv"].startswith(b"image\n")
    header, *rows = files["scores.csv"].decode().splitlines()
    assert header.startswith("rank,tier,entry,")
    for row in rows:
        figures = [cell for cell in row.split(",")[7:13] if "." in cell]
        assert all(len(figure.split(".")[1]) <= 2 for figure in figures)


@pytest.mark.usefixtures("_small_phantom")
def test_the_benchmark_has_the_tasks_that_eval_results_name(hub: StandInAccount) -> None:
    assert publish("phantom-val", "--benchmark") == 0
    told = yaml.safe_load(hub.repositories["datasets/someone/ctseg-phantom-val"].files["eval.yaml"])
    assert [task["id"] for task in told["tasks"]] == ["ari", "fg_ari"]


@pytest.mark.usefixtures("_small_phantom")
def test_again_changes_nothing(hub: StandInAccount, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish("phantom-sealed") == 0
    commits = len(hub.repositories["datasets/someone/ctseg-phantom-sealed"].commits)
    assert publish("phantom-sealed") == 0
    assert len(hub.repositories["datasets/someone/ctseg-phantom-sealed"].commits) == commits


def test_an_unknown_board_is_one_sentence(hub: StandInAccount, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish("nothing") == 1
    assert "There is no board" in capsys.readouterr().err
    assert hub.seen == []
