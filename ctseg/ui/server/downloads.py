"""What a board hands out, under addresses that stay: its images, and an example of a submission."""

from typing import TYPE_CHECKING

from ctseg.datasets import DatasetError
from ctseg.leaderboard.boards import BoardError, find_board
from ctseg.leaderboard.submissions.downloads import example_submission, images_zip

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_FILES = {"images.zip": images_zip, "example.csv.gz": example_submission}


def download_routes() -> "list[Route]":
    """Return the routes of all downloads; they answer for boards whose images may be passed on."""
    from starlette.routing import Route

    return [Route("/boards/{board}/{file}", _download)]


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
