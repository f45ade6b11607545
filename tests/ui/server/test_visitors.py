"""Who asks: addresses by trusted hops only, visitors by their cookie."""

from typing import Any

import pytest

from ctseg.ui.server.visitors import COOKIE, address_of, visitor_of


def _scope(**headers: str) -> dict[str, Any]:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"headers": told, "client": ("192.0.2.9", 4)}


@pytest.mark.parametrize(
    ("hops", "address"),
    [("", "192.0.2.9"), ("0", "192.0.2.9"), ("1", "10.0.0.3"), ("2", "10.0.0.2"), ("9", "192.0.2.9")],
)
def test_only_trusted_hops_tell_an_address(monkeypatch: pytest.MonkeyPatch, hops: str, address: str) -> None:
    monkeypatch.setenv("CTSEG_TRUSTED_HOPS", hops)
    assert address_of(_scope(x_forwarded_for="6.6.6.6, 10.0.0.2,10.0.0.3")) == address


def test_a_visitor_is_a_cookie_or_else_an_address() -> None:
    value = "a" * 22
    assert visitor_of(_scope(cookie=f"x=1; {COOKIE}={value}")) == value
    for odd in ("", "x=1", f"{COOKIE}=short", f"{COOKIE}={'a' * 4000}", "=;=;\\x00", f"{COOKIE}="):
        assert visitor_of(_scope(cookie=odd)) == "192.0.2.9"
    assert visitor_of({"headers": []}) == ""
