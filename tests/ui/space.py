"""The app as it runs on a Space, with stand-ins for the Hub's login and for the private dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import small_boards
from app_server import AppServer
from gradio_client import Client
from hub_dataset import StandInDataset, stand_in_dataset
from openid import StandInLogin, log_in, stand_in_login


@dataclass
class Space:
    """A Space under ``app.url`` that can be restarted with its disk wiped."""

    folder: Path
    environment: dict[str, str]
    dataset: StandInDataset
    login: StandInLogin
    app: AppServer
    starts: int = 1

    def restart(self) -> None:
        """End the app and start it with an empty store."""
        self.app.stop()
        self.starts += 1
        self.app = _start(self.folder / f"start{self.starts}", self.environment)

    def client(self, user: str | None, **headers: str) -> Client:
        """Return a program that has logged in as this user, or not at all."""
        cookie = {"Cookie": log_in(self.app.url, user)} if user else {}
        return Client(
            self.app.url, verbose=False, httpx_kwargs=small_boards.PATIENT, headers=cookie | headers
        )


def _start(folder: Path, environment: dict[str, str]) -> AppServer:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        store = folder / "store"
        store.mkdir()
        patch.setenv("CTSEG_STORE", str(store))
        boards = Path(environment["CTSEG_STORE"]) / "boards"
        (store / "boards").symlink_to(boards)
        return AppServer(folder)


@contextmanager
def a_space(folder: Path) -> Iterator[Space]:
    """Run a Space for as long as the block lasts."""
    with stand_in_dataset() as dataset, stand_in_login() as login:
        environment = small_boards.set_up(folder) | login.environment | dataset.environment(folder / "home")
        app = _start(folder / "start1", environment)
        space = Space(folder, environment, dataset, login, app)
        try:
            yield space
        finally:
            space.app.stop()
