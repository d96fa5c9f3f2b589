"""A page for tests: its client behaves like a browser, its worker does as the file says."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hrv.web.app import Page, create
from hrv.web.guard import Door
from hrv.web.history import History
from hrv.web.jobs import Jobs
from hrv.web.keep import Room, Upload
from hrv.web.limits import Limits

PORT = 8765
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"
BROWSER = {"Host": HOST, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
OBEDIENT = (sys.executable, "-P", str(Path(__file__).with_name("obedient_worker.py")))

Files = Sequence[tuple[str, bytes]]


@dataclass(kw_only=True)
class Desk:
    """An application, its parts, and a browser in front of it."""

    room: Room
    jobs: Jobs
    limits: Limits
    door: Door
    history: History
    client: FlaskClient
    headers: dict[str, str] = field(default_factory=lambda: dict(BROWSER))

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(
            path, headers={"Host": HOST, **headers}, base_url=ORIGIN, buffered=True
        )

    def token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]{64})"', self.get("/").text)
        assert found
        return found[1]

    def post(
        self, path: str, data: Any = None, headers: dict[str, str] | None = None, **fields: str
    ) -> TestResponse:
        """A form sent by the page itself; `headers` replace the browser's."""
        sent = data if data is not None else {"token": self.token(), **fields}
        found = dict(self.headers if headers is None else headers)
        return self.client.post(path, data=sent, headers=found, base_url=ORIGIN)

    def send(self, files: Files, **fields: str) -> TestResponse:
        data = {
            "token": self.token(),
            **fields,
            "files": [(io.BytesIO(content), name) for name, content in files],
        }
        return self.client.post(
            "/upload", data=data, headers=self.headers, base_url=ORIGIN,
            content_type="multipart/form-data",
        )  # fmt: skip

    def uploaded(self, files: Files, **fields: str) -> Upload:
        response = self.send(files, **fields)
        assert response.status_code == 303, response.text
        found = self.room.upload(response.location.rsplit("/", 1)[1])
        assert found is not None
        return found

    def finished(self, upload: Upload, seconds: float = 60.0) -> dict[str, Any]:
        """The outcome of the newest run, once nothing runs."""
        self.until(lambda: self.jobs.place(upload.id) is None, seconds)
        outcome: dict[str, Any] = upload.runs()[0].read("outcome.json")
        return outcome

    def until(self, true: Callable[[], bool], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)


def desk(base: Path, command: Sequence[str] = OBEDIENT, **bounds: Any) -> Desk:
    limits = Limits(**{"spare_bytes": 0, **bounds})
    room = Room(base)
    jobs = Jobs(room, limits, command, base.parent / "store")
    door = Door(port=PORT)
    history = History(base.parent / "store")
    app = create(Page(room=room, jobs=jobs, door=door, limits=limits, history=history))
    return Desk(
        room=room, jobs=jobs, limits=limits, door=door, history=history, client=app.test_client()
    )
