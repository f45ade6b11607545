"""Who asks: a browser by a random cookie, and the address that it comes from; both only to count by."""

import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from ctseg.settings import TRUSTED_HOPS

COOKIE = "ctseg-visitor"
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")
_MAX_ADDRESS = 64


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the address of who sent a request (an ASGI scope).

    ``X-Forwarded-For`` is believed only as far as ``CTSEG_TRUSTED_HOPS`` says: each trusted proxy has added
    one address at its end, what stands before those is the client's own claim.
    """
    hops = int(TRUSTED_HOPS.number())
    if hops:
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        told = [each.strip() for each in ",".join(lines).split(",") if each.strip()]
        if len(told) >= hops:
            return told[-hops][:_MAX_ADDRESS]
    client = scope.get("client")
    return str(client[0]) if client else ""


def visitor_of(scope: Mapping[str, Any]) -> str:
    """Return the visitor's cookie, or the address of who shows none."""
    return _cookie(scope) or address_of(scope)


def fresh_cookie(scope: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """Return the header that gives a visitor a cookie; None for who has one."""
    if _cookie(scope):
        return None
    made = f"{COOKIE}={secrets.token_urlsafe(16)}; Path=/; HttpOnly; SameSite=Lax"
    return b"set-cookie", made.encode()


def _cookie(scope: Mapping[str, Any]) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                shown = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if shown is not None and _VALUE.fullmatch(shown.value):
                return shown.value
    return None
