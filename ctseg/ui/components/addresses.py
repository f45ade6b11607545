"""Addresses of pages and downloads; they stay, because people keep them."""

from urllib.parse import quote, urlencode

from ctseg.leaderboard.boards import Board


def board_address(board: Board) -> str:
    """Return the address of a board on the Leaderboard page."""
    return f"/leaderboard?{urlencode({'board': board.name})}"


def submit_address(board: Board) -> str:
    """Return the address where one submits to a board."""
    return f"/submit?{urlencode({'board': board.name})}"


def image_address(board: Board, image: str) -> str:
    """Return the address that opens an image of a board on the Compare page."""
    return f"/?{urlencode({'board': board.name, 'image': image})}"


def method_address(name: str) -> str:
    """Return the address of a method's card on the Methods page."""
    return f"/methods#{method_anchor(name)}"


def method_anchor(name: str) -> str:
    """Return the identifier of a method's card on the Methods page."""
    return quote(name, safe="")


def images_address(board: Board) -> str:
    """Return the address of the ZIP of a board's images."""
    return f"/boards/{quote(board.name, safe='')}/images.zip"


def example_address(board: Board) -> str:
    """Return the address of an example of a submission to a board."""
    return f"/boards/{quote(board.name, safe='')}/example.csv.gz"


def thumbnail_address(board: Board, image: str) -> str:
    """Return the address of a small copy of an image; it answers for boards whose images may be shown."""
    return f"/boards/{quote(board.name, safe='')}/thumbnails/{quote(image, safe='')}"
