"""The result of a submission as the page shows it."""

from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.submissions.pipeline import Accepted
from ctseg.metrics.catalogue import CATALOGUE
from ctseg.ui.components.addresses import board_address
from ctseg.ui.components.templates import render
from ctseg.ui.components.words import decimals
from ctseg.ui.submit.images import worst_images
from ctseg.ui.submit.report import OF_IMAGES, report_of


def result_html(done: Accepted, board: Board) -> str:
    """Return the whole result: where the entry stands, its means, and on open boards its images."""
    report = report_of(done, board)
    worst = worst_images(board, done.outcome.result, done.label_maps, report.get("ranked_by") or "ari")
    of_images = [CATALOGUE[key] for key in OF_IMAGES]
    return render(
        "submit",
        "result",
        report=report,
        board=board,
        worst=worst,
        means=[
            (CATALOGUE[key], decimals(value, min(board.digits, CATALOGUE[key].digits)))
            for key, value in report["means"].items()
        ],
        of_images=of_images,
        images=[
            (each["image"], [decimals(each[info.key], info.digits) for info in of_images])
            for each in report["images"]
        ],
        address=f"{board_address(board)}&method={report['entry'][:16]}",
    )
