"""Who may ask what: checked for every request before anything else is done with it.

A page of the person's own browser may read and change; another site, a rebound name, a frame or a
form elsewhere may not. Host is compared with a list, never with Origin: in a rebound page they
agree. A form proves itself by a hidden token that belongs to a SameSite=Strict cookie, so that it
works without scripting.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flask import Flask, Response, abort, g, request
from werkzeug.datastructures import Authorization
from werkzeug.http import parse_cookie

from hrv.web.limits import Limits

COOKIE = "hrv"
UPLOAD = "/upload"
METHODS = ("GET", "HEAD", "POST")
Header = Callable[[str], str | None]
NAMES = ("127.0.0.1", "localhost", "[::1]")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # The last value a browser knows counts. Under no-referrer alone it sends "Origin: null" with
    # our own forms, which could not be told from a foreign frame.
    "Referrer-Policy": "no-referrer, same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the page listens and what it asks of those who come."""

    port: int
    names: tuple[str, ...] = NAMES
    password: str | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def hosts(self) -> frozenset[str]:
        bare = self.names if self.port == 80 else ()
        return frozenset([*bare, *(f"{name}:{self.port}" for name in self.names)])

    def token(self, cookie: str) -> str:
        """What a form has to show for this cookie, in this run of the page."""
        return hmac.new(self.secret, cookie.encode(), hashlib.sha256).hexdigest()


def install(app: Flask, door: Door, limits: Limits) -> None:
    """Put the checks before and the headers after every route, static files and errors too."""

    @app.before_request
    def check() -> Response | None:
        refused = turned_away(door, limits, request.method, request.path, request.headers.get)
        if refused == (401, ""):
            return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="hrv"'})
        if refused is not None:
            abort(*refused)
        return None

    @app.after_request
    def guard(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        if g.get("new_cookie"):
            response.set_cookie(COOKIE, g.new_cookie, httponly=True, samesite="Strict", path="/")
        return response


def turned_away(
    door: Door, limits: Limits, method: str, path: str, header: Header
) -> tuple[int, str] | None:
    """Status and reason of a request that its headers alone refuse; None for one that may go on."""
    host = (header("Host") or "").lower()
    if host not in door.hosts():
        return 421, ""
    if method not in METHODS:
        return 405, ""
    if not _may_come(method, header):
        return 403, "site"
    if door.password is not None and not _knows(door.password, header("Authorization")):
        return 401, ""
    if method != "POST":
        return None
    if (header("Origin") or "").lower() != f"http://{host}":
        return 403, "origin"
    told = header("Content-Length") or ""
    if header("Transfer-Encoding") or not (told.isascii() and told.isdecimal()):
        return 411, ""
    most = limits.upload_bytes if path == UPLOAD else limits.form_bytes
    if len(told) > 18 or int(told) > most:
        return 413, ""
    return None if _cookie(header("Cookie")) else (403, "cookie")


def _may_come(method: str, header: Header) -> bool:
    """Other sites may lead here by a link; they may not embed, fetch or send."""
    site = header("Sec-Fetch-Site")
    if site is None or site == "same-origin":
        return True
    led = header("Sec-Fetch-Mode") == "navigate" and header("Sec-Fetch-Dest") == "document"
    return led and method != "POST"


def _cookie(told: str | None) -> str:
    found = parse_cookie(told).get(COOKIE, "")
    return found if re.fullmatch(r"[0-9a-f]{32}", found) else ""


def _knows(password: str, told: str | None) -> bool:
    given = Authorization.from_header(told)
    shown = (given.password or "") if given is not None and given.type == "basic" else ""
    return hmac.compare_digest(shown.encode(), password.encode())


def _own_cookie() -> str:
    return _cookie(request.headers.get("Cookie"))


def form_token(door: Door) -> str:
    """The hidden field of the forms on this page; gives the browser a cookie if it has none."""
    cookie = _own_cookie() or g.get("new_cookie") or secrets.token_hex(16)
    if cookie != request.cookies.get(COOKIE):
        g.new_cookie = cookie
    return door.token(cookie)


def demand_token(door: Door, shown: str) -> None:
    """Refuse a form that this page, in this run, did not hand out to this browser."""
    if not hmac.compare_digest(shown.encode(), door.token(_own_cookie()).encode()):
        abort(403, "token")


_DIGEST = r"'sha256-[A-Za-z0-9+/]{43}='"
_REPORT = re.compile(
    rf"default-src 'none'; img-src data:; style-src {_DIGEST}; script-src {_DIGEST}; "
    r"base-uri 'none'; form-action 'none'"
)


def report_policy(told: Iterable[str]) -> str:
    """The report's own policy where it is the one we know, else one that allows nothing."""
    for policy in told:
        if _REPORT.fullmatch(policy):
            return f"{policy}; frame-ancestors 'none'"
    return "default-src 'none'; sandbox; frame-ancestors 'none'"
