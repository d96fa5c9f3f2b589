"""Work in processes of its own: at most two at once, bounded, none able to harm the page."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from hrv.web.keep import FIGURES, Room, Run, Upload, read_json, write_json
from hrv.web.limits import Limits

WORKER = (sys.executable, "-P", "-m", "hrv.web.worker")
LOOK_S = 0.1
Outcome = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """A new analysis of an upload, or the figures of its run with this number."""

    upload: str
    run: int | None = None


class Jobs:
    """The queue of analyses and of figures to draw. `close` ends all that run."""

    def __init__(
        self, room: Room, limits: Limits, command: Sequence[str] = WORKER, store: Path | None = None
    ) -> None:
        self._room, self._limits, self._command, self._store = room, limits, command, store
        self._changed = Condition()
        self._waiting: deque[Work] = deque()
        self._running: dict[Work, subprocess.Popen[bytes] | None] = {}
        self._unwanted: set[Work] = set()  # asked to stop while they were beginning
        self._undrawn: dict[Work, Outcome] = {}
        self._closed = False
        self._threads = [Thread(target=self._serve, daemon=True) for _ in range(limits.at_once)]
        for thread in self._threads:
            thread.start()

    def start(self, upload: str, run: int | None = None) -> bool:
        """Put an upload, or the figures of one of its runs, into the queue; False when full."""
        work = Work(upload, run)
        with self._changed:
            if work in self._running or work in self._waiting:
                return True
            if self._closed or len(self._waiting) >= self._limits.waiting:
                return False
            self._waiting.append(work)
            self._changed.notify()
        return True

    def place(self, upload: str, run: int | None = None) -> int | None:
        """0 when it runs, its place in the queue when it waits, None otherwise."""
        work = Work(upload, run)
        with self._changed:
            if work in self._running:
                return 0
            return self._waiting.index(work) + 1 if work in self._waiting else None

    def process(self, upload: str, run: int | None = None) -> subprocess.Popen[bytes] | None:
        with self._changed:
            return self._running.get(Work(upload, run))

    def undrawn(self, upload: str, run: int) -> Outcome | None:
        """Why the last try to draw these figures failed; told once."""
        with self._changed:
            return self._undrawn.pop(Work(upload, run), None)

    def stop(self, upload: str, patience_s: float = 10.0) -> None:
        """End all work on an upload and wait until nothing of it runs."""
        with self._changed:
            for work in [one for one in self._waiting if one.upload == upload]:
                self._waiting.remove(work)
            for work, process in self._of(upload).items():
                self._unwanted.add(work)
                if process is not None:
                    _kill(process)
            self._changed.wait_for(lambda: not self._of(upload), patience_s)

    def _of(self, upload: str) -> dict[Work, subprocess.Popen[bytes] | None]:
        return {work: one for work, one in self._running.items() if work.upload == upload}

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
                work = self._waiting.popleft()
                self._running[work] = None
            try:
                self._do(work)
            except OSError:
                pass  # the upload was deleted under our hands
            finally:
                with self._changed:
                    self._running.pop(work, None)
                    self._unwanted.discard(work)
                    self._changed.notify_all()

    def _do(self, work: Work) -> None:
        upload = self._room.upload(work.upload)
        if upload is None:
            return
        run = None if work.run is None else upload.run(work.run)
        if run is not None:
            self._draw(work, run)
        elif work.run is None:
            self._analyse(work, upload)

    def _analyse(self, work: Work, upload: Upload) -> None:
        runs = upload.runs()
        number = runs[0].number + 1 if runs else 1
        part = upload.folder / "runs" / f"{number}.part"
        outcome = self._outcome(work, part)
        write_json(part / "outcome.json", outcome)
        for name in ("job.json", "progress.json"):
            (part / name).unlink(missing_ok=True)
        part.rename(part.with_suffix(""))

    def _draw(self, work: Work, run: Run) -> None:
        """The figures of a finished run join it whole; why they do not is kept until asked for."""
        part = run.folder / "figures.part"
        outcome: Outcome = {"state": "failed", "code": "crashed"}
        try:
            outcome = self._outcome(work, part)
            if outcome["state"] == "done":
                (part / FIGURES).replace(run.folder / FIGURES)
        except OSError:
            outcome = {"state": "failed", "code": "crashed"}
            raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
            with self._changed:
                if outcome["state"] != "done" and work not in self._unwanted:
                    self._undrawn[work] = outcome

    def _outcome(self, work: Work, part: Path) -> Outcome:
        """What the worker says of its work in the new folder `part`, if it can be believed."""
        part.mkdir(mode=0o700)
        write_json(
            part / "job.json",
            {
                "limits": asdict(self._limits),
                "store": None if self._store is None else str(self._store),
                "figures": work.run is not None,
            },
        )
        process = self._started(part)
        with self._changed:
            self._running[work] = process
            if work in self._unwanted:
                _kill(process)
        try:
            ended = self._watched(process)
        finally:
            _kill(process)
        outcome = read_json(part / "outcome.json")
        if not isinstance(outcome, dict) or (ended != 0 and outcome.get("state") == "done"):
            return {"state": "failed", "code": _reason(ended)}
        return outcome

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
