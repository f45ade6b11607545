"""Splits whose labels only the owner of a board has: a phantom from a secret, or a folder of their own."""

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.challenge import ChallengeSplit, is_challenge_folder
from ctseg.datasets.few_shot import FewShotSplit
from ctseg.datasets.split import DatasetError, Split, Subset
from ctseg.files import OWNER_ONLY, write_atomically
from ctseg.settings import BOARD_FOLDER, BOARD_SEED, Setting
from ctseg.slices.ct_slice import CTSlice

SEALED_PHANTOM = "phantom-sealed"
SEALED_SLICES = 60
_SEED_BYTES = 32
_MIN_DIGITS = 32
_MAX_DIGITS = 256
_MIN_DIFFERENT_DIGITS = 8
KEY_FILE = ".ctseg-board-key"
"""In an owner's sealed folder: what keys the fingerprint of its labels."""


def new_seed() -> str:
    """Return a fresh secret of 256 bits, in hexadecimal."""
    return secrets.token_hex(_SEED_BYTES)


def checked_seed(text: str) -> bytes:
    """Return a board's secret as bytes.

    Raises
    ------
    DatasetError
        If it is not hexadecimal, has fewer than 128 bits, or was plainly not drawn at random; the message
        does not quote it.
    """
    digits = text.strip().lower()
    advice = "make one with `ctseg board create`"
    if not re.fullmatch(r"([0-9a-f]{2})+", digits) or not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        raise DatasetError(
            f"{BOARD_SEED.name} must be {_MIN_DIGITS} to {_MAX_DIGITS} hexadecimal digits (128 bits or "
            f"more), two a byte; {advice}."
        )
    # A text that turns into itself when rotated repeats a shorter one.
    repeats = digits in (digits + digits)[1:-1]
    if repeats or len(set(digits)) < _MIN_DIFFERENT_DIGITS:
        raise DatasetError(f"{BOARD_SEED.name} can be guessed, as it was not drawn at random; {advice}.")
    return bytes.fromhex(digits)


class SealedPhantom(Split):
    """The phantom's slices for a secret; nothing of them is written to the disk.

    Slice ``k`` is drawn from the seed HMAC-SHA256(secret, "phantom-sealed k"), so that neither slices nor a
    fingerprint tell anything about the secret or about another slice.

    Parameters
    ----------
    secret : from `checked_seed`
    """

    name = SEALED_PHANTOM

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.images = tuple(f"{index}.png" for index in range(SEALED_SLICES))
        self.patients = tuple(f"phantom {index}" for index in range(SEALED_SLICES))

    def slice(self, index: int) -> CTSlice:
        """Return slice ``index`` in its own window, uint8."""
        return CTSlice(self._drawn(index)[0], "8-bit", None, "phantom")

    def label_map(self, index: int) -> NDArray[np.integer]:
        """Return the true label map of slice ``index``, uint8, shape (512, 512)."""
        return self._drawn(index)[1]

    def digest(self) -> hmac.HMAC:
        """Return a keyed digest: whoever guesses the labels cannot confirm the guess by the fingerprint."""
        return hmac.new(self._key("fingerprint"), digestmod=hashlib.sha256)

    def _drawn(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return _draw(self._key(f"{SEALED_PHANTOM} {index}"), index)

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, purpose.encode(), "sha256")


@lru_cache(maxsize=2 * SEALED_SLICES)
def _draw(key: bytes, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    from ctseg.datasets.phantom.dataset import REGIONS, ct_slice
    from ctseg.datasets.phantom.scene import phantom_slice
    from ctseg.slices.windowing import to_uint8

    phantom = phantom_slice(int.from_bytes(key, "big"), REGIONS[index % len(REGIONS)])
    pixels = to_uint8(ct_slice(phantom), phantom.window)
    for each in (pixels, phantom.label_map):
        each.setflags(write=False)
    return pixels, phantom.label_map


def sealed_phantom() -> SealedPhantom:
    """Return the split ``phantom-sealed`` for the secret that ``CTSEG_BOARD_SEED`` holds.

    Raises
    ------
    DatasetError
        If the variable is not set or its secret is malformed or weak.
    """
    text = BOARD_SEED.text()
    if not text:
        raise DatasetError(
            f"The images of {SEALED_PHANTOM} are with the owner of the board, who sets {BOARD_SEED.name} to "
            "its secret."
        )
    return SealedPhantom(checked_seed(text))


def folder_variable(name: str) -> str:
    """Return the environment variable that holds the folder of an owner's sealed board."""
    return _folder_setting(name).name


def _folder_setting(name: str) -> Setting:
    part = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return replace(BOARD_FOLDER, name=BOARD_FOLDER.name.replace("<NAME>", part))


def sealed_folder(name: str) -> Split | None:
    """Return the split in the folder that the board's variable names, or None if it is not set.

    Raises
    ------
    DatasetError
        If the folder is not in one of the two layouts, or has no labels.
    """
    folder = _folder_setting(name).folder()
    return None if folder is None else _Keyed(open_folder(folder, name), folder_key(folder))


class _Keyed(Subset):
    """A whole split whose fingerprint is keyed, so that it confirms no guess of its labels."""

    def __init__(self, whole: Split, key: bytes) -> None:
        super().__init__(whole, range(len(whole)), whole.name)
        self._key = key

    def digest(self) -> hmac.HMAC:
        """Return a keyed digest."""
        return hmac.new(hmac.digest(self._key, b"fingerprint", "sha256"), digestmod=hashlib.sha256)


def folder_key(folder: Path) -> bytes:
    """Return the secret in an owner's sealed folder, which keys its fingerprint; made where there is none.

    Where it cannot be kept, it is drawn anew: the fingerprint then changes, and still confirms nothing.
    """
    path = folder / KEY_FILE
    fresh = new_seed()
    with suppress(OSError):
        if not path.exists():
            write_atomically(path, fresh.encode("ascii"), OWNER_ONLY)
    with suppress(OSError, UnicodeDecodeError, DatasetError):
        return checked_seed(path.read_text(encoding="ascii"))
    return bytes.fromhex(fresh)


def open_folder(folder: Path, name: str) -> Split:
    """Return the split in a folder in the challenge's or the ``ct-fewshot`` layout.

    Raises
    ------
    DatasetError
        If the folder is in neither layout, or its images have no labels.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}; name the one with the images and labels.")
    if (folder / "index.csv").is_file():
        split: Split = FewShotSplit(folder, name)
    elif is_challenge_folder(folder):
        split = ChallengeSplit(folder, name)
    else:
        raise DatasetError(
            f"{folder} holds neither index.csv with images/ and labels/, nor numbered images and one CSV; "
            "arrange it in one of these two ways."
        )
    if not len(split) or split.label_map(0) is None:
        raise DatasetError(f"{folder} holds no labels; a board needs a label map for each image.")
    return split
