"""What a store holds after analyses were killed at random moments, in a terminal and on the page.

    python -m tests.benchmarks.analysis_kill --cli 140 --page 60

Three weeks of a simulated watch are in the store. Command line: on a fresh copy of that store
`hrv report --person ada`, with its self-test, numbers and PDF, is killed (SIGKILL). Page:
one more day is uploaded for ada's history, and then either its worker or the whole page is killed;
the next page takes up what was promised. Moments are uniform over the processor time of an
undisturbed run, measured anew at every tenth kill: a busy machine moves none of them.

After each kill every page and block of the store is checked, every acknowledged day is compared
sample by sample with a store that was never killed, nothing but whole imports, analyses and runs
may be left, and an analysis that uses what the killed ones kept has to give the very record of
one over the store that was never killed. At every tenth kill so do the report's files.
The command runs in a fork of this process, so that no moment is spent on loading libraries.
Writes `results/analysis_kill.md`. Killing tests the death of the process, not of the power.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from hrv import ingest, pipeline, simulate
from hrv.cli import main as command
from hrv.model import DayBlock, ReadOptions, Timeline
from hrv.report.record import dumps
from hrv.settings import Settings
from hrv.store import open_store
from hrv.web.jobs import Jobs, describe
from hrv.web.keep import Room
from hrv.web.limits import Limits

OUT = Path(__file__).with_name("results") / "analysis_kill.md"
ROOT = Path(__file__).parents[2]
PERSON, AS_OF, NOW_S = "ada", date(2027, 1, 1), 4e9
BEGIN, MORE, EVERY = 21, 6, 10
IDLE = 1000  # looks without any work
WRITTEN = ("json", "pdf")
Days = frozenset[int]


class Export:
    """A watch's folder, its files by the day in their names."""

    def __init__(self, folder: Path) -> None:
        first = date(2026, 1, 5)
        simulate.write("unchanged", folder, days=BEGIN + MORE, seed=4, start=first)
        named = [(first + timedelta(days=day)).isoformat() for day in range(BEGIN + MORE)]
        files = sorted(folder.rglob("*.fit"))
        self.days = [[path for path in files if day in path.name] for day in named]
        self.begin = [path for day in self.days[:BEGIN] for path in day]


class Untouched:
    """A store with the first weeks and these later days that nothing was ever killed on."""

    def __init__(self, base: Path, export: Export, days: Days) -> None:
        self.folder = base / ("-".join(map(str, sorted(days))) or "begin")
        begin = self.folder.with_name("begin")
        if days and begin.is_dir():
            shutil.copytree(begin, self.folder)
        with open_store(self.folder) as store:
            wanted = [] if store.codes() else [export.begin]
            for paths in [*wanted, *(export.days[day] for day in sorted(days))]:
                recordings = ingest.read(paths, ReadOptions(now_s=NOW_S), Settings().ingest)
                store.add(recordings, person=PERSON, name=paths[0].name)
            self.blocks = read(store.timeline(PERSON))

    @cached_property
    def record(self) -> str:
        with open_store(self.folder) as store:
            return dumps(pipeline.analyse(store.timeline(PERSON)))


def read(timeline: Timeline) -> list[DayBlock]:
    return [timeline.read_block(day) for day in timeline.utc_days]


def same(one: object, other: object) -> bool:
    """Whether two nouns are equal to the last bit."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    if isinstance(one, Sequence) and not isinstance(one, str):
        assert isinstance(other, Sequence)
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))  # type: ignore[arg-type]
    return one == other


@dataclass
class Bench:
    """The export and what stores of it look like that were never killed."""

    base: Path
    known: dict[Days, Untouched] = field(default_factory=dict)

    @cached_property
    def export(self) -> Export:
        return Export(self.base / "export")

    def untouched(self, days: Days) -> Untouched:
        if days not in self.known:
            self.known[days] = Untouched(self.base / "untouched", self.export, days)
        return self.known[days]


class Desk:
    """A store and the folder of a page in one place, and the later days that were accepted."""

    def __init__(self, base: Path, bench: Bench) -> None:
        self.base, self.store, self.room, self.bench = base, base / "store", base / "page", bench
        base.mkdir()
        shutil.copytree(bench.untouched(frozenset()).folder, self.store)
        self.days: set[int] = set()

    def report(self, store: Path, out: Path) -> int:
        """Begin `hrv report`; gives its process."""
        words = ["report", "--person", PERSON, "--store", str(store), "-o", str(out),
                 "--format", ",".join(WRITTEN), "--as-of", str(AS_OF)]  # fmt: skip
        child = os.fork()
        if not child:
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
            try:
                command.main(words, standalone_mode=False)
            except BaseException:
                os._exit(1)
            os._exit(0)
        return child

    @contextmanager
    def page(self, day: int | None) -> Iterator[subprocess.Popen[str]]:
        """A page; it has accepted the day when its first line is there."""
        line = [sys.executable, "-m", "tests.benchmarks.analysis_kill", "--serve", str(self.base)]
        if day is not None:
            line += ["--day", str(day), *map(str, self.bench.export.days[day])]
        with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as child:  # fmt: skip
            assert child.stdout is not None
            assert child.stdout.readline().startswith("accepted")
            if day is not None:
                self.days.add(day)
            yield child

    def settle(self) -> None:
        """A page that nobody kills takes up what is still promised."""
        with self.page(None) as child:
            assert child.stdout is not None
            child.stdout.readline()
            child.kill()


def serve(base: Path, day: int | None, files: Sequence[Path]) -> None:
    """The page without its door: takes up what was promised, accepts a day, waits to be done.

    Its worker is the one of this checkout, whichever is installed.
    """
    room = Room(base / "page")
    here = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from hrv.web import worker as w"
    main = f"{here}; from pathlib import Path; sys.exit(w.main(Path(sys.argv[1])))"
    jobs = Jobs(room, Limits(), (sys.executable, "-P", "-c", main), base / "store")
    uploads = room.empty()
    if day is not None:
        arrived = room.arrive()
        (arrived / "files").mkdir()
        listed = []
        for number, path in enumerate(files, start=1):
            shutil.copyfile(path, arrived / "files" / str(number))
            listed.append({"id": number, "name": path.name, "bytes": path.stat().st_size})
        asked = {"keep_person": PERSON, "day": day}
        uploads.append(room.keep(arrived, listed, asked))
    for upload in uploads:
        jobs.start(upload.id)
    print("accepted", flush=True)
    while any(describe(upload, jobs)["state"] in ("waiting", "running") for upload in uploads):
        time.sleep(0.02)
    print("done", flush=True)
    sys.stdin.read()


# --------------------------------------------------------------------------- after a kill


def looked_at(desk: Desk, seen: Counter[str]) -> Days:
    """The state after a kill, before anything else writes; gives the later days that are there."""
    export, room = desk.bench.export, Room(desk.room)
    promised = {upload.request["day"] for upload in room.uploads() if upload.promised}
    with closing(sqlite3.connect(desk.store / "history.sqlite3")) as raw:
        sound = raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    with open_store(desk.store) as store:
        seen["intact"] += sound and store.check().ok
        *later, first = store.history(PERSON)
        held = {next(d for d, paths in enumerate(export.days) if paths[0].name in one.name): one
                for one in later}  # fmt: skip
        seen["half kept"] += first.files != len(export.begin)
        seen["half kept"] += sum(one.files != len(export.days[d]) for d, one in held.items())
        seen["half kept"] += sum(not _whole(one.record) for one in store.analyses(PERSON))
        paper = store.pdf(PERSON)
        seen["half kept"] += paper is not None and not paper.rstrip().endswith(b"%%EOF")
        days = frozenset(held)
        seen["lost"] += len(desk.days - promised - days)
        seen["identical"] += same(read(store.timeline(PERSON)), desk.bench.untouched(days).blocks)
    for upload in room.uploads():
        for run in upload.runs():
            files = ("answer.json", "report.json", "report.html", "report.pdf")
            half = run.done and not all((run.folder / name).is_file() for name in files)
            seen["half kept"] += half or run.read("outcome.json") is None
    return days


def _whole(record: str) -> bool:
    return set(json.loads(record)) >= {"verdict", "markers", "episodes", "days"}


def rerun(desk: Desk, days: Days, again: Path, seen: Counter[str]) -> None:
    """An analysis from what the killed one kept, in a copy, against the store never killed."""
    shutil.copytree(desk.store, again)
    with open_store(again) as store, store.reduced(PERSON) as kept:
        record = dumps(pipeline.analyse(store.timeline(PERSON), kept=kept))
        seen["days reused"] += kept.made == 0
        seen["recoveries reused"] += kept.fits_found
    seen["same record"] += record == desk.bench.untouched(days).record


def files_equal(desk: Desk, days: Days, again: Path, seen: Counter[str]) -> float:
    """Whether a whole report is the same to the byte; processor seconds with nothing kept."""
    cold = again.with_name("cold")
    shutil.copytree(desk.bench.untouched(days).folder, cold)
    outs = [again.with_name(f"{name}-out") for name in ("again", "cold")]
    took = 0.0
    for store, out in zip((again, cold), outs, strict=True):
        _, ended, used = os.wait4(desk.report(store, out), 0)
        assert ended == 0
        took = used.ru_utime + used.ru_stime
    names = [f"{PERSON}/report.{kind}" for kind in WRITTEN]
    seen["whole reports"] += 1
    seen["same files"] += all(
        (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes() for name in names
    )
    return took


def kept_so_far(store: Path) -> str:
    """How far a killed report had come, by what it kept."""
    with closing(sqlite3.connect(store / "history.sqlite3")) as raw:
        count = {name: raw.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                 for name in ("reduced", "derived", "analysis")}  # fmt: skip
    stages = ("at nothing", "at days", "at recoveries", "at self-test", "at the report")
    return stages[(count["reduced"] > 0) + count["derived"] + count["analysis"]]


# --------------------------------------------------------------------------- killing


def _worker(pid: int) -> int | None:
    found: list[str] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += (thread / "children").read_text().split()
    return int(found[0]) if found else None


def spent_s(pid: int) -> float:
    """Processor seconds of a process, of those it has and of those that it had; 0 when gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        below = [int(one) for task in Path(f"/proc/{pid}/task").iterdir()
                 for one in (task / "children").read_text().split()]  # fmt: skip
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(spent_s, below))


def wait_until(pid: int, more_s: float) -> None:
    """Until a process has spent so much more, or has ended, or has nothing left to do."""
    begun, last, quiet = spent_s(pid), -1.0, 0
    while (now := spent_s(pid)) < begun + more_s and quiet < IDLE and not _ended(pid):
        quiet = quiet + 1 if now == last and not _worker(pid) else 0
        last = now
        time.sleep(0.005)


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True


def undisturbed(desk: Desk) -> float:
    """Processor seconds of a page over a day that it accepted."""
    with desk.page(BEGIN) as child:
        begun = spent_s(child.pid)
        assert child.stdout is not None
        child.stdout.readline()
        took = spent_s(child.pid) - begun
        child.kill()
    return took


def counted(cli: int, page: int, base: Path, minutes: float = np.inf) -> Counter[str]:
    """So many kills of each kind, in random order, or as many as fit; what was found afterwards."""
    until = time.monotonic() + 60.0 * minutes
    importlib.import_module("hrv.report.pdf")  # here, so that no child has to
    rng = np.random.default_rng(9)
    seen: Counter[str] = Counter()
    bench = Bench(base)
    kinds = rng.permutation(
        ["cli"] * cli + ["worker"] * (page - page // 2) + ["page"] * (page // 2)
    )
    pages = Desk(base / "pages-0", bench)
    page_s = undisturbed(pages)
    cli_s = 0.0
    for number, kind in enumerate(kinds, start=1):
        if time.monotonic() > until:
            break
        again = base / f"{number}" / "again"
        again.parent.mkdir()
        if len(pages.days) == MORE:
            _settled(pages, seen, base / f"{number}" / "settled")
            pages = Desk(base / f"pages-{number}", bench)
        if kind == "cli":
            desk = Desk(again.with_name("desk"), bench)
            if not cli_s:
                cli_s = files_equal(desk, frozenset(), desk.store, Counter())
                shutil.rmtree(again.parent)
                again.parent.mkdir()
                desk = Desk(again.with_name("desk"), bench)
            child = desk.report(desk.store, desk.base / "out")
            wait_until(child, float(rng.uniform(0.0, cli_s)))
            os.kill(child, signal.SIGKILL)
            seen["ended before"] += os.waitpid(child, 0)[1] != signal.SIGKILL
            seen[kept_so_far(desk.store)] += 1
        else:
            desk = pages
            _kill_a_page(desk, kind == "page", float(rng.uniform(0.0, page_s)), seen)
        seen[str(kind)] += 1
        days = looked_at(desk, seen)
        rerun(desk, days, again, seen)
        if number % EVERY == 0:
            took = files_equal(desk, days, again, seen)
            page_s, cli_s = page_s * (took / cli_s if cli_s else 1.0), took
        shutil.rmtree(again.parent)
        print(number, dict(seen), flush=True)
    _settled(pages, seen, base / "settled")
    return seen


def _settled(desk: Desk, seen: Counter[str], again: Path) -> None:
    """What was promised is taken up at last: every accepted day is there."""
    desk.settle()
    found: Counter[str] = Counter()
    days = looked_at(desk, found)
    rerun(desk, days, again, found)
    seen["lost"] += found["lost"] + len(desk.days - days)
    seen["half kept"] += found["half kept"]
    seen["stores"] += 1
    seen["whole stores"] += bool(found["intact"] and found["identical"] and found["same record"])


def _kill_a_page(desk: Desk, whole: bool, after_s: float, seen: Counter[str]) -> None:
    with desk.page(BEGIN + len(desk.days)) as child:
        wait_until(child.pid, after_s)
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
    ask.add_argument("files", type=Path, nargs="*")
    given = ask.parse_args()
    if given.serve:
        serve(given.serve, given.day, given.files)
        return
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as base:
        seen = counted(given.cli, given.page, Path(base), given.minutes)
    kills = seen["cli"] + seen["worker"] + seen["page"]
    text = f"""# The store after analyses were killed

`python -m tests.benchmarks.analysis_kill --cli {given.cli} --page {given.page}`; SQLite
{sqlite3.sqlite_version}, Python {platform.python_version()}, {time.monotonic() - begun:.0f} s.
{BEGIN} days of a simulated watch and up to {MORE} more; moments uniform over the
processor time of a whole run.

| What | Count |
|---|---|
| kills (SIGKILL, at any moment of a run) | {kills} |
| of `hrv report --person`, on a store where nothing was computed yet | {seen["cli"]} |
| of these before days were kept | {seen["at nothing"]} |
| after the days, before the recoveries were kept | {seen["at days"]} |
| after the recoveries, before the self-test was kept | {seen["at recoveries"]} |
| after the self-test, while the report was being written | {seen["at self-test"]} |
| after the report was kept | {seen["at the report"]} |
| of the page's worker, importing a day and analysing | {seen["worker"]} |
| of the whole page at such a moment | {seen["page"]} |
| runs that had ended before their kill | {seen["ended before"]} |
| store intact afterwards (every page, every block by its hash) | {seen["intact"]} |
| every sample as in a store that was never killed | {seen["identical"]} |
| acknowledged days lost | {seen["lost"]} |
| imports, analyses or reports kept in part | {seen["half kept"]} |
| the next analysis gave the record of a store that was never killed | {seen["same record"]} |
| of these with the days, or the recoveries, that the killed one had kept |\
 {seen["days reused"]}, {seen["recoveries reused"]} |
| whole reports (JSON, PDF) compared, the same to the byte |\
 {seen["whole reports"]}, {seen["same files"]} |
| pages' stores at their end: all there, as if never killed | {seen["stores"]}, \
{seen["whole stores"]} |
"""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
