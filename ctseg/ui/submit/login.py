"""Who submits: on a Space the server's record of the login says it; elsewhere nobody can log in.

The handlers are written twice because Gradio gives a profile to whoever asks for one in the signature, and
asking where there is no login fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

Update = dict[Any, Any]


@dataclass(frozen=True)
class Handlers:
    """The page's events as Gradio calls them."""

    on_load: Callable[..., Update]
    on_board: Callable[..., Update]
    on_submit: Callable[..., Iterator[Update]]
    on_submit_anyway: Callable[..., Iterator[Update]]
    on_api: Callable[..., Any]


def without_login(page: Any) -> Handlers:
    """Return the handlers of a page where nobody logs in."""

    def on_load(request: gr.Request) -> Update:
        return page.load(None, request.query_params.get("board"))

    def on_board(name: str) -> Update:
        return page.show_board(None, name)

    def on_submit(file: str | None, board: str, *typed: Any) -> Iterator[Update]:
        yield from page.submit(None, file, board, *typed)

    def on_submit_anyway(file: str | None, board: str, *typed: Any) -> Iterator[Update]:
        yield from page.submit_anyway(None, file, board, *typed)

    def on_api(
        file: str | None, board: str, name: str, family: str, link: str, contact: str, saw: Any
    ) -> dict[str, Any]:
        return page.call(None, file, board, name, family, link, contact, saw)

    return Handlers(on_load, on_board, on_submit, on_submit_anyway, on_api)


def with_login(page: Any) -> Handlers:
    """Return the handlers of a page on a Space; another name in the request has no effect."""

    def on_load(request: gr.Request, profile: gr.OAuthProfile | None) -> Update:
        return page.load(_user(profile), request.query_params.get("board"))

    def on_board(name: str, profile: gr.OAuthProfile | None) -> Update:
        return page.show_board(_user(profile), name)

    # Asked for first, the profile leaves the rest as it is typed.
    def on_submit(
        profile: gr.OAuthProfile | None, file: str | None, board: str, *typed: Any
    ) -> Iterator[Update]:
        yield from page.submit(_user(profile), file, board, *typed)

    def on_submit_anyway(
        profile: gr.OAuthProfile | None, file: str | None, board: str, *typed: Any
    ) -> Iterator[Update]:
        yield from page.submit_anyway(_user(profile), file, board, *typed)

    def on_api(
        file: str | None,
        board: str,
        name: str,
        family: str,
        link: str,
        contact: str,
        saw: Any,
        profile: gr.OAuthProfile | None,
    ) -> dict[str, Any]:
        return page.call(_user(profile), file, board, name, family, link, contact, saw)

    return Handlers(on_load, on_board, on_submit, on_submit_anyway, on_api)


def wire_own(own: Any, board: Any, quiet: dict[str, Any]) -> None:
    """Connect what a user does to own entries on the board that is chosen."""

    def on_rename(profile: gr.OAuthProfile | None, name: str, entry: str | None, new: str) -> Update:
        return own.renamed(_user(profile), name, entry, new)

    def on_withdraw(profile: gr.OAuthProfile | None, name: str, entry: str | None, sure: bool) -> Update:
        return own.withdrawn(_user(profile), name, entry, sure)

    own.rename.click(on_rename, [board, own.entry, own.name], own.changed, **quiet)
    own.withdraw.click(on_withdraw, [board, own.entry, own.sure], own.changed, **quiet)


def _user(profile: gr.OAuthProfile | None) -> str | None:
    return None if profile is None else profile.username
