"""A stand-in for the Hub's login on loopback: whoever is named in the address is logged in as that user."""

import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey
from loopback import QuietHandler, serving

CLIENT_ID = "the-space"
CLIENT_SECRET = "the-secret-of-the-space"
DEFAULT_USER = "alice"


class StandInLogin:
    """An OpenID provider under ``url``."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1"})
        self.nonces: dict[str, str] = {}
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a Space with ``hf_oauth: true`` finds in its environment."""
        return {
            "OAUTH_CLIENT_ID": CLIENT_ID,
            "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "OAUTH_SCOPES": "openid profile",
            "OPENID_PROVIDER_URL": self.url,
        }

    def token(self, code: str) -> dict[str, object]:
        """Return what the provider tells the app about whoever logged in."""
        user, now = code.partition(".")[0], int(time.time())
        claims = {
            "iss": self.url,
            "sub": f"id-of-{user}",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 3600,
            "nonce": self.nonces.get(code, ""),
            "name": user.capitalize(),
            "preferred_username": user,
            "profile": f"{self.url}/{user}",
            "picture": "",
        }
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return {
            "access_token": f"token-of-{user}",
            "token_type": "bearer",
            "expires_in": 3600,
            "scope": "openid profile",
            "id_token": signed,
        }


class _Handler(QuietHandler):
    login: StandInLogin

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/.well-known/openid-configuration":
            self._send(
                {
                    "issuer": self.login.url,
                    "authorization_endpoint": f"{self.login.url}/oauth/authorize",
                    "token_endpoint": f"{self.login.url}/oauth/token",
                    "jwks_uri": f"{self.login.url}/keys",
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        elif address.path == "/keys":
            self._send({"keys": [self.login.key.as_dict(private=False)]})
        elif address.path == "/oauth/authorize":
            code = f"{asked.get('user', DEFAULT_USER)}.{len(self.login.nonces)}"
            self.login.nonces[code] = asked.get("nonce", "")
            back = f"{asked['redirect_uri']}{'&' if '?' in asked['redirect_uri'] else '?'}"
            self.send_response(302)
            self.send_header("Location", back + urlencode({"code": code, "state": asked["state"]}))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        basic = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        assert basic == f"{CLIENT_ID}:{CLIENT_SECRET}", basic
        self._send(self.login.token(parse_qs(body)["code"][0]))

    def _send(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def stand_in_login() -> Iterator[StandInLogin]:
    """Run a provider on a free port of loopback for as long as the block lasts."""
    login = StandInLogin()
    with serving(type("_BoundHandler", (_Handler,), {"login": login})) as port:
        login.port = port
        yield login


def log_in(app: str, user: str) -> str:
    """Go through the app's login as this user; return the cookie header of the session.

    Written out, because the app's cookie is for https only and clients do not send it over loopback.
    """
    with httpx.Client(trust_env=False, timeout=60) as client:
        begun = client.get(f"{app}/login/huggingface")
        state = _session(begun)
        allowed = client.get(f"{begun.headers['location']}&user={user}")
        ended = client.get(allowed.headers["location"], headers={"Cookie": state})
        return _session(ended)


def _session(response: httpx.Response) -> str:
    found = re.search(r"session=[^;]+", response.headers.get("set-cookie", ""))
    assert found, (response.status_code, response.text[:500])
    return found[0]
