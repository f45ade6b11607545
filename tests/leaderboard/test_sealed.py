"""Sealed boards: a secret that cannot be guessed or read back, labels that never leave, images that may."""

import gzip
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctseg.cli import main
from ctseg.datasets import DatasetError, open_split
from ctseg.datasets.sealed import SealedPhantom, checked_seed, folder_variable, new_seed
from ctseg.datasets.split import canonical_bytes
from ctseg.leaderboard.admin import seal_folder
from ctseg.leaderboard.boards import BOARDS, Board, BoardError, all_boards, find_board
from ctseg.leaderboard.results.store import board_results
from ctseg.leaderboard.submissions.downloads import (
    example_submission,
    images_zip,
    write_example_submission,
    write_images_zip,
)
from ctseg.leaderboard.submissions.read import read_submission
from ctseg.settings import BOARD_SEED

SEED = "c0ffee0123456789abcdef9876543210"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CTSEG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "store"


@pytest.fixture
def owned(tmp_path: Path, small_data: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """A sealed board of the three small slices, of which the images may be handed out."""
    words = ["board", "create", "mine", "--folder", str(small_data), "--redistribution", "images"]
    assert main(words) == 0
    monkeypatch.setenv("CTSEG_BOARD_FOLDER_MINE", str(small_data))
    return find_board("mine")


@pytest.mark.parametrize(
    "seed",
    [
        "",
        "c0ffee",
        SEED[:-2],
        SEED[:-1],
        "g" * 32,
        "0" * 32,
        "0123456789abcdef" * 2,
        "01" * 32,
        "0123456" * 10,
        SEED + " 1",
    ],
)
def test_weak_and_malformed_secrets_are_refused_and_not_quoted(seed: str) -> None:
    with pytest.raises(DatasetError, match="ctseg board create") as refused:
        checked_seed(seed)
    assert len(seed) < 8 or seed not in str(refused.value)


def test_new_secrets_are_good_and_never_the_same() -> None:
    seeds = {new_seed() for _ in range(50)}
    assert len(seeds) == 50
    assert all(len(checked_seed(seed)) == 32 for seed in seeds)
    assert checked_seed(f" {SEED.upper()}\n") == bytes.fromhex(SEED)


def test_create_makes_a_secret_and_says_how_to_keep_it(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["board", "create"]) == 0
    first, *printed = capsys.readouterr().out.splitlines()
    checked_seed(first.removeprefix(f"{BOARD_SEED.name}="))
    assert "never commit it" in " ".join(printed)
    assert not store.exists()


def test_the_secret_alone_decides_on_the_slices() -> None:
    one, again, other = (SealedPhantom(bytes.fromhex(seed)) for seed in (SEED, SEED, SEED[::-1]))
    assert len(one) == 60
    assert np.array_equal(one.slice(0).pixels, again.slice(0).pixels)
    assert np.array_equal(one.label_map(0), again.label_map(0))
    assert not np.array_equal(one.slice(0).pixels, other.slice(0).pixels)
    assert one.slice(0).pixels.shape == one.label_map(0).shape == (512, 512)
    assert one.label_map(0).any()


def test_fingerprints_are_keyed() -> None:
    one, other = SealedPhantom(bytes.fromhex(SEED)), SealedPhantom(bytes.fromhex(SEED[::-1]))
    digests = [split.digest() for split in (one, one, other)]
    for digest in digests:
        digest.update(canonical_bytes(one.label_map(0)))
    assert digests[0].hexdigest() == digests[1].hexdigest() != digests[2].hexdigest()


def test_without_the_secret_a_stranger_can_check_but_not_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(BOARD_SEED.name, raising=False)
    board = find_board("phantom-sealed")
    write_example_submission(board, tmp_path / "y.npz")
    assert main(["check", str(tmp_path / "y.npz"), "--board", "phantom-sealed"]) == 0
    assert "60 images, 0 to 0 structures" in capsys.readouterr().out
    with pytest.raises(DatasetError, match="with the owner"):
        open_split("phantom-sealed")
    monkeypatch.setenv(BOARD_SEED.name, "0" * 64)
    with pytest.raises(DatasetError, match="guessed"):
        open_split("phantom-sealed")
    monkeypatch.setenv(BOARD_SEED.name, SEED)
    assert open_split("phantom-sealed").images == board.images


def test_a_folder_is_sealed_without_a_word_on_where_it_lies(
    owned: Board, store: Path, small_data: Path
) -> None:
    assert folder_variable("mine") == "CTSEG_BOARD_FOLDER_MINE"
    assert (owned.kind, owned.images, owned.shape) == ("sealed", ("0.png", "1.png", "2.png"), (48, 56))
    assert not owned.labels_may_be_shown
    assert not owned.per_image_scores
    assert open_split("mine").patients == ("A", "A", "B")
    text = (store / "boards" / "mine.json").read_text(encoding="utf-8")
    assert str(small_data) not in text
    assert set(json.loads(text)) == set(Board.__dataclass_fields__)
    assert list(all_boards()) == ["mine", *BOARDS]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Mine", "lower-case"),
        ("../x", "lower-case"),
        ("list", "taken"),
        ("phantom-val", "taken"),
        ("mine", "taken"),
    ],
)
def test_boards_need_good_names(name: str, message: str, owned: Board, store: Path, small_data: Path) -> None:
    with pytest.raises(BoardError, match=message):
        seal_folder(store, name, small_data, "", "", "nothing")


def test_folders_that_make_no_board_are_refused(store: Path, small_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        seal_folder(store, "other", tmp_path / "nowhere", "", "", "nothing")
    with pytest.raises(DatasetError, match="neither"):
        seal_folder(store, "other", tmp_path, "", "", "nothing")
    Image.new("L", (9, 9)).save(small_data / "images" / "1.png")
    with pytest.raises(BoardError, match="one size, not 9 x 9, 48 x 56"):
        seal_folder(store, "other", small_data, "", "", "nothing")
    for path in (small_data / "labels").iterdir():
        path.unlink()
    (small_data / "labels").rmdir()
    with pytest.raises(DatasetError, match="holds no labels"):
        seal_folder(store, "other", small_data, "", "", "nothing")
    assert not store.exists()


def test_a_challenge_folder_is_sealed_too(store: Path, tmp_path: Path) -> None:
    from ctseg.labelmaps.files import write_challenge_csv

    label_map = np.zeros((512, 512), np.uint8)
    label_map[50:90, 60:99] = 7
    (tmp_path / "data").mkdir()
    for number in range(2):
        Image.fromarray(label_map).save(tmp_path / "data" / f"{number}.png")
    write_challenge_csv(tmp_path / "data" / "Y.csv", {"0.png": label_map, "1.png": label_map})
    board = seal_folder(store, "raw", tmp_path / "data", "Raw", "Two slices.", "nothing")
    assert (board.images, board.shape, board.title) == (("0.png", "1.png"), (512, 512), "Raw")
    assert not board.images_may_be_shown


@pytest.mark.thorough
def test_images_leave_a_sealed_board_and_labels_do_not(
    owned: Board, tmp_path: Path, small_data: Path
) -> None:
    labels = {path.read_bytes() for path in (small_data / "labels").iterdir()}
    pixels = {np.asarray(Image.open(path)).tobytes() for path in (small_data / "labels").iterdir()}
    given = [images_zip(owned), example_submission(owned)]
    for suffix in (".csv.gz", ".zip", ".npz"):
        given.append(tmp_path / f"example{suffix}")
        write_example_submission(owned, given[-1])
        assert not read_submission(given[-1], owned).label_maps.any()
    with zipfile.ZipFile(given[0]) as archive:
        assert archive.namelist() == list(owned.images)
        for image in owned.images:
            content = archive.read(image)
            assert content not in labels
            shown = np.asarray(Image.open(io.BytesIO(content)))
            assert np.array_equal(shown, np.asarray(Image.open(small_data / "images" / image)))
            assert shown.tobytes() not in pixels
    assert all(line.endswith(b",0,0,0") for line in gzip.decompress(given[1].read_bytes()).splitlines()[1:])


def test_an_open_boards_images_are_those_of_the_split(tmp_path: Path, owned: Board) -> None:
    board = replace(owned, kind="open", redistribution="images and labels")
    write_images_zip(board, tmp_path / "a.zip")
    write_images_zip(board, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert images_zip(board) == images_zip(board)
    with pytest.raises(BoardError, match=r"ends in none of \.csv\.gz"):
        write_example_submission(board, tmp_path / "y.xlsx")
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"a.zip", "b.zip"}


@pytest.mark.parametrize(
    "name", [name for name, board in BOARDS.items() if board.kind == "bring your own images"]
)
def test_bring_your_own_boards_give_nothing(
    name: str, small_data: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = find_board(name)
    before = sorted(tmp_path.rglob("*"))
    for write in (write_images_zip, write_example_submission):
        with pytest.raises(BoardError, match="may not be passed on"):
            write(board, tmp_path / "y.zip")
    for give in (images_zip, example_submission):
        with pytest.raises(BoardError, match="may not be passed on"):
            give(board)
    assert main(["board", "images", name, "--out", str(tmp_path / "out")]) == 1
    assert "may not be passed on" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert not board.labels_may_be_shown
    assert not board.per_image_scores


@pytest.mark.thorough
def test_a_sealed_board_tells_two_decimals(
    owned: Board, small_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maps = {path.name: np.asarray(Image.open(path)).copy() for path in (small_data / "labels").iterdir()}
    for label_map in maps.values():
        label_map[:, 20:24] = 200
    np.savez(tmp_path / "y.npz", **maps)  # type: ignore[arg-type]
    capsys.readouterr()
    assert main(["submit", str(tmp_path / "y.npz"), "--board", "mine", "--name", "x", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    (result,) = board_results("mine")
    for name in ("ari", "fg_ari", "best_iou"):
        assert printed[name] == round(result.means[name] or 0, 2) != result.means[name]
    assert main(["board", "mine", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["ari"] == printed["ari"]


def test_what_boards_say_of_the_phantoms_is_so() -> None:
    for name in ("phantom-val", "phantom-sealed"):
        board = BOARDS[name]
        assert board.images == open_split("phantom-val").images
        assert f"{len(board.images)} drawn" in board.about
    assert open_split("phantom-val").slice(0).pixels.shape == BOARDS["phantom-val"].shape


def test_only_boards_that_may_show_labels_do() -> None:
    assert [name for name, board in BOARDS.items() if board.labels_may_be_shown] == ["phantom-val"]
    assert [name for name, board in BOARDS.items() if board.images_may_be_shown] == [
        "phantom-val",
        "phantom-sealed",
    ]


def test_a_link_to_an_image_of_a_sealed_board_brings_no_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    from ctseg.ui.compare.examples import open_board_image

    monkeypatch.setenv(BOARD_SEED.name, SEED)
    assert open_board_image("phantom-sealed", "0.png").truths is None
