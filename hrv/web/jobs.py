"""Analyses in processes of their own: at most two at once, bounded, none able to harm the page."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from hrv.web.keep import Room, Upload, read_json, write_json
from hrv.web.limits import Limits

WORKER = (sys.executable, "-P", "-m", "hrv.web.worker")
LOOK_S = 0.1


class Jobs:
    """The queue of analyses. `close` ends all that run."""

    def __init__(
        self, room: Room, limits: Limits, command: Sequence[str] = WORKER, store: Path | None = None
    ) -> None:
        self._room, self._limits, self._command, self._store = room, limits, command, store
        self._changed = Condition()
        self._waiting: deque[str] = deque()
        self._running: dict[str, subprocess.Popen[bytes] | None] = {}
        self._closed = False
        self._threads = [Thread(target=self._serve, daemon=True) for _ in range(limits.at_once)]
        for thread in self._threads:
            thread.start()

    def start(self, upload: str) -> bool:
        """Put an upload into the queue; False when the queue is full."""
        with self._changed:
            if upload in self._running or upload in self._waiting:
                return True
            if self._closed or len(self._waiting) >= self._limits.waiting:
                return False
            self._waiting.append(upload)
            self._changed.notify()
        return True

    def place(self, upload: str) -> int | None:
        """0 when it runs, its place in the queue when it waits, None otherwise."""
        with self._changed:
            if upload in self._running:
                return 0
            return self._waiting.index(upload) + 1 if upload in self._waiting else None

    def process(self, upload: str) -> subprocess.Popen[bytes] | None:
        with self._changed:
            return self._running.get(upload)

    def stop(self, upload: str, patience_s: float = 10.0) -> None:
        """End an analysis and wait until nothing of it runs."""
        with self._changed:
            if upload in self._waiting:
                self._waiting.remove(upload)
            if upload in self._running:
                process = self._running[upload]
                if process is not None:
                    _kill(process)
                self._changed.wait_for(lambda: upload not in self._running, patience_s)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
            for process in self._running.values():
                if process is not None:
                    _kill(process)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(10.0)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                number = self._waiting.popleft()
                self._running[number] = None
            try:
                upload = self._room.upload(number)
                if upload is not None:
                    self._run(upload)
            except OSError:
                pass  # the upload was deleted under our hands
            finally:
                with self._changed:
                    self._running.pop(number, None)
                    self._changed.notify_all()

    def _run(self, upload: Upload) -> None:
        runs = upload.runs()
        number = runs[0].number + 1 if runs else 1
        part = upload.folder / "runs" / f"{number}.part"
        part.mkdir(mode=0o700)
        write_json(
            part / "job.json",
            {
                "limits": asdict(self._limits),
                "store": None if self._store is None else str(self._store),
            },
        )
        process = self._started(part)
        with self._changed:
            self._running[upload.id] = process
        try:
            ended = self._watched(process)
        finally:
            _kill(process)
        outcome = read_json(part / "outcome.json")
        if not isinstance(outcome, dict) or (ended != 0 and outcome.get("state") == "done"):
            outcome = {"state": "failed", "code": _reason(ended)}
        write_json(part / "outcome.json", outcome)
        for name in ("job.json", "progress.json"):
            (part / name).unlink(missing_ok=True)
        part.rename(part.with_suffix(""))

    def _started(self, part: Path) -> subprocess.Popen[bytes]:
        """The worker notices by its closed standard input when the page is gone."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        environment |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "TMPDIR": str(part)}
        return subprocess.Popen(
            [*self._command, str(part)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=part,
            env=environment,
            start_new_session=True,
        )

    def _watched(self, process: subprocess.Popen[bytes]) -> int | None:
        """Exit code, or None when it took too long."""
        until = time.monotonic() + self._limits.wall_s
        while time.monotonic() < until:
            try:
                return process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                if self._closed:
                    break
        return None


def _reason(ended: int | None) -> str:
    if ended is None:
        return "too_long"
    return "killed" if ended in {-9, 137} else "crashed"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The process and whatever it started."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10.0)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def describe(upload: Upload, jobs: Jobs) -> dict[str, Any]:
    """Where an upload stands: waiting, running, done or failed, and how far it is."""
    place = jobs.place(upload.id)
    runs = upload.runs()
    if place is None:
        if not runs:
            return {"state": "lost", "share": 0.0, "stage": ""}
        outcome = runs[0].read("outcome.json") or {}
        return {"state": outcome.get("state", "failed"), "share": 1.0, "stage": ""}
    if place > 0:
        return {"state": "waiting", "share": 0.0, "stage": "", "place": place}
    part = upload.under_way()
    told = read_json(part / "progress.json") if part else None
    told = told if isinstance(told, dict) else {"stage": "start", "share": 0.0}
    return {"state": "running", "share": told["share"], "stage": told["stage"]}
