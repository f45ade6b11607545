"""The visitors of the soak: what each kind does, the file it brings, and the board that it submits to."""

import io
import json
import random
import threading
from pathlib import Path

import httpx
import numpy as np
import psutil
from app_server import AppServer
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from visitor import CallFailedError, Visitor

from ctseg.leaderboard.boards import Board, board_to_json
from ctseg.leaderboard.folders import DESCRIPTIONS

NEEDLE = "NEEDLE^OF^THE^SOAK"
FILE_NAME = "Doe^Jane-of-the-soak.dcm"
BOARD, IMAGES, SHAPE = "soak", ("0.png", "1.png"), (48, 56)
KINDS = ("good", "equal", "broken", "abrupt", "submitting", "good", "equal", "abrupt", "good", "equal")


def patients_file(seed: int, side: int = 512) -> bytes:
    """Return a slice of noise over a body, with the needle as the patient's name."""
    dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    pixels = np.random.default_rng(seed).integers(900, 1100, (side, side)).astype(np.int16)
    pixels[side // 4 : side // 2, side // 4 : side // 2] += 300
    dataset.PatientName = NEEDLE
    dataset.Rows, dataset.Columns, dataset.PixelData = side, side, pixels.tobytes()
    packed = io.BytesIO()
    dataset.save_as(packed)
    return packed.getvalue()


def prepare(folder: Path) -> dict[str, str]:
    """Make an open board of two small images and return the environment that names it."""
    public, store = folder / "public", folder / "store"
    (public / "images").mkdir(parents=True)
    (public / "labels").mkdir()
    (store / DESCRIPTIONS).mkdir(parents=True)
    lines = ["image,source,patient,z,n_structures,coverage"]
    for number, image in enumerate(IMAGES):
        labels = np.zeros(SHAPE, np.uint8)
        labels[10:30, 10 + number : 30] = 1
        Image.fromarray(labels * 100 + 50).save(public / "images" / image)
        Image.fromarray(labels).save(public / "labels" / image)
        lines.append(f"{image},soak,P{number},0,1,0.1")
    (public / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    board = Board(
        name=BOARD,
        title="Soak",
        kind="open",
        about="Two small images.",
        redistribution="images and labels",
        images=IMAGES,
        shape=SHAPE,
    )
    (store / DESCRIPTIONS / f"{BOARD}.json").write_text(board_to_json(board), encoding="utf-8")
    return {"CTSEG_STORE": str(store), "CTSEG_BOARD_FOLDER_SOAK": str(public), "CTSEG_FREE_MB": "16"}


class Visits:
    """Visits of all ``KINDS``; ``entries`` are those that were accepted, ``done`` ends the soak."""

    def __init__(self, done: threading.Event) -> None:
        self.done = done
        self.entries: set[str] = set()

    def make(self, kind: str, url: str, seed: int, chance: random.Random) -> None:
        """Make a visit of one kind.

        Parameters
        ----------
        kind : one of ``KINDS``
        url : of the app
        seed : of what is uploaded; those of one seed bring the same file
        chance : by which a file is broken

        Raises
        ------
        httpx.HTTPError, OSError, CallFailedError, KeyError, ValueError
            If the app did not do as it should.
        """
        getattr(self, f"_{kind}")(url, seed, chance)

    def _good(self, url: str, seed: int, _chance: random.Random) -> None:
        visitor = Visitor(url)
        try:
            visitor.event("on_upload", [[visitor.upload(patients_file(seed), FILE_NAME)]])
            _ok(visitor.ask("slice", index=0))
            plan = _ok(visitor.ask("begin", index=0, methods=["watershed"])).content
            head = json.loads(plan[8 : 8 + int.from_bytes(plan[:4], "little")])
            if b'"done"' not in _ok(visitor.ask("run", plan=head["plan"], method="watershed")).content:
                raise CallFailedError("the run did not end well")
        finally:
            visitor.leave()

    _equal = _good

    def _broken(self, url: str, seed: int, chance: random.Random) -> None:
        visitor = Visitor(url)
        try:
            content = patients_file(seed)[: chance.randrange(1, 300_000)]
            output = visitor.event("on_upload", [[visitor.upload(content, FILE_NAME)]])
            if "error" in output:
                raise CallFailedError(str(output["error"]))
        finally:
            visitor.leave()

    def _abrupt(self, url: str, seed: int, _chance: random.Random) -> None:
        visitor = Visitor(url)
        try:
            visitor.event("on_upload", [[visitor.upload(patients_file(seed), FILE_NAME)]])
            plan = _ok(visitor.ask("begin", index=0, methods=["watershed", "felzenszwalb"])).content
            head = json.loads(plan[8 : 8 + int.from_bytes(plan[:4], "little")])
            asked = {"plan": head["plan"], "method": "watershed"}
            with visitor.client.stream("POST", "/compare/run", json=asked, headers=visitor.headers) as answer:
                next(answer.iter_raw())
        finally:
            visitor.leave()

    def _submitting(self, url: str, seed: int, _chance: random.Random) -> None:
        visitor = Visitor(url)
        try:
            maps = np.random.default_rng(seed).integers(0, 3, (len(IMAGES), *SHAPE)).astype(np.uint8)
            packed = io.BytesIO()
            np.savez_compressed(packed, **dict(zip(IMAGES, maps, strict=True)))
            file = visitor.upload(packed.getvalue(), "y.npz")
            entry = [file, BOARD, f"Soak {seed}", "", "", "", ["nothing"]]
            output = visitor.event("submit", entry)
            if "data" not in output:
                raise CallFailedError(str(output.get("error")))
            self.entries.add(output["data"][0]["entry"])
        finally:
            visitor.leave()
        self.done.wait(1)


def memory_of_sessions(app: AppServer, number: int, side: int) -> dict[str, float]:
    """Let so many visitors upload a slice and leave; return the memory in MB before and after."""
    process = psutil.Process(app.process.pid)
    content = patients_file(1, side)
    _upload_and_leave(app.url, content, 10)  # what the first ones load stays
    before = process.memory_info().rss
    _upload_and_leave(app.url, content, number)
    after = process.memory_info().rss
    return {
        "before": before / 2**20,
        "after": after / 2**20,
        "kb a session": (after - before) / 1024 / number,
    }


def _upload_and_leave(url: str, content: bytes, number: int) -> None:
    for _ in range(number):
        visitor = Visitor(url)
        visitor.event("on_upload", [[visitor.upload(content, FILE_NAME)]])
        visitor.leave()


def _ok(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise CallFailedError(f"{answer.status_code} {answer.text[:200]}")
    return answer
