"""Uploads on their way in: each file is written to the private folder as it comes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from flask import Request, current_app, g
from werkzeug.datastructures import FileStorage

from hrv.web import names
from hrv.web.keep import Room


class Parked:
    """A file while it arrives. Once whole it holds no open handle: a folder has thousands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._stream: IO[bytes] | None = path.open("xb")

    def write(self, data: bytes) -> int:
        assert self._stream is not None
        self.bytes += len(data)
        return self._stream.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Called once, at the end of the file."""
        del whence
        self.close()
        return offset

    def read(self, size: int = -1) -> bytes:
        """Nobody reads an upload inside the page."""
        del size
        return b""

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class Arriving(Request):
    """A request whose files go straight to the private folder."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        if "arrived" not in g:
            room: Room = current_app.config["ROOM"]
            g.arrived = room.arrive()
            (g.arrived / "files").mkdir(mode=0o700)
            g.arrived_count = 0
        g.arrived_count += 1
        return cast(IO[bytes], Parked(g.arrived / "files" / str(g.arrived_count)))


def listed(found: list[FileStorage]) -> list[dict[str, Any]]:
    """Id, name and size of every file that came; an empty file field of a form is none."""
    rows = []
    for item in found:
        stream = cast(Parked, item.stream)
        if not isinstance(stream, Parked):
            continue
        if not item.filename and not stream.bytes:
            stream.path.unlink(missing_ok=True)
            continue
        row = {"id": int(stream.path.name), "name": names.shown(item.filename or "file")}
        rows.append({**row, "bytes": stream.bytes})
    return rows


def forget(_: BaseException | None = None) -> None:
    """What came with a request that did not become an upload."""
    folder: Path | None = g.pop("arrived", None)
    if folder is not None:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
