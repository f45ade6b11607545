"""The app behind its gate, in this process, for visitors who ask it over the wire."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import small_boards
from visitor import Visitor

from ctseg.leaderboard.submissions.service import open_service
from ctseg.ui import app
from ctseg.ui.server.health import Health
from ctseg.ui.server.housekeeping import Housekeeping, private_upload_folder
from ctseg.ui.server.pages import Pages
from ctseg.ui.server.uploads import UPLOADS


@contextmanager
def served_pages(folder: Path) -> Iterator[Pages]:
    """Serve the pages, with small boards, for as long as the block lasts; ``local_url`` is their address."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small_boards.set_up(folder).items():
            patch.setenv(name, value)
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("CTSEG_FREE_MB", "0")
        pages = app.build(open_service())
        housekeeping = Housekeeping(private_upload_folder(), [UPLOADS.reconcile])
        housekeeping.start()
        app.launch(pages, Health(housekeeping), prevent_thread_lock=True, quiet=True)
        try:
            yield pages
        finally:
            pages.close()
            housekeeping.stop()


def leave(visitor: Visitor, pages: Pages) -> None:
    """Close a page and wait until the server has seen it."""
    visitor.leave()
    wait_for(lambda: visitor.key not in pages.state_holder)


def wait_for(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something has happened, and fail if it does not."""
    latest = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < latest, "it did not happen in time"
        time.sleep(0.02)
