"""Opens the door: waitress on the loopback address."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.utilities import BadRequest

from hrv.errors import SettingsError
from hrv.web.app import Page, create
from hrv.web.guard import NAMES, Door, Header, turned_away
from hrv.web.history import History
from hrv.web.jobs import WORKER, Jobs
from hrv.web.keep import Room
from hrv.web.limits import Limits

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SMALL_BYTES = 65_536  # a body this small never leaves memory: the page refuses it in its own words
PATIENCE_S, LEAST_BYTES_PER_S = 30.0, 1000.0  # of one request


class _Refused(BadRequest):  # type: ignore[misc] # waitress has no types
    def __init__(self, code: int) -> None:
        super().__init__(HTTPStatus(code).description)
        self.code, self.reason = code, HTTPStatus(code).phrase


class Parser(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """Refuses a body before it is stored, where the headers tell that nobody here wants it, and
    who sends so slowly that only the connection can be meant."""

    turned_away: Callable[[str, str, Header], tuple[int, str] | None]

    def __init__(self, adjustments: Any) -> None:
        super().__init__(adjustments)
        self.begun_s, self.seen_bytes, self.looked = time.monotonic(), 0, False

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        self.seen_bytes += consumed
        took_s = time.monotonic() - self.begun_s
        if not self.completed and took_s > PATIENCE_S + self.seen_bytes / LEAST_BYTES_PER_S:
            self._refuse(408)
        elif self.body_rcv is not None and not (self.looked or self.completed):
            self.looked = True
            refused = type(self).turned_away(self.command, self.path, self._header)
            if self.chunked:
                self._refuse(411)
            elif refused is not None and self.content_length > SMALL_BYTES:
                self._refuse(refused[0])
        return consumed

    def _header(self, name: str) -> str | None:
        found: str | None = self.headers.get(name.upper().replace("-", "_"))
        return found

    def _refuse(self, code: int) -> None:
        self.error = _Refused(code)
        self.completed = self.connection_close = True


def serve(
    base: Path,
    *,
    store: Path | None = None,
    port: int = 8765,
    address: str = "127.0.0.1",
    password: str | None = None,
    limits: Limits | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` gets the address. Raises SettingsError if it cannot."""
    if address not in LOOPBACK and not password:
        raise SettingsError(
            f"{address} can be reached by other machines", way_out="Give a password with it"
        )
    limits = limits or Limits()
    with _alone(base):
        room = Room(base)
        promised = room.empty()
        tempfile.tempdir = str(base / "incoming")  # request bodies wait here, not in a shared place
        jobs = Jobs(room, limits, WORKER, store)
        try:
            for upload in promised:
                jobs.start(upload.id)
            parts = {"room": room, "jobs": jobs, "limits": limits, "history": History(store)}
            server, used = _listening(parts, limits, address, port, password)
            ready(f"http://{'[::1]' if address == '::1' else address}:{used}/")
            with suppress(KeyboardInterrupt):
                server.run()
            server.close()
        finally:
            jobs.close()
            room.empty()
            tempfile.tempdir = None


def _listening(
    parts: dict[str, Any], limits: Limits, address: str, port: int, password: str | None
) -> tuple[Any, int]:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app: list[Any] = []

    def late(environ: Any, start_response: Any) -> Any:
        return app[0](environ, start_response)

    try:
        server = create_server(
            late,
            host=address,
            port=port,
            threads=8,
            ident=None,
            max_request_body_size=limits.upload_bytes,
            inbuf_overflow=1 << 20,
            channel_timeout=120,
            connection_limit=200,
        )
    except OSError as error:
        raise SettingsError(
            f"port {port} on {address} cannot be used ({error.strerror})",
            way_out="Another page may be running; try --port 8766",
        ) from error
    used = int(server.effective_port)
    names = NAMES if address in LOOPBACK else (*NAMES, address)
    door = Door(port=used, names=names, password=password)
    server.channel_class = channel_for(door, limits)
    app.append(create(Page(door=door, **parts)))
    return server, used


def channel_for(door: Door, limits: Limits) -> type[Any]:
    """The kind of connection on which the headers are looked at by this door."""
    parser = type("_Parser", (Parser,), {"turned_away": partial(turned_away, door, limits)})
    return type("_Channel", (HTTPChannel,), {"parser_class": parser})


@contextmanager
def _alone(base: Path) -> Any:
    """The folder for this page alone, for as long as it runs."""
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    base.chmod(0o700)
    with (base / "lock").open("a+b") as lock:
        _lock(lock, base)
        yield


def _lock(lock: IO[bytes], base: Path) -> None:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingsError(
            "another upload page is running with the same folder",
            way_out=f"Close it first, or give this one a place of its own (in use: {base.name})",
        ) from None
