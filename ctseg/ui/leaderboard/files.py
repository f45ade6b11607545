"""A board's table for programs and spreadsheets."""

import json
from typing import Any

from ctseg.leaderboard.boards import find_board
from ctseg.leaderboard.results.table import TABLE_COLUMNS, table
from ctseg.metrics.catalogue import TABLED
from ctseg.spreadsheet import to_csv
from ctseg.ui.components.board_view import view


def board_rows(board: str) -> list[dict[str, Any]]:
    """Return the rows of a board in order of rank.

    Raises
    ------
    BoardError
        If there is no board of this name; the message lists the names.
    """
    found = find_board(board)
    scores = {*TABLED, "interval_low", "interval_high"}
    return [
        {
            key: round(value, found.digits) if key in scores and isinstance(value, float) else value
            for key, value in row.items()
        }
        for row in table(view(found).rows)
    ]


def board_file(board: str, kind: str) -> dict[str, str]:
    """Return a download as name, media type and text.

    Parameters
    ----------
    board : a board's name
    kind : "csv" or "json" (the table), or "images" (every score of every image that may be told, as CSV)

    Raises
    ------
    BoardError
        If there is no board of this name.
    """
    if kind == "json":
        text = json.dumps(board_rows(board), indent=2, ensure_ascii=False) + "\n"
        return {"name": f"{board}.json", "type": "application/json", "text": text}
    if kind == "images":
        return {"name": f"{board}-images.csv", "type": "text/csv", "text": _images_csv(board)}
    return {"name": f"{board}.csv", "type": "text/csv", "text": to_csv(board_rows(board), TABLE_COLUMNS)}


def _images_csv(board: str) -> str:
    results = [row.result for row in view(find_board(board)).singles]
    scores = list(results[0].scores[0]) if results else []
    rows = [
        {"entry": result.entry, "image": image, "patient": patient, **each}
        for result in results
        for image, patient, each in zip(result.images, result.patients, result.scores, strict=True)
    ]
    return to_csv(rows, ["entry", "image", "patient", *scores])
