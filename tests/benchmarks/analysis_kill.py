"""What a store holds after analyses were killed at random moments, in a terminal and on the page.

    python -m tests.benchmarks.analysis_kill --cli 140 --page 60

Command line: `hrv report --person ada` is killed (SIGKILL). Page: an upload of one more day is
accepted for ada's history, and then either its worker or the whole page is killed; the next page
takes up what was promised. Moments are uniform over the time that an undisturbed run takes. After
each kill every page and block of the store is checked, every day that was acknowledged is looked
for sample by sample, every kept analysis is read, and nothing but whole runs may be left. At last
an analysis from what the killed ones kept is compared with one that uses nothing kept.
Writes `results/analysis_kill.md`. Killing tests the death of the process, not of the power.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from hrv import pipeline
from hrv.model import DAY_S
from hrv.report.record import dumps
from hrv.store import Store, open_store
from hrv.web.jobs import Jobs, describe
from hrv.web.keep import Room
from hrv.web.limits import Limits

OUT = Path(__file__).with_name("results") / "analysis_kill.md"
ROOT = Path(__file__).parents[2]
FIRST, BEGIN, MOST_DAYS = 20_500, 4, 10
PERSON = "ada"


def csv_of(day: int) -> bytes:
    """Heart rate every minute of one day with a few rises, as a file; always the same."""
    rng = np.random.default_rng(day)
    t_s = (FIRST + day) * DAY_S + np.arange(0, DAY_S, 60.0)
    hr = 62 + 4 * np.sin(np.arange(t_s.size) / 229) + rng.normal(0, 1.5, t_s.size)
    for at in rng.choice(np.arange(450, 1200, 90), 4, replace=False):
        hr[at:] += 25 * np.exp(-np.arange(t_s.size - at) / 8.0)
    rows = (f"{t:.0f},{value:.0f}\n" for t, value in zip(t_s, hr, strict=True))
    return ("time,hr\n" + "".join(rows)).encode()


class Desk:
    """A store and the folder of a page in one place, and the days that were acknowledged."""

    def __init__(self, base: Path) -> None:
        self.base, self.store, self.room = base, base / "store", base / "page"
        base.mkdir()
        self.days: list[int] = []
        for day in range(BEGIN):
            path = base / f"{day}.csv"
            path.write_bytes(csv_of(day))
            self._run("import", str(path), "--person", PERSON, "--store", str(self.store))
            self.days.append(day)

    def _run(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", "hrv", *words], cwd=ROOT, check=True,
                       capture_output=True)  # fmt: skip

    @contextmanager
    def report(self) -> Iterator[subprocess.Popen[bytes]]:
        line = [sys.executable, "-m", "hrv", "report", "--person", PERSON, "--store",
                str(self.store), "-o", str(self.base / "out"), "--format", "json"]  # fmt: skip
        with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:  # fmt: skip
            yield child

    @contextmanager
    def page(self, day: int | None) -> Iterator[subprocess.Popen[str]]:
        """A page; it has accepted one more day when its first line is there."""
        line = [sys.executable, "-m", "tests.benchmarks.analysis_kill", "--serve", str(self.base)]
        line += [] if day is None else ["--day", str(day)]
        with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as child:  # fmt: skip
            assert child.stdout is not None
            assert child.stdout.readline().startswith("accepted")
            yield child


def serve(base: Path, day: int | None) -> None:
    """The page without its door: takes up what was promised, accepts a day, waits to be done."""
    room = Room(base / "page")
    jobs = Jobs(room, Limits(), store=base / "store")
    uploads = room.empty()
    if day is not None:
        arrived = room.arrive()
        (arrived / "files").mkdir()
        (arrived / "files" / "1").write_bytes(csv_of(day))
        listed = [{"id": 1, "name": f"{day}.csv", "bytes": 1}]
        uploads.append(room.keep(arrived, listed, {"keep_person": PERSON, "tz": "UTC"}))
    for upload in uploads:
        jobs.start(upload.id)
    print("accepted", flush=True)
    while any(describe(upload, jobs)["state"] in ("waiting", "running") for upload in uploads):
        time.sleep(0.02)
    print("done", flush=True)
    sys.stdin.read()


def looked_at(desk: Desk, seen: Counter[str]) -> None:
    """The state after a kill, before anything else writes."""
    with closing(sqlite3.connect(desk.store / "history.sqlite3")) as raw:
        sound = raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    room = Room(desk.room)
    promised = {int(u.facts["files"][0]["name"].split(".")[0]) for u in room.uploads()
                if u.promised}  # fmt: skip
    with open_store(desk.store) as store:
        seen["intact"] += sound and store.check().ok
        missing = [day for day in desk.days if day not in promised and not _there(store, day)]
        seen["lost"] += len(missing)
        kept = store.analyses(PERSON)
        seen["half kept"] += sum(not _whole(one.record) for one in kept)
    for upload in room.uploads():
        for run in upload.runs():
            files = ("answer.json", "report.json", "report.html", "report.pdf", "figures.zip")
            half = run.done and not all((run.folder / name).is_file() for name in files)
            seen["half kept"] += half or run.read("outcome.json") is None


def _there(store: Store, day: int) -> bool:
    """Whether a day is in the store to the sample."""
    wanted = np.loadtxt(csv_of(day).decode().splitlines()[1:], delimiter=",")
    series = store.timeline(PERSON).read_block(FIRST + day).heart_rate
    return any(
        np.array_equal(one.t_s, wanted[:, 0]) and np.array_equal(one.hr_bpm, wanted[:, 1])
        for one in series
    )


def _whole(record: str) -> bool:
    return set(json.loads(record)) >= {"verdict", "markers", "episodes", "days"}


def equal(desk: Desk) -> bool:
    """Whether what the killed analyses kept gives the same record as computing all anew."""
    with open_store(desk.store) as store:
        timeline = store.timeline(PERSON)
        with store.reduced(PERSON) as kept:
            spared = pipeline.analyse(timeline, kept=kept)
        return dumps(spared) == dumps(pipeline.analyse(timeline))


def seconds(desk: Desk) -> tuple[float, float]:
    """Wall seconds of an undisturbed report, and of an undisturbed page over what it accepted."""
    begun = time.monotonic()
    with desk.report() as child:
        child.wait()
    between = time.monotonic()
    day = len(desk.days)
    with desk.page(day) as child:
        accepted = time.monotonic()
        assert child.stdout is not None
        child.stdout.readline()
        done = time.monotonic()
        child.kill()
    desk.days.append(day)
    return between - begun, done - accepted


def _worker(pid: int) -> int | None:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += (thread / "children").read_text().split()
    return int(found[0]) if found else None


def counted(cli: int, page: int, base: Path, minutes: float = np.inf) -> Counter[str]:
    """So many kills of each kind, in random order, or as many as fit; what was found afterwards."""
    until = time.monotonic() + 60.0 * minutes
    rng = np.random.default_rng(9)
    seen: Counter[str] = Counter()
    kinds = rng.permutation(
        ["cli"] * cli + ["worker"] * (page - page // 2) + ["page"] * (page // 2)
    )
    desk = Desk(base / "0")
    whole = seconds(desk)
    print("undisturbed, s:", whole, flush=True)
    for number, kind in enumerate(kinds):
        if time.monotonic() > until:
            break
        if len(desk.days) >= MOST_DAYS:
            seen["stores"] += 1
            seen["equal"] += equal(desk)
            desk = Desk(base / str(number + 1))
        if kind == "cli":
            with desk.report() as child:
                time.sleep(float(rng.uniform(0.0, whole[0])))
                seen["ended before"] += child.poll() is not None
                child.send_signal(signal.SIGKILL)
        else:
            _kill_a_page(desk, kind == "page", float(rng.uniform(0.0, whole[1])), seen)
        seen[str(kind)] += 1
        looked_at(desk, seen)
        print(number + 1, dict(seen), flush=True)
    with desk.page(None) as child:  # what is still promised
        assert child.stdout is not None
        child.stdout.readline()
        child.kill()
    looked_at(desk, seen)
    seen["intact"] -= 1
    seen["stores"] += 1
    seen["equal"] += equal(desk)
    return seen


def _kill_a_page(desk: Desk, whole: bool, after_s: float, seen: Counter[str]) -> None:
    day = len(desk.days)
    with desk.page(day) as child:
        desk.days.append(day)
        time.sleep(after_s)
        worker = _worker(child.pid)
        seen["ended before"] += worker is None
        if not whole and worker is not None:
            os.kill(worker, signal.SIGKILL)
            time.sleep(0.5)
        child.kill()
    time.sleep(0.5)  # a worker whose page is gone ends by itself


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--cli", type=int, default=140)
    ask.add_argument("--page", type=int, default=60)
    ask.add_argument("--minutes", type=float, default=np.inf)
    ask.add_argument("--serve", type=Path)
    ask.add_argument("--day", type=int)
    given = ask.parse_args()
    if given.serve:
        serve(given.serve, given.day)
        return
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as base:
        seen = counted(given.cli, given.page, Path(base), given.minutes)
    bound = "" if given.minutes == np.inf else f" --minutes {given.minutes:.0f}"
    kills = seen["cli"] + seen["worker"] + seen["page"]
    text = f"""# The store after analyses were killed

`python -m tests.benchmarks.analysis_kill --cli {given.cli} --page {given.page}{bound}`; SQLite
{sqlite3.sqlite_version}, Python {platform.python_version()}, {time.monotonic() - begun:.0f} s.

| What | Count |
|---|---|
| kills (SIGKILL, at any moment of a run) | {kills} |
| of `hrv report --person` | {seen["cli"]} |
| of the page's worker, importing a day and analysing | {seen["worker"]} |
| of the whole page at such a moment | {seen["page"]} |
| runs that had ended before their kill | {seen["ended before"]} |
| store intact afterwards (every page, every block by its hash) | {seen["intact"]} |
| acknowledged days lost, or with a sample missing | {seen["lost"]} |
| analyses or reports kept in part | {seen["half kept"]} |
| stores used | {seen["stores"]} |
| stores whose kept days and recoveries gave the same record as computing anew | {seen["equal"]} |
"""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
