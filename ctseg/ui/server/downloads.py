"""What a board hands out, under addresses that stay: its images, small copies of them, an example."""

import io
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from ctseg.datasets import DatasetError, open_split
from ctseg.leaderboard.boards import Board, BoardError, find_board
from ctseg.leaderboard.submissions.downloads import example_submission, images_zip
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

THUMBNAIL_PX = 144
_FILES = {"images.zip": images_zip, "example.csv.gz": example_submission}
# Some boards draw all their images when the first is asked for.
_drawing = threading.Lock()


def download_routes() -> "list[Route]":
    """Return the routes of all downloads; they answer for boards whose images may be passed on."""
    from starlette.routing import Route

    return [
        Route("/boards/{board}/{file}", _download),
        Route("/boards/{board}/thumbnails/{image}", _thumbnail),
    ]


def _download(request: "Request") -> "Response":
    from starlette.responses import FileResponse, PlainTextResponse

    name, file = request.path_params["board"], request.path_params["file"]
    if file not in _FILES:
        return PlainTextResponse(f"A board hands out {' and '.join(_FILES)}.\n", 404)
    try:
        board = find_board(name)
        path = _FILES[file](board)
    except (BoardError, DatasetError) as error:
        return PlainTextResponse(f"{error}\n", 404)
    return FileResponse(path, filename=f"{board.name}-{file}")


def _thumbnail(request: "Request") -> "Response":
    from starlette.responses import PlainTextResponse, Response

    try:
        jpeg = thumbnail(find_board(request.path_params["board"]), request.path_params["image"])
    except (BoardError, DatasetError) as error:
        return PlainTextResponse(f"{error}\n", 404)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})


def thumbnail(board: Board, image: str) -> bytes:
    """Return a small JPEG of one image of a board.

    Raises
    ------
    BoardError
        If its images may not be shown, or it has no such image; nothing is opened then.
    DatasetError
        If its images are not on this machine.
    """
    if not board.images_may_be_shown:
        raise BoardError(
            f"The images of {board.name} may not be shown; get them from whoever hands them out."
        )
    with _drawing:
        return _thumbnail_of(board.name, image)


@lru_cache(maxsize=512)
def _thumbnail_of(name: str, image: str) -> bytes:
    from PIL import Image

    split = open_split(name)
    if image not in split.images:
        raise BoardError("This board has no such image.")
    small = Image.fromarray(to_uint8(split.slice(split.images.index(image)), SOFT_TISSUE))
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=82)
    return data.getvalue()
