"""Publishes a board as a dataset: images and labels where these may be handed out, else scores and names."""

from pathlib import Path

from huggingface_hub import CommitOperationAdd
from huggingface_hub.utils import yaml_dump
from PIL import Image

from ctseg.datasets import open_split
from ctseg.datasets.split import Split
from ctseg.hub.account import Account, Operations
from ctseg.hub.scores import dataset_name, may_stand_in_eval_results
from ctseg.labelmaps.files import write_png16
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.results.disclosure import disclosed_rows
from ctseg.leaderboard.results.ranking import INDICES, Row
from ctseg.leaderboard.results.result import OURS
from ctseg.leaderboard.results.table import TABLE_COLUMNS, table
from ctseg.spreadsheet import to_csv

_IMAGES, _LABEL_MAPS = "images", "label_maps"
_SPLIT = "test"
_TAGS = ["medical", "computed-tomography", "class-agnostic", "ctseg"]
_WITH_DATA = (
    f"`{_SPLIT}/{_IMAGES}` has the images, 8-bit grey PNG; `{_SPLIT}/{_LABEL_MAPS}` the true label maps, "
    "16-bit PNG: 0 is background, every other value one structure, and values carry no class."
)
_OF_SCORES = (
    "Neither images nor labels are here, because they may not be passed on: `images.csv` names the images, "
    "and who has them scores with `ctseg evaluate`."
)
_SCORES = (
    "`scores.csv` is the leaderboard's table of the methods that ctseg ran, with means, ranks, and intervals "
    "where there are patients enough. Scores of single images stand nowhere in it."
)


def board_files(board: Board, owner: str, folder: Path) -> dict[str, Path | bytes]:
    """Return the files of a board's dataset by path; what has to be written for it lies in ``folder``.

    Parameters
    ----------
    board, owner : which, and under which account
    folder : an empty one, for images and label maps

    Raises
    ------
    DatasetError
        If the images may be handed out and are not on this machine.
    """
    rows = [row for row in disclosed_rows(board) if row.result.origin == OURS]
    files: dict[str, Path | bytes] = {
        "README.md": board_card(board, owner).encode(),
        "scores.csv": to_csv(table(rows), TABLE_COLUMNS).encode(),
    }
    if may_stand_in_eval_results(board):
        return files | _data(open_split(board.name), folder)
    return files | {"images.csv": _names(rows).encode()}


def publish_board(account: Account, board: Board, files: dict[str, Path | bytes]) -> str:
    """Publish a board's dataset in one commit and return its 40 digits; the newest one's if nothing changed.

    Raises
    ------
    HubError
        If the Hub refuses or cannot be reached.
    """
    repo = account.repository(dataset_name(board), "dataset")
    operations: Operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    return account.commit(repo, "dataset", operations, f"The board {board.name}")


def board_card(board: Board, owner: str) -> str:
    """Return the README of a board's dataset."""
    given = may_stand_in_eval_results(board)
    front, within = (_front_with_data(), _WITH_DATA) if given else (_front_of_scores(), _OF_SCORES)
    tasks = " and ".join(f"`{index}`" for index in INDICES)
    parts = [
        f"---\n{yaml_dump(front | {'pretty_name': board.title, 'tags': _TAGS})}---",
        f"# {board.title}",
        board.about,
        within,
        _SCORES,
        f"Models point to `{owner}/{dataset_name(board)}` with the tasks {tasks}." if given else "",
        "**Research only, not for diagnosis.**",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_with_data() -> dict[str, object]:
    data_files = [{"split": _SPLIT, "path": f"{_SPLIT}/**"}]
    return {
        "license": "apache-2.0",
        "task_categories": ["image-segmentation"],
        "configs": [{"config_name": "default", "data_files": data_files}],
    }


def _front_of_scores() -> dict[str, object]:
    configs = [{"config_name": "scores", "data_files": "scores.csv"}]
    return {"license": "other", "license_name": "scores-only", "configs": configs}


def eval_yaml(board: Board) -> str:
    """Return what makes a dataset a benchmark: https://huggingface.co/docs/hub/eval-results."""
    return yaml_dump(
        {
            "name": board.title,
            "description": board.about,
            "evaluation_framework": "ctseg",
            "tasks": [{"id": index, "config": "default", "split": _SPLIT} for index in INDICES],
        }
    )


def _data(split: Split, folder: Path) -> dict[str, Path | bytes]:
    """Write images and label maps; the table joins them (page datasets-image)."""
    files: dict[str, Path | bytes] = {}
    lines = []
    for index, name in enumerate(split.images):
        label_map = split.label_map(index)
        assert label_map is not None
        places = [folder / part / f"{Path(name).stem}.png" for part in (_IMAGES, _LABEL_MAPS)]
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(split.slice(index).pixels).save(places[0])
        write_png16(places[1], label_map)
        within = [place.relative_to(folder).as_posix() for place in places]
        files |= {f"{_SPLIT}/{path}": place for path, place in zip(within, places, strict=True)}
        lines.append(
            {"file_name": within[0], "label_map_file_name": within[1], "patient": split.patients[index]}
        )
    columns = ("file_name", "label_map_file_name", "patient")
    return files | {f"{_SPLIT}/metadata.csv": to_csv(lines, columns).encode()}


def _names(rows: list[Row]) -> str:
    names = dict.fromkeys(name for row in rows for name in row.result.images)
    return to_csv(({"image": name} for name in names), ("image",))
